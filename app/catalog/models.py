"""Tables of reference data."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.catalog.enums import AcquisitionMethod, Education, RegionLevel, TitleLevel
from app.core.db import EnumText, Model, UtcDateTime, one_of


class Region(Model):
    """GB/T 2260, with the days between which a code was in force (祁阳 was 431121, is 431181)."""

    __tablename__ = "regions"

    code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    level: Mapped[RegionLevel] = mapped_column(EnumText(RegionLevel))
    parent_code: Mapped[str | None] = mapped_column(sa.ForeignKey("regions.code"), index=True)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]

    __table_args__ = (one_of("level", RegionLevel),)

    def __str__(self) -> str:
        return self.name


class Speciality(Model):
    """专业: a node of the speciality tree. Top nodes (栏目大类) have no parent and can't be added."""

    __tablename__ = "specialities"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80), index=True)
    pinyin: Mapped[str] = mapped_column(sa.String(80), default="", index=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("specialities.id"), index=True)
    series_id: Mapped[int | None] = mapped_column(sa.ForeignKey("title_series.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)

    parent: Mapped[Speciality | None] = relationship(remote_side=[id])

    def __str__(self) -> str:
        return self.name


class TitleSeries(Model):
    """系列: one of the 27, numbered as the ministry does."""

    __tablename__ = "title_series"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)

    __table_args__ = (sa.CheckConstraint("number BETWEEN 1 AND 99", name="number_two_digits"),)

    def __str__(self) -> str:
        return self.name


class Title(Model):
    """职称: a name at a level within a series (and branch)."""

    __tablename__ = "titles"

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(sa.ForeignKey("title_series.id"), index=True)
    branch: Mapped[str] = mapped_column(sa.String(40), default="")
    level: Mapped[TitleLevel] = mapped_column(EnumText(TitleLevel))
    name: Mapped[str] = mapped_column(sa.String(40))
    ministry_title: Mapped[str] = mapped_column(sa.String(40), default="")
    active: Mapped[bool] = mapped_column(default=True)

    series: Mapped[TitleSeries] = relationship()

    __table_args__ = (sa.UniqueConstraint("series_id", "branch", "level", "name"), one_of("level", TitleLevel))

    def __str__(self) -> str:
        return self.name


class MaterialRequirement(Model):
    """One line of the checklist of 申报材料; empty series, level or method mean any."""

    __tablename__ = "material_requirements"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(30), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    hint: Mapped[str] = mapped_column(sa.String(200), default="")
    series_id: Mapped[int | None] = mapped_column(sa.ForeignKey("title_series.id"))
    level: Mapped[TitleLevel | None] = mapped_column(EnumText(TitleLevel))
    method: Mapped[AcquisitionMethod | None] = mapped_column(EnumText(AcquisitionMethod))
    required: Mapped[bool] = mapped_column(default=True)
    max_files: Mapped[int] = mapped_column(default=1)
    images_only: Mapped[bool] = mapped_column(default=False)
    seq: Mapped[int] = mapped_column(default=0)


class EligibilityRule(Model):
    """申报条件: years after graduation (初定) or in the present title (评审), by education; editable policy.

    `years` counts after graduation when `present_level` is empty, else in a title of that level. An empty
    series means any; the most specific row wins; `year_from`/`year_until` are years of policy.
    """

    __tablename__ = "eligibility_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    method: Mapped[AcquisitionMethod] = mapped_column(EnumText(AcquisitionMethod))
    level: Mapped[TitleLevel] = mapped_column(EnumText(TitleLevel))
    education: Mapped[Education] = mapped_column(EnumText(Education))
    present_level: Mapped[TitleLevel | None] = mapped_column(EnumText(TitleLevel))
    series_id: Mapped[int | None] = mapped_column(sa.ForeignKey("title_series.id"))
    years: Mapped[int]
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("regions.code"), default="430000")
    year_from: Mapped[int]
    year_until: Mapped[int | None]
    clause: Mapped[str] = mapped_column(sa.String(200))

    __table_args__ = (
        sa.CheckConstraint("years BETWEEN 0 AND 40", name="years_sane"),
        one_of("method", AcquisitionMethod),
        one_of("level", TitleLevel),
        one_of("education", Education),
    )


class Setting(Model):
    """A number the law leaves to the authority, with its history: the row in force is the latest by `since`."""

    __tablename__ = "settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(60), index=True)
    value: Mapped[str] = mapped_column(sa.String(400))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    set_by: Mapped[str] = mapped_column(sa.String(80), default="")

    __table_args__ = (sa.UniqueConstraint("key", "since"),)
