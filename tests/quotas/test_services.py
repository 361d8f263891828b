from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.bodies import services as bodies
from app.bodies.enums import NodeType as N
from app.bodies.models import Body
from app.catalog.enums import TitleLevel as L
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from app.quotas import queries, services
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota
from tests.places import (
    CITY,
    COUNTY,
    FAR,
    MONDAY,
    PROVINCE,
    SYSTEM,
    act,
    actor_of,
    make_body,
    make_committee,
    make_edge,
)
from tests.threads import together

BUREAU = "住房和城乡建设局"


@pytest.fixture(autouse=True)
def monday(app: object) -> Iterator[None]:
    with clock.at(MONDAY):
        yield


@pytest.fixture
def unit() -> Actor:
    """A unit without a superior: the HR officers of its region review."""
    return actor_of(make_body("排水中心"))


@pytest.fixture
def bureau(unit: Actor) -> Actor:
    """The unit's confirmed superior for 副高级."""
    key = make_body(BUREAU, N.DEPARTMENT)
    make_edge(unit.body_id or 0, key)
    return actor_of(key, Role.DEPARTMENT)


def declare(actor: Actor, **changes: Any) -> int:
    values = {"year": 2026, "level": L.ASSOCIATE_SENIOR, "posts": 10, "occupied": 4, "asked": 3}
    return act(actor, services.declare, **(values | changes))


def redeclare(actor: Actor, key: int, **changes: Any) -> int:
    values = {"version": get(key).version, "posts": 10, "occupied": 4, "asked": 3}
    return act(actor, services.redeclare, quota_id=key, **(values | changes))


def decide(actor: Actor, key: int, approve: bool = True, **changes: Any) -> int:
    return act(actor, services.decide, quota_id=key, approve=approve, **({"version": get(key).version} | changes))


def correct(actor: Actor, key: int, granted: int | None, opinion: str = "核定岗位调整", **changes: Any) -> int:
    values = {"version": get(key).version, "granted": granted, "opinion": opinion}
    return act(actor, services.correct, quota_id=key, **(values | changes))


def get(key: int) -> PostQuota:
    with read_session(SYSTEM) as session:
        return session.get_one(PostQuota, key)


def granted(actor: Actor, level: L = L.ASSOCIATE_SENIOR, year: int = 2026) -> int | None:
    assert actor.body_id is not None
    with read_session(actor) as session:
        return queries.granted(session, actor.body_id, year, level)


def told() -> list[tuple[str, dict[str, Any]]]:
    with read_session(SYSTEM) as session:
        rows = session.execute(
            sa.select(AuditEntry.action, AuditEntry.detail)
            .where(AuditEntry.object_type == "post_quotas")
            .order_by(AuditEntry.id)
        )
        return [(action, detail) for action, detail in rows]


# -- declaring and deciding --------------------------------------------------------------------------------------


def test_declared_then_granted(unit: Actor, bureau: Actor) -> None:
    key = declare(unit)
    assert (get(key).status, get(key).granted, get(key).declared_at) == (QuotaStatus.SUBMITTED, None, MONDAY)
    assert granted(unit) is None  # no limit until somebody decided
    decide(bureau, key, granted=2, opinion=" 核减一个 ")
    row = get(key)
    assert (row.status, row.granted, row.opinion) == (QuotaStatus.APPROVED, 2, "核减一个")
    assert (row.decided_at, row.decided_by) == (MONDAY, f"{BUREAU} 经办人")
    assert [granted(unit), granted(unit, L.ASSISTANT), granted(unit, year=2027)] == [2, None, None]


def test_granting_none_is_a_limit_of_none(unit: Actor) -> None:
    decide(CITY, declare(unit), granted=0)
    assert granted(unit) == 0


def test_pressed_twice_it_is_declared_once(unit: Actor) -> None:
    key = declare(unit)
    assert declare(unit) == key
    assert redeclare(unit, key) == key
    assert [action for action, _ in told()] == ["quotas.declare"]
    with pytest.raises(Conflict, match="2026 年度副高级职数已申报（待审核，申报职数 3），请在列表中修改。"):
        declare(unit, asked=2)


def test_refused_and_declared_anew_the_history_keeps_every_reason(unit: Actor) -> None:
    key = declare(unit)
    with pytest.raises(Invalid, match="审核不通过的，请填写原因。"):
        decide(CITY, key, approve=False, opinion=" ")
    decide(CITY, key, approve=False, opinion="岗位设置方案未批复")
    assert (get(key).status, granted(unit)) == (QuotaStatus.REFUSED, None)
    assert redeclare(unit, key, asked=1) == key
    row = get(key)
    assert (row.status, row.asked, row.opinion, row.decided_at) == (QuotaStatus.SUBMITTED, 1, "", None)
    decide(CITY, key, granted=1, opinion="已批复")
    assert told() == [
        ("quotas.declare", {"posts": 10, "occupied": 4, "asked": 3}),
        ("quotas.refuse", {"asked": 3, "opinion": "岗位设置方案未批复"}),
        ("quotas.redeclare", {"changes": {"asked": [3, 1]}}),
        ("quotas.approve", {"asked": 1, "granted": 1, "opinion": "已批复"}),
    ]


def test_what_was_approved_stays(unit: Actor) -> None:
    key = declare(unit)
    redeclare(unit, key, asked=2)  # still waiting: corrected
    decide(PROVINCE, key, granted=2)
    for again in (lambda: declare(unit), lambda: redeclare(unit, key, asked=1)):
        with pytest.raises(Conflict, match="2026 年度副高级职数已审核通过（2 个），不能再修改"):
            again()
    with pytest.raises(Conflict, match="该职数申报审核通过，不能再审核。"):
        decide(CITY, key, granted=1)
    assert get(key).granted == 2


def test_bad_declarations(unit: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        declare(unit, year=2025, asked=7)
    assert refused.value.fields == {
        "asked": "申报职数不能多于空缺职数 6。",
        "year": "只能申报 2026 或 2027 年度的职数。",
    }
    key = declare(unit)
    with pytest.raises(Invalid, match="申报职数不能多于空缺职数 6。"):
        redeclare(unit, key, asked=7)


@pytest.mark.parametrize(
    "number, words", [(None, "请填写核准职数。"), (4, "核准职数应为 0 至 3"), (-1, "核准职数应为 0 至 3")]
)
def test_bad_grants(unit: Actor, number: int | None, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        decide(CITY, declare(unit), granted=number)


# -- what the person saw -----------------------------------------------------------------------------------------


def test_a_declaration_the_officer_never_saw_is_not_decided(unit: Actor) -> None:
    key = declare(unit, posts=600, asked=4)
    seen = get(key).version
    with clock.at(MONDAY + timedelta(hours=2)):
        redeclare(unit, key, posts=600, occupied=4, asked=500)
        words = "您打开页面之后，单位已于 03-02 12:00 重新申报：核定 600、已聘 4、申报 500。请核对后再办理。"
        for approve in (True, False):
            with pytest.raises(Conflict, match=words):
                decide(CITY, key, approve, version=seen, granted=4, opinion="同意")
    assert get(key).status is QuotaStatus.SUBMITTED


def test_the_second_of_two_officers_is_told_what_the_first_decided(unit: Actor) -> None:
    key = declare(unit)
    seen = get(key).version
    decide(CITY, key, granted=2)
    with pytest.raises(Conflict, match="您打开页面之后，长沙经办人已于 03-02 10:00 审核通过，核准 2。"):
        decide(PROVINCE, key, version=seen, granted=3)
    seen = get(key).version
    correct(CITY, key, 1)
    with pytest.raises(Conflict, match="长沙经办人已于 03-02 10:00 更正核准职数，核准 1。"):
        correct(PROVINCE, key, 3, version=seen)


def test_a_declaration_refused_meanwhile_is_not_changed_blindly(unit: Actor) -> None:
    key = declare(unit)
    seen = get(key).version
    decide(CITY, key, approve=False, opinion="请核对")
    with pytest.raises(Conflict, match="已于 03-02 10:00 审核不通过。"):
        redeclare(unit, key, version=seen, asked=1)


# -- who reviews ---------------------------------------------------------------------------------------------------


def test_the_confirmed_superior_reviews_and_nobody_else(unit: Actor, bureau: Actor) -> None:
    key = declare(unit)
    for actor in (CITY, PROVINCE):
        with pytest.raises(NotAllowed, match=f"该单位的职数由“{BUREAU}”审核。"):
            decide(actor, key, granted=3)
    other = actor_of(make_body("教育局", N.DEPARTMENT), Role.DEPARTMENT)
    with pytest.raises(NotFound):
        decide(other, key, granted=3)
    assert decide(bureau, key, granted=3) == key


def test_a_superior_at_another_level_is_none_for_this_one(unit: Actor, bureau: Actor) -> None:
    key = declare(unit, level=L.INTERMEDIATE)
    with pytest.raises(NotFound):
        decide(bureau, key, granted=3)
    assert decide(CITY, key, granted=3) == key


@pytest.mark.parametrize("confirmed, kind", [(False, N.DEPARTMENT), (True, N.COMMITTEE)])
def test_neither_an_unconfirmed_superior_nor_a_committee_takes_it_from_the_region(
    unit: Actor, confirmed: bool, kind: N
) -> None:
    above = make_committee("高评会") if kind is N.COMMITTEE else make_body("建设局", kind)
    make_edge(unit.body_id or 0, above, confirmed=confirmed)
    key = declare(unit)
    role = Role.COMMITTEE if kind is N.COMMITTEE else Role.DEPARTMENT
    with pytest.raises((NotFound, NotAllowed)):
        decide(actor_of(above, role), key, granted=3)
    assert decide(CITY, key, granted=3) == key


@pytest.mark.parametrize("role", [Role.TITLE_OFFICE, Role.HR_OFFICER])
def test_a_title_office_above_reviews_in_either_role(unit: Actor, role: Role) -> None:
    office = make_body("管理处", N.TITLE_OFFICE)
    make_edge(unit.body_id or 0, office)
    key = declare(unit)
    with pytest.raises(NotAllowed, match="该单位的职数由“管理处”审核。"):
        decide(CITY, key, granted=3)
    assert decide(actor_of(office, role), key, granted=3) == key


def test_a_title_office_that_is_not_above_reviews_nothing(unit: Actor) -> None:
    office = actor_of(make_body("管理处", N.TITLE_OFFICE), Role.TITLE_OFFICE)
    with pytest.raises(NotAllowed, match="该单位的职数由长沙市人社部门审核。"):
        decide(office, declare(unit), granted=3)


@pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.TITLE_OFFICE, Role.COMMITTEE, Role.HR_OFFICER, Role.APPLICANT])
def test_only_units_declare(unit: Actor, role: Role) -> None:
    with pytest.raises(NotAllowed, match="职数由所在单位申报。"):
        declare(Actor(role, name="别人", body_id=unit.body_id, region_code="430100"))


@pytest.mark.parametrize("role", [Role.COMMITTEE, Role.SYSADMIN, Role.APPLICANT, Role.JUDGE])
def test_other_roles_find_nothing_to_decide(unit: Actor, role: Role) -> None:
    key = declare(unit)
    with pytest.raises(NotFound):
        decide(Actor(role, name="别人", body_id=make_body("别处"), region_code="430100"), key, granted=3)


@pytest.mark.parametrize("actor", [FAR, COUNTY])
def test_out_of_the_region_there_is_none(unit: Actor, actor: Actor) -> None:
    with pytest.raises(NotFound):
        decide(actor, declare(unit), granted=3)


@pytest.mark.parametrize("role", [Role.UNIT, Role.HR_OFFICER])
def test_nobody_decides_his_own(unit: Actor, role: Role) -> None:
    key = declare(unit)
    own = Actor(role, name="兼职", body_id=unit.body_id, region_code="430100")
    with pytest.raises(NotAllowed, match="不能审核本单位申报的职数。"):
        decide(own, key, granted=3)


def test_who_sees_what(unit: Actor, bureau: Actor) -> None:
    key = declare(unit)
    other = actor_of(make_body("设计院"))
    far = actor_of(make_body("外地局", N.DEPARTMENT, region_code="430200"), Role.DEPARTMENT, "430200")
    for actor, seen in (
        (unit, True),
        (other, False),
        (bureau, True),
        (far, False),
        (CITY, True),
        (FAR, False),
        (Actor.anonymous(), False),
    ):
        with read_session(actor) as session:
            assert (session.get(PostQuota, key) is not None) is seen


# -- the unit's end --------------------------------------------------------------------------------------------------


def test_a_unit_that_waits_for_a_decision_is_in_use(unit: Actor) -> None:
    key, ended = declare(unit), {"body_id": unit.body_id, "reason": "撤销"}
    with pytest.raises(Refusal, match="正在使用，不能注销：待审核的职数申报（2026 年度副高级职数）。"):
        act(CITY, bodies.deregister_body, **ended)
    decide(CITY, key, approve=False, opinion="机构将撤销")
    act(CITY, bodies.deregister_body, **ended)
    with pytest.raises(Conflict, match="已经注销"):
        declare(unit, level=L.ASSISTANT)
    with pytest.raises(Conflict, match="已经注销"):
        redeclare(unit, key, asked=1)


def test_what_a_retired_unit_asked_for_is_refused_but_not_approved(unit: Actor) -> None:
    key = declare(unit)
    with unit_of_work(SYSTEM) as session:  # as before such requests counted as a use
        session.execute(sa.update(Body).where(Body.id == unit.body_id).values(active=False, deregistered_at=MONDAY))
    with pytest.raises(Conflict, match="“排水中心”已经注销，不能审核通过它申报的职数。"):
        decide(CITY, key, granted=1)
    assert decide(CITY, key, approve=False, opinion="单位已注销") == key


# -- correcting ----------------------------------------------------------------------------------------------------


def test_an_approved_number_is_corrected_with_a_reason_and_recorded(unit: Actor, bureau: Actor) -> None:
    key = declare(unit)
    with pytest.raises(Conflict, match="该职数申报待审核，没有核准职数可以更正。"):
        correct(bureau, key, 1)
    decide(bureau, key, granted=2)
    with pytest.raises(Invalid) as refused:
        correct(bureau, key, 4, opinion=" ")
    assert refused.value.fields == {"granted": "核准职数应为 0 至 3 的整数。", "opinion": "请填写更正原因。"}
    with pytest.raises(NotAllowed, match=f"由“{BUREAU}”审核。"):
        correct(CITY, key, 1)
    correct(bureau, key, 1)
    assert (granted(unit), get(key).opinion) == (1, "核定岗位调整")
    assert told()[-1] == ("quotas.correct", {"changes": {"granted": [2, 1]}, "opinion": "核定岗位调整"})


# -- the database ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [
        {"asked": 7},
        {"posts": 4, "asked": 1},
        {"asked": -1},
        {"status": QuotaStatus.APPROVED, "granted": 4},
        {"status": QuotaStatus.APPROVED, "granted": -1},
        {"status": QuotaStatus.APPROVED},
        {"granted": 1},
    ],
)
def test_the_database_keeps_the_arithmetic(unit: Actor, values: dict[str, Any]) -> None:
    row = {"year": 2026, "level": L.ASSISTANT, "posts": 10, "occupied": 4, "asked": 3} | values
    with pytest.raises(IntegrityError), unit_of_work(SYSTEM) as session:
        session.add(PostQuota(body_id=unit.body_id, **row))


def test_of_two_officers_at_once_one_decides(app: Flask, unit: Actor) -> None:
    key = declare(unit)
    acts = [
        lambda: decide(CITY, key, version=1, granted=1),
        lambda: decide(PROVINCE, key, version=1, approve=False, opinion="请核对"),
    ]
    outcome = together(app, MONDAY, acts)
    assert sorted(map(bool, outcome)) == [False, True]
    assert "您打开页面之后" in max(outcome)
    assert len(told()) == 2


def test_declared_twice_at_once_there_is_one(app: Flask, unit: Actor) -> None:
    outcome = together(app, MONDAY, [lambda asked=asked: declare(unit, asked=asked) for asked in (1, 2)])
    assert sorted(map(bool, outcome)) == [False, True]
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(PostQuota.id))) == 1
