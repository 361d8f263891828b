"""Tables of bodies, what they take as final authority, and the codes certificates are issued under."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.bodies.enums import BodyNature, NodeType
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Region
from app.core.db import EnumText, Model, UtcDateTime, one_of

_INITIAL = ", ".join(f"'{level}'" for level in TitleLevel if level in AcquisitionMethod.INITIAL_DETERMINATION.levels)


class Body(Model):
    """机构节点: a unit, a supervising department, a title office or a committee."""

    __tablename__ = "bodies"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(30), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120), index=True)
    pinyin: Mapped[str] = mapped_column(sa.String(120), default="", index=True)
    node_type: Mapped[NodeType] = mapped_column(EnumText(NodeType))
    nature: Mapped[BodyNature] = mapped_column(EnumText(BodyNature))
    credit_code: Mapped[str | None] = mapped_column(sa.String(18), unique=True)
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("regions.code"), index=True)
    contact_name: Mapped[str] = mapped_column(sa.String(40), default="")
    contact_phone: Mapped[str] = mapped_column(sa.String(20), default="")
    active: Mapped[bool] = mapped_column(default=True)
    deregistered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deregistered_reason: Mapped[str] = mapped_column(sa.String(300), default="")

    region: Mapped[Region] = relationship()

    __table_args__ = (
        one_of("node_type", NodeType),
        one_of("nature", BodyNature),
        sa.CheckConstraint("active OR deregistered_at IS NOT NULL", name="deregistered_has_time"),
        sa.Index("ix_bodies_region_type", "region_code", "node_type"),
        sa.Index(  # committees in the order of their list; of the few kinds that there are, an index of all would mislead
            "ix_bodies_committees",
            "code",
            sqlite_where=sa.text("node_type = 'committee'"),
            postgresql_where=sa.text("node_type = 'committee'"),
        ),
    )

    def __str__(self) -> str:
        return self.name


class Acceptance(Model):
    """受理机构: `body` is the final authority of 初定 or 认定 at `level`, and is printed as `printed_name`."""

    __tablename__ = "acceptances"

    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), index=True)
    method: Mapped[AcquisitionMethod] = mapped_column(EnumText(AcquisitionMethod))
    level: Mapped[TitleLevel] = mapped_column(EnumText(TitleLevel))
    printed_name: Mapped[str] = mapped_column(sa.String(120))
    guideline: Mapped[str] = mapped_column(sa.Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    deregistered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deregistered_reason: Mapped[str] = mapped_column(sa.String(300), default="")

    body: Mapped[Body] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("body_id", "method", "level"),
        sa.CheckConstraint("method IN ('initial_determination', 'recognition')", name="method_without_committee"),
        sa.CheckConstraint(
            f"NOT active OR method <> 'initial_determination' OR level IN ({_INITIAL})",
            name="level_of_method",
        ),
        one_of("level", TitleLevel),
    )

    def __str__(self) -> str:
        return f"{self.body} {self.level.label}{self.method.label}"


class IssuingAuthority(Model):
    """发证单位编码: the code (usually the region's last four digits) a body issues certificates under."""

    __tablename__ = "issuing_authorities"

    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), unique=True)
    code: Mapped[str] = mapped_column(sa.String(8), unique=True)
    printed_name: Mapped[str] = mapped_column(sa.String(120))
    active: Mapped[bool] = mapped_column(default=True)
    deregistered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deregistered_reason: Mapped[str] = mapped_column(sa.String(300), default="")

    body: Mapped[Body] = relationship()

    __table_args__ = (
        sa.Index(  # as numbers bear it, padded with zeros: app.bodies.rules.stem
            "uq_issuing_authorities_stem",
            sa.text("rtrim(code, '0')"),
            unique=True,
            sqlite_where=sa.text("active"),
            postgresql_where=sa.text("active"),
        ),
    )

    def __str__(self) -> str:
        return f"{self.printed_name}（{self.code}）"
