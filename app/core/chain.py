"""Append-only tables whose every entry is tied to the one before it by a keyed hash.

`queue` only remembers. The links are made while the transaction commits, so a chain's head is locked for the
shortest time; a savepoint that is rolled back takes with it what was queued inside it, and nothing else. Whoever
edits a chained table without the application's secret can't mend the chain; database triggers (see the migrations)
refuse UPDATE and DELETE besides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from app.core import crypto
from app.core.db import Model, UtcDateTime
from app.core.scope import UNSCOPED, registry

_PENDING = "chain_pending"
_MARKS = "chain_marks"
"""How much was queued when each savepoint of the transaction began."""
GENESIS = "0" * 64
BATCH = 10_000

Row = dict[str, Any]


class ChainLink:
    """Columns every chained table has."""

    if TYPE_CHECKING:
        __table__: ClassVar[Any]
        __tablename__: ClassVar[str]

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)


class ChainHead(Model):
    """A chain's last link: one row per chained table, locked while a transaction appends."""

    __tablename__ = "chain_heads"

    chain: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    last_id: Mapped[int]
    last_hash: Mapped[str] = mapped_column(sa.String(64))


registry.system(ChainHead)


@dataclass(frozen=True)
class Break:
    """Where a chain does not hold: the entry's number and what is wrong with it."""

    entry_id: int
    problem: str


def queue(session: Session, log: type[ChainLink], build: Callable[[], Row]) -> None:
    """Append a row to `log` when this transaction commits; `build` is called then, when keys are known."""
    queue_all(session, log, lambda: (build(),))


def queue_all(session: Session, log: type[ChainLink], build: Callable[[], Iterable[Row]]) -> None:
    """Append what `build` gives when this transaction commits, row by row: a hundred thousand are never held at once."""
    session.info.setdefault(_PENDING, []).append((log, build))


def canonical(row: Mapping[str, Any]) -> str:
    """The text that is hashed: every column but the hashes, by name."""
    return _encode({name: value for name, value in row.items() if name not in ("previous_hash", "hash")})


def _words(value: Any) -> str:
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, default=_words).encode


def _begins(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault(_MARKS, {})[transaction] = len(session.info.get(_PENDING, ()))


def _ends(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_MARKS, None)


def _forget(session: Session, transaction: SessionTransaction) -> None:
    """After a rollback: of a savepoint what was queued inside it, of the transaction everything."""
    while not transaction.nested and transaction.parent is not None:  # a flush that failed inside a savepoint
        transaction = transaction.parent
    if transaction.nested:
        del session.info.get(_PENDING, [])[session.info.get(_MARKS, {}).get(transaction, 0) :]
    else:
        session.info.pop(_PENDING, None)


def _append_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint is released: the whole has yet to commit
    pending = session.info.pop(_PENDING, None)
    if not pending:
        return
    session.flush()
    for log in sorted({log for log, _ in pending}, key=lambda log: log.__tablename__):  # one order: no deadlock
        append(session, log, (row for owner, build in pending if owner is log for row in build()))


def append(session: Session, log: type[ChainLink], rows: Iterable[Row]) -> None:
    """Tie `rows` to the end of a chain now, `BATCH` at a time; its head stays locked until the transaction ends."""
    connection, head = session.connection(), ChainHead.__table__
    where = head.c.chain == log.__tablename__
    last_id, last_hash = connection.execute(
        sa.select(head.c.last_id, head.c.last_hash).where(where).with_for_update()
    ).one()
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        for row in batch:
            last_id += 1
            row["id"] = last_id
            row["hash"], row["previous_hash"] = crypto.keys().chain(last_hash, canonical(row)), last_hash
            last_hash = row["hash"]
        connection.execute(sa.insert(log.__table__), batch)
    connection.execute(sa.update(head).where(where).values(last_id=last_id, last_hash=last_hash))


def position(session: Session, log: type[ChainLink], *, hold: bool = False) -> int:
    """The number of a chain's last entry. `hold`: and nobody appends another before this transaction ends."""
    head = ChainHead.__table__
    query = sa.select(head.c.last_id).where(head.c.chain == log.__tablename__)
    return int(session.connection().execute(query.with_for_update() if hold else query).scalar_one())


def verify(session: Session, log: type[ChainLink]) -> Iterator[Break]:
    """Walk a whole chain in constant memory and yield every break: edited, removed, reordered, truncated."""
    table, head = log.__table__, ChainHead.__table__
    options = {UNSCOPED: "verification reads a chained table whole"}
    rows = session.execute(sa.select(table).order_by(table.c.id), execution_options=options | {"yield_per": 1000})
    expected, previous = 1, GENESIS
    for row in rows.mappings():
        if row["id"] != expected:
            yield Break(expected, f"缺少第 {expected} 至 {row['id'] - 1} 条")
        elif row["previous_hash"] != previous:
            yield Break(row["id"], "与前一条不衔接")
        if row["hash"] != crypto.keys().chain(row["previous_hash"], canonical({str(k): v for k, v in row.items()})):
            yield Break(row["id"], "内容被改动")
        expected, previous = row["id"] + 1, row["hash"]
    last = (
        session.execute(sa.select(head).where(head.c.chain == log.__tablename__), execution_options=options)
        .mappings()
        .one()
    )
    if (last["last_id"], last["last_hash"]) != (expected - 1, previous):
        yield Break(expected, f"末尾缺失：应有 {last['last_id']} 条，实有 {expected - 1} 条")


def install() -> None:
    """Hook the appending into every session's commit (idempotent)."""
    if not event.contains(Session, "before_commit", _append_pending):
        event.listen(Session, "before_commit", _append_pending)
        event.listen(Session, "after_transaction_create", _begins)
        event.listen(Session, "after_transaction_end", _ends)
        event.listen(Session, "after_soft_rollback", _forget)


install()
