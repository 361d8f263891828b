"""A committee sees its own plans; officers those of their region that were submitted, by kind."""

from typing import Any

import sqlalchemy as sa

from app.core.enums import Role
from app.core.scope import Actor, registry, through
from app.review_plans.enums import PlanKind, PlanState
from app.review_plans.models import (
    Candidate,
    ExpertRequirement,
    PlanAttachment,
    PlanStep,
    ReviewPlan,
    RubricItem,
)

_p = ReviewPlan.__table__.c


def plan_rows(actor: Actor) -> Any:
    if actor.role is Role.COMMITTEE:
        return _p.committee_id == actor.body_id
    if not actor.region_prefix:
        return False
    submitted = sa.and_(
        _p.state.not_in([PlanState.DRAFT, PlanState.CANCELLED]), _p.region_code.startswith(actor.region_prefix)
    )
    if actor.role is Role.HR_OFFICER:
        return submitted
    if actor.role is Role.SPECIAL_PLAN_OFFICER:
        return sa.and_(submitted, _p.kind == PlanKind.SPECIAL)
    return False


registry.scoped(ReviewPlan, plan_rows)
for _child in (Candidate, ExpertRequirement, RubricItem, PlanAttachment, PlanStep):
    registry.scoped(_child, through(_child.__table__.c.plan_id, ReviewPlan))
