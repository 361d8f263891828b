from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.models import Post
from app.bodies import queries, services
from app.bodies.enums import BodyNature as B
from app.bodies.enums import NodeType as N
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.people import make_actor
from tests.places import CITY, COUNTY, FAR, PROVINCE, SYSADMIN, SYSTEM, act, actor_of, body_values, make_body, make_edge
from tests.threads import at_once, while_uncommitted

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


def detail(action: str) -> Any:
    """What the last entry of an action says."""
    with read_session(SYSTEM) as session:
        wanted = sa.select(AuditEntry.detail).where(AuditEntry.action == action)
        return session.scalars(wanted.order_by(AuditEntry.id.desc())).first()


def searched(text: str) -> list[Body]:
    with read_session(SYSTEM) as session:
        return queries.search_bodies(session, text)


def test_create_normalises_and_records() -> None:
    values = body_values(" 长沙市教育局 ", N.DEPARTMENT, code="4301ab01", credit_code="91350100m000100y43")
    key = act(CITY, services.create_body, **values, contact_name=" 李 ", contact_phone=" 0731-84900000 ")
    body = get(Body, key)
    assert (body.name, body.code, body.credit_code, body.pinyin) == (
        "长沙市教育局",
        "4301AB01",
        "91350100M000100Y43",
        "cssjyj",
    )
    assert (body.active, body.contact_name, body.contact_phone) == (True, "李", "0731-84900000")
    assert trail("bodies.create") == [("长沙经办人", str(key))]
    assert detail("bodies.create") == {
        "code": "4301AB01",
        "name": "长沙市教育局",
        "node_type": "department",
        "nature": "government",
        "region": "长沙市",
        "credit_code": "91350100M000100Y43",
        "contact_name": "李",
        "contact_phone": "073****0000",
    }


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


def change(actor: Actor, key: int, **changes: Any) -> int:
    values = {"name": "教育局", "nature": B.GOVERNMENT, "credit_code": "", "contact_name": "李", "contact_phone": ""}
    return act(actor, services.change_body, body_id=key, **(values | changes))


def test_a_body_is_changed_and_its_history_tells_it() -> None:
    key = make_body("教育局", N.DEPARTMENT, contact_name="李")
    change(CITY, key)  # nothing new
    assert trail("bodies.change") == []
    change(CITY, key, name=" 教育和体育局 ", credit_code="91350100m000100y43", contact_phone="13812345678")
    body = get(Body, key)
    assert (body.name, body.pinyin, body.credit_code) == ("教育和体育局", "jyhtyj", "91350100M000100Y43")
    assert detail("bodies.change") == {
        "changes": {
            "name": ["教育局", "教育和体育局"],
            "credit_code": [None, "91350100M000100Y43"],
            "contact_phone": ["", "138****5678"],
        }
    }
    assert [row.name for row in searched("jyhty")] == ["教育和体育局"]
    assert [row.name for row in searched("教体")] == ["教育和体育局"]


def test_what_cannot_be_changed_of_a_body() -> None:
    key, other = make_body("教育局", N.DEPARTMENT), make_body("先来的", credit_code="91350100M000100Y43")
    with pytest.raises(Invalid) as refused:
        change(CITY, key, name="教 育", nature=B.COMMITTEE, credit_code="91350100M000100Y43", contact_name="长" * 41)
    assert refused.value.fields == {
        "name": "机构名称中“教”之后有空格或换行，请删去。",
        "nature": "评委会的单位性质只能是“评委会”，其他机构不能选“评委会”。",
        "credit_code": "已被“先来的”使用。",
        "contact_name": "联系人不超过 40 个字。",
    }
    with pytest.raises(NotAllowed):
        change(FAR, key)
    with pytest.raises(Refusal, match="评委会在“评委会管理”中维护。"):
        change(CITY, make_body("评委会", N.COMMITTEE), nature=B.COMMITTEE)
    act(CITY, services.deregister_body, body_id=other, reason="撤并")
    with pytest.raises(Conflict, match="“先来的”已经注销。"):
        change(CITY, other)
    with pytest.raises(Invalid, match="已被“先来的”使用，它已注销；确属误注销的，可以在“机构管理”中恢复。"):
        change(CITY, key, credit_code="91350100M000100Y43")


def test_what_was_deregistered_by_mistake_is_restored_with_a_reason() -> None:
    key = make_body("先来的", code="ABCD", credit_code="91350100M000100Y43")
    person = make_actor(Role.UNIT, body_id=key)
    with pytest.raises(Conflict, match="“先来的”没有注销，不用恢复。"):
        act(CITY, services.restore_body, body_id=key, reason="误操作")
    act(CITY, services.deregister_body, body_id=key, reason="撤并")
    with pytest.raises(Invalid) as silent:
        act(CITY, services.restore_body, body_id=key, reason=" ")
    assert silent.value.fields == {"reason": "请填写恢复原因。"}
    for actor in (FAR, actor_of(make_body("别处"))):
        with pytest.raises(NotAllowed):
            act(actor, services.restore_body, body_id=key, reason="误操作")
    act(CITY, services.restore_body, body_id=key, reason=" 误操作 ")
    body = get(Body, key)
    assert (body.active, body.deregistered_at, body.deregistered_reason) == (True, None, "")
    assert not get(Post, person.post_id or 0).active  # what ended with it stays ended
    assert detail("bodies.restore") == {"reason": "误操作"}


def test_a_committee_is_not_restored() -> None:
    key = make_body("评委会", N.COMMITTEE)
    act(CITY, services.deregister_body, body_id=key, reason="撤销")
    with pytest.raises(Refusal, match="评委会注销后不能恢复"):
        act(CITY, services.restore_body, body_id=key, reason="误操作")


def test_a_namesake_in_the_region_is_asked_about_once_more() -> None:
    key = make_body("长沙市教育局", code="ABCD")
    asked = {"another": "本统筹区已有同名机构“长沙市教育局”（编码 ABCD）；确是另一家的，请勾选后再保存。"}
    with pytest.raises(Invalid) as refused:
        make_body(" 长沙市教育局", another=False)
    assert refused.value.fields == asked
    elsewhere = make_body("长沙市教育局", region_code="430200", another=False)
    second = make_body("长沙市教育局", another=True)
    other = make_body("教育局")
    with pytest.raises(Invalid) as refused:
        change(CITY, other, name="长沙市教育局", another=False)
    assert refused.value.fields == asked
    change(CITY, other, name="长沙市教育局", another=True)
    change(CITY, other, name="长沙市教育局", another=False)  # nothing new
    assert len({key, elsewhere, second, other}) == 4
    for one in (key, second, other):
        act(CITY, services.deregister_body, body_id=one, reason="撤并")
    assert make_body("长沙市教育局", another=False)


def test_whoever_acts_for_a_body_no_longer_can_when_it_ends() -> None:
    key = make_body("撤并的局")
    person = make_actor(Role.UNIT, body_id=key)
    act(CITY, services.deregister_body, body_id=key, reason="撤并")
    assert not get(Post, person.post_id or 0).active
    assert trail("accounts.relieve") == [("长沙经办人", str(person.post_id))]


def test_an_office_whose_officers_keep_a_region_stays() -> None:
    key = make_body("市人社局", N.TITLE_OFFICE)
    officer = make_actor(Role.HR_OFFICER, body_id=key, region_code="430100")
    with pytest.raises(Refusal, match="“市人社局”正在使用，不能注销：1 个人社部门经办身份。"):
        act(officer, services.deregister_body, body_id=key, reason="撤并")
    assert get(Post, officer.post_id or 0).active


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
    assert detail("bodies.add_acceptance") == {
        "body": "管理处",
        "method": "initial_determination",
        "level": "assistant",
        "printed_name": "长沙市人社局",
        "guideline": "须知",
    }
    with pytest.raises(Conflict, match="“管理处”已经受理助理级的初定。"):
        act(CITY, services.add_acceptance, **values, printed_name="长沙市人社局")
    act(CITY, services.deregister_acceptance, acceptance_id=key, reason="职能调整")
    with pytest.raises(Conflict, match="已经注销"):
        act(CITY, services.deregister_acceptance, acceptance_id=key, reason="再来")
    assert act(CITY, services.add_acceptance, **values, printed_name="新名称") == key
    row = get(Acceptance, key)
    assert (row.active, row.printed_name, row.deregistered_at, row.deregistered_reason) == (True, "新名称", None, "")


def test_what_an_acceptance_says_is_changed_and_recorded_where_it_differs() -> None:
    values = {"method": M.INITIAL_DETERMINATION, "level": L.ASSISTANT, "printed_name": "人社局"}
    key = act(CITY, services.add_acceptance, body_id=make_body("管理处", N.TITLE_OFFICE), **values)
    for _ in range(2):  # the second time nothing differs
        act(CITY, services.change_acceptance, acceptance_id=key, printed_name=" 长沙市人社局 ")
        act(CITY, services.set_guideline, acceptance_id=key, guideline="一、学历\n二、年限\n")
    assert (len(trail("bodies.change_acceptance")), len(trail("bodies.set_guideline"))) == (1, 1)
    assert detail("bodies.set_guideline") == {"changes": {"guideline": ["", "一、学历\n二、年限"]}}
    with pytest.raises(Invalid, match="申报须知不超过 5000 个字。"):
        act(CITY, services.set_guideline, acceptance_id=key, guideline="知" * 5001)
    with pytest.raises(Invalid, match="没有可以打印的字形"):
        act(CITY, services.change_acceptance, acceptance_id=key, printed_name="\U0003106c局")
    with pytest.raises(NotAllowed):
        act(FAR, services.set_guideline, acceptance_id=key, guideline="别处")
    act(CITY, services.deregister_acceptance, acceptance_id=key, reason="职能调整")
    with pytest.raises(Conflict, match="已经注销，不能修改"):
        act(CITY, services.set_guideline, acceptance_id=key, guideline="晚了")


def test_acceptance_refusals() -> None:
    office, committee = make_body("管理处", N.TITLE_OFFICE), make_body("评委会", N.COMMITTEE)
    values = {"method": M.RECOGNITION, "level": L.ASSISTANT, "printed_name": "人社局"}
    with pytest.raises(Invalid) as refused:
        act(CITY, services.add_acceptance, body_id=office, method=M.REVIEW, level=L.ASSISTANT, printed_name=" ")
    assert set(refused.value.fields) == {"method", "printed_name"}
    with pytest.raises(Invalid, match="评委会不能作为"):
        act(CITY, services.add_acceptance, body_id=committee, **values)
    with pytest.raises(Invalid, match="单位不能作为"):
        act(CITY, services.add_acceptance, body_id=make_body("某单位"), **values)
    senior = {"method": M.INITIAL_DETERMINATION, "level": L.ASSOCIATE_SENIOR, "printed_name": "人社局"}
    with pytest.raises(Invalid) as refused:
        act(CITY, services.add_acceptance, body_id=office, **senior)
    assert set(refused.value.fields) == {"level"}
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
    assert detail("bodies.add_issuing_authority") == {"body": "管理处", "code": "01A0", "printed_name": "长沙市人社局"}
    with pytest.raises(Conflict, match="“管理处”已有发证单位编码 01A0。"):
        act(CITY, add, body_id=office, code="0100", printed_name="长沙市人社局")
    act(CITY, services.deregister_issuing_authority, authority_id=key, reason="更名")
    with pytest.raises(Invalid, match="编码 01A0 已由“长沙市人社局”使用。"):
        act(CITY, add, body_id=other, code="01A0", printed_name="别处")
    assert act(CITY, add, body_id=office, code="01A0", printed_name="新名称") == key


def test_codes_that_numbers_pad_alike_are_refused_at_entry() -> None:
    office, other = make_body("管理处", N.TITLE_OFFICE), make_body("另一处", N.TITLE_OFFICE)
    add, change = services.add_issuing_authority, services.change_issuing_authority
    act(CITY, add, body_id=office, code="4300", printed_name="长沙市人社局")
    for alike in ("43000", "43000000"):
        with pytest.raises(Invalid) as refused:
            act(CITY, add, body_id=other, code=alike, printed_name="别处")
        assert refused.value.fields == {"code": f"编码 {alike} 已由“长沙市人社局”使用（4300，补足位数后相同）。"}
    key = act(CITY, add, body_id=other, code="4301", printed_name="别处")
    with pytest.raises(Invalid, match="补足位数后相同"):
        act(CITY, change, authority_id=key, code="430000", printed_name="别处")
    third = make_body("第三处", N.TITLE_OFFICE)
    with pytest.raises(IntegrityError), unit_of_work(SYSTEM) as session:  # the database holds it, too
        session.add(IssuingAuthority(body_id=third, code="43010", printed_name="第三处"))


def test_a_code_nothing_was_issued_under_is_corrected_and_revives_as_another() -> None:
    office = make_body("管理处", N.TITLE_OFFICE)
    values = {"printed_name": "长沙市人社局"}
    key = act(CITY, services.add_issuing_authority, body_id=office, code="0190", **values)
    act(CITY, services.change_issuing_authority, authority_id=key, code=" 0100 ", **values)
    act(CITY, services.change_issuing_authority, authority_id=key, code="0100", **values)  # nothing new
    assert detail("bodies.change_issuing_authority") == {"changes": {"code": ["0190", "0100"]}}
    assert len(trail("bodies.change_issuing_authority")) == 1
    with pytest.raises(Invalid, match="4 至 8 位数字和大写字母"):
        act(CITY, services.change_issuing_authority, authority_id=key, code="010000000", **values)
    act(CITY, services.deregister_issuing_authority, authority_id=key, reason="更名")
    with pytest.raises(Conflict, match="已经注销"):
        act(CITY, services.change_issuing_authority, authority_id=key, code="0101", **values)
    assert act(CITY, services.add_issuing_authority, body_id=office, code="0102", **values) == key
    assert get(IssuingAuthority, key).code == "0102"


def test_the_database_knows_where_initial_determination_ends() -> None:
    office = make_body("管理处", N.TITLE_OFFICE)
    row = {"body_id": office, "method": M.INITIAL_DETERMINATION, "level": L.FULL_SENIOR, "printed_name": "人社局"}
    with pytest.raises(IntegrityError), unit_of_work(SYSTEM) as session:
        session.add(Acceptance(**row))
    with unit_of_work(SYSTEM) as session:  # one that ended before the rule may stay
        session.add(Acceptance(**row, active=False, deregistered_at=clock.now()))


@pytest.mark.parametrize("code", ["", "43", "123456789", "01-0", "零一"])
def test_bad_issuing_code(code: str) -> None:
    office = make_body("管理处", N.TITLE_OFFICE)
    with pytest.raises(Invalid, match="发证单位编码为 4 至 8 位数字和大写字母"):
        act(CITY, services.add_issuing_authority, body_id=office, code=code, printed_name="人社局")


OFFICE = {"method": M.RECOGNITION, "level": L.ASSISTANT, "printed_name": "人社局"}


def test_a_body_that_something_begins_to_use_is_not_deregistered_meanwhile(app: Flask) -> None:
    office = make_body("管理处", N.TITLE_OFFICE)

    def begins(session: Session) -> None:
        services.add_acceptance(session, actor=CITY, body_id=office, **OFFICE)

    def ends() -> object:
        return act(CITY, services.deregister_body, body_id=office, reason="撤并")

    with while_uncommitted(app, CITY, begins, ends) as outcome:
        assert [str(one) for one in outcome] == ["“管理处”正在使用，不能注销：受理助理级认定。请先处理这些内容。"]
    assert get(Body, office).active


@pytest.mark.parametrize(
    "service, values",
    [(services.add_acceptance, OFFICE), (services.add_issuing_authority, {"code": "0100", "printed_name": "人社局"})],
)
def test_nothing_begins_to_use_a_body_that_is_being_deregistered(
    app: Flask, service: Callable[..., Any], values: dict[str, Any]
) -> None:
    office = make_body("管理处", N.TITLE_OFFICE)

    def ends(session: Session) -> None:
        services.deregister_body(session, actor=CITY, body_id=office, reason="撤并")

    with while_uncommitted(app, CITY, ends, lambda: act(CITY, service, body_id=office, **values)) as outcome:
        assert [str(one) for one in outcome] == ["“管理处”已经注销。"]


def test_two_may_begin_to_use_a_body_at_once(app: Flask) -> None:
    office = make_body("管理处", N.TITLE_OFFICE)
    acts = [
        lambda level=level: act(CITY, services.add_acceptance, body_id=office, **(OFFICE | {"level": level})) > 0
        for level in L
    ]
    assert at_once(app, *acts, *acts).count(True) == len(acts)


def test_hold_names_what_is_gone() -> None:
    keys = [make_body("甲"), make_body("乙")]
    with unit_of_work(SYSTEM) as session:
        assert [body.name for body in services.hold(session, [keys[1], keys[0], keys[0]]).values()] == ["甲", "乙"]
        with pytest.raises(NotFound):
            services.hold(session, [keys[0], 10**9])
    act(CITY, services.deregister_body, body_id=keys[1], reason="撤并")
    with unit_of_work(SYSTEM) as session, pytest.raises(Conflict, match="“乙”已经注销。"):
        services.hold(session, keys)
