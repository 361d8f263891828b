"""One source of time, so that the demo province can be lived through day by day."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")

_ahead_file: Path | None = None
_ahead: tuple[float, timedelta] = (0.0, timedelta())

_fixed: ContextVar[datetime | None] = ContextVar("fixed_time", default=None)


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC) + _days_ahead()


def today() -> date:
    """The current calendar day in China."""
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """`moment` (aware) on China's clock."""
    return moment.astimezone(CHINA)


def years_after(day: date, years: int) -> date:
    """The same day `years` later, 1 March for 29 February; the calendar's last where that lies beyond it."""
    if day.year + years > date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def run_ahead_by(file: Path | None) -> None:
    """Demo only: `file` holds how many days this clock runs ahead, for every process that shares it.

    A public notice lasts five working days; nobody who tries the system out waits for them.
    """
    global _ahead_file, _ahead
    _ahead_file, _ahead = file, (0.0, timedelta())


def put_forward(days: int) -> None:
    """Move the demo clock on by `days`; RuntimeError outside the demo."""
    if _ahead_file is None:
        raise RuntimeError("only the demo has a clock to move")
    total = _days_ahead().days + days
    temporary = _ahead_file.with_suffix(".part")
    temporary.write_text(str(total))
    os.replace(temporary, _ahead_file)


def _days_ahead() -> timedelta:
    global _ahead
    if _ahead_file is None:
        return timedelta()
    try:
        stamp = _ahead_file.stat().st_mtime_ns / 1
    except FileNotFoundError:
        return timedelta()
    if _ahead[0] != stamp:
        _ahead = (stamp, timedelta(days=int(_ahead_file.read_text() or 0)))
    return _ahead[1]


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside the block `now()` answers `moment` (aware). For seeds and tests of dates."""
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
