"""The configured paths are no secret: every applicant's choice of final body follows from them."""

from typing import Any

import sqlalchemy as sa

from app.approval_paths.models import MendingRequest, PathEdge
from app.bodies.queries import lies_in
from app.core.enums import Role
from app.core.scope import Actor, registry

registry.public(PathEdge, writers={Role.HR_OFFICER, Role.TITLE_OFFICE, Role.COMMITTEE, Role.DEPARTMENT, Role.UNIT})


def mending_rows(actor: Actor) -> Any:
    """A body sees what it is asked; officers what lies in their region."""
    column = MendingRequest.__table__.c.body_id
    conditions = [column == actor.body_id] if actor.body_id else []
    if actor.role is Role.HR_OFFICER and actor.region_prefix:
        conditions.append(lies_in(column, actor.region_prefix))
    return sa.or_(*conditions) if conditions else False


registry.scoped(MendingRequest, mending_rows)
