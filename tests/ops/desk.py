"""What tests of the console do again and again."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import sqlalchemy as sa

from app.core.audit import AuditEntry
from app.core.db import read_session
from tests.http import Browser, opened
from tests.places import SYSTEM


def save(desk: Browser, address: str, typed: dict[str, Any]) -> Any:
    """An entry opened and saved."""
    return desk.post(address, data=typed | opened(desk, address))


def trail(action: str) -> list[Any]:
    with read_session(SYSTEM) as session:
        entries = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))
        return [entry.detail for entry in entries]


def reason(text: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", text))
