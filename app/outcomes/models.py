"""Tables of results, their notice, and their filing."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import EnumText, Model, UtcDateTime, one_of
from app.core.storage import FileColumns
from app.outcomes.enums import FilingState
from app.public_notices.models import PublicNotice
from app.review_plans.models import Candidate, ReviewPlan


class ReviewMeeting(Model):
    """评审会议: who led it and how many attended. At least two thirds of the members (Order 40, art. 21)."""

    __tablename__ = "review_meetings"

    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("review_plans.id"), primary_key=True)
    held_on: Mapped[date]
    chair_name: Mapped[str] = mapped_column(sa.String(60))
    members: Mapped[int]
    attending: Mapped[int]
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    plan: Mapped[ReviewPlan] = relationship()

    __table_args__ = (
        sa.CheckConstraint("attending >= 0 AND attending <= members", name="attending_are_members"),
        sa.CheckConstraint("confirmed_at IS NULL OR attending * 3 >= members * 2", name="quorum"),
    )


class ReviewResult(Model):
    """评审结果 of one candidate. `passed` is computed: in favour >= 2/3 of the judges attending."""

    __tablename__ = "review_results"

    candidate_id: Mapped[int] = mapped_column(sa.ForeignKey("candidates.id"), primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("review_meetings.plan_id"), index=True)
    in_favour: Mapped[int]
    against: Mapped[int]
    abstained: Mapped[int]
    attending: Mapped[int]
    passed: Mapped[bool]
    opinion: Mapped[str] = mapped_column(sa.String(1000), default="")

    candidate: Mapped[Candidate] = relationship()
    meeting: Mapped[ReviewMeeting] = relationship()

    __table_args__ = (
        sa.CheckConstraint("in_favour >= 0 AND against >= 0 AND abstained >= 0", name="not_negative"),
        sa.CheckConstraint("in_favour + against + abstained <= attending", name="no_more_votes_than_judges"),
        sa.CheckConstraint("passed = (in_favour * 3 >= attending * 2)", name="two_thirds_of_those_attending"),
    )


class ResultNotice(Model):
    """评审结果公示 of a plan."""

    __tablename__ = "result_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("review_plans.id"), index=True)
    notice_id: Mapped[int] = mapped_column(sa.ForeignKey("public_notices.id"), unique=True)

    plan: Mapped[ReviewPlan] = relationship()
    notice: Mapped[PublicNotice] = relationship()


class Filing(Model):
    """备案 of a plan's result; decided by the competent HR officer with 备案文号 and 备案时间."""

    __tablename__ = "filings"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("review_plans.id"), unique=True)
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("regions.code"))
    state: Mapped[FilingState] = mapped_column(EnumText(FilingState), default=FilingState.SUBMITTED)
    summary: Mapped[str] = mapped_column(sa.Text)
    contact: Mapped[str] = mapped_column(sa.String(120))
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    opinion: Mapped[str] = mapped_column(sa.Text, default="")
    filing_number: Mapped[str | None] = mapped_column(sa.String(60), unique=True)
    filed_on: Mapped[date | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(sa.String(80), default="")
    version: Mapped[int] = mapped_column(default=1)

    plan: Mapped[ReviewPlan] = relationship()
    attachments: Mapped[list[FilingAttachment]] = relationship(order_by="FilingAttachment.id")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        one_of("state", FilingState),
        sa.CheckConstraint("(state = 'filed') = (filing_number IS NOT NULL)", name="filed_has_number"),
        sa.CheckConstraint("(filing_number IS NULL) = (filed_on IS NULL)", name="number_has_date"),
    )


class FilingAttachment(FileColumns, Model):
    """备案附件: the signed minutes, the vote table, the notice."""

    __tablename__ = "filing_attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    filing_id: Mapped[int] = mapped_column(sa.ForeignKey("filings.id"), index=True)
