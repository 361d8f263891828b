"""Reading people, posts and the blacklist."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.accounts.models import Account, BlacklistEntry, LoginSession, Person, Post
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


def must_change_password(session: Session, user_id: int) -> bool:
    """Whether somebody else has set the password and handed it over."""
    account = session.get(Account, user_id)
    return account is not None and account.password_changed_at is None


def search_people(session: Session, text: str, limit: int = 20) -> list[Person]:
    """回车查询 within the actor's scope: by the beginning of the name (two characters at least), or a whole number."""
    text = text.strip()
    if len(text) == 18:
        found = sa.select(Person).where(Person.id_digest == crypto.keys().digest(text.upper()))
    elif len(text) >= 2:
        found = sa.select(Person).where(Person.name.startswith(text, autoescape=True)).order_by(Person.name, Person.id)
    else:
        return []
    return list(session.scalars(found.limit(limit)))
