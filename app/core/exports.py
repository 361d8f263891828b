"""Query results too long to wait for: who asked for which rows, and the workbook a worker made of them.

Seen by the person who asked alone, in the post they asked in. The file is handed out for KEPT; the nightly `sweep`
deletes it after that.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import audit, clock, crypto, jobs, storage
from app.core.db import EncryptedText, Model, UtcDateTime, read_session, unit_of_work
from app.core.errors import NotFound
from app.core.jobs import Job
from app.core.scope import Actor, elevated, registry
from app.core.storage import StoredFile

KIND = "lists.export"
KEPT = timedelta(days=7)


class QueryExport(Model):
    """One 【导出查询结果】 done as a job. `address`: the export's route with its conditions, which may name a person."""

    __tablename__ = "query_exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int | None] = mapped_column(sa.ForeignKey("jobs.id"), unique=True)
    user_id: Mapped[int] = mapped_column(index=True)
    post_id: Mapped[int | None]
    title: Mapped[str] = mapped_column(sa.String(120))
    address: Mapped[str] = mapped_column(EncryptedText)
    total: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(default=0)
    storage_key: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    byte_size: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)

    @property
    def file_name(self) -> str:
        return f"{self.title.removeprefix('导出')}_{clock.local(self.created_at):%Y%m%d_%H%M}.xlsx"

    @property
    def expires_at(self) -> datetime | None:
        return self.made_at + KEPT if self.made_at else None

    @property
    def available(self) -> bool:
        return self.storage_key is not None and self.expires_at is not None and clock.now() < self.expires_at


def _own(actor: Actor) -> sa.ColumnElement[bool] | bool:
    table = QueryExport.__table__
    if not actor.user_id:
        return False
    return sa.and_(table.c.user_id == actor.user_id, table.c.post_id.is_not_distinct_from(actor.post_id))


registry.scoped(QueryExport, _own)


def ask(session: Session, *, actor: Actor, title: str, address: str, conditions: str = "") -> Job:
    """The job that makes the workbook of `address`. While one is unfinished, asking again answers that one.

    `conditions`: of the address, in words, without numbers of people.

    Call `jobs.start` after the commit for a job still QUEUED.
    """
    asked = f"{actor.user_id} {actor.post_id} {address}".encode().hex()  # a digest does not tell capitals from small
    once_key = f"export:{crypto.keys().digest(asked)}"
    same = sa.select(Job).where(Job.once_key == once_key)
    known: Job | None = session.scalar(same)
    if known is not None and known.finished_at is None:
        return known
    if known is not None:
        known.once_key = None
        session.flush()
    try:
        with session.begin_nested():
            return _begin(session, actor, title, address, once_key, conditions)
    except IntegrityError:  # pressed twice at once
        return session.scalars(same).one()


def _begin(session: Session, actor: Actor, title: str, address: str, once_key: str, conditions: str) -> Job:
    export = QueryExport(
        user_id=actor.user_id, post_id=actor.post_id, title=title, address=address, created_at=clock.now()
    )
    session.add(export)
    session.flush()
    job = jobs.submit(session, actor=actor, kind=KIND, title=title, items=[(export.id, title)], once_key=once_key)
    export.job_id = job.id
    session.flush()
    screen, said = address.partition("?")[0], {"conditions": conditions} if conditions else {}
    audit.record(session, actor, "exports.ask", export, title=title, screen=screen, **said)
    return job


def of_job(session: Session, job_id: int) -> QueryExport | None:
    return session.scalar(sa.select(QueryExport).where(QueryExport.job_id == job_id))


def progress(export_id: int, rows: int, total: int) -> None:
    """Tell the page how far the workbook is, and the tick that somebody is at work."""
    with unit_of_work(Actor.system("export")) as session:
        export = session.get_one(QueryExport, export_id)
        export.rows, export.total = rows, total
        session.get_one(Job, export.job_id).beat_at = clock.now()


def finish(export_id: int, actor: Actor, rows: int, file: StoredFile) -> bool:
    """Keep the workbook; False if another worker has already, and the caller's file is of no use."""
    with unit_of_work(actor) as session:
        with elevated(session, "the file's columns are set once, by whichever worker comes first"):
            kept = session.execute(
                sa.update(QueryExport)
                .where(QueryExport.id == export_id, QueryExport.made_at.is_(None))
                .values(
                    rows=rows,
                    total=rows,
                    storage_key=file.storage_key,
                    byte_size=file.byte_size,
                    sha256=file.sha256,
                    made_at=clock.now(),
                ),
                execution_options={"synchronize_session": False},
            )
        if kept.rowcount != 1:  # type: ignore[attr-defined]
            return False
        row = ("query_exports", export_id)
        audit.record(session, actor, "exports.make", row, rows=rows, sha256=file.sha256)
    return True


def hand_out(session: Session, *, actor: Actor, export_id: int) -> None:
    """Record that the file left the house: where it goes from there is no longer ours to see."""
    export = session.get(QueryExport, export_id)
    if export is None or not export.available:
        raise NotFound
    audit.record(session, actor, "exports.download", export, title=export.title, rows=export.rows)


def note(session: Session, *, actor: Actor, title: str, screen: str, rows: int, conditions: str = "") -> None:
    """Record that rows few enough to be handed out at once left the house, as `hand_out` does of the others.

    `conditions`: what was asked for, in words, without numbers of people.
    """
    list_, said = ("lists", title[:60]), {"conditions": conditions} if conditions else {}
    audit.record(session, actor, "exports.download", list_, title=title, screen=screen, rows=rows, **said)


def sweep() -> int:
    """Delete the files older than KEPT; how many were. A file goes before its row says so: nothing is left behind."""
    system = Actor.system("exports past their days")
    with read_session(system) as session:
        old = session.execute(
            sa.select(QueryExport.id, QueryExport.storage_key).where(
                QueryExport.storage_key.is_not(None), QueryExport.made_at < clock.now() - KEPT
            )
        ).all()
    for export_id, key in old:
        storage.current().delete(str(key))
        with unit_of_work(system) as session:
            export = session.get_one(QueryExport, export_id)
            export.storage_key = None
            audit.record(session, system, "exports.expire", export)
    return len(old)
