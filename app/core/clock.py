"""One source of time, so that the demo province can be lived through day by day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")

_fixed: ContextVar[datetime | None] = ContextVar("fixed_time", default=None)


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def today() -> date:
    """The current calendar day in China."""
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """`moment` (aware) on China's clock."""
    return moment.astimezone(CHINA)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside the block `now()` answers `moment` (aware). For seeds and tests of dates."""
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
