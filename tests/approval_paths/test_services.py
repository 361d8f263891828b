from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.approval_paths import services
from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.bodies import services as bodies
from app.bodies.enums import NodeType as N
from app.bodies.models import Body
from app.catalog.enums import TitleLevel as L
from app.core.audit import AuditEntry
from app.core.db import read_session
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import Actor
from tests.people import make_actor
from tests.places import (
    CITY,
    COUNTY,
    FAR,
    PROVINCE,
    SYSTEM,
    act,
    actor_of,
    make_body,
    make_committee,
    make_edge,
    series,
    speciality,
)
from tests.threads import at_once

pytestmark = pytest.mark.usefixtures("app")
SENIOR: dict[str, Any] = {"procedure": Procedure.SENIOR_REVIEW, "level": L.ASSOCIATE_SENIOR}


def create(actor: Actor, below: int, above: int, **changes: Any) -> int:
    return act(actor, services.create_edge, subordinate_id=below, superior_id=above, **(SENIOR | changes))


def get(key: int) -> PathEdge:
    with read_session(SYSTEM) as session:
        return session.get_one(PathEdge, key)


def test_created_confirmed_cancelled_and_each_recorded() -> None:
    unit, bureau = make_body("排水中心"), make_body("住建局", N.DEPARTMENT)
    key = create(CITY, unit, bureau)
    assert (get(key).active, get(key).confirmed_at) == (True, None)
    act(actor_of(unit), services.confirm_edge, edge_id=key)
    first = get(key)
    assert first.confirmed_by == "排水中心 经办人"
    act(actor_of(unit), services.confirm_edge, edge_id=key)  # a second press
    assert get(key).confirmed_at == first.confirmed_at
    act(CITY, services.cancel_edge, edge_id=key, reason=" 隶属关系调整 ")
    assert (get(key).active, get(key).deregistered_reason) == (False, "隶属关系调整")
    with pytest.raises(Conflict, match="这条路径已经注销。"):
        act(CITY, services.cancel_edge, edge_id=key, reason="再来")
    with pytest.raises(NotFound):
        act(actor_of(unit), services.confirm_edge, edge_id=key)
    with read_session(SYSTEM) as session:
        trail = session.scalars(
            sa.select(AuditEntry.action).where(AuditEntry.object_type == "path_edges").order_by(AuditEntry.id)
        ).all()
    assert trail == ["approval_paths.create", "approval_paths.confirm", "approval_paths.cancel"]


def test_duplicate_is_refused_until_the_first_is_cancelled() -> None:
    unit, bureau = make_body("排水中心"), make_body("住建局", N.DEPARTMENT)
    key = create(CITY, unit, bureau)
    with pytest.raises(Conflict, match="“排水中心”已经是“住建局”的下级，无需重复配置。"):
        create(CITY, unit, bureau)
    with read_session(SYSTEM) as session:
        one = series(session, "工程技术人员")
        water = speciality(session, "工程技术人员", "给排水")
        building = speciality(session, "工程技术人员", "建设类")
    assert create(CITY, unit, bureau, level=L.FULL_SENIOR)
    superfluous = "“排水中心”已经是“住建局”的下级，已有的路径范围更大，包括这一条，无需重复配置。"
    for narrower in ({"series_id": one}, {"series_id": one, "speciality_id": water}):
        with pytest.raises(Conflict, match=superfluous):
            create(CITY, unit, bureau, **narrower)
    act(CITY, services.cancel_edge, edge_id=key, reason="调整")
    assert create(CITY, unit, bureau, speciality_id=building)
    with pytest.raises(Conflict, match=superfluous):
        create(CITY, unit, bureau, speciality_id=water)
    assert create(CITY, unit, bureau, series_id=one)
    with pytest.raises(Conflict, match="“排水中心”已经是“住建局”的下级，无需重复配置。"):
        create(CITY, unit, bureau, series_id=one)
    assert create(CITY, unit, bureau) != key


def test_a_loop_is_shown_by_its_names() -> None:
    one, two, three = (make_body(name, N.DEPARTMENT) for name in ("甲局", "乙局", "丙局"))
    create(CITY, one, two)
    create(CITY, two, three)
    with pytest.raises(Invalid) as refused:
        create(CITY, three, one)
    assert refused.value.fields == {"superior_id": "会形成循环：丙局 → 甲局 → 乙局 → 丙局。"}
    with pytest.raises(Invalid, match="会形成循环：甲局 → 甲局。"):
        create(CITY, one, one)
    assert create(CITY, three, one, level=L.FULL_SENIOR)  # another level is another tree


def test_loops_are_looked_for_within_a_series() -> None:
    one, two = make_body("甲局", N.DEPARTMENT), make_body("乙局", N.DEPARTMENT)
    with read_session(SYSTEM) as session:
        engineering, school = series(session, "工程技术人员"), series(session, "中小学教师")
    create(CITY, one, two, series_id=engineering)
    assert create(CITY, two, one, series_id=school)
    with pytest.raises(Invalid, match="会形成循环"):
        create(CITY, two, one, series_id=engineering)
    with pytest.raises(Invalid, match="会形成循环"):
        create(CITY, two, one)


def test_ends_that_make_no_sense() -> None:
    unit, bureau, committee = make_body("排水中心"), make_body("住建局", N.DEPARTMENT), make_committee("工程高评会")
    with pytest.raises(Invalid, match="所在单位不能作为上级机构。"):
        create(CITY, bureau, unit)
    with pytest.raises(Invalid, match="评委会是终审机构，不能作为下级。"):
        create(CITY, committee, bureau)
    with pytest.raises(Invalid, match="职称初定由受理机构终审，不经评委会。"):
        create(CITY, bureau, committee, procedure=Procedure.INITIAL_DETERMINATION, level=L.ASSISTANT)
    with pytest.raises(Invalid, match="“工程高评会”不评审中级。"):
        create(CITY, bureau, committee, procedure=Procedure.INTERMEDIATE_REVIEW, level=L.INTERMEDIATE)
    with pytest.raises(Invalid, match="高评会审核路径不办中级。"):
        create(CITY, unit, bureau, level=L.INTERMEDIATE)
    with pytest.raises(Invalid, match="下级或上级机构不存在或已注销。"):
        create(CITY, unit, 10**9)
    act(CITY, bodies.deregister_body, body_id=bureau, reason="撤并")
    with pytest.raises(Invalid, match="下级或上级机构不存在或已注销。"):
        create(CITY, unit, bureau)


def test_series_and_speciality_fit_each_other_and_the_committee() -> None:
    bureau, committee = make_body("住建局", N.DEPARTMENT), make_committee("工程高评会")
    with read_session(SYSTEM) as session:
        school, pipes = series(session, "中小学教师"), speciality(session, "工程技术人员", "给排水")
    with pytest.raises(Invalid, match="“工程高评会”不评审该系列。"):
        create(CITY, bureau, committee, series_id=school)
    with pytest.raises(Invalid, match="请选择该系列下的专业。"):
        create(CITY, bureau, committee, series_id=school, speciality_id=pipes)
    with pytest.raises(Invalid, match="请选择系列。"):
        create(CITY, bureau, committee, series_id=10**9)
    assert create(CITY, bureau, committee, speciality_id=pipes)


def test_a_speciality_brings_its_series() -> None:
    unit, bureau, committee = make_body("排水中心"), make_body("住建局", N.DEPARTMENT), make_committee("工程高评会")
    with read_session(SYSTEM) as session:
        engineering = series(session, "工程技术人员")
        pipes, software = (speciality(session, "工程技术人员", name) for name in ("给排水", "计算机软件"))
        school = speciality(session, "中小学教师")
    assert get(create(CITY, unit, bureau, speciality_id=pipes)).series_id == engineering
    with pytest.raises(Conflict):
        create(CITY, unit, bureau, series_id=engineering, speciality_id=pipes)
    with pytest.raises(Invalid) as refused:
        create(CITY, bureau, committee, speciality_id=school)
    assert refused.value.fields == {"speciality_id": "“工程高评会”不评审该系列。"}
    one, two = make_body("甲局", N.DEPARTMENT), make_body("乙局", N.DEPARTMENT)
    create(CITY, one, two, speciality_id=pipes)
    assert create(CITY, two, one, speciality_id=software)  # nobody applies for both
    with pytest.raises(Invalid, match="会形成循环：乙局 → 甲局 → 乙局。"):
        create(CITY, two, one)


def test_two_edges_that_close_a_loop_together_are_not_both_made(app: Flask) -> None:
    for turn in range(4):
        one, two = make_body(f"甲局{turn}", N.DEPARTMENT), make_body(f"乙局{turn}", N.DEPARTMENT)
        answers = at_once(app, lambda a=one, b=two: create(CITY, a, b), lambda a=two, b=one: create(CITY, a, b))
        assert sorted(type(answer).__name__ for answer in answers) == ["Invalid", "int"]


def test_no_edge_is_made_to_a_body_that_goes_at_the_same_moment(app: Flask) -> None:
    for turn in range(4):
        unit, bureau = make_body(f"单位{turn}"), make_body(f"撤并的局{turn}", N.DEPARTMENT)
        at_once(
            app,
            lambda a=unit, b=bureau: create(CITY, a, b),
            lambda b=bureau: act(CITY, bodies.deregister_body, body_id=b, reason="撤并"),
        )
        with read_session(SYSTEM) as session:
            alive = session.get_one(Body, bureau).active
            edges = session.scalars(sa.select(PathEdge).where(PathEdge.superior_id == bureau, PathEdge.active)).all()
        assert alive == bool(edges)


def test_a_superior_stands_in_the_officers_region_or_around_it() -> None:
    county = make_body("芙蓉区的单位", region_code="430102")
    city, province = (
        make_body("长沙管理处", N.TITLE_OFFICE),
        make_body("省管理处", N.TITLE_OFFICE, region_code="430000"),
    )
    elsewhere = make_body("株洲管理处", N.TITLE_OFFICE, region_code="430200")
    assert create(COUNTY, county, city)
    for above in (elsewhere, province):
        with pytest.raises(Invalid) as refused:
            create(COUNTY, county, above)
        assert refused.value.fields == {
            "superior_id": "上级机构应在本统筹区内，或是上一级统筹区的；其他的路径由上级人社部门配置。"
        }
    assert create(CITY, county, province) and create(PROVINCE, county, elsewhere)


def test_who_is_above_an_officers_own_body_somebody_above_says() -> None:
    own = make_body("芙蓉区职改办", N.TITLE_OFFICE, region_code="430102")
    above = make_body("长沙管理处", N.TITLE_OFFICE)
    officer = make_actor(Role.HR_OFFICER, body_id=own, region_code="430102")
    with pytest.raises(Invalid) as refused:
        create(officer, own, above)
    assert refused.value.fields == {"subordinate_id": "本机构的上级由上级人社部门或评委会指定，再由本机构确认。"}
    key = create(CITY, own, above)
    act(officer, services.confirm_edge, edge_id=key)
    top = make_body("省职改办", N.TITLE_OFFICE, region_code="430000")
    bureau = make_body("省厅", N.DEPARTMENT, region_code="430000")
    assert create(make_actor(Role.HR_OFFICER, body_id=top, region_code="430000"), top, bureau)


def test_a_committee_names_bodies_of_its_region() -> None:
    city, province = make_committee("市中评会"), make_committee("省高评会", region_code="430000")
    elsewhere = make_body("株洲局", N.DEPARTMENT, region_code="430200")
    operator = actor_of(city, Role.COMMITTEE)
    with pytest.raises(Invalid) as refused:
        act(operator, services.add_subordinate, subordinate_id=elsewhere, level=L.FULL_SENIOR)
    assert refused.value.fields == {
        "subordinate_id": "评委会只能指定本统筹区内的下级单位；跨统筹区的路径由省级人社部门配置。"
    }
    operator = actor_of(province, Role.COMMITTEE, "430000")
    assert act(operator, services.add_subordinate, subordinate_id=elsewhere, level=L.FULL_SENIOR)


def test_an_edge_to_a_committee_names_what_it_reviews_some_of() -> None:
    office, committee = make_body("管理处", N.TITLE_OFFICE), make_committee("建设会", covers=("建设类",))
    with read_session(SYSTEM) as session:
        water, machines, whole = (speciality(session, "工程技术人员", name) for name in ("给排水", "机电类", ""))
    with pytest.raises(Invalid) as refused:
        create(CITY, office, committee, speciality_id=machines)
    assert refused.value.fields == {"speciality_id": "“建设会”不评审该专业。"}
    assert create(CITY, office, committee, speciality_id=water)
    assert create(CITY, office, committee, speciality_id=whole)


def test_who_confirmed_is_told_within_what_the_column_holds() -> None:
    unit, bureau = make_body("长" * 120), make_body("住建局", N.DEPARTMENT)
    key = create(CITY, unit, bureau)
    act(actor_of(unit), services.confirm_edge, edge_id=key)
    assert get(key).confirmed_by == f"{'长' * 115}… 经办人" and len(get(key).confirmed_by) == 120


def test_an_edit_says_what_it_was() -> None:
    unit, bureau, other = make_body("排水中心"), make_body("住建局", N.DEPARTMENT), make_body("城管局", N.DEPARTMENT)
    key = create(CITY, unit, bureau)
    made = act(CITY, services.change_edge, edge_id=key, level=L.ASSOCIATE_SENIOR, superior_id=other)
    with read_session(SYSTEM) as session:
        last = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.object_id == str(made)).order_by(AuditEntry.id.desc())
        ).first()
    assert last is not None and last.action == "approval_paths.change"
    assert last.detail == {"replaces": key, "changes": {"superior": ["住建局", "城管局"]}}


def test_officers_configure_what_rises_from_their_region() -> None:
    unit, bureau = make_body("芙蓉单位", region_code="430102"), make_body("市局", N.DEPARTMENT)
    key = create(COUNTY, unit, bureau)
    with pytest.raises(NotAllowed, match="只能为本统筹区内的机构配置上级。"):
        act(FAR, services.cancel_edge, edge_id=key, reason="越权")
    with pytest.raises(NotAllowed, match="只能为本统筹区内的机构配置上级。"):
        create(FAR, unit, bureau, level=L.FULL_SENIOR)
    assert create(PROVINCE, unit, bureau, level=L.FULL_SENIOR)
    city_unit = make_body("长沙单位")
    with pytest.raises(NotAllowed):
        create(COUNTY, city_unit, bureau)


def test_a_committee_names_its_own_subordinates_alone() -> None:
    office, mine, other = make_body("管理处", N.TITLE_OFFICE), make_committee("一会"), make_committee("二会")
    operator = actor_of(mine, Role.COMMITTEE)
    key = create(operator, office, mine)
    with pytest.raises(NotAllowed, match="评委会只能配置自己的下级单位。"):
        create(operator, office, other)
    foreign = create(CITY, office, other)
    with pytest.raises(NotAllowed, match="评委会只能配置自己的下级单位。"):
        act(operator, services.cancel_edge, edge_id=foreign, reason="越权")
    act(operator, services.cancel_edge, edge_id=key, reason="调整")


@pytest.mark.parametrize("role", [Role.UNIT, Role.DEPARTMENT, Role.TITLE_OFFICE, Role.JUDGE, Role.APPLICANT])
def test_others_configure_nothing(role: Role) -> None:
    unit, bureau = make_body("排水中心"), make_body("住建局", N.DEPARTMENT)
    with pytest.raises(NotAllowed, match="审核路径由人社部门和评委会配置。"):
        create(Actor(role, name="别人", body_id=unit, region_code="430100"), unit, bureau)


def test_only_the_subordinate_confirms() -> None:
    unit, bureau = make_body("排水中心"), make_body("住建局", N.DEPARTMENT)
    key = create(CITY, unit, bureau)
    for actor in (CITY, PROVINCE, actor_of(bureau, Role.DEPARTMENT), actor_of(make_body("别的单位"))):
        with pytest.raises(NotAllowed, match="只有下级单位自己可以确认。"):
            act(actor, services.confirm_edge, edge_id=key)
    assert get(key).confirmed_at is None
    with pytest.raises(NotFound):
        act(actor_of(unit), services.confirm_edge, edge_id=10**9)


@pytest.mark.parametrize("reason", ["", "  ", "因" * 301])
def test_cancelling_needs_a_reason(reason: str) -> None:
    key = make_edge(make_body("排水中心"), make_body("住建局", N.DEPARTMENT))
    with pytest.raises(Invalid, match="注销原因"):
        act(CITY, services.cancel_edge, edge_id=key, reason=reason)
    assert get(key).active
