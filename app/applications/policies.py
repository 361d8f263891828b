"""Which applications a post may see: its own, those that reached it, or those of its region."""

from typing import Any

import sqlalchemy as sa

from app.accounts.models import Person
from app.accounts.policies import seen_through
from app.applications.models import (
    Application,
    ApplicationMaterial,
    ApplicationNode,
    ApplicationStep,
    DossierRecord,
)
from app.core.enums import Role
from app.core.scope import Actor, registry, through

_a = Application.__table__.c
_n = ApplicationNode.__table__.c

ON_THE_PATH = (Role.UNIT, Role.DEPARTMENT, Role.TITLE_OFFICE, Role.COMMITTEE)


def application_rows(actor: Actor) -> Any:
    if actor.role is Role.APPLICANT and actor.person_id:
        return _a.person_id == actor.person_id
    # what has come up to this body once stays visible to it; the rest of the path says nothing yet
    reached = _a.id.in_(sa.select(_n.application_id).where(_n.body_id == actor.body_id, _n.reached_at.is_not(None)))
    if actor.role in ON_THE_PATH and actor.body_id:
        return reached
    if actor.role in (Role.HR_OFFICER, Role.SPECIAL_PLAN_OFFICER) and actor.region_prefix:
        submitted = _a.submitted_at.is_not(None)
        if len(actor.region_prefix) == 2:
            return submitted
        inside = sa.and_(submitted, _a.region_code.startswith(actor.region_prefix))
        # an officer who sits at a title office decides what reaches it, wherever the unit is
        return sa.or_(inside, reached) if actor.role is Role.HR_OFFICER and actor.body_id else inside
    return False


registry.scoped(Application, application_rows)
registry.scoped(ApplicationNode, through(_n.application_id, Application))
registry.scoped(ApplicationStep, through(ApplicationStep.__table__.c.application_id, Application))
registry.scoped(DossierRecord, through(DossierRecord.__table__.c.application_id, Application))
registry.scoped(ApplicationMaterial, through(ApplicationMaterial.__table__.c.application_id, Application))


def _applicants(actor: Actor) -> Any:
    wanted = application_rows(actor)
    if actor.role is Role.APPLICANT or wanted is False:
        return False
    return Person.__table__.c.id.in_(sa.select(_a.person_id).where(wanted))


seen_through.append(_applicants)
