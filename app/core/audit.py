"""The audit trail: who did what to which row, written in the transaction it records, chained to the last."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import chain, clock
from app.core.chain import ChainLink
from app.core.db import JsonText, Model
from app.core.scope import Actor, registry

HEAD = 4
"""Characters of an action that tell most domains apart; an index has the entries of each head in the order of the list."""


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
        sa.Index("ix_audit_entries_action_head", sa.text(f"substr(action, 1, {HEAD})"), "id"),
    )


registry.system(AuditEntry)


def record(session: Session, actor: Actor, action: str, subject: Any | None = None, /, **detail: Any) -> None:
    """Queue an entry for this transaction. `action` is `domain.verb`; `subject` a mapped row or (type, id)."""
    moment = clock.now()
    plain = json.loads(json.dumps(detail, ensure_ascii=False, default=str))

    def build() -> chain.Row:
        object_type, object_id = subject_of(subject)
        return {
            "at": moment,
            "actor_name": actor.name[:80],
            "user_id": actor.user_id,
            "post_id": actor.post_id,
            "role": str(actor.role),
            "ip": actor.ip,
            "action": action,
            "object_type": object_type,
            "object_id": object_id,
            "detail": plain,
        }

    chain.queue(session, AuditEntry, build)


def acts(prefix: str) -> sa.ColumnElement[bool]:
    """Entries whose action is `prefix`, or begins so where it names no verb (`bodies`)."""
    if "." in prefix:
        return AuditEntry.action == prefix
    begins = AuditEntry.action.startswith(prefix, autoescape=True)
    if len(prefix) < HEAD:
        return begins
    return sa.and_(sa.literal_column(f"substr(audit_entries.action, 1, {HEAD})") == prefix[:HEAD], begins)


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
