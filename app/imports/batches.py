"""Rows of a file somebody hands in, kept between the check and the submission: good ones in blocks, bad ones singly.

A batch is seen by the person who made it alone. Its state moves by compare-and-set, so that two workers, or two presses, check
it once and write it once. What people wrote into the file lies encrypted: identity numbers may stand anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import audit, clock
from app.core.db import EncryptedJson, EnumText, JsonText, Model, UtcDateTime, one_of
from app.core.enums import Labelled
from app.core.errors import Conflict, NotFound
from app.core.jobs import ItemStatus, Job, JobItem, JobStatus
from app.core.scope import Actor, elevated, registry, through

JOBS = "imports."
"""How the kinds of jobs begin whose items are batches."""
CHECKING, WRITING = f"{JOBS}check", f"{JOBS}write"
_TABLE = "import_batches"
BLOCK = 1000
"""Good rows to a record: they are only ever read together."""
Failure = tuple[int, Mapping[str, Any], Mapping[str, str]]
"""A row that is not taken: its number, its cells by column key, the reasons by column label."""


class BatchState(Labelled):
    UPLOADED = "uploaded", "正在检查"
    CHECKED = "checked", "已检查，待提交"
    NOTHING = "nothing", "没有可导入的数据"
    REFUSED = "refused", "文件不能导入"
    SUBMITTING = "submitting", "正在提交"
    SUBMITTED = "submitted", "已提交"
    DISCARDED = "discarded", "已放弃"

    @property
    def tone(self) -> str:
        return {"submitted": "ok", "nothing": "bad", "refused": "bad", "discarded": "draft"}.get(self.value, "wait")

    @property
    def under_way(self) -> bool:
        """Whether a job is at it."""
        return self in (BatchState.UPLOADED, BatchState.SUBMITTING)

    @property
    def waits(self) -> bool:
        """Whether it may still become records."""
        return self.under_way or self is BatchState.CHECKED


class ImportBatch(Model):
    """One file of one kind of record."""

    __tablename__ = _TABLE

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(60))
    user_id: Mapped[int] = mapped_column(index=True)
    post_id: Mapped[int | None]
    file_name: Mapped[str] = mapped_column(sa.String(200))
    storage_key: Mapped[str | None] = mapped_column(sa.String(40))
    chosen: Mapped[Any] = mapped_column(JsonText, default=dict)
    """What was chosen on the page for every row: column key -> word."""
    others: Mapped[Any] = mapped_column(JsonText, default=list)
    """Visible sheets of the workbook that were not read."""
    state: Mapped[BatchState] = mapped_column(EnumText(BatchState))
    percent: Mapped[int] = mapped_column(default=0)
    good: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(sa.Text, default="")
    job_id: Mapped[int | None] = mapped_column(sa.ForeignKey("jobs.id"), index=True)
    """The job that checks it, or writes it, last."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    swept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When its file and rows were deleted."""

    __table_args__ = (one_of("state", BatchState),)


class StagedBlock(Model):
    """Up to BLOCK good rows: {"keys": [column, …], "rows": [[row number, text, …], …]}."""

    __tablename__ = "staged_blocks"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("import_batches.id"), index=True)
    rows: Mapped[Any] = mapped_column(EncryptedJson)


class FailedRow(Model):
    """A row that is not taken: its own cells, and the reason by column (the column's label)."""

    __tablename__ = "failed_rows"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("import_batches.id"))
    number: Mapped[int]
    texts: Mapped[Any] = mapped_column(EncryptedJson)
    problems: Mapped[Any] = mapped_column(EncryptedJson)

    __table_args__ = (sa.Index("ix_failed_rows_batch", "batch_id", "number"),)


def _own(actor: Actor) -> Any:
    return ImportBatch.__table__.c.user_id == actor.user_id if actor.user_id else False


registry.scoped(ImportBatch, _own)
registry.scoped(StagedBlock, through(StagedBlock.batch_id, ImportBatch))
registry.scoped(FailedRow, through(FailedRow.batch_id, ImportBatch))


def open_batch(
    session: Session, *, actor: Actor, kind: str, file_name: str, storage_key: str, chosen: Mapping[str, str]
) -> ImportBatch:
    """A file taken in, not yet looked at."""
    batch = ImportBatch(
        kind=kind,
        user_id=actor.user_id,
        post_id=actor.post_id,
        file_name=file_name,
        storage_key=storage_key,
        chosen=dict(chosen),
        others=[],
        state=BatchState.UPLOADED,
        created_at=clock.now(),
    )
    session.add(batch)
    session.flush()
    audit.record(session, actor, "imports.upload", batch, kind=kind, file=file_name)
    return batch


def keep(
    session: Session,
    actor: Actor,
    batch_id: int,
    keys: Sequence[str],
    good: Sequence[tuple[int, Sequence[str]]],
    bad: Iterable[Failure],
    *,
    others: Sequence[str] = (),
) -> bool:
    """Stage what a check found; False, and nothing written, if somebody already has. `keys`: the columns of good rows."""
    state = BatchState.CHECKED if good else BatchState.NOTHING
    if not _move(session, batch_id, BatchState.UPLOADED, state, percent=100, others=list(others)):
        return False
    failed = _stage(session, batch_id, keys, good, bad)
    audit.record(session, actor, "imports.checked", (_TABLE, batch_id), good=len(good), bad=failed)
    return True


def give_back(
    session: Session,
    actor: Actor,
    batch_id: int,
    message: str,
    keys: Sequence[str] = (),
    good: Sequence[tuple[int, Sequence[str]]] | None = None,
    bad: Iterable[Failure] = (),
) -> bool:
    """A submission wrote nothing: the batch waits again, with `message`.

    `good` and `bad`: which rows still hold, and which no longer do; left out, nothing has changed about them.
    """
    state = BatchState.CHECKED if good or good is None else BatchState.NOTHING
    if not _move(session, batch_id, BatchState.SUBMITTING, state, message=message, percent=100):
        return False
    if good is not None:
        with elevated(session, "the blocks of a batch just moved are staged anew"):
            _delete(session, StagedBlock, StagedBlock.batch_id == batch_id)
        _stage(session, batch_id, keys, good, bad)
    audit.record(session, actor, "imports.given_back", (_TABLE, batch_id), reason=message)
    return True


def _stage(
    session: Session,
    batch_id: int,
    keys: Sequence[str],
    good: Sequence[tuple[int, Sequence[str]]],
    bad: Iterable[Failure],
) -> int:
    """How many rows of the batch have failed so far."""
    with elevated(session, "rows of a batch just claimed are inserted in few statements"):
        for start in range(0, len(good), BLOCK):
            rows = [[number, *cells] for number, cells in good[start : start + BLOCK]]
            session.execute(sa.insert(StagedBlock), {"batch_id": batch_id, "rows": {"keys": keys, "rows": rows}})
        rest = iter(bad)
        while part := list(islice(rest, BLOCK)):
            session.execute(
                sa.insert(FailedRow),
                [
                    {"batch_id": batch_id, "number": number, "texts": texts, "problems": problems}
                    for number, texts, problems in part
                ],
            )
        failed = session.scalar(sa.select(sa.func.count()).where(FailedRow.batch_id == batch_id)) or 0
        session.execute(
            sa.update(ImportBatch).where(ImportBatch.id == batch_id).values(good=len(good), bad=failed),
            execution_options={"synchronize_session": False},
        )
    return failed


def refuse(session: Session, actor: Actor, batch_id: int, reason: str) -> bool:
    """The file as a whole can't be taken."""
    if not _move(session, batch_id, BatchState.UPLOADED, BatchState.REFUSED, message=reason, percent=100):
        return False
    audit.record(session, actor, "imports.refused", (_TABLE, batch_id), reason=reason)
    return True


def progress(session: Session, batch_id: int, state: BatchState, percent: int) -> None:
    """Tell the page how far its job is, and the tick that somebody is at work."""
    if not _move(session, batch_id, state, state, percent=percent):
        return
    with elevated(session, "the job of a batch, whoever asked for it"):
        mine = sa.select(ImportBatch.job_id).where(ImportBatch.id == batch_id).scalar_subquery()
        session.execute(
            sa.update(Job).where(Job.id == mine).values(beat_at=clock.now()),
            execution_options={"synchronize_session": False},
        )


def claim(session: Session, *, actor: Actor, batch_id: int) -> ImportBatch:
    """【提交】: from now on a job may write the batch. Conflict for whoever comes second."""
    batch = _mine(session, batch_id)
    if not _move(session, batch_id, BatchState.CHECKED, BatchState.SUBMITTING, percent=0, message=""):
        raise Conflict("这批数据已经提交或放弃，不能再次提交。")
    audit.record(session, actor, "imports.submit", batch, kind=batch.kind, rows=batch.good)
    return batch


def finish(session: Session, actor: Actor, batch_id: int, rows: int) -> bool:
    """The records are there, in this transaction; False if somebody has been here."""
    values = {"submitted_at": clock.now(), "percent": 100}
    if not _move(session, batch_id, BatchState.SUBMITTING, BatchState.SUBMITTED, **values):
        return False
    audit.record(session, actor, "imports.written", (_TABLE, batch_id), rows=rows)
    return True


def discard(session: Session, *, actor: Actor, batch_id: int) -> None:
    """Give up a checked batch; nothing of it becomes a record."""
    batch = _mine(session, batch_id)
    if not any(_move(session, batch_id, was, BatchState.DISCARDED) for was in (BatchState.CHECKED, BatchState.NOTHING)):
        raise Conflict("只有检查完、还没有提交的数据可以放弃。")
    audit.record(session, actor, "imports.discard", batch)


def staged(session: Session, batch_id: int) -> tuple[list[str], list[list[Any]]]:
    """The columns and good rows ([sheet row, text, …]) of a batch."""
    keys: list[str] = []
    rows: list[list[Any]] = []
    for block in _blocks(session, batch_id):
        keys = block["keys"]
        rows += block["rows"]
    return keys, rows


def _blocks(session: Session, batch_id: int) -> Iterator[Any]:
    yield from session.scalars(
        sa.select(StagedBlock.rows).where(StagedBlock.batch_id == batch_id).order_by(StagedBlock.id)
    )


def failures(session: Session, batch_id: int, *, after: int = 0, limit: int) -> list[FailedRow]:
    """Failed rows below sheet row `after`, in the sheet's order."""
    return list(
        session.scalars(
            sa.select(FailedRow)
            .where(FailedRow.batch_id == batch_id, FailedRow.number > after)
            .order_by(FailedRow.number)
            .limit(limit)
        )
    )


@dataclass(frozen=True)
class Tally:
    """How far a job is, for its line in a list."""

    status: JobStatus
    total: int
    good: int
    bad: int


def tallies(session: Session, shown: Sequence[Job]) -> dict[int, Tally]:
    """The tally of each job: of its items, or of the rows of the file it has checked or written."""
    found = {job.id: Tally(job.status, job.total, job.done, job.failed) for job in shown}
    mine = {job.id: job.kind for job in shown if job.kind.startswith(JOBS)}
    with elevated(session, "how many rows, for whoever sees the job"):
        rows = session.execute(
            sa.select(JobItem.job_id, ImportBatch.good, ImportBatch.bad)
            .join(ImportBatch, ImportBatch.id == JobItem.subject_id)
            .where(JobItem.job_id.in_(mine), JobItem.status == ItemStatus.DONE)
        ).all()
    for job_id, good, bad in rows:
        if mine[job_id] == WRITING:
            bad = 0
        found[job_id] = Tally(JobStatus.PARTLY if bad else JobStatus.DONE, good + bad, good, bad)
    return found


def of_job(session: Session, job: Job) -> ImportBatch | None:
    """The batch a job checks or writes."""
    if not job.kind.startswith(JOBS):
        return None
    mine = sa.select(JobItem.subject_id).where(JobItem.job_id == job.id)
    return session.scalar(sa.select(ImportBatch).where(ImportBatch.id.in_(mine)))


def expire(session: Session, batch_id: int, was: BatchState, message: str) -> bool:
    """Delete the rows of a batch; its own line stays, given up with `message` if it still waited. False if it has moved on."""
    told = {"message": message} if message else {}
    now = BatchState.DISCARDED if message else was
    if not _move(session, batch_id, was, now, storage_key=None, swept_at=clock.now(), **told):
        return False
    for model in (StagedBlock, FailedRow):
        _delete(session, model, model.batch_id == batch_id)
    return True


def _delete(session: Session, model: type[StagedBlock] | type[FailedRow], condition: Any) -> None:
    session.execute(sa.delete(model).where(condition), execution_options={"synchronize_session": False})


def _mine(session: Session, batch_id: int) -> ImportBatch:
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        raise NotFound
    return batch


def _move(session: Session, batch_id: int, was: BatchState, now: BatchState, **values: Any) -> bool:
    with elevated(session, "the caller has loaded the batch in scope, or is the worker that is at it"):
        moved = session.execute(
            sa.update(ImportBatch)
            .where(ImportBatch.id == batch_id, ImportBatch.state == was)
            .values(state=now, **values),
            execution_options={"synchronize_session": "fetch"},
        )
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]
