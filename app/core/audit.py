"""The audit trail: append-only, hash-chained, written in the transaction it records.

`record` only queues. The entries are chained while the transaction commits, so the chain's head is locked
for the shortest time. The hash is keyed: whoever edits the table without the application's secret can't
mend the chain. Database triggers refuse UPDATE and DELETE besides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import clock, crypto
from app.core.db import JsonText, Model, UtcDateTime
from app.core.scope import UNSCOPED, Actor, registry

_PENDING = "audit_pending"
GENESIS = "0" * 64


class AuditEntry(Model):
    """One thing somebody did, or was refused."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_name: Mapped[str] = mapped_column(sa.String(80))
    user_id: Mapped[int | None] = mapped_column(index=True)
    post_id: Mapped[int | None]
    role: Mapped[str] = mapped_column(sa.String(40))
    ip: Mapped[str] = mapped_column(sa.String(45))
    action: Mapped[str] = mapped_column(sa.String(80), index=True)
    object_type: Mapped[str] = mapped_column(sa.String(60))
    object_id: Mapped[str] = mapped_column(sa.String(60))
    detail: Mapped[Any] = mapped_column(JsonText)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64), unique=True)

    __table_args__ = (sa.Index("ix_audit_entries_object", "object_type", "object_id"),)


class AuditHead(Model):
    """The chain's last link: one row, locked while a transaction appends."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    last_id: Mapped[int]
    last_hash: Mapped[str] = mapped_column(sa.String(64))

    __table_args__ = (sa.CheckConstraint("id = 1", name="single"),)


registry.system(AuditEntry, AuditHead)


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: Any | None = None,
    /,
    **detail: Any,
) -> None:
    """Queue an entry for this transaction. `action` is `domain.verb`; `subject` a mapped row or (type, id)."""
    session.info.setdefault(_PENDING, []).append((actor, action, subject, detail, clock.now()))


def _object_of(subject: Any | None) -> tuple[str, str]:
    if subject is None:
        return "", ""
    if isinstance(subject, tuple):
        return str(subject[0]), str(subject[1])
    mapper = sa.inspect(subject).mapper
    return mapper.local_table.name, ",".join(str(part) for part in mapper.primary_key_from_instance(subject))


def canonical(row: Mapping[str, Any]) -> str:
    """The text that is hashed: every column but the hashes, in a fixed order and form."""
    return json.dumps(
        [
            row["id"],
            row["at"].isoformat(timespec="microseconds"),
            row["actor_name"],
            row["user_id"],
            row["post_id"],
            row["role"],
            row["ip"],
            row["action"],
            row["object_type"],
            row["object_id"],
            row["detail"],
        ],
        ensure_ascii=False,
        sort_keys=True,
    )


def _append_pending(session: Session) -> None:
    pending = session.info.pop(_PENDING, None)
    if not pending:
        return
    session.flush()
    connection = session.connection()
    head = AuditHead.__table__
    last_id, last_hash = connection.execute(
        sa.select(head.c.last_id, head.c.last_hash).where(head.c.id == 1).with_for_update()
    ).one()
    rows = []
    for actor, action, subject, detail, moment in pending:
        last_id += 1
        object_type, object_id = _object_of(subject)
        row = {
            "id": last_id,
            "at": moment,
            "actor_name": actor.name[:80],
            "user_id": actor.user_id,
            "post_id": actor.post_id,
            "role": str(actor.role),
            "ip": actor.ip,
            "action": action,
            "object_type": object_type,
            "object_id": object_id,
            "detail": json.loads(json.dumps(detail, ensure_ascii=False, default=str)),
            "previous_hash": last_hash,
        }
        last_hash = crypto.keys().chain(last_hash, canonical(row))
        rows.append(row | {"hash": last_hash})
    connection.execute(sa.insert(AuditEntry.__table__), rows)
    connection.execute(sa.update(head).where(head.c.id == 1).values(last_id=last_id, last_hash=last_hash))


def _forget_pending(session: Session) -> None:
    session.info.pop(_PENDING, None)


@dataclass(frozen=True)
class Break:
    """Where the chain does not hold: the entry's number and what is wrong with it."""

    entry_id: int
    problem: str


def verify(session: Session) -> Iterator[Break]:
    """Walk the whole chain, in constant memory, and yield every break: edited, removed, reordered, truncated."""
    table, head = AuditEntry.__table__, AuditHead.__table__
    rows = session.execute(
        sa.select(table).order_by(table.c.id),
        execution_options={UNSCOPED: "verify-audit reads the trail alone", "yield_per": 1000},
    )
    expected_id, previous = 1, GENESIS
    for row in rows.mappings():
        if row["id"] != expected_id:
            yield Break(expected_id, f"缺少第 {expected_id} 至 {row['id'] - 1} 条")
        elif row["previous_hash"] != previous:
            yield Break(row["id"], "与前一条不衔接")
        if row["hash"] != crypto.keys().chain(row["previous_hash"], canonical(row)):
            yield Break(row["id"], "内容被改动")
        expected_id, previous = row["id"] + 1, row["hash"]
    last = session.execute(sa.select(head), execution_options={UNSCOPED: "verify-audit"}).mappings().one()
    if (last["last_id"], last["last_hash"]) != (expected_id - 1, previous):
        yield Break(expected_id, f"末尾缺失：应有 {last['last_id']} 条，只到第 {expected_id - 1} 条")


def install() -> None:
    """Hook the chaining into every session's commit (idempotent)."""
    if not event.contains(Session, "before_commit", _append_pending):
        event.listen(Session, "before_commit", _append_pending)
        event.listen(Session, "after_soft_rollback", lambda session, _transaction: _forget_pending(session))


install()
