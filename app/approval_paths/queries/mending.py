"""Who mends a path where it breaks: the people of that body; of a committee, the HR officers of its region, who keep it."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts.queries import officered, staffed
from app.approval_paths.models import MendingRequest
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.core.enums import Role
from app.core.scope import Actor


def mends(actor: Actor, body: Body) -> bool:
    """Whether the actor is one of those who mend what breaks at a body."""
    if body.node_type is NodeType.COMMITTEE:
        return actor.role is Role.HR_OFFICER and actor.region_code == body.region_code
    return actor.body_id == body.id


def mended_by(actor: Actor) -> sa.Select[int]:
    """The requests about bodies that the actor `mends`."""
    kept = sa.select(Body.id).where(Body.node_type == NodeType.COMMITTEE)
    mine: sa.ColumnElement[bool] = sa.false()
    if actor.role is Role.HR_OFFICER:
        of_region = kept.where(Body.region_code == actor.region_code)
        mine = sa.or_(MendingRequest.body_id == actor.body_id, MendingRequest.body_id.in_(of_region))
    elif actor.role is not Role.COMMITTEE:
        mine = MendingRequest.body_id == actor.body_id
    return sa.select(MendingRequest.id).where(mine)


def answered(session: Session, bodies: Collection[Body]) -> set[int]:
    """Those of the bodies at which somebody who mends can sign in today."""
    committees = {body.id: body.region_code for body in bodies if body.node_type is NodeType.COMMITTEE}
    regions = officered(session, {*committees.values()})
    others = staffed(session, [body.id for body in bodies if body.id not in committees])
    return others | {key for key, region in committees.items() if region in regions}
