"""What people's posts mean for the body they stand at: its officers keep it, everybody else's post ends with it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.models import Post
from app.accounts.services.posts import relieve
from app.bodies import services as bodies
from app.core import clock
from app.core.enums import Role
from app.core.scope import Actor, elevated

OFFICERS = (Role.HR_OFFICER, Role.SPECIAL_PLAN_OFFICER)


def officers_at(session: Session, body_id: int) -> str | None:
    """Officers of a region act for their office: they are given another before it goes."""
    count = posts_at(session, body_id, officers=True)
    return f"{count} 个人社部门经办身份" if count else None


def posts_at(session: Session, body_id: int, *, officers: bool) -> int:
    """How many posts in force there are at a body: its officers', or everybody else's."""
    role, today = Post.role.in_(OFFICERS), clock.today()
    wanted = (
        Post.body_id == body_id,
        Post.active,
        sa.or_(Post.until.is_(None), Post.until >= today),
        role if officers else ~role,
    )
    with elevated(session, "posts are kept by administrators; only their number is told"):
        return session.scalar(sa.select(sa.func.count(Post.id)).where(*wanted)) or 0


def _relieve(session: Session, actor: Actor, body_id: int) -> None:
    relieve(session, actor=actor, body_id=body_id)


bodies.uses.append(officers_at)
bodies.endings.append(_relieve)
