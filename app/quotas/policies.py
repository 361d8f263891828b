"""A unit sees its own quotas, a superior those it reviews, officers those of their region."""

from typing import Any

import sqlalchemy as sa

from app.bodies.queries import lies_in
from app.core.enums import Role
from app.core.scope import Actor, registry
from app.quotas.models import PostQuota
from app.quotas.queries import REVIEWERS, reviewed_by


def quota_rows(actor: Actor) -> Any:
    column = PostQuota.__table__.c.body_id
    if actor.role is Role.UNIT:
        return column == actor.body_id
    if actor.role not in REVIEWERS:
        return False
    if actor.role is Role.DEPARTMENT or not actor.region_prefix:
        return reviewed_by(actor)
    return sa.or_(lies_in(column, actor.region_prefix), reviewed_by(actor))


registry.scoped(PostQuota, quota_rows)
