"""What the services of accounts share: ending login sessions, making and hashing passwords, who may."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from app.accounts import rules
from app.accounts.enums import SessionEnd
from app.accounts.models import Account, LoginSession
from app.core import clock
from app.core.enums import Role
from app.core.errors import NotAllowed
from app.core.scope import Actor

hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def initial_password() -> str:
    """Twelve characters that can be read out, and that `rules.password_problem` takes."""
    while True:
        letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz") for _ in range(5))
        digits = "".join(secrets.choice("23456789") for _ in range(5))
        password = f"{secrets.choice('ABCDEFGHJKMNPQRSTUVWXYZ')}{letters}-{digits}"
        if rules.password_problem(password) is None:  # one in 250 repeats a sign four times
            return password


def replace_password(session: Session, account: Account) -> str:
    """Another initial password, to hand over and to be changed first; every session of the account ends."""
    password = initial_password()
    account.password, account.password_changed_at = hasher.hash(password), None
    account.failures, account.locked_until = 0, None
    end_all(session, account.id, SessionEnd.RESET)
    return password


def end(login: LoginSession, why: SessionEnd) -> None:
    """End one session."""
    login.ended_at, login.end = clock.now(), why


def end_all(session: Session, user_id: int, why: SessionEnd) -> None:
    """End every session of a user."""
    session.execute(
        sa.update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        .values(ended_at=clock.now(), end=why)
    )


def require(actor: Actor, *roles: Role) -> None:
    """Raise NotAllowed unless the actor has one of `roles`."""
    if actor.role not in roles:
        raise NotAllowed("当前身份不能执行这个操作。")
