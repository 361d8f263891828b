"""Reading review plans."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from app.applications.models import Application
from app.committees.models import Committee
from app.review_plans.enums import PlanKind, PlanState
from app.review_plans.models import Candidate, ExpertRequirement, ReviewPlan

LIST_OPTIONS = (joinedload(ReviewPlan.committee).joinedload(Committee.body), joinedload(ReviewPlan.batch))


def listing(values: dict[str, Any], kind: PlanKind | None = None) -> sa.Select[tuple[ReviewPlan]]:
    """Plans within scope by name, state and kind."""
    query = sa.select(ReviewPlan).options(*LIST_OPTIONS)
    if values.get("name"):
        query = query.where(ReviewPlan.name.contains(values["name"], autoescape=True))
    if values.get("state"):
        query = query.where(ReviewPlan.state == values["state"])
    wanted = kind or values.get("kind")
    return query.where(ReviewPlan.kind == wanted) if wanted else query


def plan_page(session: Session, plan_id: int) -> ReviewPlan | None:
    """A plan with everything on it: a fixed number of queries."""
    candidate = selectinload(ReviewPlan.candidates).joinedload(Candidate.application)
    return session.scalar(
        sa.select(ReviewPlan)
        .where(ReviewPlan.id == plan_id)
        .options(
            *LIST_OPTIONS,
            candidate.joinedload(Application.employer),
            candidate.joinedload(Application.title),
            candidate.joinedload(Application.speciality),
            selectinload(ReviewPlan.expert_requirements).joinedload(ExpertRequirement.speciality),
            selectinload(ReviewPlan.rubric),
            selectinload(ReviewPlan.attachments),
            selectinload(ReviewPlan.steps),
        )
    )


def count_of(session: Session, state: PlanState, kind: PlanKind | None = None) -> int:
    """How many plans of a state the actor sees, at most 1,000."""
    rows = sa.select(ReviewPlan.id).where(ReviewPlan.state == state)
    if kind:
        rows = rows.where(ReviewPlan.kind == kind)
    return session.scalar(sa.select(sa.func.count()).select_from(rows.limit(1000).subquery())) or 0
