"""Paging by key: a cursor in the URL instead of an offset, so that page 5,000 costs what page 1 does."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from app.core import crypto

PAGE_SIZES = (20, 50, 100)
COUNT_CAP = 10_000
CURSOR_LIMIT = 1_000
_INTEGER_LIMIT = 2**63


@dataclass(frozen=True)
class Key:
    """One column of a list's order. The columns must be NOT NULL and the last one unique."""

    column: Any
    descending: bool = False


def asc(column: Any) -> Key:
    return Key(column)


def desc(column: Any) -> Key:
    return Key(column, descending=True)


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: right after `values`, or, going back, right before them; going back from nothing, at the end.

    `count`: how many rows the list had when its first page was shown; None where nobody has counted for this reader.
    """

    values: tuple[Any, ...]
    back: bool = False
    count: int | None = None


def encode(cursor: Cursor, whose: str = "") -> str:
    """A cursor as URL-safe text. It is no secret and no permission: scope decides what it may show.

    whose: for whom and of what its count was made; only there it is believed, whoever else opens the link counts anew.
    """
    told = [] if cursor.count is None else [cursor.count, _mark(cursor.count, whose)]
    plain = [cursor.back, told, *(_plain(value) for value in cursor.values)]
    return (
        base64.urlsafe_b64encode(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


def decode(text: str | None, keys: Sequence[Key], whose: str = "") -> Cursor | None:
    """The cursor in `text`, or None where it is missing, garbage, or of other keys: then the first page is shown."""
    if not text or len(text) > CURSOR_LIMIT or not text.isascii():
        return None
    try:
        plain = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(plain, list) or len(plain) not in (2, len(keys) + 2) or not isinstance(plain[0], bool):
            return None
        back, told, *values = plain
        if not (values or back):
            return None
        count = told[0] if told and told == [told[0], _mark(told[0], whose)] else None
        return Cursor(tuple(_typed(value, key.column) for value, key in zip(values, keys, strict=False)), back, count)
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        return None


def _mark(count: int, whose: str) -> str:
    """What nobody but us could have put beside a count; short, a guess would only mislead the guesser."""
    return crypto.keys().token(f"list count {count} {whose}")[:8]


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if value is None or not isinstance(value, (int, str, float)):
        raise ValueError("a key column must be a NOT NULL number, text, day or moment")
    return value


def _typed(value: Any, column: Any) -> Any:
    """`value` as the Python type of `column`; ValueError where it is not one."""
    kind = getattr(column.type, "impl_instance", column.type)
    enum = getattr(column.type, "enum", None)
    if enum is not None:
        return enum(value)
    if isinstance(kind, sa.Boolean):
        if not isinstance(value, bool):
            raise ValueError("not a boolean")
        return value
    if isinstance(kind, sa.Integer):
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _INTEGER_LIMIT:
            raise ValueError("not an integer")
        return value
    if isinstance(kind, sa.Numeric):
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError("not a number")
        return number
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not a text")
    if isinstance(kind, sa.DateTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None or not 1900 < moment.year < 9000:
            raise ValueError("not a moment")
        return moment
    return date.fromisoformat(value) if isinstance(kind, sa.Date) else value


def page_size(text: str | None, default: int = PAGE_SIZES[0]) -> int:
    """One of PAGE_SIZES; `default` for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and int(text[:6]) in PAGE_SIZES else default


@dataclass(frozen=True)
class Page:
    """One page: `rows` as the statement gives them, cursors of its neighbours or None, and the capped count."""

    rows: list[Any]
    keys: list[tuple[Any, ...]]
    before: str | None
    after: str | None
    last: str | None
    count: int

    @property
    def capped(self) -> bool:
        return self.count > COUNT_CAP

    @property
    def total(self) -> str:
        """'共 37 条', or '超过 10,000 条' where counting further would cost more than it tells."""
        return f"超过 {COUNT_CAP:,} 条" if self.capped else f"共 {self.count:,} 条"


def count_rows(session: Session, statement: Select[Any], keys: Sequence[Key], cap: int | None = COUNT_CAP) -> int:
    """The number of rows, counted up to `cap` + 1: by the last key column alone, so that an index may answer."""
    inner = statement.with_only_columns(keys[-1].column, maintain_column_froms=True).order_by(None)
    inner = inner if cap is None else inner.limit(cap + 1)
    inner._with_options = ()  # what the rows would load besides is of no use here, and refused without its entity
    return session.scalar(sa.select(sa.func.count()).select_from(inner.subquery())) or 0


def ordered(statement: Select[Any], keys: Sequence[Key], back: bool = False) -> Select[Any]:
    """`statement` in the order of `keys`, or the reverse, with the key values as extra columns at its end."""
    order = [key.column.desc() if key.descending is not back else key.column.asc() for key in keys]
    return (
        statement.order_by(None).order_by(*order).add_columns(*(k.column.label(f"key_{i}") for i, k in enumerate(keys)))
    )


def beyond(keys: Sequence[Key], cursor: Cursor) -> ColumnElement[bool]:
    """The condition of the rows after (or, going back, before) the cursor; a row comparison where the order allows."""
    columns = [key.column for key in keys]
    values = [sa.literal(value, type_=key.column.type) for key, value in zip(keys, cursor.values, strict=True)]
    downward = [key.descending is not cursor.back for key in keys]
    if len(set(downward)) == 1:
        left, right = sa.tuple_(*columns), sa.tuple_(*values)
        return left < right if downward[0] else left > right
    branches = []
    for index, column in enumerate(columns):
        equal = [c == v for c, v in zip(columns[:index], values[:index], strict=True)]
        step = column < values[index] if downward[index] else column > values[index]
        branches.append(sa.and_(*equal, step))
    return sa.or_(*branches)


def fetch(
    session: Session, statement: Select[Any], keys: Sequence[Key], cursor: Cursor | None, size: int, whose: str = ""
) -> Page:
    """The page of `size` rows at `cursor`: one statement, one that counts where more follow the first page, and loaders'.

    whose: as `encode` takes it.
    """
    single = len(statement.column_descriptions) == 1
    back = cursor is not None and cursor.back
    limited = ordered(statement, keys, back)
    if cursor is not None and cursor.values:
        limited = limited.where(beyond(keys, cursor))
    found = list(session.execute(limited.limit(size + 1)).all())
    more = len(found) > size
    found = found[:size]
    if back:
        found.reverse()
        if not more:  # back at the start: show a full first page
            return fetch(session, statement, keys, None, size, whose)
    width = len(keys)
    marks = [tuple(row[-width:]) for row in found]
    has_before, has_after = (more, bool(cursor.values)) if back and cursor else (cursor is not None, more)
    if cursor is None and not more:
        count = len(found)
    else:
        count = cursor.count if cursor and cursor.count is not None else count_rows(session, statement, keys)
    return Page(
        rows=[row[0] if single else row for row in found],
        keys=marks,
        before=encode(Cursor(marks[0], back=True, count=count), whose) if marks and has_before else None,
        after=encode(Cursor(marks[-1], count=count), whose) if marks and has_after else None,
        last=encode(Cursor((), back=True, count=count), whose) if marks and has_after else None,
        count=count,
    )


def pages(session: Session, statement: Select[Any], keys: Sequence[Key], size: int) -> Iterator[list[Any]]:
    """Every row in order, `size` at a time; each page is a transaction of its own, so that none stays open for long."""
    single = len(statement.column_descriptions) == 1
    limited, width = ordered(statement, keys).limit(size), len(keys)
    cursor = None
    while True:
        following = limited if cursor is None else limited.where(beyond(keys, cursor))
        found = list(session.execute(following).all())
        if found:
            cursor = Cursor(tuple(found[-1][-width:]))
            yield [row[0] if single else row for row in found]
        session.rollback()
        if len(found) < size:
            return
