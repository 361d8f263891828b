"""Staged rows: kept once, claimed once, seen by their owner alone."""

from __future__ import annotations

import pytest
from flask import Flask

from app.core import staging
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, NotFound
from app.core.scope import Actor
from app.core.staging import BLOCK, BatchState, ImportBatch
from tests.people import make_actor
from tests.places import make_body

KEYS = ["code", "name"]
GOOD = [(number, (f"A{number}", "甲")) for number in range(2, BLOCK + 12)]
BAD = [
    (5000, {"code": "", "name": "乙"}, {"编码": "请填写编码。"}),
    (5001, {"code": "A2", "name": ""}, {"姓名": "请填写姓名。"}),
]


@pytest.fixture
def officer(app: Flask) -> Actor:
    return make_actor(Role.HR_OFFICER, body_id=make_body("市人社局"), region_code="430100")


def opened(officer: Actor) -> int:
    with unit_of_work(officer) as session:
        return staging.open_batch(session, actor=officer, kind="test", file_name="表.xlsx", storage_key="k").id


def checked(officer: Actor) -> int:
    batch = opened(officer)
    with unit_of_work(officer) as session:
        assert staging.keep(session, batch, KEYS, GOOD, BAD)
    return batch


def test_rows_come_back_as_they_were_kept(officer: Actor) -> None:
    batch = checked(officer)
    with read_session(officer) as session:
        row = session.get_one(ImportBatch, batch)
        assert (row.state, row.good, row.bad, row.percent) == (BatchState.CHECKED, len(GOOD), 2, 100)
        first = staging.failures(session, batch, limit=1)
        then = staging.failures(session, batch, after=first[-1].number, limit=10)
        assert [(one.number, one.texts, one.problems) for one in (*first, *then)] == BAD
    with unit_of_work(officer) as session:
        keys, rows = staging.claim(session, actor=officer, batch_id=batch)
    assert (keys, rows) == (KEYS, [[number, *cells] for number, cells in GOOD])


def test_a_second_check_writes_nothing(officer: Actor) -> None:
    batch = checked(officer)
    with unit_of_work(officer) as session:
        assert not staging.keep(session, batch, KEYS, GOOD, BAD)
        assert not staging.refuse(session, batch, "迟到的。")
    with read_session(officer) as session:
        assert len(staging.failures(session, batch, limit=10)) == 2
        assert session.get_one(ImportBatch, batch).state is BatchState.CHECKED


def test_claimed_once(officer: Actor) -> None:
    batch = checked(officer)
    with unit_of_work(officer) as session:
        staging.claim(session, actor=officer, batch_id=batch)
    with pytest.raises(Conflict, match="已经提交或放弃"), unit_of_work(officer) as session:
        staging.claim(session, actor=officer, batch_id=batch)
    with pytest.raises(Conflict, match="可以放弃"), unit_of_work(officer) as session:
        staging.discard(session, actor=officer, batch_id=batch)


def test_what_was_not_checked_or_given_up_is_not_claimed(officer: Actor) -> None:
    batch = opened(officer)
    with pytest.raises(Conflict), unit_of_work(officer) as session:
        staging.claim(session, actor=officer, batch_id=batch)
    batch = checked(officer)
    with unit_of_work(officer) as session:
        staging.discard(session, actor=officer, batch_id=batch)
    with pytest.raises(Conflict), unit_of_work(officer) as session:
        staging.claim(session, actor=officer, batch_id=batch)


def test_a_colleagues_batch_does_not_exist(officer: Actor) -> None:
    batch = checked(officer)
    colleague = make_actor(Role.HR_OFFICER, body_id=officer.body_id, region_code="430100")
    with pytest.raises(NotFound), unit_of_work(colleague) as session:
        staging.claim(session, actor=colleague, batch_id=batch)
    with pytest.raises(NotFound), unit_of_work(colleague) as session:
        staging.discard(session, actor=colleague, batch_id=batch)
    with read_session(colleague) as session:
        assert session.get(ImportBatch, batch) is None
        assert staging.failures(session, batch, limit=10) == []
