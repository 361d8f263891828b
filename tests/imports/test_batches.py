"""Staged rows: kept once, claimed once, seen by their owner alone, unreadable in the file."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from app.core.db import db, read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, NotFound
from app.core.scope import Actor
from app.imports import batches
from app.imports.batches import BLOCK, BatchState, ImportBatch
from tests.people import make_actor
from tests.places import make_body

KEYS = ["code", "name"]
GOOD = [(number, (f"A{number}", "甲")) for number in range(2, BLOCK + 12)]
BAD = [
    (5000, {"code": "", "name": "乙"}, {"编码": "请填写编码。"}),
    (5001, {"code": 43.0, "name": ""}, {"姓名": "请填写姓名。"}),
]


@pytest.fixture
def officer(app: Flask) -> Actor:
    return make_actor(Role.HR_OFFICER, body_id=make_body("市人社局"), region_code="430100")


def opened(officer: Actor) -> int:
    with unit_of_work(officer) as session:
        return batches.open_batch(
            session, actor=officer, kind="test", file_name="表.xlsx", storage_key="k", chosen={"level": "中级"}
        ).id


def checked(officer: Actor) -> int:
    batch = opened(officer)
    with unit_of_work(officer) as session:
        assert batches.keep(session, officer, batch, KEYS, GOOD, BAD, others=["草稿"])
    return batch


def claimed(officer: Actor) -> int:
    batch = checked(officer)
    with unit_of_work(officer) as session:
        batches.claim(session, actor=officer, batch_id=batch)
    return batch


def told(officer: Actor, batch: int) -> tuple[BatchState, int, int, str]:
    with read_session(officer) as session:
        row = session.get_one(ImportBatch, batch)
        return row.state, row.good, row.bad, row.message


def test_rows_come_back_as_they_were_kept(officer: Actor) -> None:
    batch = checked(officer)
    assert told(officer, batch) == (BatchState.CHECKED, len(GOOD), 2, "")
    with read_session(officer) as session:
        row = session.get_one(ImportBatch, batch)
        assert (row.chosen, row.others, row.percent) == ({"level": "中级"}, ["草稿"], 100)
        first = batches.failures(session, batch, limit=1)
        then = batches.failures(session, batch, after=first[-1].number, limit=10)
        assert [(one.number, one.texts, one.problems) for one in (*first, *then)] == BAD
        assert batches.staged(session, batch) == (KEYS, [[number, *cells] for number, cells in GOOD])


def test_what_people_wrote_lies_unreadable(officer: Actor) -> None:
    batch = opened(officer)
    number = "11010519491231002X"
    with unit_of_work(officer) as session:
        batches.keep(
            session, officer, batch, KEYS, [(2, (number, "甲"))], [(3, {"code": number}, {"编码": f"{number} 不对。"})]
        )
    with db.engine.connect() as connection:
        for table, columns in (("staged_blocks", "rows"), ("failed_rows", "texts || problems")):
            [stored] = connection.scalars(sa.text(f"SELECT {columns} FROM {table}")).all()
            assert number not in stored and "code" not in stored


def test_a_file_without_a_good_row_waits_for_nothing(officer: Actor) -> None:
    batch = opened(officer)
    with unit_of_work(officer) as session:
        batches.keep(session, officer, batch, KEYS, [], BAD)
    assert told(officer, batch) == (BatchState.NOTHING, 0, 2, "")
    with pytest.raises(Conflict), unit_of_work(officer) as session:
        batches.claim(session, actor=officer, batch_id=batch)
    with unit_of_work(officer) as session:
        batches.discard(session, actor=officer, batch_id=batch)


def test_a_second_check_writes_nothing(officer: Actor) -> None:
    batch = checked(officer)
    with unit_of_work(officer) as session:
        assert not batches.keep(session, officer, batch, KEYS, GOOD, BAD)
        assert not batches.refuse(session, officer, batch, "迟到的。")
    with read_session(officer) as session:
        assert len(batches.failures(session, batch, limit=10)) == 2
        assert session.get_one(ImportBatch, batch).state is BatchState.CHECKED


def test_claimed_once_and_finished_once(officer: Actor) -> None:
    batch = claimed(officer)
    with pytest.raises(Conflict, match="已经提交或放弃"), unit_of_work(officer) as session:
        batches.claim(session, actor=officer, batch_id=batch)
    with pytest.raises(Conflict, match="可以放弃"), unit_of_work(officer) as session:
        batches.discard(session, actor=officer, batch_id=batch)
    with unit_of_work(officer) as session:
        assert batches.finish(session, officer, batch, 2)
        assert not batches.finish(session, officer, batch, 2)
    assert told(officer, batch)[0] is BatchState.SUBMITTED


def test_given_back_it_waits_with_what_still_holds(officer: Actor) -> None:
    batch = claimed(officer)
    stale = [(3, {"code": "A3", "name": "甲"}, {"编码": "已被使用。"})]
    with unit_of_work(officer) as session:
        assert batches.give_back(session, officer, batch, "情况有变。", KEYS, [GOOD[0], *GOOD[2:]], stale)
    assert told(officer, batch) == (BatchState.CHECKED, len(GOOD) - 1, 3, "情况有变。")
    with read_session(officer) as session:
        assert [row[0] for row in batches.staged(session, batch)[1]][:2] == [2, 4]
        assert [row.number for row in batches.failures(session, batch, limit=9)] == [3, 5000, 5001]
    with unit_of_work(officer) as session:
        batches.claim(session, actor=officer, batch_id=batch)
        assert batches.give_back(session, officer, batch, "稍后再试。")
    assert told(officer, batch) == (BatchState.CHECKED, len(GOOD) - 1, 3, "稍后再试。")


def test_what_was_not_checked_or_given_up_is_not_claimed(officer: Actor) -> None:
    batch = opened(officer)
    with pytest.raises(Conflict), unit_of_work(officer) as session:
        batches.claim(session, actor=officer, batch_id=batch)
    batch = checked(officer)
    with unit_of_work(officer) as session:
        batches.discard(session, actor=officer, batch_id=batch)
    with pytest.raises(Conflict), unit_of_work(officer) as session:
        batches.claim(session, actor=officer, batch_id=batch)


def test_a_colleagues_batch_does_not_exist(officer: Actor) -> None:
    batch = checked(officer)
    colleague = make_actor(Role.HR_OFFICER, body_id=officer.body_id, region_code="430100")
    with pytest.raises(NotFound), unit_of_work(colleague) as session:
        batches.claim(session, actor=colleague, batch_id=batch)
    with pytest.raises(NotFound), unit_of_work(colleague) as session:
        batches.discard(session, actor=colleague, batch_id=batch)
    with read_session(colleague) as session:
        assert session.get(ImportBatch, batch) is None
        assert batches.failures(session, batch, limit=10) == []
