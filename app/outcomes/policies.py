"""Results follow their plan's scope; votes are not shown to applicants or units."""

from typing import Any

from app.core.enums import Role
from app.core.scope import Actor, registry, through
from app.outcomes.models import Filing, FilingAttachment, ResultNotice, ReviewMeeting, ReviewResult
from app.review_plans.models import ReviewPlan

registry.scoped(ReviewMeeting, through(ReviewMeeting.__table__.c.plan_id, ReviewPlan))
registry.scoped(ReviewResult, through(ReviewResult.__table__.c.plan_id, ReviewPlan))
registry.scoped(ResultNotice, through(ResultNotice.__table__.c.plan_id, ReviewPlan))


def filing_rows(actor: Actor) -> Any:
    if actor.role is Role.SPECIAL_PLAN_OFFICER:
        return False
    return through(Filing.__table__.c.plan_id, ReviewPlan)(actor)


registry.scoped(Filing, filing_rows)
registry.scoped(FilingAttachment, through(FilingAttachment.__table__.c.filing_id, Filing))
