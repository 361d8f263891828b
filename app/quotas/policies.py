"""A unit sees its own quotas; officers those of their region."""

from typing import Any

from app.bodies.queries import lies_in
from app.core.enums import Role
from app.core.scope import Actor, registry
from app.quotas.models import PostQuota


def quota_rows(actor: Actor) -> Any:
    column = PostQuota.__table__.c.body_id
    if actor.role is Role.UNIT:
        return column == actor.body_id
    if actor.role in (Role.HR_OFFICER, Role.TITLE_OFFICE) and actor.region_prefix:
        return lies_in(column, actor.region_prefix)
    return False


registry.scoped(PostQuota, quota_rows)
