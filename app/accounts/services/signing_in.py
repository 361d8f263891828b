"""Signing in and out, choosing a post, changing and resetting passwords; lockout and throttling on every path."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from argon2.exceptions import VerificationError
from sqlalchemy.orm import Session

from app.accounts import queries, rules
from app.accounts.enums import AttemptResult, SessionEnd
from app.accounts.models import Account, LoginAttempt, LoginSession, Person, Post
from app.accounts.services.sessions import end, end_all, hasher, replace_password, require
from app.core import audit, clock, crypto
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import Actor, elevated

LOCK_AFTER = 5
LOCK_FOR = timedelta(minutes=15)
THROTTLE_AFTER = 30
THROTTLE_WINDOW = timedelta(minutes=10)
SEEN_EVERY = timedelta(seconds=60)

_NOBODY = hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True)
class SignIn:
    """What a try to sign in came to: a token, or the words to show."""

    token: str = ""
    problem: str = ""
    needs_choice: bool = False


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(session: Session, *, login: str, password: str, ip: str, agent: str) -> SignIn:
    """Check a name (or identity number) and password; every path to a session passes here.

    Never raises for a wrong password: the attempt is recorded, and must be committed.
    """
    account = queries.find_account(session, login)
    result = _judge(session, account, password, ip)
    number = rules.normalise_id_number(login)
    shown = crypto.mask_id_number(number) if re.fullmatch(r"\d{17}[\dX]", number) else login.strip()[:64]
    session.add(LoginAttempt(at=clock.now(), username=shown, ip=ip, result=result))
    actor = Actor(Role.ANONYMOUS, user_id=account.id if account else None, name=shown, ip=ip)
    if result is not AttemptResult.OK or account is None:
        audit.record(session, actor, "accounts.sign_in_refused", account, result=result.value)
        return SignIn(problem=_words(result, account))
    account.failures, account.locked_until = 0, None
    if hasher.check_needs_rehash(account.password or ""):
        account.password = hasher.hash(password)
    audit.record(session, actor, "accounts.sign_in", account)
    return open_session(session, account=account, ip=ip, agent=agent)


def _judge(session: Session, account: Account | None, password: str, ip: str) -> AttemptResult:
    moment = clock.now()
    if _throttled(session, ip):
        return AttemptResult.THROTTLED
    if account is not None and account.locked_until and account.locked_until > moment:
        return AttemptResult.LOCKED
    try:
        hasher.verify((account.password if account else None) or _NOBODY, password)
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


def _throttled(session: Session, ip: str) -> bool:
    recent = session.scalar(
        sa.select(sa.func.count()).select_from(
            sa.select(LoginAttempt.id)
            .where(
                LoginAttempt.ip == ip,
                LoginAttempt.at > clock.now() - THROTTLE_WINDOW,
                LoginAttempt.result.in_([AttemptResult.WRONG, AttemptResult.UNKNOWN, AttemptResult.LOCKED]),
            )
            .limit(THROTTLE_AFTER)
            .subquery()
        )
    )
    return recent is not None and recent >= THROTTLE_AFTER


def allowed_in(session: Session, name: str, hashes: Sequence[str], password: str, ip: str) -> int | None:
    """Which of some things without an account a password opens, if any; throttled, locked and recorded under `name` as
    sign-ins are.
    """
    opened = None
    wrong = session.scalar(
        sa.select(sa.func.count(LoginAttempt.id)).where(
            LoginAttempt.username == name,
            LoginAttempt.at > clock.now() - LOCK_FOR,
            LoginAttempt.result == AttemptResult.WRONG,
        )
    )
    if _throttled(session, ip):
        result = AttemptResult.THROTTLED
    elif (wrong or 0) >= LOCK_AFTER:
        result = AttemptResult.LOCKED
    else:
        opened = next((at for at, hashed in enumerate(hashes or [_NOBODY]) if _opens(hashed, password)), None)
        result = AttemptResult.UNKNOWN if not hashes else AttemptResult.WRONG if opened is None else AttemptResult.OK
    session.add(LoginAttempt(at=clock.now(), username=name, ip=ip, result=result))
    return opened if result is AttemptResult.OK else None


def _opens(hashed: str, password: str) -> bool:
    try:
        return hasher.verify(hashed, password)
    except VerificationError:
        return False


def _words(result: AttemptResult, account: Account | None) -> str:
    if result is AttemptResult.THROTTLED:
        return "此网络地址尝试登录过于频繁，请 10 分钟后再试。"
    if result is AttemptResult.LOCKED or (account and account.locked_until and account.locked_until > clock.now()):
        return f"密码连续输错 {LOCK_AFTER} 次，账号已锁定 {int(LOCK_FOR.total_seconds() // 60)} 分钟，请稍后再试。"
    if result is AttemptResult.INACTIVE:
        return "账号已停用，请联系系统管理员。"
    return "用户名（身份证号）或密码不正确。"


def open_session(session: Session, *, account: Account, ip: str, agent: str, post_id: int | None = None) -> SignIn:
    """A new login session of `account`; with one post only, acting in it at once.

    Whoever has none left may still apply for himself, where he never did: he signs in, and that is all there is for him.
    """
    must_change = account.password_changed_at is None
    if post_id is None:
        posts = queries.posts_in_force(session, account.id, clock.today())
        if not posts and not queries.may_open_application(session, account.id):
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
    end(login, SessionEnd.REPLACED)
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
        end(login, SessionEnd.LOGOUT)
        audit.record(session, actor, "accounts.sign_out", ("ab_user", login.user_id))


def change_password(session: Session, *, actor: Actor, old: str, new: str) -> None:
    """Change one's own password, the old one asked; every session of the user ends."""
    account = session.get(Account, actor.user_id)
    if account is None:
        raise NotFound
    try:
        hasher.verify(account.password or "", old)
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
    account.password, account.password_changed_at = hasher.hash(new), clock.now()
    end_all(session, account.id, SessionEnd.PASSWORD)
    audit.record(session, actor, "accounts.change_password", account)


def reset_password(session: Session, *, actor: Actor, user_id: int, reason: str) -> str:
    """A password for somebody who lost his: handed over, shown once, to be changed first. His sessions end.

    An administrator does it for anybody but himself; an HR officer for whom he sees, as long as every post of theirs is an
    applicant's or acts for a body of his region: with the password goes whatever they may do. Raises Invalid, Conflict.
    """
    require(actor, Role.SYSADMIN, Role.HR_OFFICER)
    account = session.get(Account, user_id, with_for_update=True, populate_existing=True)
    if account is None or not _may_see(session, actor, account):
        raise NotFound
    if account.id == actor.user_id:
        raise NotAllowed("自己的密码请在“账号安全”里修改。")
    if actor.role is Role.HR_OFFICER and not _in_his_care(session, account):
        raise NotAllowed("该账号还有评委、人社部门或其他统筹区的身份，请由系统管理员重置密码。")
    if not account.active:
        raise Conflict("账号已停用，启用后才能重置密码。")
    if not reason.strip():
        raise Invalid({"reason": "请填写怎样核对了本人身份。"})
    password = replace_password(session, account)
    audit.record(session, actor, "accounts.reset_password", account, reason=reason.strip())
    return password


def _may_see(session: Session, actor: Actor, account: Account) -> bool:
    """Accounts have no scope of their own: their person has."""
    if actor.role is Role.SYSADMIN:
        return True
    return session.scalar(sa.select(Person.id).where(Person.id == account.person_id)) is not None


def _in_his_care(session: Session, account: Account) -> bool:
    seen = sa.select(Post.id).where(Post.user_id == account.id, Post.active)  # operators of his region, by scope
    inside = set(session.scalars(seen))
    with elevated(session, "a post out of the officer's reach keeps him from the account"):
        held = session.execute(sa.select(Post.id, Post.role).where(Post.user_id == account.id, Post.active)).all()
    return all(role is Role.APPLICANT or key in inside for key, role in held)
