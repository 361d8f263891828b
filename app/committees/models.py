"""Tables of committees and their batches."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.committees.enums import BatchStage, CommitteeGrade, FeeItem, Standing
from app.core.db import EnumText, JsonText, Model, one_of


class Committee(Model):
    """评委会: what a body of node type 评委会 is besides. One row per body, same key."""

    __tablename__ = "committees"

    body_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), primary_key=True)
    grade: Mapped[CommitteeGrade] = mapped_column(EnumText(CommitteeGrade))
    series_id: Mapped[int] = mapped_column(sa.ForeignKey("title_series.id"))
    member_count: Mapped[int]
    smaller_agreed_by: Mapped[str] = mapped_column(sa.String(120), default="")
    printed_name: Mapped[str] = mapped_column(sa.String(120))
    recorded_on: Mapped[date]
    valid_until: Mapped[date]

    body: Mapped[Body] = relationship()
    series: Mapped[TitleSeries] = relationship()

    __table_args__ = (
        one_of("grade", CommitteeGrade),
        sa.CheckConstraint("member_count % 2 = 1", name="odd_members"),
        sa.CheckConstraint("valid_until > recorded_on", name="dates_in_order"),
    )

    def __str__(self) -> str:
        return self.body.name

    def standing(self, on: date) -> Standing:
        if not self.body.active:
            return Standing.DEREGISTERED
        return Standing.VALID if self.valid_until >= on else Standing.EXPIRED


class CoveredSpeciality(Model):
    """评审专业: a speciality the committee may review, with everything below it in the tree."""

    __tablename__ = "covered_specialities"

    id: Mapped[int] = mapped_column(primary_key=True)
    committee_id: Mapped[int] = mapped_column(sa.ForeignKey("committees.body_id"))
    speciality_id: Mapped[int] = mapped_column(sa.ForeignKey("specialities.id"), index=True)

    speciality: Mapped[Speciality] = relationship()

    __table_args__ = (sa.UniqueConstraint("committee_id", "speciality_id"),)

    def __str__(self) -> str:
        return self.speciality.name


class FoundingBody(Model):
    """组建单位."""

    __tablename__ = "founding_bodies"

    id: Mapped[int] = mapped_column(primary_key=True)
    committee_id: Mapped[int] = mapped_column(sa.ForeignKey("committees.body_id"))
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), index=True)

    body: Mapped[Body] = relationship()

    __table_args__ = (sa.UniqueConstraint("committee_id", "body_id"),)

    def __str__(self) -> str:
        return self.body.name


class FeeStandard(Model):
    """缴费标准: what an applicant at `level` pays a committee for `item`, in yuan."""

    __tablename__ = "fee_standards"

    id: Mapped[int] = mapped_column(primary_key=True)
    committee_id: Mapped[int] = mapped_column(sa.ForeignKey("committees.body_id"))
    item: Mapped[FeeItem] = mapped_column(EnumText(FeeItem))
    level: Mapped[TitleLevel] = mapped_column(EnumText(TitleLevel))
    amount: Mapped[Decimal] = mapped_column(sa.Numeric(10, 2))

    committee: Mapped[Committee] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("committee_id", "item", "level"),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        one_of("item", FeeItem),
        one_of("level", TitleLevel),
    )

    def __str__(self) -> str:
        return f"{self.level.label}{self.item.label}"


class AnnualBatch(Model):
    """年度批次: applications of the year to the committee go into an open one only."""

    __tablename__ = "annual_batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    committee_id: Mapped[int] = mapped_column(sa.ForeignKey("committees.body_id"), index=True)
    year: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    levels: Mapped[list[str]] = mapped_column(JsonText)
    """Values of TitleLevel."""
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    review_from: Mapped[date]
    review_until: Mapped[date]
    active: Mapped[bool] = mapped_column(default=True)

    committee: Mapped[Committee] = relationship()
    specialities: Mapped[list[BatchSpeciality]] = relationship(
        cascade="all, delete-orphan", order_by="BatchSpeciality.speciality_id"
    )
    """Those it takes, with everything below them; none: all that the committee covers."""

    __table_args__ = (
        sa.UniqueConstraint("committee_id", "year", "name"),
        sa.CheckConstraint("opens_on <= closes_on AND closes_on <= review_until", name="dates_in_order"),
    )

    @property
    def speciality_ids(self) -> set[int]:
        return {row.speciality_id for row in self.specialities}

    def fits(self, year: int, level: TitleLevel, lineage: Collection[int]) -> bool:
        """Whether it is for applications of `year` at `level`; lineage: their speciality and all above it."""
        chosen = self.speciality_ids
        return self.year == year and level.value in self.levels and (not chosen or not chosen.isdisjoint(lineage))

    def takes(self, day: date) -> bool:
        """Whether applications may enter on `day`."""
        return self.stage(day) is BatchStage.OPEN

    def stage(self, day: date) -> BatchStage:
        if not self.active:
            return BatchStage.CLOSED
        if day < self.opens_on:
            return BatchStage.AHEAD
        return BatchStage.OPEN if day <= self.closes_on else BatchStage.OVER

    def __str__(self) -> str:
        return f"{self.year}年 {self.name}"


class BatchSpeciality(Model):
    """A speciality that a batch takes, with everything below it in the tree."""

    __tablename__ = "batch_specialities"

    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("annual_batches.id"), primary_key=True)
    speciality_id: Mapped[int] = mapped_column(sa.ForeignKey("specialities.id"), primary_key=True, index=True)

    speciality: Mapped[Speciality] = relationship()
