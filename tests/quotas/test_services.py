from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.bodies.enums import NodeType as N
from app.catalog.enums import TitleLevel as L
from app.core import clock
from app.core.db import read_session
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import Actor
from app.quotas import queries, services
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota
from tests.places import CITY, COUNTY, FAR, MONDAY, PROVINCE, SYSTEM, act, actor_of, make_body


@pytest.fixture(autouse=True)
def monday(app: object) -> Iterator[None]:
    with clock.at(MONDAY):
        yield


@pytest.fixture
def unit() -> Actor:
    return actor_of(make_body("排水中心"))


@pytest.fixture
def office() -> Actor:
    return actor_of(make_body("管理处", N.TITLE_OFFICE), Role.TITLE_OFFICE)


def declare(actor: Actor, **changes: Any) -> int:
    values = {"year": 2026, "level": L.INTERMEDIATE, "posts": 10, "occupied": 4, "asked": 3}
    return act(actor, services.declare, **(values | changes))


def decide(actor: Actor, key: int, approve: bool = True, **changes: Any) -> int:
    return act(actor, services.decide, quota_id=key, approve=approve, **changes)


def get(key: int) -> PostQuota:
    with read_session(SYSTEM) as session:
        return session.get_one(PostQuota, key)


def granted(actor: Actor, level: L = L.INTERMEDIATE, year: int = 2026) -> int | None:
    assert actor.body_id is not None
    with read_session(actor) as session:
        return queries.granted(session, actor.body_id, year, level)


def test_declared_then_granted(unit: Actor, office: Actor) -> None:
    key = declare(unit)
    assert (get(key).status, get(key).granted) == (QuotaStatus.SUBMITTED, None)
    assert granted(unit) is None  # no limit until somebody decided
    decide(office, key, granted=2, opinion=" 核减一个 ")
    row = get(key)
    assert (row.status, row.granted, row.opinion) == (QuotaStatus.APPROVED, 2, "核减一个")
    assert row.decided_at == MONDAY
    assert [granted(unit), granted(unit, L.ASSISTANT), granted(unit, year=2027)] == [2, None, None]


def test_granting_none_is_a_limit_of_none(unit: Actor, office: Actor) -> None:
    decide(office, declare(unit), granted=0)
    assert granted(unit) == 0


def test_refused_and_declared_anew(unit: Actor) -> None:
    key = declare(unit)
    with pytest.raises(Invalid, match="审核不通过的，请填写原因。"):
        decide(CITY, key, approve=False, opinion=" ")
    decide(CITY, key, approve=False, opinion="岗位设置方案未批复")
    assert (get(key).status, granted(unit)) == (QuotaStatus.REFUSED, None)
    assert declare(unit, asked=1) == key
    row = get(key)
    assert (row.status, row.asked, row.opinion, row.decided_at) == (QuotaStatus.SUBMITTED, 1, "", None)


def test_what_was_approved_stays(unit: Actor) -> None:
    key = declare(unit)
    assert declare(unit, asked=2) == key  # still waiting: corrected
    decide(PROVINCE, key, granted=2)
    with pytest.raises(Conflict, match="2026 年度中级职数已审核通过（2 个），不能再修改。"):
        declare(unit)
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


@pytest.mark.parametrize("number", [None, 4, -1])
def test_bad_grants(unit: Actor, number: int | None) -> None:
    with pytest.raises(Invalid, match="核准职数应为 0 至 3 的整数。"):
        decide(CITY, declare(unit), granted=number)


@pytest.mark.parametrize("role", [Role.DEPARTMENT, Role.TITLE_OFFICE, Role.COMMITTEE, Role.HR_OFFICER, Role.APPLICANT])
def test_only_units_declare(unit: Actor, role: Role) -> None:
    with pytest.raises(NotAllowed, match="职数由所在单位申报。"):
        declare(Actor(role, name="别人", body_id=unit.body_id, region_code="430100"))


@pytest.mark.parametrize("role", [Role.UNIT, Role.DEPARTMENT, Role.COMMITTEE, Role.SYSADMIN, Role.APPLICANT])
def test_only_officers_decide(unit: Actor, role: Role) -> None:
    key = declare(unit)
    with pytest.raises(NotAllowed, match="职数由上级人社部门或专技机构审核。"):
        decide(Actor(role, name="别人", body_id=unit.body_id, region_code="430100"), key, granted=3)


@pytest.mark.parametrize("actor", [FAR, COUNTY])
def test_out_of_the_region_there_is_none(unit: Actor, actor: Actor) -> None:
    with pytest.raises(NotFound):
        decide(actor, declare(unit), granted=3)


def test_nobody_decides_his_own(unit: Actor) -> None:
    key = declare(unit)
    own = Actor(Role.TITLE_OFFICE, name="兼职", body_id=unit.body_id, region_code="430100")
    with pytest.raises(NotAllowed, match="不能审核本单位申报的职数。"):
        decide(own, key, granted=3)


def test_a_unit_sees_its_own_alone(unit: Actor) -> None:
    key = declare(unit)
    other = actor_of(make_body("设计院"))
    for actor, seen in ((unit, True), (other, False), (CITY, True), (FAR, False), (Actor.anonymous(), False)):
        with read_session(actor) as session:
            assert (session.get(PostQuota, key) is not None) is seen
