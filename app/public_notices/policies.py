"""Notices are public; objections belong to the body that published, and to the officers of its region."""

from typing import Any

import sqlalchemy as sa

from app.bodies.models import Body
from app.core.enums import Role
from app.core.scope import Actor, registry
from app.public_notices.models import NoticeLine, Objection, PublicNotice

registry.public(PublicNotice, NoticeLine, writers={Role.UNIT, Role.COMMITTEE})


def objection_rows(actor: Actor) -> Any:
    notices, bodies = PublicNotice.__table__.c, Body.__table__.c
    mine = sa.select(notices.id)
    if actor.role in (Role.UNIT, Role.COMMITTEE):
        mine = mine.where(notices.body_id == actor.body_id)
    elif actor.role in (Role.HR_OFFICER, Role.TITLE_OFFICE) and actor.region_prefix:
        inside = sa.select(bodies.id).where(bodies.region_code.startswith(actor.region_prefix))
        mine = mine.where(notices.body_id.in_(inside))
    else:
        return False
    return Objection.__table__.c.notice_id.in_(mine)


registry.scoped(Objection, objection_rows)
