"""People, users and posts: registering, granting, signing in and out, passwords, unmasking."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.orm import Session

from app.accounts import queries, rules
from app.accounts.enums import AttemptResult, SessionEnd
from app.accounts.models import Account, LoginAttempt, LoginSession, Person, Post, UnmaskLog
from app.core import audit, clock, crypto
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor, elevated

LOCK_AFTER = 5
LOCK_FOR = timedelta(minutes=15)
THROTTLE_AFTER = 30
THROTTLE_WINDOW = timedelta(minutes=10)
SEEN_EVERY = timedelta(seconds=60)
APPLICANT_PREFIX = "p#"
"""Begins an applicant's user name, which nobody types; others can't hold a #."""
CONSENT_VERSION = "2026-01"

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True)
class SignIn:
    """What a try to sign in came to: a token, or the words to show."""

    token: str = ""
    problem: str = ""
    needs_choice: bool = False


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# -- people and users ------------------------------------------------------------------------------------------


def register_applicant(
    session: Session, *, actor: Actor, name: str, id_number: str, phone: str, password: str, consent: bool
) -> Account:
    """P1: one account per identity number, with the consent to the privacy notice recorded.

    Raises Invalid with every field at fault; Conflict-like wording stands beside the identity number.
    """
    fields: dict[str, str] = {}
    if not consent:
        fields["consent"] = "请阅读并同意《个人信息处理告知书》。"
    username = APPLICANT_PREFIX + crypto.keys().digest(rules.normalise_id_number(id_number))[:20]
    account = _create(session, username, name, id_number, phone, password, fields)
    assert account.person is not None
    account.person.consented_at = clock.now()
    account.person.consent_version = CONSENT_VERSION
    with elevated(session, "a newcomer has no scope yet"):
        session.add(Post(user_id=account.id, role=Role.APPLICANT, since=clock.today()))
    audit.record(session, actor, "accounts.register", account)
    return account


def create_user(
    session: Session,
    *,
    actor: Actor,
    username: str,
    name: str,
    id_number: str,
    phone: str,
    password: str,
    handed_over: bool = False,
) -> Account:
    """A user made by an administrator (or by another domain: a committee's operator). Raises Invalid.

    `handed_over`: somebody else knows the password, so it must be changed before anything else is done.
    """
    _require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    fields: dict[str, str] = {}
    if not re.fullmatch(r"[a-z][a-z0-9_.-]{1,31}", username):
        fields["username"] = "用户名以小写字母开头，只含小写字母、数字、点、下划线和短横，2 至 32 位。"
    account = _create(session, username, name, id_number, phone, password, fields)
    if handed_over:
        account.password_changed_at = None
    audit.record(session, actor, "accounts.create_user", account, username=username)
    return account


def appoint(
    session: Session, *, actor: Actor, role: Role, body_id: int, name: str, id_number: str, phone: str, username: str
) -> str:
    """Make somebody the one operator of a body; whoever was before is relieved. The initial password, to hand over.

    Nothing ("") is handed over to a person who has an account already: he keeps his own. `username` is for a new
    account, with a number behind it where it is taken. Raises Invalid for name, id_number or phone.
    """
    number = rules.normalise_id_number(id_number)
    with elevated(session, "the operator may have an account as an applicant, or of another body"):
        person = session.scalar(sa.select(Person).where(Person.id_digest == crypto.keys().digest(number)))
        account = person and session.scalar(sa.select(Account).where(Account.person_id == person.id))
        taken = set(session.scalars(sa.select(Account.username).where(Account.username.startswith(username))))
    if person is not None and person.name != name.strip():
        raise Invalid({"name": "与该身份证号登记的姓名不一致，请核对。"})
    password = ""
    if account is None:
        if person is not None:
            raise Conflict("该人员的材料经其他途径录入，尚无账号，请联系系统管理员。")
        password = _initial_password()
        free = next(one for n in range(1, 10_000) if (one := f"{username}-{n}" if n > 1 else username) not in taken)
        account = create_user(
            session,
            actor=actor,
            username=free,
            name=name,
            id_number=number,
            phone=phone,
            password=password,
            handed_over=True,
        )
    elif not account.active:
        raise Conflict("该人员的账号已停用，请联系系统管理员。")
    if relieve(session, actor=actor, role=role, body_id=body_id, but=account.id):
        grant_post(session, actor=actor, user_id=account.id, role=role, body_id=body_id)
    return password


def relieve(session: Session, *, actor: Actor, role: Role, body_id: int, but: int | None = None) -> bool:
    """End every post of `role` at a body, except that of the user `but`; whether that user does not act there yet."""
    _require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    with elevated(session, "posts are kept by administrators; those ended lie outside the officer's own scope"):
        held = session.scalars(sa.select(Post).where(Post.role == role, Post.body_id == body_id, Post.active)).all()
        for post in held:
            if post.user_id != but:
                post.active = False
        session.flush()
    for post in held:
        if not post.active:
            audit.record(session, actor, "accounts.relieve", post, user_id=post.user_id, body_id=body_id)
    return all(post.user_id != but for post in held)


def _initial_password() -> str:
    """Twelve characters that can be read out, and that `rules.password_problem` takes."""
    letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz") for _ in range(5))
    digits = "".join(secrets.choice("23456789") for _ in range(5))
    return f"{secrets.choice('ABCDEFGHJKMNPQRSTUVWXYZ')}{letters}-{digits}"


def _create(
    session: Session, username: str, name: str, id_number: str, phone: str, password: str, fields: dict[str, str]
) -> Account:
    number = rules.normalise_id_number(id_number)
    problem = rules.password_problem(password, username=username, name=name.strip(), id_number=number)
    if problem:
        fields["password"] = problem
    with elevated(session, "a second account of the same person must be found wherever it is"):
        taken = session.scalar(sa.select(Account.id).where(Account.username == username))
        if taken and not username.startswith(APPLICANT_PREFIX):  # an applicant's is made from his number, told there
            fields.setdefault("username", "这个用户名已被使用。")
        person = _person(session, name, number, phone, fields)
        account = Account(
            username=username,
            first_name=person.name,
            last_name="",
            email=f"{username}@localhost",
            active=True,
            password=_hasher.hash(password),
            password_changed_at=clock.now(),
            person=person,
        )
        session.add(account)
        session.flush()
    return account


def register_person(session: Session, *, actor: Actor, name: str, id_number: str, phone: str) -> Person:
    """A person without an account (whose papers came in another way); by the system alone. Raises Invalid."""
    _require(actor, Role.SYSTEM)
    return _person(session, name, rules.normalise_id_number(id_number), phone, {})


def _person(session: Session, name: str, number: str, phone: str, fields: dict[str, str]) -> Person:
    """A new person; Invalid with everything wrong, together with what `fields` already holds."""
    name, phone, keys = name.strip(), phone.strip(), crypto.keys()
    checks = {
        "name": rules.name_problem(name),
        "id_number": rules.id_number_problem(number, clock.today()),
        "phone": rules.phone_problem(phone),
    }
    fields |= {field: problem for field, problem in checks.items() if problem}
    if "id_number" not in fields and session.scalar(
        sa.select(Person.id).where(Person.id_digest == keys.digest(number))
    ):
        fields["id_number"] = "这个身份证号已经注册过账号，请直接登录；忘记密码请联系所在单位或当地人社部门。"
    if fields:
        raise Invalid(fields)
    person = Person(
        name=name,
        id_number=number,
        id_digest=keys.digest(number),
        id_masked=crypto.mask_id_number(number),
        gender=rules.gender_of(number),
        born_on=rules.birthday_of(number),
        phone=phone,
        phone_digest=keys.digest(phone),
        phone_masked=crypto.mask_phone(phone),
    )
    session.add(person)
    session.flush()
    return person


def grant_post(
    session: Session,
    *,
    actor: Actor,
    user_id: int,
    role: Role,
    body_id: int | None = None,
    region_code: str | None = None,
    since: date | None = None,
) -> Post:
    """Let a user act as `role` for a body or region. Refusal if he already does."""
    _require(actor, Role.SYSADMIN, Role.HR_OFFICER, Role.SYSTEM)
    if actor.role is Role.HR_OFFICER and role not in (Role.UNIT, Role.DEPARTMENT, Role.COMMITTEE, Role.TITLE_OFFICE):
        raise NotAllowed("人社部门只能授予单位、主管单位、专技机构和评委会的身份。")
    if role in (Role.ANONYMOUS, Role.SYSTEM):
        raise Invalid({"role": "这个身份不能授予。"})
    if body_id is None and role not in (Role.SYSADMIN, Role.APPLICANT, Role.JUDGE):
        raise Invalid({"body_id": "请录入机构名称，回车后从列表中选择。"})
    if role in (Role.HR_OFFICER, Role.SPECIAL_PLAN_OFFICER) and not region_code:
        raise Invalid({"body_id": "请选择人社部门，以确定统筹区。"})
    with elevated(session, "posts are kept by administrators; the grantee's row lies outside their own scope"):
        held = session.scalar(
            sa.select(Post).where(
                Post.user_id == user_id, Post.role == role, Post.body_id.is_not_distinct_from(body_id)
            )
        )
        if held is not None and held.active:
            raise Conflict("该用户已经具有这个身份。")
        post = held or Post(user_id=user_id, role=role, body_id=body_id)
        post.region_code, post.since, post.until, post.active = region_code, since or clock.today(), None, True
        session.add(post)
        session.flush()
    audit.record(session, actor, "accounts.grant_post", post, role=role.value, body_id=body_id, user_id=user_id)
    return post


def revoke_post(session: Session, *, actor: Actor, post_id: int, reason: str) -> None:
    """End a post; sessions acting in it end at their next request."""
    _require(actor, Role.SYSADMIN)
    post = session.get(Post, post_id)
    if post is None:
        raise NotFound
    if not reason.strip():
        raise Invalid({"reason": "请填写原因。"})
    post.active = False
    audit.record(session, actor, "accounts.revoke_post", post, reason=reason)


def set_active(session: Session, *, actor: Actor, user_id: int, active: bool, reason: str) -> Account:
    """停用 or 启用 a user; his sessions end with it."""
    _require(actor, Role.SYSADMIN)
    account = session.get(Account, user_id)
    if account is None:
        raise NotFound
    if account.id == actor.user_id:
        raise Refusal("不能停用自己的账号。")
    if not reason.strip():
        raise Invalid({"reason": "请填写原因。"})
    account.active = active
    account.failures, account.locked_until = 0, None
    if not active:
        _end_all(session, user_id, SessionEnd.DEACTIVATED)
    audit.record(session, actor, "accounts.activate" if active else "accounts.deactivate", account, reason=reason)
    return account


def unmask(session: Session, *, actor: Actor, person_id: int, purpose: str) -> str:
    """The whole identity number of a person within scope; each look is recorded and shown to that person (PIPL)."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    if not purpose.strip():
        raise Invalid({"purpose": "请填写查看完整证件号的用途。"})
    if person.id != actor.person_id:
        session.add(
            UnmaskLog(
                at=clock.now(),
                person_id=person.id,
                by_user_id=actor.user_id,
                by_name=actor.name,
                by_body=actor.body_name,
                purpose=purpose.strip()[:120],
            )
        )
        audit.record(session, actor, "accounts.unmask", person, purpose=purpose)
    return person.id_number


# -- signing in ------------------------------------------------------------------------------------------------


def sign_in(session: Session, *, login: str, password: str, ip: str, agent: str) -> SignIn:
    """Check a name (or identity number) and password; every path to a session passes here.

    Never raises for a wrong password: the attempt is recorded, and must be committed.
    """
    account = queries.find_account(session, login)
    result = _judge(session, account, password, ip)
    shown = crypto.mask_id_number(login.strip()) if re.fullmatch(r"\d{17}[\dXx]", login.strip()) else login.strip()[:64]
    session.add(LoginAttempt(at=clock.now(), username=shown, ip=ip, result=result))
    actor = Actor(Role.ANONYMOUS, user_id=account.id if account else None, name=shown, ip=ip)
    if result is not AttemptResult.OK or account is None:
        audit.record(session, actor, "accounts.sign_in_refused", account, result=result.value)
        return SignIn(problem=_words(result, account))
    account.failures, account.locked_until = 0, None
    if _hasher.check_needs_rehash(account.password or ""):
        account.password = _hasher.hash(password)
    audit.record(session, actor, "accounts.sign_in", account)
    return open_session(session, account=account, ip=ip, agent=agent)


def _judge(session: Session, account: Account | None, password: str, ip: str) -> AttemptResult:
    moment = clock.now()
    recent = session.scalar(
        sa.select(sa.func.count()).select_from(
            sa.select(LoginAttempt.id)
            .where(
                LoginAttempt.ip == ip,
                LoginAttempt.at > moment - THROTTLE_WINDOW,
                LoginAttempt.result.in_([AttemptResult.WRONG, AttemptResult.UNKNOWN, AttemptResult.LOCKED]),
            )
            .limit(THROTTLE_AFTER)
            .subquery()
        )
    )
    if recent is not None and recent >= THROTTLE_AFTER:
        return AttemptResult.THROTTLED
    if account is not None and account.locked_until and account.locked_until > moment:
        return AttemptResult.LOCKED
    try:
        _hasher.verify((account.password if account else None) or _NOBODY, password)
        right = account is not None
    except VerificationError:
        right = False
    if account is None:
        return AttemptResult.UNKNOWN
    if not right:
        account.failures += 1
        if account.failures >= LOCK_AFTER:
            account.locked_until, account.failures = moment + LOCK_FOR, 0
        return AttemptResult.WRONG
    return AttemptResult.OK if account.active else AttemptResult.INACTIVE


def _words(result: AttemptResult, account: Account | None) -> str:
    if result is AttemptResult.THROTTLED:
        return "此网络地址尝试登录过于频繁，请 10 分钟后再试。"
    if result is AttemptResult.LOCKED or (account and account.locked_until and account.locked_until > clock.now()):
        return f"密码连续输错 {LOCK_AFTER} 次，账号已锁定 {int(LOCK_FOR.total_seconds() // 60)} 分钟，请稍后再试。"
    if result is AttemptResult.INACTIVE:
        return "账号已停用，请联系系统管理员。"
    return "用户名（身份证号）或密码不正确。"


def open_session(session: Session, *, account: Account, ip: str, agent: str, post_id: int | None = None) -> SignIn:
    """A new login session of `account`; with one post only, acting in it at once."""
    must_change = account.password_changed_at is None
    if post_id is None:
        posts = queries.posts_in_force(session, account.id, clock.today())
        if not posts:
            return SignIn(problem="该账号没有有效的任职身份，请联系系统管理员。")
        post_id = posts[0].id if len(posts) == 1 and not must_change else None
    token = secrets.token_urlsafe(32)
    moment = clock.now()
    session.add(
        LoginSession(
            token_digest=token_digest(token),
            user_id=account.id,
            post_id=post_id,
            started_at=moment,
            seen_at=moment,
            ip=ip,
            agent=agent[:200],
        )
    )
    return SignIn(token=token, needs_choice=post_id is None)


def choose_post(session: Session, *, token: str, post_id: int, ip: str, agent: str) -> SignIn:
    """Act in another post: the old session ends, so a page left open can't act in the wrong capacity."""
    login = session.scalar(
        sa.select(LoginSession).where(LoginSession.token_digest == token_digest(token), LoginSession.ended_at.is_(None))
    )
    if login is None:
        raise NotFound
    post = next((p for p in queries.posts_in_force(session, login.user_id, clock.today()) if p.id == post_id), None)
    account = session.get(Account, login.user_id)
    if post is None or account is None:
        raise NotAllowed("您没有这个身份，或者它已经失效。")
    if account.password_changed_at is None:
        raise NotAllowed("请先修改初始密码，再选择身份。")
    _end(login, SessionEnd.REPLACED)
    audit.record(session, queries.actor_for(account, post, account.person, ip), "accounts.choose_post", post)
    return open_session(session, account=account, ip=ip, agent=agent, post_id=post.id)


def resume(session: Session, *, token: str, idle: timedelta) -> tuple[Actor, bool] | None:
    """The actor of a live session, and whether its last-seen time is due to be written (see `touch`)."""
    found = queries.live_session(session, token_digest(token), idle)
    if found is None:
        return None
    login, actor = found
    return actor, clock.now() - login.seen_at > SEEN_EVERY


def touch(session: Session, *, token: str) -> None:
    """Write that a session is in use; at most once a minute is enough for the idle limit."""
    session.execute(
        sa.update(LoginSession).where(LoginSession.token_digest == token_digest(token)).values(seen_at=clock.now())
    )


def sign_out(session: Session, *, actor: Actor, token: str) -> None:
    """End the session of a token; a second press finds nothing and is fine."""
    login = session.scalar(
        sa.select(LoginSession).where(LoginSession.token_digest == token_digest(token), LoginSession.ended_at.is_(None))
    )
    if login is not None:
        _end(login, SessionEnd.LOGOUT)
        audit.record(session, actor, "accounts.sign_out", ("ab_user", login.user_id))


def change_password(session: Session, *, actor: Actor, old: str, new: str) -> None:
    """Change one's own password, the old one asked; every session of the user ends."""
    account = session.get(Account, actor.user_id)
    if account is None:
        raise NotFound
    try:
        _hasher.verify(account.password or "", old)
    except VerificationError:
        raise Invalid({"old": "原密码不正确。"}) from None
    person = account.person
    problem = rules.password_problem(
        new, username=account.username, name=account.first_name, id_number=person.id_number if person else ""
    )
    if problem is None and new == old:
        problem = "新密码不能与原密码相同。"
    if problem:
        raise Invalid({"new": problem})
    account.password, account.password_changed_at = _hasher.hash(new), clock.now()
    _end_all(session, account.id, SessionEnd.PASSWORD)
    audit.record(session, actor, "accounts.change_password", account)


def _end(login: LoginSession, why: SessionEnd) -> None:
    login.ended_at, login.end = clock.now(), why


def _end_all(session: Session, user_id: int, why: SessionEnd) -> None:
    session.execute(
        sa.update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        .values(ended_at=clock.now(), end=why)
    )


def _require(actor: Actor, *roles: Role) -> None:
    if actor.role not in roles:
        raise NotAllowed("当前身份不能执行这个操作。")
