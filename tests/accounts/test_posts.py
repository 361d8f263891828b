"""One person, one account, several posts: 【开通个人申报】; and a password for whoever lost his."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.accounts import queries, services
from app.accounts.enums import SessionEnd
from app.accounts.models import Account, LoginSession, Post
from app.bodies.enums import NodeType
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.http import Browser, Doors
from tests.people import PASSWORD, id_number, make_actor
from tests.places import CITY, FAR, MONDAY, PROVINCE, SYSADMIN, SYSTEM, TODAY, act, make_body

NUMBER = id_number(serial=881)


def operator(role: Role = Role.UNIT, *, region_code: str = "430100", serial: int = 881) -> Actor:
    """Somebody who acts for a body of a region, signing in as `op881`."""
    kind = {Role.UNIT: NodeType.UNIT, Role.COMMITTEE: NodeType.COMMITTEE}.get(role, NodeType.TITLE_OFFICE)
    body = make_body(f"机构{serial}", kind, region_code=region_code)
    with unit_of_work(SYSTEM) as session:
        account = services.create_user(
            session,
            actor=SYSTEM,
            username=f"op{serial}",
            name="李经办",
            id_number=id_number(serial=serial),
            phone="13900000881",
            password=PASSWORD,
        )
        region = region_code if role is Role.HR_OFFICER else None
        post = services.grant_post(
            session, actor=SYSTEM, user_id=account.id, role=role, body_id=body, region_code=region
        )
        return Actor(
            role, user_id=account.id, person_id=account.person_id, post_id=post.id, body_id=body, name="李经办"
        )


def sign_in(login: str, password: str) -> services.SignIn:
    with unit_of_work(SYSTEM) as session:
        return services.sign_in(session, login=login, password=password, ip="10.1.1.1", agent="t")


def roles_of(user_id: int | None) -> list[Role]:
    with read_session(SYSTEM) as session:
        return [post.role for post in queries.posts_in_force(session, user_id or 0, clock.today())]


# -- 开通个人申报 ------------------------------------------------------------------------------------------------------


def test_a_units_contact_applies_for_himself_with_the_account_he_has(doors: Doors) -> None:
    unit = operator()
    visitor = Browser(doors.app, doors.app.response_class)
    form = {"name": "李经办", "id_number": NUMBER, "phone": "13900000881", "password": "Hao-Mima-2026"}
    page = visitor.post("/register/", data=form | {"repeat": "Hao-Mima-2026", "consent": "y"}).text
    assert "这个身份证号已有账号，请直接登录；还没有个人申报身份的，登录后在“账号安全”里【开通个人申报】。" in page
    assert "/login/?next=/account/applicant" in page
    answer = visitor.post("/login/?next=/account/applicant", data={"login": NUMBER, "password": PASSWORD})
    assert answer.location == "/account/applicant"
    assert "个人信息处理告知书" in visitor.get("/account/applicant").text
    page = visitor.post("/account/applicant", data={}).text
    assert "请阅读并同意《个人信息处理告知书》。" in page and roles_of(unit.user_id) == [Role.UNIT]
    assert "开通个人申报</a>" in visitor.get("/account/").text
    page = visitor.post("/account/applicant", data={"consent": "y"}, follow_redirects=True).text
    assert "已开通个人申报" in page and "申报人</button>" in page.replace("\n", "")
    assert roles_of(unit.user_id) == [Role.UNIT, Role.APPLICANT]
    with read_session(SYSTEM) as session:
        account = session.get_one(Account, unit.user_id)
        assert account.person is not None
        assert (account.person.consented_at, account.person.consent_version) == (MONDAY, services.CONSENT_VERSION)
    assert "开通个人申报</a>" not in visitor.get("/account/").text
    assert "已经开通过个人申报" in visitor.get("/account/applicant").text
    assert sign_in(NUMBER, PASSWORD).needs_choice


def test_it_is_offered_where_posts_are_chosen(doors: Doors) -> None:
    unit = operator()
    act(SYSTEM, services.grant_post, user_id=unit.user_id, role=Role.JUDGE)
    browser = doors.sign_in(unit.user_id or 0)
    assert "/account/applicant" in browser.get("/post/").text
    assert "《个人信息处理告知书》" in browser.get("/account/applicant").text  # before a post is chosen
    browser.post("/account/applicant", data={"consent": "y"})
    assert "/account/applicant" not in browser.get("/post/").text


def test_whoever_has_no_post_left_opens_his_own_and_nothing_else(doors: Doors) -> None:
    unit = operator()
    act(SYSADMIN, services.revoke_post, post_id=unit.post_id or 0, reason="离职")
    browser = Browser(doors.app, doors.app.response_class)
    wrong = browser.post("/login/", data={"login": NUMBER, "password": "x"}).text
    assert "用户名（身份证号）或密码不正确。" in wrong and "处需要改正" not in wrong
    page = browser.post("/login/", data={"login": NUMBER, "password": PASSWORD}, follow_redirects=True).text
    assert "您现在没有有效的任职身份" in page and "开通个人申报</a>" in page and "修改密码" in page
    for path in ("/", "/u151/", "/p2/", "/bodies/"):
        assert browser.get(path).location == "/post/"
    assert browser.get("/post/").location == "/account/"
    page = browser.post("/account/applicant", data={"consent": "y"}, follow_redirects=True).text
    assert "申报人</button>" in page.replace("\n", "") and roles_of(unit.user_id) == [Role.APPLICANT]
    assert "没有有效的任职身份" not in browser.get("/account/").text


def test_whoever_lost_that_post_too_is_told_above_the_form(doors: Doors) -> None:
    unit = operator()
    for key in (unit.post_id or 0, act(unit, services.open_application, consent=True)):
        act(SYSADMIN, services.revoke_post, post_id=key, reason="冒用")
    visitor = Browser(doors.app, doors.app.response_class)
    refused = visitor.post("/login/", data={"login": NUMBER, "password": PASSWORD})
    assert refused.status_code == 422 and "该账号没有有效的任职身份，请联系系统管理员。" in refused.text
    assert "处需要改正" not in refused.text


def test_a_visitor_signs_in_first(doors: Doors) -> None:
    visitor = Browser(doors.app, doors.app.response_class)
    assert visitor.get("/account/applicant").location == "/login/?next=/account/applicant"


def test_once_and_never_again_after_it_was_taken_back(doors: Doors) -> None:
    unit = operator()
    key = act(unit, services.open_application, consent=True)
    with pytest.raises(Conflict, match="您已经开通个人申报"):
        act(unit, services.open_application, consent=True)
    act(SYSADMIN, services.revoke_post, post_id=key, reason="冒用")
    with pytest.raises(Conflict, match="您的个人申报身份已被收回"):
        act(unit, services.open_application, consent=True)
    assert roles_of(unit.user_id) == [Role.UNIT]


def test_an_account_of_nobody_applies_for_nobody(doors: Doors) -> None:
    for actor in (SYSADMIN, Actor.anonymous()):
        with pytest.raises(NotAllowed):
            act(actor, services.open_application, consent=True)


def test_pressed_twice_at_once_there_is_one_post(doors: Doors) -> None:
    unit = operator()

    def press(_: int) -> str:
        with doors.app.app_context(), clock.at(MONDAY):
            try:
                act(unit, services.open_application, consent=True)
            except Conflict:
                return "refused"
        return "opened"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(press, range(4))) == ["opened"] + ["refused"] * 3


def test_the_database_keeps_one_post_without_a_body(doors: Doors) -> None:
    unit = operator()
    act(unit, services.open_application, consent=True)
    with unit_of_work(SYSTEM) as session:
        session.add(Post(user_id=unit.user_id, role=Role.APPLICANT, since=TODAY))
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()


def test_papers_without_an_account_are_told_apart_and_given_one(doors: Doors) -> None:
    person = act(SYSTEM, services.register_person, name="王小明", id_number=NUMBER, phone="13900000881")
    values = {"name": "王小明", "id_number": NUMBER, "phone": "13900000881", "password": "Hao-Mima-2026"}
    with pytest.raises(Invalid) as refused:
        act(Actor.anonymous(), services.register_applicant, consent=True, **values)
    told = "这个身份证号的资料已经录入，但还没有账号，请联系系统管理员开通。"
    assert refused.value.fields == {"id_number": told}
    with pytest.raises(Invalid) as other:
        act(SYSADMIN, services.create_user, username="wxm", **(values | {"name": "王大明"}))
    assert other.value.fields == {"name": "与该身份证号登记的姓名不一致，请核对。"}
    key = act(SYSADMIN, services.create_user, username="wxm", **values)
    with read_session(SYSTEM) as session:
        assert session.get_one(Account, key).person_id == person
    with pytest.raises(Invalid) as again:
        act(SYSADMIN, services.create_user, username="wxm2", **values)
    assert again.value.fields == {"id_number": "这个身份证号已有账号，请在用户管理中找到该用户，为其授予身份。"}


# -- 重置密码 ----------------------------------------------------------------------------------------------------------


def reset(actor: Actor, user_id: int | None, reason: str = "本人持身份证到场") -> str:
    with unit_of_work(actor) as session:
        return services.reset_password(session, actor=actor, user_id=user_id or 0, reason=reason)


def test_a_lost_password_is_replaced_by_one_to_be_changed(doors: Doors) -> None:
    unit = operator()
    for _ in range(services.LOCK_AFTER):
        sign_in("op881", "wrong")
    browser = doors.sign_in(unit.user_id or 0)
    password = reset(CITY, unit.user_id)
    assert browser.get("/account/").location == "/login/"  # his sessions have ended
    assert "不正确" in sign_in("op881", PASSWORD).problem
    outcome = sign_in("op881", password)  # nor is he locked out
    assert outcome.needs_choice
    with read_session(SYSTEM) as session:
        assert queries.must_change_password(session, unit.user_id or 0)
        ends = session.scalars(sa.select(LoginSession.end).where(LoginSession.user_id == unit.user_id)).all()
        assert SessionEnd.RESET in ends
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "accounts.reset_password")).one()
    assert (entry.object_id, entry.detail) == (str(unit.user_id), {"reason": "本人持身份证到场"})
    assert password not in str(entry.detail)


def test_whom_an_officer_may_reset(doors: Doors) -> None:
    unit, far = operator(), operator(region_code="430200", serial=882)
    officer = operator(Role.HR_OFFICER, serial=883)
    for role in (Role.COMMITTEE, Role.TITLE_OFFICE):
        assert reset(CITY, operator(role, serial=884 if role is Role.COMMITTEE else 885).user_id)
    act(unit, services.open_application, consent=True)
    assert reset(CITY, unit.user_id)  # an applicant, too
    with pytest.raises(NotFound):
        reset(CITY, far.user_id)
    with pytest.raises(NotFound):
        reset(FAR, unit.user_id)
    with pytest.raises(NotAllowed, match="由系统管理员重置"):
        reset(PROVINCE, officer.user_id)  # a colleague's powers don't come with his password
    act(SYSTEM, services.grant_post, user_id=unit.user_id, role=Role.JUDGE)
    with pytest.raises(NotAllowed, match="由系统管理员重置"):
        reset(CITY, unit.user_id)
    act(SYSTEM, services.grant_post, user_id=far.user_id, role=Role.UNIT, body_id=unit.body_id)
    with pytest.raises(NotAllowed, match="其他统筹区"):
        reset(CITY, far.user_id)
    assert reset(PROVINCE, far.user_id)
    assert reset(SYSADMIN, officer.user_id)
    for actor in (unit, Actor.anonymous(), SYSTEM):
        with pytest.raises(NotAllowed):
            reset(actor, far.user_id)


def test_what_else_is_refused(doors: Doors) -> None:
    unit, admin = operator(), make_actor(Role.SYSADMIN)
    with pytest.raises(Invalid) as silent:
        reset(CITY, unit.user_id, " ")
    assert set(silent.value.fields) == {"reason"}
    with pytest.raises(Refusal, match="自己的密码请在"):
        reset(admin, admin.user_id)
    act(admin, services.set_active, user_id=unit.user_id, active=False, reason="离职")
    with pytest.raises(Conflict, match="账号已停用"):
        reset(CITY, unit.user_id)
    with pytest.raises(NotFound):
        reset(admin, 999_999)


def test_the_officers_screen_shows_the_password_once(doors: Doors) -> None:
    unit = operator()
    officer = doors.enter(CITY)
    assert "李经办" not in officer.get("/passwords/").text  # nobody is listed who was not asked for
    for asked in ("name=李经", f"id_number={NUMBER[:6]} {NUMBER[6:]}", f"body_id={unit.body_id}"):
        assert "李经办" in officer.get(f"/passwords/?{asked}").text
    assert "李经办" not in officer.get("/passwords/?name=李经理").text
    assert "李经办" not in doors.enter(FAR).get(f"/passwords/?id_number={NUMBER}").text
    assert doors.enter(FAR).get(f"/passwords/{unit.user_id}/reset").status_code == 404
    page = officer.post(f"/passwords/{unit.user_id}/reset", data={"reason": ""})
    assert page.status_code == 422 and "请填写此项。" in page.text
    page = officer.post(f"/passwords/{unit.user_id}/reset", data={"reason": "持证到场"}).text
    shown = re.search(r'class="handed-over mono">([^<]+)<', page)
    assert shown and "凭用户名 op881 和下面的初始密码登录" in page
    assert sign_in("op881", shown[1]).token
    assert shown[1] not in officer.get("/passwords/?name=李经办").text


def test_the_administrators_screen(doors: Doors) -> None:
    act(
        Actor.anonymous(),
        services.register_applicant,
        name="王小明",
        id_number=NUMBER,
        phone="13900000881",
        password="Hao-Mima-2026",
        consent=True,
    )
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(Account.id).where(Account.first_name == "王小明")).one()
    desk = doors.enter(SYSADMIN)
    assert f"/accounts/{key}/reset" in desk.get(f"/accounts/{key}").text
    page = desk.post(f"/accounts/{key}/reset", data={"reason": "持证到场"}).text
    shown = re.search(r'class="handed-over mono">([^<]+)<', page)
    assert shown and "凭身份证号和下面的初始密码登录" in page and services.APPLICANT_PREFIX not in page
    assert sign_in(NUMBER, shown[1]).token
    assert desk.get("/accounts/999999/reset").status_code == 404
