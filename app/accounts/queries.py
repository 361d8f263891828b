"""Reading people, posts and the blacklist."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.accounts import rules
from app.accounts.enums import RegistrationStatus
from app.accounts.models import Account, BlacklistEntry, LoginSession, Person, Post, UnitRegistration
from app.bodies.models import Body
from app.bodies.queries import nearly_named
from app.catalog.queries import setting
from app.core import clock, crypto
from app.core.enums import Role
from app.core.scope import Actor, elevated


def blacklisted(session: Session, person_id: int, on: date) -> BlacklistEntry | None:
    """The entry that bars the person on `on`, if any, whoever asks: the bar is public to the rules, not its row."""
    with elevated(session, "the bar holds for every region, and the person asking may not see the entry"):
        return session.scalars(
            sa.select(BlacklistEntry)
            .where(
                BlacklistEntry.person_id == person_id,
                BlacklistEntry.lifted_at.is_(None),
                BlacklistEntry.starts_on <= on,
                BlacklistEntry.ends_on >= on,
            )
            .order_by(BlacklistEntry.ends_on.desc())
        ).first()


def bar_of(session: Session, person_id: int, on: date) -> str:
    """What a person who may not apply is told of it before he fills anything in: until when; or nothing.

    Why, and on what document, he is told by the office that listed him.
    """
    entry = blacklisted(session, person_id, on)
    if entry is None:
        return ""
    return (
        f"您在职称申报黑名单期内，至 {entry.ends_on:%Y-%m-%d} 止，期间不能提交申报，申报也不能上报、发证；"
        "到期自动失效。原因和依据请向列入的人社部门查询，有异议的可以向其提出。"
    )


def longest_years(session: Session) -> int:
    """How many years an entry of the blacklist may last at most."""
    return int(setting(session, "blacklist_years", str(rules.RECORD_YEARS)))


def posts_in_force(session: Session, user_id: int, on: date) -> list[Post]:
    """The posts a user may act in on `on`, with their bodies."""
    return list(
        session.scalars(
            sa.select(Post)
            .where(
                Post.user_id == user_id,
                Post.active,
                Post.since <= on,
                sa.or_(Post.until.is_(None), Post.until >= on),
            )
            .options(joinedload(Post.body))
            .order_by(Post.id)
        )
    )


def find_account(session: Session, login: str) -> Account | None:
    """By user name, or by identity number (through its digest)."""
    login = login.strip()
    found = session.scalar(sa.select(Account).where(Account.username == login))
    login = rules.normalise_id_number(login)
    if found is not None or len(login) != 18:
        return found
    return session.scalar(
        sa.select(Account)
        .join(Person, Person.id == Account.person_id)
        .where(Person.id_digest == crypto.keys().digest(login))
    )


def actor_for(account: Account, post: Post, person: Person | None, ip: str = "") -> Actor:
    """The actor of a user in one of his posts."""
    body = post.body
    return Actor(
        role=post.role,
        user_id=account.id,
        person_id=person.id if person else None,
        name=person.name if person else account.first_name,
        post_id=post.id,
        body_id=post.body_id,
        body_name=body.name if body else "",
        region_code=post.region_code or (body.region_code if body else ""),
        ip=ip,
    )


@cache
def _live() -> sa.Select[LoginSession, Account, Person, Post]:
    # asked by every request: built once
    return (
        sa.select(LoginSession, Account, Person, Post)
        .join(Account, Account.id == LoginSession.user_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .outerjoin(Post, Post.id == LoginSession.post_id)
        .options(joinedload(Post.body))
        .where(LoginSession.token_digest == sa.bindparam("token"), LoginSession.ended_at.is_(None))
    )


def live_session(session: Session, token_digest: str, idle: timedelta) -> tuple[LoginSession, Actor] | None:
    """The login session of a token and its actor, if the session, the account and the post are all still good."""
    row = session.execute(_live(), {"token": token_digest}).first()
    if row is None:
        return None
    login, account, person, post = row
    moment, day = clock.now(), clock.today()
    if not account.active or moment - login.seen_at > idle:
        return None
    if post is None:
        return login, Actor(
            Role.ANONYMOUS, user_id=account.id, person_id=account.person_id, name=account.first_name, ip=login.ip
        )
    if not post.in_force(day):
        return None
    return login, actor_for(account, post, person, login.ip)


def lost_standing(session: Session, actor: Actor) -> str | None:
    """Why whoever acted in a post may no longer do so, or None; work that no person's post ordered stands by itself."""
    if actor.post_id is None:
        return None
    post = session.get(Post, actor.post_id)
    account = session.get(Account, actor.user_id or 0)
    if post is not None and account is not None and post.in_force(clock.today()) and account.active:
        return None
    return f"{actor.name}提交任务时的身份（{actor.role.label}）已经收回或停用，没有办理。"


def operators_of(session: Session, body_id: int, role: Role) -> list[Person]:
    """Who acts for a body now. For their name and masked numbers: the rest is not for whoever asks."""
    with elevated(session, "a body's operator is named to those who keep the body, by masked number"):
        return list(
            session.scalars(
                sa.select(Person)
                .join(Account, Account.person_id == Person.id)
                .join(Post, Post.user_id == Account.id)
                .where(Post.body_id == body_id, Post.role == role, Post.active)
                .order_by(Post.id)
            )
        )


def staffed(session: Session, body_ids: Collection[int]) -> set[int]:
    """Those of the bodies for which somebody can sign in today."""
    with elevated(session, "whether anybody is there to read a message is no secret, who it is remains one"):
        here = sa.select(Post.body_id).join(Account, Account.id == Post.user_id)
        return set(session.scalars(here.where(Post.body_id.in_(body_ids), *_on_duty())))


def officered(session: Session, region_codes: Collection[str]) -> set[str]:
    """Those of the regions for which an HR officer can sign in today."""
    with elevated(session, "whether anybody is there to read a message is no secret, who it is remains one"):
        here = sa.select(Post.region_code).join(Account, Account.id == Post.user_id)
        return set(
            session.scalars(here.where(Post.region_code.in_(region_codes), Post.role == Role.HR_OFFICER, *_on_duty()))
        )


def _on_duty() -> tuple[Any, ...]:
    today = clock.today()
    return (
        Post.active,
        Account.active,
        Post.since <= today,
        sa.or_(Post.until.is_(None), Post.until >= today),
    )


def must_change_password(session: Session, user_id: int) -> bool:
    """Whether somebody else has set the password and handed it over."""
    account = session.get(Account, user_id)
    return account is not None and account.password_changed_at is None


def person_and_account(session: Session, number: str) -> tuple[Person | None, Account | None]:
    """Who has a (normalised) identity number, and the account of that person, wherever they are.

    For a rule that must find them; what is read is not for whoever asks.
    """
    with elevated(session, "one account per identity number: it may be an applicant's, or of another body"):
        person = session.scalar(sa.select(Person).where(Person.id_digest == crypto.keys().digest(number)))
        return person, person and session.scalar(sa.select(Account).where(Account.person_id == person.id))


def operated(session: Session, body_id: int, role: Role) -> bool:
    """Whether somebody can sign in now and act for a body."""
    day = clock.today()
    with elevated(session, "whether somebody acts for a body, not who"):
        return (
            session.scalar(
                sa.select(Post.id)
                .join(Account, Account.id == Post.user_id)
                .where(
                    Post.body_id == body_id,
                    Post.role == role,
                    Post.active,
                    Post.since <= day,
                    sa.or_(Post.until.is_(None), Post.until >= day),
                    Account.active,
                )
                .limit(1)
            )
            is not None
        )


def may_open_application(session: Session, user_id: int) -> bool:
    """Whether a user is a person who has never been an applicant: then 【开通个人申报】 is offered."""
    account = session.get(Account, user_id)
    held = sa.select(Post.id).where(Post.user_id == user_id, Post.role == Role.APPLICANT)
    return account is not None and account.person_id is not None and session.scalar(held) is None


def claim_problem(session: Session, body: Body) -> str | None:
    """Why nobody can register for a body that is on file, or None where it waits for an operator."""
    role = rules.ROLE_OF_REGISTERED.get(body.node_type)
    if not body.active:
        return f"“{body.name}”已经注销，不能注册账号。"
    if role is None:
        return f"“{body.name}”是{body.node_type.label}，其账号由系统管理员开通。"
    if operated(session, body.id, role):
        return f"“{body.name}”已有账号，请联系该单位的操作员；忘记密码的，由当地人社部门重置。"
    return None


@dataclass(frozen=True)
class Match:
    """A body that a registration may be of. `problem`: why it can't be linked to it, or None."""

    body: Body
    by_code: bool
    problem: str | None


def matching_bodies(session: Session, row: UnitRegistration) -> list[Match]:
    """The body with the registration's credit code; where there is none, those of its city with nearly the same name."""
    by_code = session.scalar(sa.select(Body).where(Body.credit_code == row.credit_code))
    if by_code is not None:
        return [Match(by_code, True, claim_problem(session, by_code))]
    prefix = row.region_code[:2] if row.region_code.endswith("0000") else row.region_code[:4]
    return [Match(body, False, claim_problem(session, body)) for body in nearly_named(session, row.name, prefix)]


def contact_problem(row: UnitRegistration, person: Person | None, account: Account | None) -> str | None:
    """Why the contact named can't be the one who has this identity number here; the name on file is not told."""
    if person is not None and person.name != row.contact_name:
        return "联系人姓名与该身份证号登记的不一致，请审核不通过并说明。"
    if account is not None and not account.active:
        return (
            "联系人的账号已被停用，通过后也不能登录：请审核不通过，请单位更换联系人；或由系统管理员启用该账号后再审核。"
        )
    return None


def contact_note(session: Session, row: UnitRegistration) -> str | None:
    """What an officer should know of a registration's contact before he decides, or None."""
    person, account = person_and_account(session, row.contact_id_number)
    if problem := contact_problem(row, person, account):
        return problem
    if account is None:
        return None
    return f"联系人已有账号：审核通过后用原来的账号和密码登录，注册时填写的登录用户名“{row.username}”和密码不启用。"


def kept_account(session: Session, row: UnitRegistration) -> bool:
    """Whether the contact of an approved registration signs in as he did before, not by the name it chose."""
    _, account = person_and_account(session, row.contact_id_number)
    return account is not None and account.username != row.username


def username_taken(session: Session, username: str, credit_code: str = "") -> bool:
    """Whether somebody signs in by a name, or waits for it: a registration reserves its own from all but its unit."""
    held = sa.select(Account.id).where(Account.username == username)
    waiting = sa.select(UnitRegistration.id).where(
        UnitRegistration.username == username,
        UnitRegistration.status == RegistrationStatus.SUBMITTED,
        UnitRegistration.credit_code != credit_code,
    )
    with elevated(session, "a name is one's own in the whole province"):
        return session.scalar(held) is not None or session.scalar(waiting) is not None


works_at: list[Callable[[Session, Collection[int]], Mapping[int, str]]] = []
"""Where people work, by their id, so that namesakes are told apart: each domain above appends what it knows."""


def units_of(session: Session, person_ids: Collection[int]) -> dict[int, str]:
    """The unit of each person, within the actor's scope: the body he acts for, else what domains above know."""
    found: dict[int, str] = {}
    for ask in works_at:
        found |= ask(session, person_ids)
    acting = (
        sa.select(Account.person_id, Body.name)
        .join(Post, Post.user_id == Account.id)
        .join(Body, Body.id == Post.body_id)
        .where(Account.person_id.in_(person_ids), Post.active)
        .order_by(Post.id.desc())
    )
    return found | {person: name for person, name in session.execute(acting) if person is not None}


def search_people(session: Session, text: str, limit: int = 20) -> list[Person]:
    """回车查询 within the actor's scope: by the beginning of the name (two characters at least), or a whole number.

    A number is understood as people type it, with spaces or in full width.
    """
    text, number = text.strip(), rules.normalise_id_number(text)
    if len(number) == 18 and number[:17].isdigit():
        found = sa.select(Person).where(Person.id_digest == crypto.keys().digest(number))
    elif len(text) >= 2:
        found = sa.select(Person).where(Person.name.startswith(text, autoescape=True)).order_by(Person.name, Person.id)
    else:
        return []
    return list(session.scalars(found.limit(limit)))
