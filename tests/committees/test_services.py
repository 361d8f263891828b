"""Committees and batches through the services, and what the queries then say of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from app.bodies import services as bodies
from app.bodies.enums import NodeType as N
from app.bodies.models import Body
from app.catalog.enums import TitleLevel as L
from app.committees import queries, services
from app.committees.enums import CommitteeGrade as G
from app.committees.enums import FeeItem
from app.committees.models import Committee, CoveredSpeciality, FoundingBody
from app.core import clock
from app.core.db import read_session
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.committees.year import batch
from tests.places import (
    CITY,
    FAR,
    MONDAY,
    SYSTEM,
    TODAY,
    act,
    actor_of,
    committee_values,
    make_body,
    make_committee,
    series,
    speciality,
)


@pytest.fixture(autouse=True)
def monday(app: object) -> Iterator[None]:
    with clock.at(MONDAY):
        yield


def create(actor: Actor = CITY, **changes: Any) -> int:
    return act(actor, services.create_committee, **committee_values(**changes))


def test_a_committee_is_a_body_with_what_it_covers_and_who_founded_it() -> None:
    founder = make_body("组建的局", N.TITLE_OFFICE)
    key = create(name="长沙市工程高评会", founder=founder, printed_name=" 湖南省工程高评会 ")
    with read_session(Actor.anonymous()) as session:
        committee = session.get_one(Committee, key)
        assert (str(committee), committee.printed_name) == ("长沙市工程高评会", "湖南省工程高评会")
        assert session.get_one(Body, key).node_type is N.COMMITTEE
        assert session.scalars(
            sa.select(CoveredSpeciality.speciality_id).where(CoveredSpeciality.committee_id == key)
        ).all() == [speciality(session, "工程技术人员")]
        assert queries.founding_body_id(session, key) == founder


def test_printed_name_is_the_name_where_none_is_given() -> None:
    key = create(name="某高评会")
    with read_session(SYSTEM) as session:
        assert session.get_one(Committee, key).printed_name == "某高评会"


def test_how_many_members_depends_on_what_it_covers() -> None:
    with pytest.raises(Invalid, match="按系列组建的高评会不少于 25 人"):
        create(member_count=11)
    assert create(member_count=11, covers=("给排水", "测绘"))
    with pytest.raises(Invalid, match="按专业组建的高评会不少于 11 人"):
        create(member_count=9, covers=("给排水",))
    assert create(member_count=9, covers=("给排水",), smaller_agreed_by="湖南省人社厅")


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        create(
            name=" ",
            code="?",
            member_count=2,
            valid_until=date(2030, 1, 1),
            speciality_ids=[],
            founding_body_ids=[],
            smaller_agreed_by="厅" * 121,
            printed_name="会" * 121,
        )
    assert set(refused.value.fields) == {
        "name",
        "code",
        "member_count",
        "valid_until",
        "speciality_ids",
        "founding_body_ids",
        "smaller_agreed_by",
        "printed_name",
    }


def test_nothing_is_left_of_a_refused_one() -> None:
    with pytest.raises(Invalid, match="单数"):
        create(name="人数不对的高评会", member_count=26)
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(Body.id).where(Body.name == "人数不对的高评会")) is None


def test_specialities_of_another_series() -> None:
    with read_session(SYSTEM) as session:
        foreign = speciality(session, "中小学教师", "小学数学")
    with pytest.raises(Invalid, match="评审专业应在所选系列之下。"):
        create(speciality_ids=[foreign])
    with pytest.raises(Invalid, match="请选择评审专业。"):
        create(speciality_ids=[foreign, 10**9])
    with pytest.raises(Invalid, match="请选择系列。"):
        create(series_id=10**9)


def test_a_committee_founds_no_committee() -> None:
    with pytest.raises(Invalid, match="评委会不能作为组建单位。"):
        create(founding_body_ids=[make_committee()])


@pytest.mark.parametrize("actor", [FAR, Actor(Role.COMMITTEE, name="别人", region_code="430100")])
def test_who_may_not_create(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        create(actor)


def test_covers_what_is_below() -> None:
    whole, part = make_committee("系列高评会"), make_committee("专业高评会", covers=("建设类",))
    with read_session(SYSTEM) as session:
        pipes = speciality(session, "工程技术人员", "给排水")
        software = speciality(session, "工程技术人员", "计算机软件")
        school = speciality(session, "中小学教师", "小学数学")
        assert [queries.covers(session, whole, one) for one in (pipes, software, school)] == [True, True, False]
        assert [queries.covers(session, part, one) for one in (pipes, software, school)] == [True, False, False]
        assert queries.covering(session, [whole, part], pipes) == {whole, part}
        assert queries.covering(session, [], pipes) == set()


@pytest.mark.parametrize(
    "day, problem",
    [
        (date(2028, 2, 29), None),
        (date(2028, 3, 1), "评委会备案已于 2028-02-29 到期，请先重新核准备案"),
    ],
)
def test_an_expired_record(day: date, problem: str | None) -> None:
    key = make_committee()
    with read_session(SYSTEM) as session:
        assert queries.committee_problem(session, key, day) == problem
        assert queries.committee_problem(session, 10**9, day) == "评委会不存在或已注销"


def test_a_committee_at_work_is_not_deregistered() -> None:
    founder = make_body("组建的局", N.TITLE_OFFICE)
    key = make_committee("在用的高评会", founder=founder)
    mine = batch(key)
    with pytest.raises(Refusal, match="未结束的年度批次“2026年 年度评审”"):
        act(CITY, bodies.deregister_body, body_id=key, reason="撤并")
    with pytest.raises(Refusal, match="组建了“在用的高评会”"):
        act(CITY, bodies.deregister_body, body_id=founder, reason="撤并")
    act(CITY, services.close_batch, batch_id=mine, reason="撤并")
    act(CITY, bodies.deregister_body, body_id=key, reason="撤并")
    act(CITY, bodies.deregister_body, body_id=founder, reason="撤并")
    with read_session(SYSTEM) as session:
        assert queries.committee_problem(session, key, TODAY) == "评委会不存在或已注销"
        assert series(session, "工程技术人员") == session.get_one(Committee, key).series_id


@pytest.mark.parametrize(
    "grade, level, reviews",
    [
        (G.JUNIOR, L.CLERK, True),
        (G.JUNIOR, L.ASSISTANT, True),
        (G.JUNIOR, L.INTERMEDIATE, False),
        (G.INTERMEDIATE, L.INTERMEDIATE, True),
        (G.INTERMEDIATE, L.ASSOCIATE_SENIOR, False),
        (G.SENIOR, L.ASSOCIATE_SENIOR, True),
        (G.SENIOR, L.FULL_SENIOR, True),
        (G.SENIOR, L.INTERMEDIATE, False),
    ],
)
def test_what_a_grade_reviews(grade: G, level: L, reviews: bool) -> None:
    assert grade.reviews(level) is reviews


# -- what belongs to a committee -------------------------------------------------------------------------------


def test_only_the_officers_of_its_region_keep_a_committee() -> None:
    key, body = create(covers=("测绘",)), make_body("另一单位")
    with read_session(SYSTEM) as session:
        leaf = speciality(session, "工程技术人员", "给排水")
    operator = actor_of(key, Role.COMMITTEE)
    fee = {"item": FeeItem.REVIEW, "level": L.FULL_SENIOR, "amount": Decimal(450)}
    for actor in (FAR, operator, Actor.anonymous()):
        for service, values in (
            (services.add_speciality, {"speciality_id": leaf}),
            (services.add_founder, {"body_id": body}),
            (services.add_fee, fee),
            (services.remove_founder, {"row_id": 1}),
            (services.deregister_committee, {"reason": "撤销"}),
        ):
            with pytest.raises(NotAllowed):
                act(actor, service, committee_id=key, **values)
    assert act(CITY, services.add_speciality, committee_id=key, speciality_id=leaf)
    with pytest.raises(NotFound):
        act(CITY, services.add_fee, committee_id=999_999, **fee)


def test_nothing_is_added_to_a_deregistered_committee() -> None:
    key = create()
    act(CITY, services.deregister_committee, committee_id=key, reason="撤销")
    with pytest.raises(Conflict, match="已经注销"):
        act(CITY, services.add_founder, committee_id=key, body_id=make_body("另一单位"))
    with pytest.raises(Conflict, match="已经注销"):
        act(CITY, services.deregister_committee, committee_id=key, reason="撤销")


def test_a_row_of_another_committee_is_not_removed_through_this_one() -> None:
    key, other = create(), create()
    with read_session(SYSTEM) as session:
        row = session.scalars(sa.select(FoundingBody.id).where(FoundingBody.committee_id == other)).one()
    with pytest.raises(NotFound):
        act(CITY, services.remove_founder, committee_id=key, row_id=row)


def test_a_fee_has_one_amount_for_an_item_and_level() -> None:
    key = create()
    at = {"committee_id": key, "item": FeeItem.REVIEW, "level": L.FULL_SENIOR}
    first = act(CITY, services.add_fee, **at, amount=Decimal("450.50"))
    with pytest.raises(Invalid) as refused:
        act(CITY, services.add_fee, **at, amount=Decimal("1.005"))
    assert refused.value.fields == {
        "item": "已有正高级评审费 450.50 元，请在列表中修改。",
        "amount": "缴费金额最多两位小数。",
    }
    assert act(CITY, services.add_fee, **(at | {"level": L.ASSOCIATE_SENIOR}), amount=Decimal(0)) != first
    with pytest.raises(Invalid, match="高评会不评审中级"):
        act(CITY, services.add_fee, **(at | {"level": L.INTERMEDIATE}), amount=Decimal(1))
    assert act(CITY, services.change_fee, committee_id=key, row_id=first, amount=Decimal(500)) == first
    with pytest.raises(Invalid, match="最多两位小数"):
        act(CITY, services.change_fee, committee_id=key, row_id=first, amount=Decimal("1.005"))
    act(CITY, services.remove_fee, committee_id=key, row_id=first)
    with pytest.raises(NotFound):
        act(CITY, services.change_fee, committee_id=key, row_id=first, amount=Decimal(600))
