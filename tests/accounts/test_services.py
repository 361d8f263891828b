from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.accounts import queries, rules, services
from app.accounts.enums import AttemptResult, SessionEnd
from app.accounts.models import Account, LoginAttempt, LoginSession, Person, Post, UnmaskLog
from app.accounts.services import sessions
from app.bodies.enums import NodeType
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.people import PASSWORD, id_number, make_actor
from tests.places import make_body

pytestmark = pytest.mark.usefixtures("app")
SYSTEM = Actor.system("test")
HOUR = timedelta(hours=1)


def register(**changes: object) -> None:
    values: dict = {
        "name": "王小明",
        "id_number": id_number(serial=777),
        "phone": "13812345678",
        "password": "Hao-Mima-2026",
        "consent": True,
    }
    with unit_of_work(SYSTEM) as session:
        services.register_applicant(session, actor=Actor.anonymous(), **(values | changes))


def sign_in(login: str, password: str = PASSWORD, ip: str = "10.0.0.1") -> services.SignIn:
    with unit_of_work(SYSTEM) as session:
        return services.sign_in(session, login=login, password=password, ip=ip, agent="test")


def resume(token: str, idle: timedelta = HOUR) -> Actor | None:
    with read_session(SYSTEM) as session:
        found = services.resume(session, token=token, idle=idle)
        return found[0] if found else None


def username(actor: Actor) -> str:
    with read_session(SYSTEM) as session:
        return session.get_one(Account, actor.user_id).username


def test_registering_records_consent_and_signs_in_by_identity_number() -> None:
    register()
    outcome = sign_in(id_number(serial=777), "Hao-Mima-2026")
    actor = resume(outcome.token)
    assert actor is not None
    assert (actor.role, actor.name) == (Role.APPLICANT, "王小明")
    with read_session(SYSTEM) as session:
        person = session.get_one(Person, actor.person_id)
        assert person.consent_version == services.CONSENT_VERSION
        assert person.consented_at is not None


def test_registering_tells_every_wrong_field_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        register(name="", id_number="110105194912310021", phone="123", password="short", consent=False)
    assert set(refused.value.fields) == {"name", "id_number", "phone", "password", "consent"}


def test_one_account_per_identity_number() -> None:
    register()
    with pytest.raises(Invalid) as refused:
        register(name="别人")
    assert set(refused.value.fields) == {"id_number"}
    assert "这个身份证号已有账号，请直接登录" in refused.value.fields["id_number"]


def test_five_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour() -> None:
    login = username(make_actor(Role.APPLICANT))
    for _ in range(4):
        assert sign_in(login, "wrong").problem == "用户名（身份证号）或密码不正确。"
    assert "已锁定" in sign_in(login, "wrong").problem
    assert "已锁定" in sign_in(login).problem
    with clock.at(clock.now() + services.LOCK_FOR + timedelta(seconds=1)):
        assert sign_in(login).token


def test_one_address_may_not_try_for_ever() -> None:
    for number in range(services.THROTTLE_AFTER):
        sign_in(f"nobody{number}", "wrong", ip="10.9.9.9")
    login = username(make_actor(Role.APPLICANT))
    assert sign_in(login, ip="10.9.9.9").problem == "此网络地址尝试登录过于频繁，请 10 分钟后再试。"
    assert sign_in(login, ip="10.9.9.8").token


def test_an_unknown_name_and_a_wrong_password_look_the_same() -> None:
    login = username(make_actor(Role.APPLICANT))
    assert sign_in("nobody", "x").problem == sign_in(login, "x").problem


def test_attempts_are_kept_with_identity_numbers_masked() -> None:
    sign_in(id_number(serial=5), "x")
    with read_session(SYSTEM) as session:
        attempt = session.scalars(sa.select(LoginAttempt).order_by(LoginAttempt.id.desc())).first()
        assert attempt is not None
        assert (attempt.username, attempt.result) == (
            "430102********0050"[:14] + id_number(serial=5)[-4:],
            AttemptResult.UNKNOWN,
        )


def test_two_posts_ask_for_a_choice_and_switching_ends_the_old_session() -> None:
    actor = make_actor(Role.APPLICANT)
    with unit_of_work(SYSTEM) as session:
        services.grant_post(session, actor=SYSTEM, user_id=actor.user_id or 0, role=Role.JUDGE)
    outcome = sign_in(username(actor))
    assert outcome.needs_choice
    waiting = resume(outcome.token)
    assert waiting is not None and (waiting.role, waiting.user_id) == (Role.ANONYMOUS, actor.user_id)
    with read_session(SYSTEM) as session:
        posts = queries.posts_in_force(session, actor.user_id or 0, clock.today())
    with unit_of_work(SYSTEM) as session:
        chosen = services.choose_post(session, token=outcome.token, post_id=posts[1].id, ip="", agent="")
    judge = resume(chosen.token)
    assert judge is not None and judge.role is Role.JUDGE
    assert resume(outcome.token) is None


def test_nobody_chooses_somebody_elses_post() -> None:
    mine, other = make_actor(Role.APPLICANT), make_actor(Role.SYSADMIN)
    token = sign_in(username(mine)).token
    with pytest.raises(NotAllowed), unit_of_work(SYSTEM) as session:
        services.choose_post(session, token=token, post_id=other.post_id or 0, ip="", agent="")


def test_sessions_die_with_logout_idleness_password_and_deactivation() -> None:
    actor, admin = make_actor(Role.APPLICANT), make_actor(Role.SYSADMIN)
    login = username(actor)

    first = sign_in(login).token
    with unit_of_work(SYSTEM) as session:
        services.sign_out(session, actor=actor, token=first)
        services.sign_out(session, actor=actor, token=first)
    assert resume(first) is None

    second = sign_in(login).token
    with clock.at(clock.now() + HOUR + timedelta(seconds=1)):
        assert resume(second) is None
    assert resume(second) is not None

    with unit_of_work(actor) as session:
        services.change_password(session, actor=actor, old=PASSWORD, new="Xin-De-Mima-77")
    assert resume(second) is None

    third = sign_in(login, "Xin-De-Mima-77").token
    with unit_of_work(admin) as session:
        services.set_active(session, actor=admin, user_id=actor.user_id or 0, active=False, reason="离职")
    assert resume(third) is None
    assert sign_in(login, "Xin-De-Mima-77").problem == "账号已停用，请联系系统管理员。"
    with read_session(SYSTEM) as session:
        ends = session.scalars(
            sa.select(LoginSession.end).where(LoginSession.user_id == actor.user_id).order_by(LoginSession.id)
        ).all()
    assert ends == [SessionEnd.LOGOUT, SessionEnd.PASSWORD, SessionEnd.DEACTIVATED]


def test_a_post_that_ends_ends_its_sessions() -> None:
    actor, admin = make_actor(Role.APPLICANT), make_actor(Role.SYSADMIN)
    token = sign_in(username(actor)).token
    with unit_of_work(admin) as session:
        services.revoke_post(session, actor=admin, post_id=actor.post_id or 0, reason="调离")
    assert resume(token) is None


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", "Xin-De-Mima-77", "old"), (PASSWORD, "short", "new"), (PASSWORD, PASSWORD, "new")],
)
def test_a_password_change_that_is_refused(old: str, new: str, field: str) -> None:
    actor = make_actor(Role.APPLICANT)
    with pytest.raises(Invalid) as refused, unit_of_work(actor) as session:
        services.change_password(session, actor=actor, old=old, new=new)
    assert set(refused.value.fields) == {field}


def test_posts_are_granted_by_administrators_once() -> None:
    actor = make_actor(Role.APPLICANT)
    with pytest.raises(NotAllowed), unit_of_work(actor) as session:
        services.grant_post(session, actor=actor, user_id=actor.user_id or 0, role=Role.SYSADMIN)
    with pytest.raises(Conflict, match="该用户已经具有这个身份。"), unit_of_work(SYSTEM) as session:
        services.grant_post(session, actor=SYSTEM, user_id=actor.user_id or 0, role=Role.APPLICANT)


def test_an_administrator_does_not_lock_himself_out() -> None:
    admin = make_actor(Role.SYSADMIN)
    with pytest.raises(Refusal, match="不能停用自己的账号。"), unit_of_work(admin) as session:
        services.set_active(session, actor=admin, user_id=admin.user_id or 0, active=False, reason="x")


def test_unmasking_is_recorded_and_shown_to_the_person() -> None:
    person, admin, other = (
        make_actor(Role.APPLICANT),
        make_actor(Role.SYSADMIN, name="管理员"),
        make_actor(Role.APPLICANT),
    )
    with unit_of_work(admin) as session:
        whole = services.unmask(session, actor=admin, person_id=person.person_id or 0, purpose="核对证件")
    assert len(whole) == 18
    with read_session(person) as session:
        log = session.scalars(sa.select(UnmaskLog)).one()
        assert (log.by_name, log.purpose) == ("管理员", "核对证件")
    with pytest.raises(NotFound), unit_of_work(other) as session:
        services.unmask(session, actor=other, person_id=person.person_id or 0, purpose="好奇")
    with pytest.raises(Invalid), unit_of_work(admin) as session:
        services.unmask(session, actor=admin, person_id=person.person_id or 0, purpose=" ")


def test_a_post_of_the_future_is_not_in_force() -> None:
    actor = make_actor(Role.APPLICANT)
    with unit_of_work(SYSTEM) as session:
        session.get_one(Post, actor.post_id).since = clock.today() + timedelta(days=1)
    assert "没有有效的任职身份" in sign_in(username(actor)).problem


# -- the first administrator ------------------------------------------------------------------------------------

ADMIN = {"username": "zhuguan", "name": "王主管", "id_number": id_number(serial=881), "phone": "13812340001"}


def create_admin(actor: Actor = SYSTEM, **changes: Any) -> str:
    with unit_of_work(actor) as session:
        return services.create_admin(session, actor=actor, **(ADMIN | changes))


def test_the_first_administrator_has_a_password_for_once() -> None:
    password = create_admin()
    signed_in = sign_in("zhuguan", password)
    assert signed_in.needs_choice  # nothing but the password can be changed
    with read_session(SYSTEM) as session:
        account = queries.find_account(session, "zhuguan")
        assert account and queries.must_change_password(session, account.id) and not account.is_demo
        assert [post.role for post in queries.posts_in_force(session, account.id, clock.today())] == [Role.SYSADMIN]
    with pytest.raises(Refusal, match="已有系统管理员“zhuguan”，其他账号由他在“用户管理”中建立"):
        create_admin(username="another", id_number=id_number(serial=883))
    assert create_admin(username="another", id_number=id_number(serial=883), password=PASSWORD, another=True) == ""
    acting = resume(sign_in("another").token)
    assert acting is not None and acting.role is Role.SYSADMIN


def test_an_administrator_who_is_gone_makes_room() -> None:
    gone, still = make_actor(Role.SYSADMIN), make_actor(Role.APPLICANT)
    with pytest.raises(Refusal):
        create_admin()
    with unit_of_work(SYSTEM) as session:
        session.get_one(Post, gone.post_id).active = False
    with pytest.raises(Invalid) as refused:
        create_admin(username="1", name="王", id_number="1", phone="1", password="short")
    assert set(refused.value.fields) == {"username", "name", "id_number", "phone", "password"}
    with pytest.raises(NotAllowed):
        create_admin(still)
    assert create_admin()


# -- the operator of a body ------------------------------------------------------------------------------------


def appoint(body_id: int, *, name: str = "李操作", serial: int = 771, role: Role = Role.COMMITTEE) -> str:
    officer = Actor(Role.HR_OFFICER, name="省厅", region_code="430000")
    with unit_of_work(officer) as session:
        return services.appoint(
            session,
            actor=officer,
            role=role,
            body_id=body_id,
            name=name,
            id_number=id_number(serial=serial),
            phone="13812340000",
            username="c100",
        )


def acting(body_id: int) -> list[str]:
    with read_session(SYSTEM) as session:
        return [person.name for person in queries.operators_of(session, body_id, Role.COMMITTEE)]


def test_an_operator_signs_in_with_the_password_handed_over_and_changes_it_first() -> None:
    body = make_body("某评委会", NodeType.COMMITTEE)
    password = appoint(body)
    assert rules.password_problem(password) is None
    outcome = sign_in("c100", password)
    assert outcome.needs_choice
    actor = resume(outcome.token)
    assert actor is not None and actor.role is Role.ANONYMOUS
    with read_session(SYSTEM) as session:
        post = session.scalars(sa.select(Post).where(Post.body_id == body)).one()
        assert queries.must_change_password(session, post.user_id)
    with pytest.raises(NotAllowed, match="先修改初始密码"), unit_of_work(SYSTEM) as session:
        services.choose_post(session, token=outcome.token, post_id=post.id, ip="", agent="")
    with unit_of_work(actor) as session:
        services.change_password(session, actor=actor, old=password, new="Wo-De-Mima-77")
    again = resume(sign_in(id_number(serial=771), "Wo-De-Mima-77").token)
    assert again is not None
    assert (again.role, again.body_id, again.name) == (Role.COMMITTEE, body, "李操作")


def test_there_is_one_operator_and_appointing_him_again_changes_nothing() -> None:
    body = make_body("某评委会", NodeType.COMMITTEE)
    assert appoint(body)
    assert appoint(body) == ""
    assert acting(body) == ["李操作"]
    assert appoint(body, name="张接任", serial=772)
    assert acting(body) == ["张接任"]
    assert appoint(body) == ""  # back again, with the account he had
    assert acting(body) == ["李操作"]
    with read_session(SYSTEM) as session:
        assert session.scalars(sa.select(Account.username).order_by(Account.id)).all()[-2:] == ["c100", "c100-2"]


def test_an_applicant_becomes_operator_with_the_account_he_has() -> None:
    register()
    body = make_body("某评委会", NodeType.COMMITTEE)
    with pytest.raises(Invalid, match="姓名不一致"):
        appoint(body, name="王大明", serial=777)
    assert appoint(body, name="王小明", serial=777) == ""
    assert sign_in(id_number(serial=777), "Hao-Mima-2026").needs_choice  # two posts now


def test_a_deactivated_person_is_no_operator() -> None:
    body = make_body("某评委会", NodeType.COMMITTEE)
    appoint(body)
    admin = make_actor(Role.SYSADMIN)
    with unit_of_work(admin) as session:
        user_id = session.scalars(sa.select(Account.id).where(Account.username == "c100")).one()
        services.set_active(session, actor=admin, user_id=user_id, active=False, reason="离职")
    with pytest.raises(Conflict, match="已停用"):
        appoint(body)
    with pytest.raises(Invalid) as refused:
        appoint(body, name="1", serial=773)
    assert set(refused.value.fields) == {"name"}


def test_every_initial_password_is_one_that_may_be_set() -> None:
    made = [sessions.initial_password() for _ in range(3_000)]
    assert [rules.password_problem(one) for one in made] == [None] * len(made)
    assert len({*made}) == len(made)
