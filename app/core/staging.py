"""Rows of a file somebody hands in, kept between the check and the submission: good ones in blocks, bad ones singly.

A batch is seen by the person who made it alone. Its state moves by compare-and-set, so that two workers, or two
presses, check it once and write it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import audit, clock
from app.core.db import EnumText, JsonText, Model, UtcDateTime, one_of
from app.core.enums import Labelled
from app.core.errors import Conflict, NotFound
from app.core.scope import Actor, elevated, registry, through

BLOCK = 1000
"""Good rows to a record: they are only ever read together."""


class BatchState(Labelled):
    UPLOADED = "uploaded", "正在检查"
    CHECKED = "checked", "已检查，待提交"
    REFUSED = "refused", "文件不能导入"
    SUBMITTED = "submitted", "已提交"
    DISCARDED = "discarded", "已放弃"


class ImportBatch(Model):
    """One file of one kind of record."""

    __tablename__ = "import_batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(60))
    user_id: Mapped[int] = mapped_column(index=True)
    post_id: Mapped[int | None]
    file_name: Mapped[str] = mapped_column(sa.String(200))
    storage_key: Mapped[str] = mapped_column(sa.String(40))
    state: Mapped[BatchState] = mapped_column(EnumText(BatchState))
    percent: Mapped[int] = mapped_column(default=0)
    good: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (one_of("state", BatchState),)


class StagedBlock(Model):
    """Up to BLOCK good rows: {"keys": [column, …], "rows": [[row number, text, …], …]}."""

    __tablename__ = "staged_blocks"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("import_batches.id"), index=True)
    rows: Mapped[Any] = mapped_column(JsonText)


class FailedRow(Model):
    """A row that is not taken: its own texts, and the reason by column (the column's label)."""

    __tablename__ = "failed_rows"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("import_batches.id"))
    number: Mapped[int]
    texts: Mapped[Any] = mapped_column(JsonText)
    problems: Mapped[Any] = mapped_column(JsonText)

    __table_args__ = (sa.Index("ix_failed_rows_batch", "batch_id", "number"),)


def _own(actor: Actor) -> Any:
    return ImportBatch.__table__.c.user_id == actor.user_id if actor.user_id else False


registry.scoped(ImportBatch, _own)
registry.scoped(StagedBlock, through(StagedBlock.batch_id, ImportBatch))
registry.scoped(FailedRow, through(FailedRow.batch_id, ImportBatch))

Texts = Mapping[str, str]


def open_batch(session: Session, *, actor: Actor, kind: str, file_name: str, storage_key: str) -> ImportBatch:
    """A file taken in, not yet looked at."""
    batch = ImportBatch(
        kind=kind,
        user_id=actor.user_id,
        post_id=actor.post_id,
        file_name=file_name,
        storage_key=storage_key,
        state=BatchState.UPLOADED,
        created_at=clock.now(),
    )
    session.add(batch)
    session.flush()
    audit.record(session, actor, "imports.upload", batch, kind=kind, file=file_name)
    return batch


def keep(
    session: Session,
    batch_id: int,
    keys: Sequence[str],
    good: Sequence[tuple[int, Sequence[str]]],
    bad: Sequence[tuple[int, Texts, Mapping[str, str]]],
) -> bool:
    """Stage what a check found; False, and nothing written, if somebody already has. `keys`: the columns of good rows."""
    moved = _move(session, batch_id, BatchState.UPLOADED, BatchState.CHECKED, good=len(good), bad=len(bad), percent=100)
    if not moved:
        return False
    with elevated(session, "rows of a batch just claimed are inserted in few statements"):
        for start in range(0, len(good), BLOCK):
            rows = [[number, *cells] for number, cells in good[start : start + BLOCK]]
            session.execute(sa.insert(StagedBlock), {"batch_id": batch_id, "rows": {"keys": keys, "rows": rows}})
        for start in range(0, len(bad), 10 * BLOCK):
            session.execute(
                sa.insert(FailedRow),
                [
                    {"batch_id": batch_id, "number": number, "texts": texts, "problems": problems}
                    for number, texts, problems in bad[start : start + 10 * BLOCK]
                ],
            )
    return True


def refuse(session: Session, batch_id: int, reason: str) -> bool:
    """The file as a whole can't be taken."""
    return _move(session, batch_id, BatchState.UPLOADED, BatchState.REFUSED, message=reason, percent=100)


def progress(session: Session, batch_id: int, percent: int) -> None:
    """Tell the page how far the check is."""
    _move(session, batch_id, BatchState.UPLOADED, BatchState.UPLOADED, percent=percent)


def claim(session: Session, *, actor: Actor, batch_id: int) -> tuple[list[str], list[list[Any]]]:
    """The columns and good rows ([sheet row, text, …]) of a checked batch, whose state is SUBMITTED from now on.

    Conflict for whoever comes second.
    """
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        raise NotFound
    if not _move(session, batch_id, BatchState.CHECKED, BatchState.SUBMITTED, submitted_at=clock.now()):
        raise Conflict("这批数据已经提交或放弃，不能再次提交。")
    audit.record(session, actor, "imports.submit", batch, kind=batch.kind, rows=batch.good)
    blocks = list(_blocks(session, batch_id))
    return (blocks[0]["keys"] if blocks else []), [row for block in blocks for row in block["rows"]]


def _blocks(session: Session, batch_id: int) -> Iterator[Any]:
    yield from session.scalars(
        sa.select(StagedBlock.rows).where(StagedBlock.batch_id == batch_id).order_by(StagedBlock.id)
    )


def discard(session: Session, *, actor: Actor, batch_id: int) -> None:
    """Give up a checked batch; nothing of it becomes a record."""
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        raise NotFound
    if not _move(session, batch_id, BatchState.CHECKED, BatchState.DISCARDED):
        raise Conflict("只有检查完、还没有提交的数据可以放弃。")
    audit.record(session, actor, "imports.discard", batch)


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


def _move(session: Session, batch_id: int, was: BatchState, now: BatchState, **values: Any) -> bool:
    with elevated(session, "the caller has loaded the batch in scope, or is the worker that checks it"):
        moved = session.execute(
            sa.update(ImportBatch)
            .where(ImportBatch.id == batch_id, ImportBatch.state == was)
            .values(state=now, **values),
            execution_options={"synchronize_session": "fetch"},
        )
    return bool(moved.rowcount == 1)  # type: ignore[attr-defined]
