"""The audit trail: who did what to which row, written in the transaction it records, chained to the last."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import chain, clock
from app.core.chain import ChainLink
from app.core.db import JsonText, Model
from app.core.scope import Actor, registry


class AuditEntry(ChainLink, Model):
    """One thing somebody did, or was refused."""

    __tablename__ = "audit_entries"

    actor_name: Mapped[str] = mapped_column(sa.String(80))
    user_id: Mapped[int | None] = mapped_column(index=True)
    post_id: Mapped[int | None]
    role: Mapped[str] = mapped_column(sa.String(40))
    ip: Mapped[str] = mapped_column(sa.String(45))
    action: Mapped[str] = mapped_column(sa.String(80))
    object_type: Mapped[str] = mapped_column(sa.String(60))
    object_id: Mapped[str] = mapped_column(sa.String(60))
    detail: Mapped[Any] = mapped_column(JsonText)

    __table_args__ = (
        sa.Index("ix_audit_entries_object", "object_type", "object_id"),
        sa.Index("ix_audit_entries_action", "action", "id"),
        sa.Index("ix_audit_entries_actor_name", "actor_name", "id"),
    )


registry.system(AuditEntry)


def record(session: Session, actor: Actor, action: str, subject: Any | None = None, /, **detail: Any) -> None:
    """Queue an entry for this transaction. `action` is `domain.verb`; `subject` a mapped row or (type, id)."""
    entry = _entry(actor, action)
    plain = json.loads(json.dumps(detail, ensure_ascii=False, default=str))

    def build() -> chain.Row:
        object_type, object_id = subject_of(subject)
        return entry | {"object_type": object_type, "object_id": object_id, "detail": plain}

    chain.queue(session, AuditEntry, build)


def record_each(
    session: Session, actor: Actor, table: str, entries: Callable[[], Iterable[tuple[str, int, dict[str, Any]]]]
) -> None:
    """Queue an entry for each of many rows of a table: (action, the row's id, detail in plain JSON), asked for at the commit."""
    entry = _entry(actor, "") | {"object_type": table}

    def build() -> Iterator[chain.Row]:
        for action, key, detail in entries():
            yield entry | {"action": action, "object_id": str(key), "detail": detail}

    chain.queue_all(session, AuditEntry, build)


def _entry(actor: Actor, action: str) -> chain.Row:
    return {
        "at": clock.now(),
        "actor_name": actor.name[:80],
        "user_id": actor.user_id,
        "post_id": actor.post_id,
        "role": str(actor.role),
        "ip": actor.ip,
        "action": action,
    }


def position(session: Session) -> int:
    """The number of the trail's last entry: what has been done so far."""
    return chain.position(session, AuditEntry)


def done_since(session: Session, position: int, domains: Collection[str]) -> bool:
    """Whether anything was done in one of `domains` after `position`; from now on nothing is, until this transaction ends.

    Whatever changes a row says so in the trail: what was read at a position holds as long as this says no.
    """
    if chain.position(session, AuditEntry, hold=True) == position:
        return False
    later, action = AuditEntry.__table__.c.id > position, AuditEntry.__table__.c.action
    query = sa.select(AuditEntry.__table__.c.id).where(
        later, sa.or_(*(action.startswith(f"{domain}.") for domain in domains))
    )
    return session.connection().execute(query.limit(1)).first() is not None


def assign(row: Any, **values: Any) -> dict[str, tuple[Any, Any]]:
    """Set attributes of a mapped row; what differed, as {name: (before, after)} for `record(…, changes=…)`."""
    changes = {name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value}
    for name, (_, value) in changes.items():
        setattr(row, name, value)
    return changes


def subject_of(subject: Any | None) -> tuple[str, str]:
    """(type, id) under which entries of a mapped row, or of a (type, id) pair, are kept."""
    if subject is None:
        return "", ""
    if isinstance(subject, tuple):
        return str(subject[0]), str(subject[1])
    mapper = sa.inspect(subject).mapper
    return mapper.local_table.name, ",".join(str(part) for part in mapper.primary_key_from_instance(subject))
