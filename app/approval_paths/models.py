"""The table of path edges."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.approval_paths.enums import Procedure
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.core.db import EnumText, Model, UtcDateTime, one_of


def _few(name: str, *columns: str, where: str, sqlite: str = "") -> sa.Index:
    """An index of the rows `where` holds; SQLite uses it only where the query says the same in the same words."""
    return sa.Index(name, *columns, sqlite_where=sa.text(sqlite or where), postgresql_where=sa.text(where))


class PathEdge(Model):
    """`subordinate` hands applications of `procedure` at `level` up to `superior`; unconfirmed it carries none.

    Empty series or speciality mean any. The speciality of a node covers what is below it.
    """

    __tablename__ = "path_edges"

    id: Mapped[int] = mapped_column(primary_key=True)
    procedure: Mapped[Procedure] = mapped_column(EnumText(Procedure))
    level: Mapped[TitleLevel] = mapped_column(EnumText(TitleLevel))
    subordinate_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"))
    superior_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), index=True)
    series_id: Mapped[int | None] = mapped_column(sa.ForeignKey("title_series.id"))
    speciality_id: Mapped[int | None] = mapped_column(sa.ForeignKey("specialities.id"))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[str] = mapped_column(sa.String(120), default="")
    active: Mapped[bool] = mapped_column(default=True)
    deregistered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deregistered_reason: Mapped[str] = mapped_column(sa.String(300), default="")

    series: Mapped[TitleSeries | None] = relationship()
    speciality: Mapped[Speciality | None] = relationship()
    subordinate: Mapped[Body] = relationship(foreign_keys=[subordinate_id])
    superior: Mapped[Body] = relationship(foreign_keys=[superior_id])

    __table_args__ = (
        one_of("procedure", Procedure),
        one_of("level", TitleLevel),
        sa.CheckConstraint("subordinate_id <> superior_id", name="not_itself"),
        sa.Index(
            "uq_path_edges_live",
            "procedure",
            "level",
            "subordinate_id",
            "superior_id",
            sa.text("coalesce(series_id, 0)"),
            sa.text("coalesce(speciality_id, 0)"),
            unique=True,
            sqlite_where=sa.text("active"),
            postgresql_where=sa.text("active"),
        ),
        sa.Index("ix_path_edges_up", "subordinate_id", "procedure", "level"),
        # what the lists ask for, in their order
        sa.Index("ix_path_edges_listed", "procedure", "id"),
        sa.Index("ix_path_edges_of_level", "procedure", "level", "id"),
        _few("ix_path_edges_of_series", "procedure", "series_id", "id", where="series_id IS NOT NULL"),
        _few("ix_path_edges_unconfirmed", "procedure", "id", where="confirmed_at IS NULL"),
        _few("ix_path_edges_ended", "procedure", "id", where="NOT active", sqlite="active = 0"),
    )

    def __str__(self) -> str:
        return f"{self.subordinate.name} → {self.superior.name}（{self.level.label}）"


class MendingRequest(Model):
    """A body is asked to mend the path that breaks at it; its people see it until they say it is done."""

    __tablename__ = "mending_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), index=True)
    procedure: Mapped[Procedure] = mapped_column(EnumText(Procedure))
    level: Mapped[TitleLevel] = mapped_column(EnumText(TitleLevel))
    text: Mapped[str] = mapped_column(sa.String(600))
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_by: Mapped[str] = mapped_column(sa.String(160))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str] = mapped_column(sa.String(160), default="")

    body: Mapped[Body] = relationship()

    __table_args__ = (
        one_of("procedure", Procedure),
        one_of("level", TitleLevel),
        sa.Index(
            "uq_mending_requests_open",
            "body_id",
            "procedure",
            "level",
            unique=True,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        ),
    )
