"""Reading quotas."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bodies.models import Body
from app.bodies.queries import subordinates, superiors
from app.catalog.enums import TitleLevel
from app.core import audit
from app.core.audit import AuditEntry
from app.core.enums import Role
from app.core.scope import Actor
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota

REVIEWERS = frozenset({Role.DEPARTMENT, Role.TITLE_OFFICE, Role.HR_OFFICER})
"""In which role a superior's people review. A committee has no say in posts."""


def granted(session: Session, body_id: int, year: int, level: TitleLevel) -> int | None:
    """How many a unit may recommend for a level in a year; None where no quota was approved, which is no limit."""
    return session.scalar(
        sa.select(PostQuota.granted).where(
            PostQuota.body_id == body_id,
            PostQuota.year == year,
            PostQuota.level == level,
            PostQuota.status == QuotaStatus.APPROVED,
        )
    )


def declared(session: Session, body_id: int, year: int, level: TitleLevel) -> bool:
    """Whether a unit has declared a quota at all, decided or not."""
    same = (PostQuota.body_id == body_id, PostQuota.year == year, PostQuota.level == level)
    return session.scalar(sa.select(PostQuota.id).where(*same)) is not None


def last_action(session: Session, quota: PostQuota) -> str | None:
    """What was done to a quota last, in the words of the trail."""
    table, key = audit.subject_of(quota)
    about = sa.select(AuditEntry.action).where(AuditEntry.object_type == table, AuditEntry.object_id == key)
    return session.scalar(about.order_by(AuditEntry.id.desc()).limit(1))


def reviewed_by(actor: Actor) -> sa.ColumnElement[bool]:
    """The quotas an actor reviews (guide 1.5.2, "its superior"): those of units confirmed to be below his body at that level.

    Where a unit has no such superior, the HR officers of its region do. Never his own body's.
    """
    if actor.role not in REVIEWERS:
        return sa.false()
    quotas = PostQuota.__table__.c
    ways: list[sa.ColumnElement[bool]] = []
    if actor.body_id:
        ways.append(sa.tuple_(quotas.body_id, quotas.level).in_(subordinates(actor.body_id)))
    if actor.role is Role.HR_OFFICER and actor.region_prefix:
        unattended = ~superiors(quotas.body_id, quotas.level).exists()
        ways.append(sa.and_(quotas.body_id.in_(bodies_of(actor.region_prefix)), unattended))
    return sa.and_(quotas.body_id != (actor.body_id or 0), sa.or_(sa.false(), *ways))


def bodies_of(region_prefix: str) -> sa.Select[int]:
    bodies = Body.__table__.c
    return sa.select(bodies.id).where(bodies.region_code.startswith(region_prefix))


def reviewers(session: Session, quota: PostQuota) -> str:
    """Who reviews a quota, in words."""
    above = superiors(quota.body_id, quota.level)
    names = session.scalars(sa.select(Body.name).where(Body.id.in_(above)).order_by(Body.id)).all()
    return "、".join(f"“{name}”" for name in names) or f"{quota.body.region.name}人社部门"
