"""Reading results, notices of results, and filings."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from app.applications.enums import ApplicationState
from app.applications.models import Application
from app.committees.models import Committee
from app.core.scope import elevated
from app.outcomes.enums import FilingState
from app.outcomes.models import Filing, ResultNotice, ReviewMeeting, ReviewResult
from app.public_notices.enums import NoticeStatus
from app.public_notices.models import PublicNotice
from app.review_plans.models import Candidate, ReviewPlan


def meeting_of(session: Session, plan_id: int) -> ReviewMeeting | None:
    return session.get(ReviewMeeting, plan_id)


def results_of(session: Session, plan_id: int) -> dict[int, ReviewResult]:
    """candidate id -> result."""
    rows = session.scalars(sa.select(ReviewResult).where(ReviewResult.plan_id == plan_id))
    return {row.candidate_id: row for row in rows}


def notice_of(session: Session, plan_id: int) -> ResultNotice | None:
    """The newest notice of a plan's result that was not cancelled, with its lines and objections."""
    return session.scalars(
        sa.select(ResultNotice)
        .join(PublicNotice, PublicNotice.id == ResultNotice.notice_id)
        .where(ResultNotice.plan_id == plan_id, PublicNotice.status != NoticeStatus.CANCELLED)
        .order_by(ResultNotice.id.desc())
        .limit(1)
        .options(
            joinedload(ResultNotice.notice).selectinload(PublicNotice.lines),
            joinedload(ResultNotice.notice).selectinload(PublicNotice.objections),
        )
    ).first()


def filing_of(session: Session, plan_id: int) -> Filing | None:
    return session.scalar(sa.select(Filing).where(Filing.plan_id == plan_id).options(selectinload(Filing.attachments)))


def filings(values: dict[str, Any]) -> sa.Select[tuple[Filing]]:
    """Filings within scope, by state and plan name."""
    query = sa.select(Filing).options(
        joinedload(Filing.plan).joinedload(ReviewPlan.committee).joinedload(Committee.body)
    )
    if values.get("state"):
        query = query.where(Filing.state == values["state"])
    if values.get("name"):
        query = query.join(ReviewPlan, ReviewPlan.id == Filing.plan_id).where(
            ReviewPlan.name.contains(values["name"], autoescape=True)
        )
    return query


def filing_page(session: Session, filing_id: int) -> Filing | None:
    return session.scalar(
        sa.select(Filing)
        .where(Filing.id == filing_id)
        .options(
            joinedload(Filing.plan).joinedload(ReviewPlan.committee).joinedload(Committee.body),
            selectinload(Filing.attachments),
        )
    )


def cleared(session: Session, plan_id: int) -> list[Application]:
    """公示通过参评人员: those of a plan whose notice passed, found by itself (A15). None if the plan is out of scope."""
    if session.get(ReviewPlan, plan_id) is None:
        return []
    with elevated(session, "the officer a plan is filed with is shown everybody on it, from whatever region"):
        return list(
            session.scalars(
                sa.select(Application)
                .join(Candidate, Candidate.application_id == Application.id)
                .where(
                    Candidate.plan_id == plan_id,
                    Application.state.in_(
                        [ApplicationState.AWAITING_FILING, ApplicationState.EFFECTIVE, ApplicationState.CERTIFIED]
                    ),
                )
                .options(
                    joinedload(Application.employer), joinedload(Application.title), joinedload(Application.speciality)
                )
                .order_by(Application.id)
            )
        )


def waiting_filings(session: Session) -> int:
    rows = sa.select(Filing.id).where(Filing.state == FilingState.SUBMITTED).limit(1000)
    return session.scalar(sa.select(sa.func.count()).select_from(rows.subquery())) or 0


def results_with_candidates(session: Session, plan_id: int) -> list[ReviewResult]:
    """A plan's results, each with its candidate."""
    return list(
        session.scalars(
            sa.select(ReviewResult).where(ReviewResult.plan_id == plan_id).options(joinedload(ReviewResult.candidate))
        )
    )
