"""Who is asked to mend a path."""

from __future__ import annotations

import sqlalchemy as sa

from app.approval_paths.models import MendingRequest
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.core.enums import Role
from app.core.scope import Actor


def mended_by(actor: Actor) -> sa.Select[int]:
    """The requests that an actor can deal with: those to his own body; of committees, those to whoever keeps them."""
    mine: sa.ColumnElement[bool] = MendingRequest.body_id == actor.body_id
    if actor.role is Role.COMMITTEE:
        mine = sa.false()
    if actor.role is Role.HR_OFFICER and actor.region_code:
        kept = sa.select(Body.id).where(
            Body.node_type == NodeType.COMMITTEE, Body.region_code.startswith(actor.region_prefix)
        )
        mine = sa.or_(mine, MendingRequest.body_id.in_(kept))
    return sa.select(MendingRequest.id).where(mine)
