"""Tables of review plans."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.applications.models import Application
from app.catalog.models import Speciality
from app.committees.models import AnnualBatch, Committee
from app.core.db import EnumText, Model, UtcDateTime, one_of
from app.core.storage import FileColumns
from app.review_plans.enums import PlanAction, PlanKind, PlanMode, PlanState


class ReviewPlan(Model):
    """评审方案. `state` is changed by `services.move_plan` alone."""

    __tablename__ = "review_plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    committee_id: Mapped[int] = mapped_column(sa.ForeignKey("committees.body_id"), index=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("annual_batches.id"))
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("regions.code"), index=True)
    kind: Mapped[PlanKind] = mapped_column(EnumText(PlanKind))
    kind_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    mode: Mapped[PlanMode] = mapped_column(EnumText(PlanMode))
    name: Mapped[str] = mapped_column(sa.String(120))
    meeting_on: Mapped[date]
    place: Mapped[str] = mapped_column(sa.String(120))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[PlanState] = mapped_column(EnumText(PlanState), default=PlanState.DRAFT, index=True)
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    committee: Mapped[Committee] = relationship()
    batch: Mapped[AnnualBatch] = relationship()
    candidates: Mapped[list[Candidate]] = relationship(back_populates="plan", order_by="Candidate.id")
    expert_requirements: Mapped[list[ExpertRequirement]] = relationship(order_by="ExpertRequirement.id")
    rubric: Mapped[list[RubricItem]] = relationship(order_by="RubricItem.seq")
    attachments: Mapped[list[PlanAttachment]] = relationship(order_by="PlanAttachment.id")
    steps: Mapped[list[PlanStep]] = relationship(order_by="PlanStep.seq")

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        one_of("kind", PlanKind),
        one_of("mode", PlanMode),
        one_of("state", PlanState),
        sa.CheckConstraint("kind = 'normal' OR kind_reason <> ''", name="special_has_reason"),
    )


class Candidate(Model):
    """参评人员: an application in a plan. One live plan per application; leaving a plan deletes the row."""

    __tablename__ = "candidates"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("review_plans.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("applications.id"), unique=True)

    plan: Mapped[ReviewPlan] = relationship(back_populates="candidates")
    application: Mapped[Application] = relationship()


class ExpertRequirement(Model):
    """专家需求: how many judges of a speciality, with how many in reserve."""

    __tablename__ = "expert_requirements"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("review_plans.id"))
    speciality_id: Mapped[int] = mapped_column(sa.ForeignKey("specialities.id"))
    count: Mapped[int]
    reserve: Mapped[int] = mapped_column(default=0)

    speciality: Mapped[Speciality] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("plan_id", "speciality_id"),
        sa.CheckConstraint("count >= 1 AND reserve >= 0", name="sane"),
    )


class RubricItem(Model):
    """打分细则: an item, its weight in percent and its highest score."""

    __tablename__ = "rubric_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("review_plans.id"))
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    weight: Mapped[Decimal] = mapped_column(sa.Numeric(5, 2))
    maximum: Mapped[Decimal] = mapped_column(sa.Numeric(6, 2))

    __table_args__ = (
        sa.UniqueConstraint("plan_id", "seq"),
        sa.CheckConstraint("weight > 0 AND weight <= 100 AND maximum > 0", name="sane"),
    )


class PlanAttachment(FileColumns, Model):
    """方案附件."""

    __tablename__ = "plan_attachments"

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("review_plans.id"), index=True)


class PlanStep(Model):
    """One change of a plan's state, appended in its transaction."""

    __tablename__ = "plan_steps"

    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("review_plans.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    action: Mapped[PlanAction] = mapped_column(EnumText(PlanAction))
    from_state: Mapped[PlanState] = mapped_column(EnumText(PlanState))
    to_state: Mapped[PlanState] = mapped_column(EnumText(PlanState))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_name: Mapped[str] = mapped_column(sa.String(80))
    actor_body_name: Mapped[str] = mapped_column(sa.String(120))
    opinion: Mapped[str] = mapped_column(sa.Text, default="")
