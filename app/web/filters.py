"""Jinja filters: times as a person says them, masked numbers, and the tone in which a state word is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from app.core import clock
from app.web import layout

EMPTY = "—"
"""Shown where there is no value: an empty cell looks like a defect."""

TONES = {
    "bad": (
        "refused",
        "rejected",
        "failed",
        "fail",
        "revoked",
        "error",
        "overdue",
        "upheld",
        "blocked",
        "declined",
        "void",
        "denied",
    ),
    "draft": (
        "draft",
        "withdrawn",
        "cancelled",
        "canceled",
        "closed",
        "expired",
        "unused",
        "none",
        "inactive",
        "deregistered",
        "dismissed",
    ),
    "wait": (
        "returned",
        "correcting",
        "correction",
        "awaiting",
        "pending",
        "at",
        "waiting",
        "requested",
        "submitted",
        "open",
        "running",
        "queued",
        "on",
        "in",
        "declared",
        "reserved",
        "reported",
    ),
    "done": ("certified", "issued", "effective", "filed", "concluded", "finished", "archived", "used", "completed"),
    "ok": (
        "approved",
        "passed",
        "pass",
        "active",
        "valid",
        "confirmed",
        "clear",
        "cleared",
        "rechecked",
        "planned",
        "ok",
        "published",
        "done",
    ),
}
"""Semantic class -> words of general life cycles. A value's own `tone` wins over this table."""


def tone(value: Any) -> str:
    """The semantic class of a state: wait, ok, bad, done, draft or plain.

    A member's own `tone` wins; otherwise the words of its stored value decide, "not_…" being bad.
    """
    own = getattr(value, "tone", None)
    if isinstance(own, str):
        return own
    words = str(value.value if isinstance(value, Enum) else value).lower().split("_")
    if words[0] == "not":
        return "bad"
    for name, vocabulary in TONES.items():
        if any(word in vocabulary for word in words):
            return name
    return "plain"


def label(value: Any) -> str:
    """What people call `value`: an enum's label, 是/否, a day, a moment, EMPTY for nothing."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Enum):
        return str(getattr(value, "label", value.value))
    if isinstance(value, datetime):
        return exact(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return "、".join(label(item) for item in value) or EMPTY
    return str(value)


def exact(moment: datetime | None) -> str:
    """'2026-11-23 18:56:04' on China's clock; `moment` is aware."""
    return EMPTY if moment is None else clock.local(moment).strftime("%Y-%m-%d %H:%M:%S")


def day(value: date | datetime | None) -> str:
    """'2026-11-23'; a moment is taken on China's clock."""
    if value is None:
        return EMPTY
    return (clock.local(value).date() if isinstance(value, datetime) else value).isoformat()


def ago(moment: datetime | date | None) -> str:
    """How a person says it, seen from now: 刚刚, 5 分钟前, 昨天 15:02, 3 天前, 11月2日, 2025年11月2日; 还有 3 天."""
    if moment is None:
        return EMPTY
    if not isinstance(moment, datetime):
        return _days(moment)
    seconds = (clock.now() - moment).total_seconds()
    local = clock.local(moment)
    apart = (clock.today() - local.date()).days
    if seconds < 0:
        return "马上" if seconds > -60 else f"今天 {local:%H:%M}" if apart == 0 else _days(local.date())
    if seconds < 60:
        return "刚刚"
    if seconds < 3600:
        return f"{int(seconds // 60)} 分钟前"
    if apart == 0:
        return f"{int(seconds // 3600)} 小时前"
    if apart == 1:
        return f"昨天 {local:%H:%M}"
    return _days(local.date())


def _days(when: date) -> str:
    today = clock.today()
    apart = (today - when).days
    if apart == 0:
        return "今天"
    if apart in (1, -1):
        return "昨天" if apart == 1 else "明天"
    if 1 < apart <= 30:
        return f"{apart} 天前"
    if -30 <= apart < -1:
        return f"还有 {-apart} 天"
    return f"{when.month}月{when.day}日" if when.year == today.year else f"{when.year}年{when.month}月{when.day}日"


def moment(value: datetime | date | None) -> Markup:
    """`ago` in a <time> element whose hover shows the exact value."""
    if value is None:
        return Markup(EMPTY)
    title = exact(value) if isinstance(value, datetime) else day(value)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), title, ago(value))


def mask(text: str | None, head: int = 3, tail: int = 4) -> str:
    """`text` with its middle hidden: '430***********1234'. Too short to hide anything: all hidden."""
    if not text:
        return EMPTY
    text = str(text)
    hidden = len(text) - head - tail
    return text[:head] + "*" * hidden + text[-tail:] if hidden > 0 else "*" * len(text)


def money(value: Decimal | float | None) -> str:
    """'1,234.50' yuan."""
    return EMPTY if value is None else f"{value:,.2f}"


def many(number: int | None) -> str:
    """'15,000': how many. Years, codes and serial numbers are no counts."""
    return EMPTY if number is None else f"{number:,}"


def size(count: int | None) -> str:
    """A byte count as '812 KB' or '3.4 MB'."""
    if count is None:
        return EMPTY
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.0f} KB" if count < 1024 * 1024 else f"{count / 1024 / 1024:.1f} MB"


def lines(text: str | None) -> Markup:
    """Text with its line breaks kept, everything else escaped."""
    return Markup(EMPTY) if not text else Markup("<br>").join(escape(line) for line in str(text).splitlines())


def register_filters(app: Flask) -> None:
    """Give templates our filters and the layout's context."""
    functions: tuple[Callable[..., Any], ...] = (ago, exact, day, mask, money, label, tone, moment, many, size, lines)
    for function in functions:
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.filters["zip"] = zip
    app.context_processor(layout.context)
