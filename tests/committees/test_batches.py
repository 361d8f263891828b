"""A committee's annual batches through the services, and what the queries then say of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.catalog import services as catalog
from app.catalog.enums import TitleLevel as L
from app.catalog.models import Speciality
from app.committees import queries, services
from app.committees.models import AnnualBatch, BatchSpeciality, CoveredSpeciality
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.committees.year import BATCH, batch
from tests.places import CITY, FAR, MONDAY, PROVINCE, SYSTEM, TODAY, act, actor_of, make_committee, speciality
from tests.threads import together

ENGINEERING = "工程技术人员"
LATER = {"opens_on": date(2026, 6, 1), "closes_on": date(2026, 6, 30)}


@pytest.fixture(autouse=True)
def monday(app: object) -> Iterator[None]:
    with clock.at(MONDAY):
        yield


def find(name: str = "", series_name: str = ENGINEERING) -> int:
    with read_session(SYSTEM) as session:
        return speciality(session, series_name, name)


def change(key: int, actor: Actor | None = None, **changes: Any) -> int:
    """【编辑】 of a batch, with everything else as it stands."""
    with read_session(SYSTEM) as session:
        row = session.get_one(AnnualBatch, key)
        values = {name: getattr(row, name) for name in BATCH if name not in ("year", "levels")}
        values |= {"levels": [L(value) for value in row.levels], "speciality_ids": row.speciality_ids}
        actor = actor or actor_of(row.committee_id, Role.COMMITTEE)
    return act(actor, services.change_batch, batch_id=key, **(values | changes))


def get(key: int) -> AnnualBatch:
    with read_session(SYSTEM) as session:
        row = session.get_one(AnnualBatch, key)
        assert row.specialities is not None  # loaded while there is a session
        return row


def found(committee_id: int, level: L = L.FULL_SENIOR, name: str = "给排水", day: date = TODAY) -> list[int]:
    """The batches that an application may enter."""
    with read_session(SYSTEM) as session:
        return [
            row.id
            for row in queries.open_batches(session, committee_id, level, speciality(session, ENGINEERING, name), day)
        ]


def test_batch_by_its_operator_and_its_officers() -> None:
    key = make_committee()
    mine = batch(key)
    theirs = batch(key, CITY, name="第二批", opens_on=date(2026, 6, 1), closes_on=date(2026, 6, 30))
    with read_session(SYSTEM) as session:
        assert session.get_one(AnnualBatch, mine).levels == ["associate_senior", "full_senior"]
        assert [row.id for row in queries.batches_of(session, key)] == [mine, theirs]


def test_who_may_not_submit_a_batch() -> None:
    key, other = make_committee("一会"), make_committee("二会")
    operator = actor_of(other, Role.COMMITTEE)
    for actor in (operator, FAR, actor_of(key, Role.JUDGE), actor_of(key, Role.UNIT)):
        with pytest.raises(NotAllowed, match="年度批次由评委会自己或当地人社部门提交。"):
            batch(key, actor)
    with pytest.raises(NotFound):
        batch(10**9, operator)
    mine = batch(key)
    with pytest.raises(NotAllowed):
        act(operator, services.close_batch, batch_id=mine, reason="别人的")


def test_batch_refusals() -> None:
    key = make_committee()
    batch(key)
    with pytest.raises(Invalid) as refused:
        batch(key, levels=[L.CLERK], closes_on=date(2026, 2, 1))
    assert refused.value.fields == {
        "levels": "高评会不能评审员级。",
        "closes_on": "申报截止日期不能早于开始日期。",
        "name": "2026 年度已有同名批次。",
    }
    with pytest.raises(Invalid, match="请填写批次名称。"):
        batch(key, name=" ")


def test_an_expired_committee_takes_no_batch() -> None:
    with clock.at(MONDAY - timedelta(days=30)):
        key = make_committee(recorded_on=date(2023, 3, 1), valid_until=date(2026, 2, 28))
    with pytest.raises(Refusal, match="评委会备案已于 2026-02-28 到期，请先重新核准备案，不能提交年度批次。"):
        batch(key)


def test_an_application_finds_the_open_batch_of_its_level() -> None:
    key = make_committee()
    mine = batch(key)
    assert found(key, day=BATCH["opens_on"]) == found(key, day=BATCH["closes_on"]) == [mine]
    assert found(key, day=BATCH["opens_on"] - timedelta(days=1)) == []
    assert found(key, day=BATCH["closes_on"] + timedelta(days=1)) == []
    assert found(key, L.INTERMEDIATE) == []
    operator = actor_of(key, Role.COMMITTEE)
    with pytest.raises(Invalid, match="请填写关闭原因。"):
        act(operator, services.close_batch, batch_id=mine, reason=" ")
    act(operator, services.close_batch, batch_id=mine, reason="名额已满")
    assert found(key) == []
    for again in (lambda: act(operator, services.close_batch, batch_id=mine, reason="再来"), lambda: change(mine)):
        with pytest.raises(Conflict, match="该批次已经关闭。"):
            again()


def test_a_batch_of_another_year_is_never_entered() -> None:
    key = make_committee()
    with pytest.raises(Invalid) as refused:
        batch(key, year=2027)
    assert set(refused.value.fields) == {"opens_on", "closes_on"}
    mine = batch(key)
    with unit_of_work(SYSTEM) as session:  # as such rows came about before there was a rule
        columns = ("committee_id", "levels", "opens_on", "closes_on", "review_from", "review_until")
        row = session.get_one(AnnualBatch, mine)
        session.add(AnnualBatch(year=2027, name="跨年", **{name: getattr(row, name) for name in columns}))
    assert found(key) == [mine]


@pytest.mark.parametrize("opens_on", [date(1900, 1, 1), date(2025, 12, 31)])
def test_a_batch_opens_within_its_year(opens_on: date) -> None:
    with pytest.raises(Invalid, match="申报期应在 2026 年之内，批次只接收 2026 年度的申报。"):
        batch(make_committee(), opens_on=opens_on)


# -- specialities --------------------------------------------------------------------------------------------------


def test_a_batch_takes_the_specialities_it_names_and_all_below_them() -> None:
    key = make_committee()
    mine = batch(key, speciality_ids=[find("建设类"), find("计算机软件")])
    assert found(key, name="给排水") == [mine]  # below 建设类
    assert found(key, name="计算机软件") == [mine]
    assert found(key, name="机械设计") == []
    with read_session(SYSTEM) as session:
        detail = session.scalars(
            sa.select(AuditEntry.detail).where(AuditEntry.action == "committees.create_batch")
        ).one()
    assert set(detail["specialities"]) == {"建设类", "计算机软件"}


def test_only_what_the_committee_covers_can_be_chosen() -> None:
    key = make_committee(covers=("建设类",))
    with read_session(SYSTEM) as session:
        committee = session.get_one(queries.Committee, key)
        names = [row.name for row in queries.reviewable(session, committee)]
    assert names[0] == "建设类" and "给排水" in names and "计算机软件" not in names
    for foreign in (find("计算机软件"), find(), find("", "高等学校教师"), 10**9):
        with pytest.raises(Invalid) as refused:
            batch(key, speciality_ids=[find("给排水"), foreign])
        assert refused.value.fields == {"speciality_ids": "请从本评委会的评审专业中选择。"}
    assert batch(key, speciality_ids=[find("给排水")])


def test_a_named_speciality_stays_while_its_batch_is_in_force() -> None:
    key = make_committee(covers=("建设类", "计算机软件", "给排水"), member_count=11)
    mine = batch(key, speciality_ids=[find("测绘"), find("给排水"), find("计算机软件")])
    with read_session(SYSTEM) as session:
        query = sa.select(CoveredSpeciality.id).join(Speciality).where(CoveredSpeciality.committee_id == key)
        rows = {
            name: session.scalars(query.where(Speciality.name == name)).one()
            for name in ("建设类", "给排水", "计算机软件")
        }

    def remove(name: str) -> None:
        act(CITY, services.remove_speciality, committee_id=key, row_id=rows[name])

    for name in ("建设类", "计算机软件"):
        with pytest.raises(Refusal, match="年度批次“2026年 年度评审”接收该专业的申报，请先调整批次的专业或关闭批次。"):
            remove(name)
    remove("给排水")  # 建设类 covers it all the same
    act(CITY, services.close_batch, batch_id=mine, reason="撤并")
    remove("建设类")


def test_a_speciality_that_a_batch_names_is_not_deleted() -> None:
    key = make_committee("工程高评会")
    batch(key, speciality_ids=[find("给排水")])
    with pytest.raises(Refusal, match="接收它的年度批次“工程高评会 2026年 年度评审”"):
        act(PROVINCE, catalog.delete_speciality, speciality_id=find("给排水"))


def test_the_database_holds_the_choice(app: Flask) -> None:
    mine = batch(make_committee(), speciality_ids=[find("给排水")])
    for values in ({"batch_id": mine, "speciality_id": find("给排水")}, {"batch_id": mine, "speciality_id": 10**8}):
        with pytest.raises(IntegrityError), unit_of_work(SYSTEM) as session:
            session.execute(sa.insert(BatchSpeciality.__table__).values(values))


# -- one batch at a time --------------------------------------------------------------------------------------------


def test_two_batches_never_compete_for_an_application() -> None:
    key = make_committee()
    batch(key, levels=[L.FULL_SENIOR], speciality_ids=[find("建设类")])
    with pytest.raises(Invalid) as refused:
        batch(key, name="第二批", opens_on=date(2026, 5, 31), closes_on=date(2026, 6, 30))
    assert refused.value.fields == {
        "opens_on": "与“2026年 年度评审”的申报期（2026-03-01 至 2026-05-31）重叠：同一等级、同一专业同一时间只能有一个"
        "批次，请调整申报期、等级或专业。"
    }
    for other in ([find()], [find("给排水")], []):
        with pytest.raises(Invalid, match="重叠"):
            batch(key, name="第二批", speciality_ids=other)
    assert batch(key, name="另一等级", levels=[L.ASSOCIATE_SENIOR])
    assert batch(key, name="另一专业", levels=[L.FULL_SENIOR], speciality_ids=[find("计算机软件")])
    assert batch(key, name="随后", **LATER)
    assert batch(make_committee("另一会"))
    assert [
        len(found(key, level, name))
        for level in (L.FULL_SENIOR, L.ASSOCIATE_SENIOR)
        for name in ("给排水", "计算机软件")
    ] == [1] * 4


def test_neither_does_a_change_make_them_compete_nor_a_closed_one() -> None:
    key = make_committee()
    first = batch(key)
    second = batch(key, name="第二批", **LATER)
    with pytest.raises(Invalid, match="重叠"):
        change(second, opens_on=date(2026, 5, 31))
    assert change(second, name="秋季批") == second
    act(CITY, services.close_batch, batch_id=first, reason="撤并")
    assert change(second, opens_on=date(2026, 3, 1)) == second


def test_two_submitted_at_once_do_not_overlap(app: Flask) -> None:
    key = make_committee()
    operator = actor_of(key, Role.COMMITTEE)
    outcome = together(app, MONDAY, [lambda name=name: batch(key, operator, name=name) for name in ("甲批", "乙批")])
    assert sorted(map(bool, outcome)) == [False, True]
    assert "重叠" in max(outcome)
    assert len(found(key)) == 1


# -- changing ---------------------------------------------------------------------------------------------------------


def test_a_batch_is_changed_by_its_committee_and_what_changed_is_told() -> None:
    key = make_committee()
    mine = batch(key, speciality_ids=[find("给排水")])
    change(mine, name="首批", speciality_ids=[find("测绘")])
    assert (get(mine).name, get(mine).speciality_ids) == ("首批", {find("测绘")})
    with pytest.raises(NotAllowed):
        change(mine, actor_of(make_committee(), Role.COMMITTEE))
    batch(key, **LATER)
    with pytest.raises(Invalid, match="已有同名批次"):
        change(mine, name="年度评审")
    with read_session(SYSTEM) as session:
        assert session.get_one(AnnualBatch, mine).stage(TODAY).label == "申报中"
        detail = session.scalars(
            sa.select(AuditEntry.detail).where(AuditEntry.action == "committees.change_batch")
        ).all()
    assert detail == [{"changes": {"name": ["年度评审", "首批"], "specialities": [["给排水"], ["测绘"]]}}]


def test_after_the_deadline_the_review_may_still_move_and_the_deadline_be_put_off() -> None:
    key = make_committee()
    mine = batch(key)
    with clock.at(MONDAY + timedelta(days=120)):
        change(mine, review_from=date(2026, 8, 1), review_until=date(2027, 1, 31))
        assert (get(mine).closes_on, get(mine).review_until) == (date(2026, 5, 31), date(2027, 1, 31))
        with pytest.raises(Invalid, match="申报截止日期已过。"):
            change(mine, closes_on=date(2026, 5, 30))
        with pytest.raises(Invalid, match="评委会备案到 2028-02-29 止，评审应在此前结束。"):
            change(mine, review_until=date(2028, 3, 1))
        change(mine, closes_on=date(2026, 7, 31))
        assert get(mine).closes_on == date(2026, 7, 31)


def test_two_changes_at_once_leave_one_after_the_other(app: Flask) -> None:
    mine = batch(make_committee(), speciality_ids=[find("给排水")])
    acts = [
        lambda name=name: change(mine, speciality_ids=[find("给排水"), find(name)]) for name in ("测绘", "计算机软件")
    ]
    assert together(app, MONDAY, acts) == ["", ""]
    assert get(mine).speciality_ids in ({find("给排水"), find("测绘")}, {find("给排水"), find("计算机软件")})
