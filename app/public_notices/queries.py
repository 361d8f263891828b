"""Reading notices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from app.core import clock
from app.core.scope import elevated
from app.public_notices.enums import NoticeKind, NoticeStatus, ObjectionStatus
from app.public_notices.models import NoticeLine, Objection, PublicNotice


@dataclass(frozen=True)
class Standing:
    """How the newest notice about an application stands."""

    notice_id: int | None = None
    ends_on: date | None = None
    over: bool = False
    open_objections: int = 0
    upheld: int = 0


def standings(
    session: Session, subject_ids: Collection[int], kind: NoticeKind, *, by: int | None = None
) -> dict[int, Standing]:
    """The standing of each application, by its newest notice that was not cancelled: two queries for any number.

    `by`: only notices of that body count.
    """
    if not subject_ids:
        return {}
    lines = session.execute(
        sa.select(NoticeLine.subject_id, NoticeLine.id, PublicNotice)
        .join(PublicNotice, PublicNotice.id == NoticeLine.notice_id)
        .where(
            NoticeLine.subject_id.in_(subject_ids),
            PublicNotice.kind == kind,
            PublicNotice.status != NoticeStatus.CANCELLED,
            PublicNotice.body_id == by if by is not None else sa.true(),
        )
        .order_by(PublicNotice.id)
    ).all()
    newest = {row.subject_id: row for row in lines}
    with elevated(session, "whether an objection stands decides whatever office asks; its text is not read"):
        counts = session.execute(
            sa.select(Objection.line_id, Objection.status, sa.func.count())
            .where(Objection.line_id.in_([row.id for row in newest.values()]))
            .group_by(Objection.line_id, Objection.status)
        ).all()
    by_line = {(line, status): number for line, status, number in counts}
    today = clock.today()
    return {
        subject: Standing(
            row.PublicNotice.id,
            row.PublicNotice.ends_on,
            row.PublicNotice.status is NoticeStatus.CONCLUDED or row.PublicNotice.ends_on < today,
            by_line.get((row.id, ObjectionStatus.OPEN), 0),
            by_line.get((row.id, ObjectionStatus.UPHELD), 0),
        )
        for subject, row in newest.items()
    }


def standing(session: Session, subject_id: int, kind: NoticeKind, *, by: int | None = None) -> Standing:
    """The standing of one application; an empty one if it was never published (by that body)."""
    return standings(session, [subject_id], kind, by=by).get(subject_id, Standing())


def notices_about(session: Session, subject_id: int) -> list[PublicNotice]:
    """Every notice an application stood on that was not cancelled, oldest first."""
    return list(
        session.scalars(
            sa.select(PublicNotice)
            .join(NoticeLine, NoticeLine.notice_id == PublicNotice.id)
            .where(NoticeLine.subject_id == subject_id, PublicNotice.status != NoticeStatus.CANCELLED)
            .options(joinedload(PublicNotice.body))
            .order_by(PublicNotice.id)
        )
    )


def notice_page(session: Session, notice_id: int) -> PublicNotice | None:
    """A notice with its lines, as anyone may read it."""
    return session.scalar(
        sa.select(PublicNotice)
        .where(PublicNotice.id == notice_id, PublicNotice.status != NoticeStatus.CANCELLED)
        .options(selectinload(PublicNotice.lines), joinedload(PublicNotice.body))
    )


def running(session: Session, limit: int = 20) -> list[PublicNotice]:
    """Notices open today, newest first."""
    today = clock.today()
    return list(
        session.scalars(
            sa.select(PublicNotice)
            .where(
                PublicNotice.status == NoticeStatus.RUNNING,
                PublicNotice.starts_on <= today,
                PublicNotice.ends_on >= today,
            )
            .options(joinedload(PublicNotice.body))
            .order_by(PublicNotice.id.desc())
            .limit(limit)
        )
    )
