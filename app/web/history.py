"""History of a record: who changed what, when; read from the audit trail and told in the words of the screen.

HISTORY = Words({"name": "名称", "level": ("职称级别", TitleLevel)})
steps = history.steps(read(), row, words=HISTORY)          # for ui.history(steps)

Services record `changes=audit.assign(row, name=…)` or plain details; a field the words don't name is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import audit
from app.core.audit import AuditEntry
from app.core.db import Model
from app.core.enums import Labelled
from app.web import filters
from app.web.words import WORDS, action_word, role_word, verb

MOST = 50
_BAD = {"remove", "delete", "close", "cancel", "deregister", "refuse"}
_ID_NUMBER = re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


@dataclass(frozen=True)
class Words:
    """What a screen calls the fields (a label, or a label and the enum of the values) and the actions in its history."""

    fields: Mapping[str, str | tuple[str, type[Labelled]]]
    actions: Mapping[str, str] = field(default_factory=dict)

    def action(self, action: str) -> str:
        return self.actions.get(action) or action_word(action, "处理")

    def details(self, detail: Mapping[str, Any]) -> list[str]:
        """One line for each field the words name: changed ones as before → after."""
        changes: Mapping[str, Any] = detail.get("changes") or {}
        lines = [f"{label}：{show(before)} → {show(after)}" for label, show, (before, after) in self._named(changes)]
        return lines + [f"{label}：{show(value)}" for label, show, value in self._named(detail)]

    def _named(self, values: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
        found = []
        for name, word in self.fields.items():
            if name not in values:
                continue
            label, enum = (word, None) if isinstance(word, str) else word
            found.append((label, lambda value, enum=enum: _shown(value, enum), values[name]))
        return found


def words_of(object_type: str, detail: Mapping[str, Any]) -> Words:
    """Words for all that an entry about a row of a table says, for whoever looks at the trail itself."""
    mappers = [one for one in Model.registry.mappers if one.local_table.name == object_type]
    kinds = {name: getattr(column.type, "enum", None) for one in mappers for name, column in one.columns.items()}
    names = [name for name in (*(detail.get("changes") or {}), *detail) if name != "changes"]
    labels = {name: WORDS.get(name) or WORDS.get(f"{name}_id", name) for name in names}
    return Words({name: (label, enum) if (enum := kinds.get(name)) else label for name, label in labels.items()})


def steps(session: Session, *subjects: Any, words: Words, after: int = 0) -> list[dict[str, Any]]:
    """The last MOST entries about mapped rows or (type, id) pairs, newest first, as `ui.timeline` takes them.

    after: only what came after the entry of that number.
    """
    query = sa.select(AuditEntry).where(_about(subjects), AuditEntry.id > after)
    entries = session.scalars(query.order_by(AuditEntry.id.desc()).limit(MOST))
    return [
        {
            "title": words.action(entry.action),
            "tone": "bad" if verb(entry.action) in _BAD else "ok" if verb(entry.action) in ("create", "add") else "",
            "who": f"{entry.actor_name} · {role_word(entry.role)}" if entry.actor_name else role_word(entry.role),
            "when": entry.at,
            "text": "\n".join(words.details(entry.detail)),
        }
        for entry in entries
    ]


def latest(session: Session, *subjects: Any) -> int:
    """The number of the last entry about them, 0 without one."""
    return session.scalar(sa.select(sa.func.max(AuditEntry.id)).where(_about(subjects))) or 0


def _about(subjects: tuple[Any, ...]) -> sa.ColumnElement[bool]:
    pairs = [audit.subject_of(subject) for subject in subjects]
    return sa.or_(*(sa.and_(AuditEntry.object_type == kind, AuditEntry.object_id == key) for kind, key in pairs))


def _shown(value: Any, enum: type[Labelled] | None) -> str:
    """A value of the trail as people read it; identity numbers and phones are masked wherever they stand."""
    if isinstance(value, list):
        return "、".join(_shown(one, enum) for one in value) or filters.EMPTY
    if enum is not None and value in set(enum):
        return enum(value).label
    if isinstance(value, dict):
        return (
            "；".join(f"{WORDS.get(name, name)}：{_shown(one, None)}" for name, one in value.items()) or filters.EMPTY
        )
    return masked(filters.label(value))


def masked(text: str) -> str:
    """Text with identity and telephone numbers as they are shown on screen."""
    hidden = _ID_NUMBER.sub(lambda found: filters.mask(found.group()), text)
    return _PHONE.sub(lambda found: filters.mask(found.group()), hidden)
