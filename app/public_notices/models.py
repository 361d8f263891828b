"""Tables of notices. What is shown is a snapshot; which application a line concerns, its own domain knows."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.bodies.models import Body
from app.core import clock
from app.core.db import EnumText, Model, UtcDateTime, one_of
from app.public_notices.enums import NoticeKind, NoticeStatus, ObjectionStatus


class PublicNotice(Model):
    """公示: open to anyone from `starts_on` to `ends_on`, at least five working days."""

    __tablename__ = "public_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[NoticeKind] = mapped_column(EnumText(NoticeKind))
    body_id: Mapped[int] = mapped_column(sa.ForeignKey("bodies.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    place: Mapped[str] = mapped_column(sa.String(120))
    contact: Mapped[str] = mapped_column(sa.String(120))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    status: Mapped[NoticeStatus] = mapped_column(EnumText(NoticeStatus), default=NoticeStatus.RUNNING)
    conclusion: Mapped[str] = mapped_column(sa.String(300), default="")
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    concluded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    body: Mapped[Body] = relationship()
    lines: Mapped[list[NoticeLine]] = relationship(back_populates="notice", order_by="NoticeLine.seq")
    objections: Mapped[list[Objection]] = relationship(back_populates="notice", order_by="Objection.id")

    __table_args__ = (
        one_of("kind", NoticeKind),
        one_of("status", NoticeStatus),
        sa.CheckConstraint("ends_on >= starts_on", name="dates_in_order"),
    )

    @property
    def standing(self) -> str:
        """What people call its state today: 公示中 ends with its last day, whether or not somebody has concluded it."""
        if self.status is NoticeStatus.RUNNING and clock.today() > self.ends_on:
            return "公示期满"
        return self.status.label


class NoticeLine(Model):
    """One person on a notice, as published."""

    __tablename__ = "notice_lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(sa.ForeignKey("public_notices.id"))
    seq: Mapped[int]
    subject_id: Mapped[int] = mapped_column(index=True)
    """The application's number; no foreign key, because notices stand below applications."""
    name: Mapped[str] = mapped_column(sa.String(60))
    employer: Mapped[str] = mapped_column(sa.String(120))
    title: Mapped[str] = mapped_column(sa.String(120))
    remark: Mapped[str] = mapped_column(sa.String(200), default="")

    notice: Mapped[PublicNotice] = relationship(back_populates="lines")

    __table_args__ = (sa.UniqueConstraint("notice_id", "seq"), sa.UniqueConstraint("notice_id", "subject_id"))


class Objection(Model):
    """异议: against one line of a notice, received while it runs; never shown on the public page."""

    __tablename__ = "objections"

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(sa.ForeignKey("public_notices.id"), index=True)
    line_id: Mapped[int] = mapped_column(sa.ForeignKey("notice_lines.id"))
    received_on: Mapped[date]
    raised_by: Mapped[str] = mapped_column(sa.String(120))
    content: Mapped[str] = mapped_column(sa.String(1000))
    status: Mapped[ObjectionStatus] = mapped_column(EnumText(ObjectionStatus), default=ObjectionStatus.OPEN)
    finding: Mapped[str] = mapped_column(sa.String(1000), default="")
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    notice: Mapped[PublicNotice] = relationship(back_populates="objections")
    line: Mapped[NoticeLine] = relationship()

    __table_args__ = (one_of("status", ObjectionStatus),)
