"""通知修正: who is asked to mend a path, and when it counts as mended."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.approval_paths import services, tasks
from app.approval_paths.enums import Procedure
from app.approval_paths.models import MendingRequest
from app.approval_paths.queries import checkup_all, mended_by
from app.bodies.enums import NodeType as N
from app.catalog.enums import TitleLevel as L
from app.core.db import read_session
from app.core.enums import Role
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.scope import Actor
from tests.people import make_actor
from tests.places import CITY, PROVINCE, SYSTEM, act, make_body, make_committee, make_edge

pytestmark = pytest.mark.usefixtures("app")
KIND: dict[str, Any] = {"procedure": Procedure.SENIOR_REVIEW, "level": L.ASSOCIATE_SENIOR}


def ask(actor: Actor, body: int) -> int:
    return act(actor, services.ask_to_mend, body_id=body, units=3, series=["工程技术人员（机电类、信息类）"], **KIND)


def get(key: int) -> MendingRequest:
    with read_session(SYSTEM) as session:
        return session.get_one(MendingRequest, key)


def dealt_with_by(actor: Actor) -> list[int]:
    with read_session(SYSTEM) as session:
        return list(session.scalars(mended_by(actor)))


@pytest.fixture
def committee() -> int:
    """A committee for 建设类 alone, with a unit and an office below it; another takes 机电类."""
    make_committee("别处的会", covers=("机电类",), region_code="430200")
    committee = make_committee("建设高评会", covers=("建设类",))
    office = make_body("管理处", N.TITLE_OFFICE)
    make_edge(make_body("排水中心"), office)
    make_edge(office, committee)
    return committee


def officer(region: str) -> Actor:
    body = make_body(f"{region}人社局", N.TITLE_OFFICE, region_code=region)
    return make_actor(Role.HR_OFFICER, body_id=body, region_code=region)


def test_what_breaks_at_a_committee_is_mended_by_whoever_keeps_it(committee: int) -> None:
    with pytest.raises(Conflict, match="“建设高评会”没有可以登录的操作员，不能通知，请另行联系或自行处理。"):
        ask(PROVINCE, committee)
    operator = make_actor(Role.COMMITTEE, body_id=committee, region_code="430100")
    city, county = officer("430100"), officer("430102")
    with pytest.raises(Conflict, match="“建设高评会”由本机构修正，不能通知"):
        ask(city, committee)
    with pytest.raises(NotAllowed, match="只能通知本统筹区内的机构。"):
        ask(county, committee)
    key = ask(PROVINCE, committee)
    assert get(key).text == (
        "高评会副高级的审核路径断在“建设高评会”，3 个单位不能申报：工程技术人员（机电类、信息类）。"
        "请在“评委会管理”中维护它的评审专业、备案有效期。"
    )
    assert [dealt_with_by(one) for one in (city, county, operator, PROVINCE)] == [[key], [], [], []]
    for stranger in (county, operator, PROVINCE):
        with pytest.raises(NotFound):
            act(stranger, services.settle_mending, request_id=key)
    with pytest.raises(Conflict, match="仍断在“建设高评会”，1 个单位不能申报：请在“评委会管理”中维护"):
        act(city, services.settle_mending, request_id=key)


def test_nobody_is_asked_twice_nor_asks_himself(committee: int) -> None:
    city = officer("430100")
    unit = make_body("某单位")
    make_actor(Role.UNIT, body_id=unit, region_code="430100")
    with pytest.raises(Conflict, match="由本机构修正"):
        ask(city, city.body_id or 0)
    ask(CITY, unit)
    with pytest.raises(Conflict, match="已经通知过“某单位”，等待处理。"):
        ask(CITY, unit)


def test_whatever_is_mended_is_closed_at_night(app: Flask, committee: int) -> None:
    officer("430100")
    lone = make_body("孤单位")
    make_actor(Role.UNIT, body_id=lone, region_code="430100")
    stuck, mended = ask(PROVINCE, committee), ask(PROVINCE, lone)
    assert tasks.settle_mended() == 0
    make_edge(lone, make_committee("又一会", covers=("建设类", "机电类")))
    assert tasks.settle_mended() == 1
    assert (get(stuck).settled_at, get(mended).settled_by) == (None, "系统（路径已修正）")
    assert tasks.settle_mended() == 0


def test_a_finding_names_every_speciality_where_it_is_asked_for_in_full(committee: int) -> None:
    make_committee("其余的会", covers=("信息类", "资源类", "水利类", "交通类"))
    with read_session(SYSTEM) as session:
        [one] = checkup_all(session, "43", [(Procedure.SENIOR_REVIEW, L.ASSOCIATE_SENIOR)])
        [found] = one.breaks_at(committee)
    assert found.series == ("工程技术人员（机电类、信息类、资源类等 5 个专业）",)
    assert found.in_full == found.lacking[0] == ("工程技术人员（机电类、信息类、资源类、水利类、交通类）",)
