"""A25 公服账号注册审核: what an office is shown, what it decides, and to which body an account is admitted."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from app.accounts import queries, services
from app.accounts.enums import RegistrationStatus
from app.accounts.models import Account, Post, UnitRegistration, UnmaskLog
from app.bodies.enums import NodeType
from app.bodies.services import deregister_body
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import db, read_session
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.accounts.registration import (
    CODE,
    FORM,
    OTHER_CODE,
    PASSWORD,
    bodies,
    decide,
    press,
    registration,
    send,
    shown,
)
from tests.http import Browser, Doors
from tests.people import id_number, make_actor
from tests.places import CITY, COUNTY, DRAINAGE, FAR, HOUSING, MONDAY, SYSADMIN, SYSTEM, act, make_body


def operators(body_id: int) -> list[tuple[Role, str]]:
    with read_session(SYSTEM) as session:
        found = sa.select(Post.role, Account.first_name).join(Post.user).where(Post.body_id == body_id, Post.active)
        return [(role, name) for role, name in session.execute(found)]


# -- of what was shown -------------------------------------------------------------------------------------------


def test_nobody_approves_what_he_was_not_shown(visitor: Browser, doors: Doors) -> None:
    send(visitor)
    officer, row = doors.enter(COUNTY), registration()
    assert row is not None
    stamp = re.search(r'name="stamp" value="([^"]+)"', officer.get(f"/a25/{row.id}").text)
    assert stamp
    visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD})
    mended = {"name": "完全不同的公司", "contact_phone": "13900000056", "password": "", "repeat": ""}
    assert "注册申请已提交" in send(visitor, "/register/unit/mend", **mended)
    for button, opinion in (("1", ""), ("0", "不行")):
        answer = officer.post(f"/a25/{row.id}", data={"stamp": stamp[1], "approve": button, "opinion": opinion})
        assert answer.status_code == 422
        assert "您打开页面之后，单位名称、联系人手机号有变化，请刷新页面，核对后再审核。" in answer.text
        assert (
            "完全不同的公司" in answer.text and stamp[1] in answer.text
        )  # pressed again without a look: refused again
    after = registration()
    assert after is not None and after.status is RegistrationStatus.SUBMITTED and bodies("完全不同的公司") == []
    assert "审核通过" in press(officer, "1")
    assert len(bodies("完全不同的公司")) == 1


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"licence": b"%PDF-1.4 another %%EOF"}, "营业执照或法人证书"),
        ({"contact_id_number": id_number(serial=56)}, "联系人身份证号"),
        ({"nature": "state_enterprise", "region_code": "430103"}, "单位性质、统筹区"),
        ({"username": "sjy9", "contact_name": "何美丽"}, "联系人、登录用户名"),
    ],
)
def test_every_piece_shown_is_watched(visitor: Browser, changed: dict[str, Any], told: str) -> None:
    send(visitor)
    stamp = shown()
    visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD})
    send(visitor, "/register/unit/mend", **({"licence": None, "password": "", "repeat": ""} | changed))
    with pytest.raises(Conflict, match=f"您打开页面之后，{told}有变化"):
        decide(CITY, approve=True, stamp=stamp)


@pytest.mark.parametrize("stamp", ["x", "a.b", "." * 8])
def test_a_stamp_nobody_was_given(visitor: Browser, stamp: str) -> None:
    send(visitor)
    with pytest.raises(Conflict, match=r"您打开页面之后，.*有变化"):
        decide(CITY, approve=True, stamp=stamp)


def test_sent_in_again_as_it_was_nothing_has_changed(visitor: Browser) -> None:
    send(visitor)
    stamp = shown()
    visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD})
    send(visitor, "/register/unit/mend", licence=None, password="", repeat="")
    decide(CITY, approve=True, stamp=stamp)


# -- bodies that are on file -------------------------------------------------------------------------------------------


def test_a_body_on_file_without_operator_is_claimed_by_its_code(visitor: Browser, doors: Doors) -> None:
    key = make_body(DRAINAGE, credit_code=CODE)
    assert "注册申请已提交" in send(visitor, name="长沙市城区排水事务中心（本部）")
    officer, row = doors.enter(CITY), registration()
    assert row is not None
    page = officer.get(f"/a25/{row.id}").text
    assert "该统一社会信用代码已有登记，审核通过后关联到这个机构，不另建机构。" in page and "与注册的名称不同" in page
    assert 'name="as_body"' not in page
    assert "审核通过" in press(officer, "1")
    (body,) = bodies(DRAINAGE)
    assert (body.id, body.name, body.contact_name, body.contact_phone) == (key, DRAINAGE, "何丽", "13900000055")
    assert operators(key) == [(Role.UNIT, "何丽")] and bodies("长沙市城区排水事务中心（本部）") == []
    assert "已有账号" in send(visitor, username="sjy2", contact_id_number=id_number(serial=59))


def progress(visitor: Browser) -> str:
    return visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD}).text


def test_a_contact_who_has_an_account_keeps_it_and_everybody_is_told(visitor: Browser, doors: Doors) -> None:
    act(SYSTEM, services.register_person, name="何丽", id_number=FORM["contact_id_number"], phone="13900000055")
    values = {"name": "何丽", "id_number": FORM["contact_id_number"], "phone": "13900000055", "password": PASSWORD}
    send(visitor)
    officer, row = doors.enter(CITY), registration()
    assert row is not None
    assert "联系人已有账号" not in officer.get(f"/a25/{row.id}").text  # a person without an account
    act(SYSTEM, services.create_user, username="heli", **values)
    page = officer.get(f"/a25/{row.id}").text
    assert "联系人已有账号：审核通过后用原来的账号和密码登录，注册时填写的登录用户名“sjy”和密码不启用。" in page
    told = progress(visitor)  # who has an account here is not told to whoever types a number
    assert "联系人本人已有账号的，审核通过后用原来的账号和密码登录" in told and "没有启用" not in told
    assert "审核通过" in press(officer, "1")
    assert "登录用户名“sjy”和密码没有启用" in progress(visitor)
    body = bodies(FORM["name"])[0]
    act(CITY, deregister_body, body_id=body.id, reason="撤并")
    told = progress(visitor)
    assert f"“{FORM['name']}”已于 2026-03-02 注销" in told and "去登录" not in told


def test_a_contact_of_another_name_is_told_before_deciding(visitor: Browser, doors: Doors) -> None:
    act(SYSTEM, services.register_person, name="何莉莉", id_number=FORM["contact_id_number"], phone="13900000055")
    send(visitor)
    row = registration()
    assert row is not None
    page = doors.enter(CITY).get(f"/a25/{row.id}").text
    assert "联系人姓名与该身份证号登记的不一致，请审核不通过并说明。" in page and "何莉莉" not in page
    assert "登记的不一致" not in progress(visitor)


def test_a_newcomer_signs_in_by_what_he_chose(visitor: Browser) -> None:
    send(visitor)
    decide(CITY, approve=True)
    told = progress(visitor)
    assert "没有启用" not in told and "去登录" in told


def test_an_operator_who_cannot_sign_in_is_none(visitor: Browser) -> None:
    key = make_body(DRAINAGE, credit_code=CODE)
    gone = make_actor(Role.UNIT, body_id=key)
    assert "已有账号" in send(visitor)
    act(SYSADMIN, services.set_active, user_id=gone.user_id, active=False, reason="离职")
    assert "注册申请已提交" in send(visitor)
    decide(CITY, approve=True)
    assert (Role.UNIT, "何丽") in operators(key)


def test_a_namesake_is_shown_and_the_officer_chooses(visitor: Browser, doors: Doors) -> None:
    key = make_body(DRAINAGE)  # imported, without a code
    assert "注册申请已提交" in send(visitor, name="长沙城区排水事务中心")
    officer, row = doors.enter(CITY), registration()
    assert row is not None
    page = officer.get(f"/a25/{row.id}").text
    assert "名称与下列机构相同或相近，请先核对是不是同一个单位。" in page and f"是“{DRAINAGE}”" in page
    assert "请选择该单位是其中哪一个，或者另建新机构" in press(officer, "1")
    assert bodies("长沙市城区排水事务 中心") == []
    assert "审核通过" in press(officer, "1", as_body=str(key))
    (body,) = bodies(DRAINAGE)
    assert (body.credit_code, operators(key)) == (CODE, [(Role.UNIT, "何丽")])
    page = officer.get(f"/a25/{row.id}").text
    assert "系统中已有的机构" not in page and "审核通过" in page


def test_a_namesake_may_be_another_unit(visitor: Browser) -> None:
    key = make_body(DRAINAGE, credit_code=OTHER_CODE)
    send(visitor, name=DRAINAGE)
    with pytest.raises(Invalid) as silent:
        decide(CITY, approve=True)
    assert set(silent.value.fields) == {"as_body"}
    with pytest.raises(Invalid):
        decide(CITY, approve=True, as_body=key + 1000)
    decide(CITY, approve=True, as_body=services.NEW_BODY)
    assert [body.credit_code for body in bodies(DRAINAGE)] == [OTHER_CODE, CODE]
    assert operators(key) == []


def test_a_code_that_changed_is_taken_over_with_the_link(visitor: Browser) -> None:
    key = make_body(DRAINAGE, credit_code=OTHER_CODE)
    send(visitor, name=DRAINAGE)
    decide(CITY, approve=True, as_body=key)
    assert [body.credit_code for body in bodies(DRAINAGE)] == [CODE]
    with read_session(SYSTEM) as session:
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "bodies.take_registration")).one()
    assert entry.detail["changes"]["credit_code"] == [OTHER_CODE, CODE]


def test_a_namesake_somebody_acts_for_is_not_linked(visitor: Browser, doors: Doors) -> None:
    key = make_body(DRAINAGE)
    make_actor(Role.UNIT, body_id=key)
    send(visitor, name=DRAINAGE)
    row = registration()
    assert row is not None
    page = doors.enter(CITY).get(f"/a25/{row.id}").text
    assert f"“{DRAINAGE}”已有账号" in page and f"是“{DRAINAGE}”，关联" not in page
    with pytest.raises(Conflict, match="已有账号"):
        decide(CITY, approve=True, as_body=key)


def test_a_namesake_that_appears_after_the_look_is_a_change(visitor: Browser) -> None:
    send(visitor, name=DRAINAGE)
    stamp = shown()
    make_body(DRAINAGE)
    with pytest.raises(Conflict, match="您打开页面之后，系统中同名的机构有变化"):
        decide(CITY, approve=True, stamp=stamp)


def test_two_namesakes_approved_at_once_are_not_two_bodies(visitor: Browser, doors: Doors) -> None:
    send(visitor, name=DRAINAGE)
    send(visitor, name=DRAINAGE, credit_code=OTHER_CODE, username="sjy2", contact_id_number=id_number(serial=59))
    with read_session(SYSTEM) as session:
        rows = session.scalars(sa.select(UnitRegistration)).all()
        stamps = {row.id: services.stamp_of(row, queries.matching_bodies(session, row)) for row in rows}
    together = Barrier(2)

    def approve(key: int) -> str:
        with doors.app.app_context(), clock.at(MONDAY):
            together.wait()
            try:
                act(CITY, services.decide_registration, registration_id=key, stamp=stamps[key], approve=True)
            except Conflict as refused:
                return str(refused)
        return "approved"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(approve, stamps))
    assert answers == ["approved", "您打开页面之后，系统中同名的机构有变化，请刷新页面，核对后再审核。"]
    assert len(bodies(DRAINAGE)) == 1


def test_a_body_above_the_officers_region_is_linked_by_the_office_above(visitor: Browser) -> None:
    key = make_body(DRAINAGE, region_code="430100")
    send(visitor, name=DRAINAGE, region_code="430102")
    with pytest.raises(Conflict, match=f"“{DRAINAGE}”属长沙市，请由该统筹区的人社部门审核这份注册。"):
        decide(COUNTY, approve=True, as_body=key)
    decide(CITY, approve=True, as_body=key)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (NodeType.TITLE_OFFICE, "是经办机构，其账号由系统管理员开通。"),
        (NodeType.COMMITTEE, "是评委会，其账号由系统管理员开通。"),
    ],
)
def test_offices_and_committees_are_not_claimed(visitor: Browser, kind: NodeType, told: str) -> None:
    make_body("某机构", kind, credit_code=CODE)
    assert told in send(visitor)


def test_a_department_is_claimed_as_one(visitor: Browser) -> None:
    key = make_body(HOUSING, NodeType.DEPARTMENT, credit_code=CODE)
    send(visitor, name=HOUSING, nature="government")
    decide(CITY, approve=True)
    assert operators(key) == [(Role.DEPARTMENT, "何丽")]


def test_a_body_that_was_deregistered_is_not_claimed(visitor: Browser) -> None:
    key = make_body(DRAINAGE, credit_code=CODE)
    act(CITY, deregister_body, body_id=key, reason="撤并")
    assert f"“{DRAINAGE}”已经注销，不能注册账号。" in send(visitor)


# -- the contact -----------------------------------------------------------------------------------------------------


def contact(**changes: Any) -> int:
    values = {"username": "hl", "name": "何丽", "phone": "13900000055", "password": PASSWORD}
    return act(SYSTEM, services.create_user, **(values | {"id_number": FORM["contact_id_number"]} | changes))


def test_a_deactivated_contact_is_not_admitted(visitor: Browser) -> None:
    key = contact()
    act(SYSADMIN, services.set_active, user_id=key, active=False, reason="离职")
    send(visitor)
    with pytest.raises(Conflict, match="联系人的账号已被停用，通过后也不能登录"):
        decide(CITY, approve=True)
    assert bodies(FORM["name"]) == []
    act(SYSADMIN, services.set_active, user_id=key, active=True, reason="返聘")
    decide(CITY, approve=True)


def test_a_contact_on_file_without_account_is_given_one(visitor: Browser) -> None:
    person = act(
        SYSTEM, services.register_person, name="何丽", id_number=FORM["contact_id_number"], phone="13900000055"
    )
    send(visitor)
    decide(CITY, approve=True)
    with read_session(SYSTEM) as session:
        account = session.scalars(sa.select(Account).where(Account.username == "sjy")).one()
        assert account.person_id == person
        assert account.person is not None and account.person.consent_version == services.CONSENT_VERSION


def test_consent_is_recorded(visitor: Browser) -> None:
    send(visitor)
    row = registration()
    assert row is not None and (row.consented_at, row.consent_version) == (MONDAY, services.CONSENT_VERSION)


def test_the_contacts_numbers_are_masked_and_each_look_is_recorded(visitor: Browser, doors: Doors) -> None:
    send(visitor)
    officer, row = doors.enter(CITY), registration()
    assert row is not None
    page = officer.get(f"/a25/{row.id}").text
    whole = (FORM["contact_id_number"], FORM["contact_phone"])
    assert not any(text in page for text in whole) and "139****0055" in page
    assert page.index("<h2>注册信息</h2>") < page.index("data-preview-pane") < page.index("<legend>审核</legend>")
    assert f'<iframe src="/a25/{row.id}/licence' in page
    page = officer.post(f"/a25/{row.id}/contact").text
    assert all(text in page for text in whole) and "本次查看已记录" in page
    assert not any(text in officer.get(f"/a25/{row.id}").text for text in whole)
    page = visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD}).text
    assert "谁看过联系人的完整证件号" in page and f"经办人：审核单位注册 {FORM['name']}" in page
    assert doors.enter(FAR).post(f"/a25/{row.id}/contact").status_code == 404
    decide(CITY, approve=True)
    with read_session(SYSTEM) as session:
        look = session.scalars(sa.select(UnmaskLog)).one()
        account = session.scalars(sa.select(Account).where(Account.username == "sjy")).one()
        assert (look.person_id, look.registration_id) == (account.person_id, row.id)
    assert "审核单位注册" in doors.sign_in(account.id).get("/account/").text


def test_the_phone_is_unreadable_in_the_database(visitor: Browser) -> None:
    send(visitor)
    with db.engine.connect() as connection:
        stored = connection.execute(sa.text("SELECT contact_phone, contact_id_number FROM unit_registrations")).one()
    assert FORM["contact_phone"] not in stored[0] and FORM["contact_id_number"] not in stored[1]


def test_only_the_office_of_its_region_decides(visitor: Browser) -> None:
    send(visitor)
    with pytest.raises(NotFound):
        decide(FAR, approve=True)
    with pytest.raises(NotAllowed):
        decide(SYSADMIN, approve=True)


def test_guessing_passwords_is_stopped(visitor: Browser) -> None:
    send(visitor)
    for _ in range(services.LOCK_AFTER):
        visitor.post("/register/unit/status", data={"credit_code": CODE, "password": "Wrong@2026xx"})
    page = visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD}).text
    assert "没有查到这个注册，或密码不正确" in page
    with clock.at(clock.now() + services.LOCK_FOR * 1.1):
        page = visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD}).text
        assert re.search(r"待审核", page)


def test_nobody_opens_mending_without_the_password(visitor: Browser, doors: Doors) -> None:
    send(visitor)
    other = Browser(doors.app, doors.app.response_class)
    assert other.get("/register/unit/mend").status_code == 302
