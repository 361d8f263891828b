from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from app.bodies import services
from app.bodies.enums import BodyNature as B
from app.bodies.enums import NodeType as N
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.core.audit import AuditEntry
from app.core.db import read_session
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.places import CITY, COUNTY, FAR, PROVINCE, SYSADMIN, SYSTEM, act, actor_of, body_values, make_body, make_edge

pytestmark = pytest.mark.usefixtures("app")


def get(model: type[Any], key: int) -> Any:
    with read_session(SYSTEM) as session:
        return session.get_one(model, key)


def trail(action: str) -> list[tuple[str, str]]:
    with read_session(SYSTEM) as session:
        return [
            (row.actor_name, row.object_id)
            for row in session.scalars(sa.select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))
        ]


def test_create_normalises_and_records() -> None:
    values = body_values(" 长沙市教育局 ", N.DEPARTMENT, code="4301ab01", credit_code="91350100m000100y43")
    key = act(CITY, services.create_body, **values, contact_name=" 李 ", contact_phone=" 0731 ")
    body = get(Body, key)
    assert (body.name, body.code, body.credit_code, body.pinyin) == (
        "长沙市教育局",
        "4301AB01",
        "91350100M000100Y43",
        "cssjyj",
    )
    assert (body.active, body.contact_name, body.contact_phone) == (True, "李", "0731")
    assert trail("bodies.create") == [("长沙经办人", str(key))]


@pytest.mark.parametrize("actor", [PROVINCE, CITY, COUNTY, SYSADMIN])
def test_who_may_create_in_a_county(actor: Actor) -> None:
    assert act(actor, services.create_body, **body_values(region_code="430102"))


@pytest.mark.parametrize(
    "actor, region",
    [(FAR, "430100"), (COUNTY, "430100"), (CITY, "430000"), (Actor(Role.HR_OFFICER, name="无统筹区"), "430100")],
)
def test_outside_the_region(actor: Actor, region: str) -> None:
    with pytest.raises(NotAllowed, match="只能维护本统筹区内的机构。"):
        act(actor, services.create_body, **body_values(region_code=region))


@pytest.mark.parametrize(
    "role", [Role.UNIT, Role.DEPARTMENT, Role.TITLE_OFFICE, Role.COMMITTEE, Role.JUDGE, Role.APPLICANT, Role.ANONYMOUS]
)
def test_other_roles_create_nothing(role: Role) -> None:
    with pytest.raises(NotAllowed, match="机构由人社部门维护。"):
        act(Actor(role, name="别人", body_id=1, region_code="430100"), services.create_body, **body_values())


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        act(
            PROVINCE,
            services.create_body,
            code="!",
            name=" ",
            node_type=N.UNIT,
            nature=B.COMMITTEE,
            region_code="431121",
            credit_code="91310115MA1H8R7C6D",
            contact_name="长" * 41,
            contact_phone="1" * 21,
        )
    assert set(refused.value.fields) == {
        "code",
        "name",
        "nature",
        "region_code",
        "credit_code",
        "contact_name",
        "contact_phone",
    }
    assert refused.value.fields["region_code"] == "请选择现行的行政区划。"


def test_a_code_or_credit_code_is_used_once() -> None:
    make_body("先来的", code="ABCD", credit_code="91350100M000100Y43")
    with pytest.raises(Invalid) as refused:
        make_body("后到的", code="abcd", credit_code="91350100M000100Y43")
    assert refused.value.fields == {"code": "已被“先来的”使用。", "credit_code": "已被“先来的”使用。"}
    assert make_body("没有代码的一")
    assert make_body("没有代码的二")


def test_deregister_keeps_the_row() -> None:
    key = make_body("撤并的局")
    act(CITY, services.deregister_body, body_id=key, reason=" 机构改革 ")
    body = get(Body, key)
    assert (body.active, body.deregistered_reason) == (False, "机构改革")
    assert body.deregistered_at is not None
    with pytest.raises(Conflict, match="“撤并的局”已经注销。"):
        act(CITY, services.deregister_body, body_id=key, reason="再按一次")
    assert trail("bodies.deregister") == [("长沙经办人", str(key))]


def test_deregister_refusals() -> None:
    key = make_body("某单位")
    with pytest.raises(Invalid, match="请填写注销原因。"):
        act(CITY, services.deregister_body, body_id=key, reason="  ")
    with pytest.raises(NotAllowed):
        act(FAR, services.deregister_body, body_id=key, reason="越权")
    with pytest.raises(NotAllowed):
        act(actor_of(key), services.deregister_body, body_id=key, reason="自己注销")
    with pytest.raises(NotFound):
        act(CITY, services.deregister_body, body_id=10**9, reason="没有")
    assert get(Body, key).active


def test_what_is_in_use_stays_and_the_refusal_names_it() -> None:
    office, unit = make_body("管理处", N.TITLE_OFFICE), make_body("排水中心")
    acceptance = act(
        CITY, services.add_acceptance, body_id=office, method=M.RECOGNITION, level=L.INTERMEDIATE, printed_name="人社局"
    )
    authority = act(CITY, services.add_issuing_authority, body_id=office, code="0100", printed_name="人社局")
    make_edge(unit, office, confirmed=False)
    with pytest.raises(Refusal) as refused:
        act(CITY, services.deregister_body, body_id=office, reason="撤并")
    assert refused.value.reason == (
        "“管理处”正在使用，不能注销：受理中级认定；发证单位编码 0100；1 条审核路径配置（如“排水中心”→“管理处”）。请先处理这些内容。"
    )
    act(CITY, services.deregister_acceptance, acceptance_id=acceptance, reason="撤并")
    act(CITY, services.deregister_issuing_authority, authority_id=authority, reason="撤并")
    with pytest.raises(Refusal, match="审核路径配置"):
        act(CITY, services.deregister_body, body_id=unit, reason="撤并")


def test_acceptance_once_and_again_after_deregistering() -> None:
    office = make_body("管理处", N.TITLE_OFFICE)
    values = {"body_id": office, "method": M.INITIAL_DETERMINATION, "level": L.ASSISTANT}
    key = act(CITY, services.add_acceptance, **values, printed_name="长沙市人社局", guideline="须知")
    with pytest.raises(Conflict, match="“管理处”已经受理助理级的初定。"):
        act(CITY, services.add_acceptance, **values, printed_name="长沙市人社局")
    act(CITY, services.deregister_acceptance, acceptance_id=key, reason="职能调整")
    with pytest.raises(Conflict, match="已经注销"):
        act(CITY, services.deregister_acceptance, acceptance_id=key, reason="再来")
    assert act(CITY, services.add_acceptance, **values, printed_name="新名称") == key
    row = get(Acceptance, key)
    assert (row.active, row.printed_name, row.deregistered_at, row.deregistered_reason) == (True, "新名称", None, "")


def test_acceptance_refusals() -> None:
    office, committee = make_body("管理处", N.TITLE_OFFICE), make_body("评委会", N.COMMITTEE)
    values = {"method": M.RECOGNITION, "level": L.ASSISTANT, "printed_name": "人社局"}
    with pytest.raises(Invalid) as refused:
        act(CITY, services.add_acceptance, body_id=office, method=M.REVIEW, level=L.ASSISTANT, printed_name=" ")
    assert set(refused.value.fields) == {"method", "printed_name"}
    with pytest.raises(Invalid, match="评委会不能作为"):
        act(CITY, services.add_acceptance, body_id=committee, **values)
    with pytest.raises(NotAllowed):
        act(FAR, services.add_acceptance, body_id=office, **values)
    with pytest.raises(NotAllowed):
        act(actor_of(office, Role.TITLE_OFFICE), services.add_acceptance, body_id=office, **values)
    key = act(CITY, services.add_acceptance, body_id=office, **values)
    with pytest.raises(NotAllowed):
        act(FAR, services.deregister_acceptance, acceptance_id=key, reason="越权")
    with pytest.raises(NotFound):
        act(CITY, services.deregister_acceptance, acceptance_id=10**9, reason="没有")


def test_an_issuing_code_belongs_to_one_body_for_ever() -> None:
    office, other = make_body("管理处", N.TITLE_OFFICE), make_body("另一处", N.TITLE_OFFICE)
    add = services.add_issuing_authority
    key = act(CITY, add, body_id=office, code=" 01a0 ", printed_name="长沙市人社局")
    assert get(IssuingAuthority, key).code == "01A0"
    with pytest.raises(Conflict, match="“管理处”已有发证单位编码 01A0。"):
        act(CITY, add, body_id=office, code="0100", printed_name="长沙市人社局")
    act(CITY, services.deregister_issuing_authority, authority_id=key, reason="更名")
    with pytest.raises(Invalid, match="编码 01A0 已由“长沙市人社局”使用。"):
        act(CITY, add, body_id=other, code="01A0", printed_name="别处")
    with pytest.raises(Invalid, match="曾用编码 01A0 发证"):
        act(CITY, add, body_id=office, code="0100", printed_name="长沙市人社局")
    assert act(CITY, add, body_id=office, code="01A0", printed_name="新名称") == key


@pytest.mark.parametrize("code", ["", "123456789", "01-0", "零一"])
def test_bad_issuing_code(code: str) -> None:
    office = make_body("管理处", N.TITLE_OFFICE)
    with pytest.raises(Invalid, match="发证单位编码为 1 至 8 位字母和数字"):
        act(CITY, services.add_issuing_authority, body_id=office, code=code, printed_name="人社局")
