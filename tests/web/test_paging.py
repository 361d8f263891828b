from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from app.applications.models import Application
from app.core.db import read_session
from app.quotas.models import PostQuota
from app.web.paging import Cursor, asc, beyond, decode, desc, encode, fetch, page_size, pages
from tests.web import bed

KEYS = (desc(PostQuota.year), asc(PostQuota.id))


@pytest.mark.parametrize(("values", "back"), [((2024, 7), False), ((2024, 7), True), ((0, 2**62), False)])
def test_cursor_round_trip(values: tuple[int, ...], back: bool) -> None:
    cursor = Cursor(values, back)
    assert decode(encode(cursor), KEYS) == cursor


def test_cursor_keeps_moments_and_enums() -> None:
    keys = (asc(Application.state_since), asc(PostQuota.level), asc(PostQuota.id))
    level = (
        PostQuota.level.type.enum("senior")
        if "senior" in list(PostQuota.level.type.enum)
        else next(iter(PostQuota.level.type.enum))
    )
    cursor = Cursor((datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC), level, 3))
    assert decode(encode(cursor), keys) == cursor


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "abc",
        "!!!!",
        "null",
        "é",
        "W10",
        "x" * 2000,
        encode(Cursor((1,))),
        encode(Cursor((1, 2, 3))),
        encode(Cursor(("x", 2))),
        encode(Cursor((True, 2))),
        encode(Cursor((1, 2**63))),
        encode(Cursor((1.5, 2))),
        encode(Cursor((1, "'; DROP TABLE"))),
    ],
)
def test_garbage_is_the_first_page(text: str | None) -> None:
    assert decode(text, KEYS) is None


def test_a_day_is_no_moment() -> None:
    assert decode(encode(Cursor((date(2026, 1, 1), 1))), (asc(Application.state_since), asc(Application.id))) is None


def test_one_direction_compares_rows_at_once() -> None:
    assert str(beyond((asc(PostQuota.year), asc(PostQuota.id)), Cursor((1, 2)))).count("OR") == 0
    assert str(beyond(KEYS, Cursor((1, 2)))).count("OR") == 1


@pytest.mark.parametrize(
    ("text", "size"),
    [(None, 20), ("50", 50), ("100", 100), ("7", 20), ("99999", 20), ("x", 20), ("-20", 20), ("²", 20)],
)
def test_page_size_is_one_of_three(text: str | None, size: int) -> None:
    assert page_size(text) == size


@pytest.mark.parametrize("size", [7, 45, 100])
def test_pages_hold_every_row_once_in_order(web: Flask, size: int) -> None:
    """Descending and ascending together; no transaction stays open between two pages."""
    statement = sa.select(PostQuota).where(PostQuota.body_id == 1)
    with web.app_context(), read_session(bed.OURS) as session:
        found = []
        for page in pages(session, statement, KEYS, size):
            assert len(page) <= size
            found += [(row.year, row.id) for row in page]
        assert not session.in_transaction()
        every = session.execute(sa.select(PostQuota.year, PostQuota.id).where(PostQuota.body_id == 1)).all()
    assert found == sorted(map(tuple, every), key=lambda pair: (-pair[0], pair[1]))
    assert len(found) == bed.ROWS


def test_the_last_page_and_the_count_of_the_first(web: Flask) -> None:
    """末页 costs what the first does; on the way the count of the first page is shown, not counted again."""
    statement = sa.select(PostQuota).where(PostQuota.body_id == 1)
    with web.app_context(), read_session(bed.OURS) as session:
        first = fetch(session, statement, KEYS, None, 20)
        last = fetch(session, statement, KEYS, decode(first.last, KEYS), 20)
        every = session.execute(sa.select(PostQuota.year, PostQuota.id).where(PostQuota.body_id == 1)).all()
        ordered = sorted(map(tuple, every), key=lambda pair: (-pair[0], pair[1]))
        assert [(row.year, row.id) for row in last.rows] == ordered[-20:]
        assert (last.after, last.last, last.count) == (None, None, bed.ROWS)
        before = fetch(session, statement, KEYS, decode(last.before, KEYS), 20)
        assert [(row.year, row.id) for row in before.rows] == ordered[-40:-20]
        assert before.last is not None
        told = encode(Cursor((1, 2), count=7), "me, these")
        assert [decode(told, KEYS, whose).count for whose in ("me, these", "you, these", "me, others", "")] == [
            7,
            None,
            None,
            None,
        ]
        assert fetch(session, statement, KEYS, decode(told, KEYS, "me, these"), 20, "me, these").count == 7
        assert fetch(session, statement, KEYS, decode(told, KEYS, "you, these"), 20, "you, these").count == bed.ROWS
