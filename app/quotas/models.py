"""The table of post quotas."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.core import clock
from app.core.db import EnumText, Model, UtcDateTime, one_of
from app.quotas.enums import QuotaStatus


class PostQuota(Model):
    """职数: posts of a level at a unit in a year; once approved, `granted` limits 单位推荐上报.

    `version` says which declaration or decision somebody has seen. What was decided before stands in the audit trail.
    """

    __tablename__ = "post_quotas"

    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"))
    year: Mapped[int]
    level: Mapped[TitleLevel] = mapped_column(EnumText(TitleLevel))
    posts: Mapped[int]
    occupied: Mapped[int]
    asked: Mapped[int]
    granted: Mapped[int | None]
    status: Mapped[QuotaStatus] = mapped_column(EnumText(QuotaStatus), default=QuotaStatus.SUBMITTED)
    opinion: Mapped[str] = mapped_column(sa.String(300), default="")
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(sa.String(201), default="")
    version: Mapped[int] = mapped_column(default=1)

    body: Mapped[Body] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        sa.UniqueConstraint("body_id", "year", "level"),
        one_of("level", TitleLevel),
        one_of("status", QuotaStatus),
        sa.CheckConstraint("posts >= 0 AND occupied >= 0 AND asked >= 0", name="not_negative"),
        sa.CheckConstraint("asked = 0 OR asked <= posts - occupied", name="asked_within_vacant"),
        sa.CheckConstraint("(status = 'approved') = (granted IS NOT NULL)", name="granted_when_approved"),
        sa.CheckConstraint("granted BETWEEN 0 AND asked", name="granted_within_asked"),
    )

    def __str__(self) -> str:
        return f"{self.year} 年度{self.level.label}职数"
