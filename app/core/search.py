"""录入关键字回车查询: what a keyword finds, the same for bodies, specialities, committees and people's lists.

Chinese is looked for in the name, its characters in sequence with anything between (长沙排水 finds
长沙市城区排水事务中心); letters and digits at the beginning of a code or within the pinyin initials. A scan of 50,000 names
costs 25 ms, so bodies' names have an index of their characters that leaves few to look at (migration 0011): FTS5 kept by
triggers on SQLite, GIN on PostgreSQL, whose trigrams know nothing of Chinese in a C locale.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

LONGEST = 60
_HANZI = (("\u3400", "\u4db5"), ("\u4e00", "\u9fa5"))
"""What both indexes hold as single characters; rarer signs are left to the comparison itself."""


def finds(
    text: str, *, name: Any, initials: Any = None, codes: Sequence[Any] = (), key: Any = None
) -> ColumnElement[bool]:
    """The condition under which a row is found by `text`; nothing is found by blanks.

    key: the table's number, where its names have an index of their characters.
    """
    text = "".join(text.split())[:LONGEST]
    if not text:
        return sa.false()
    if not text.isascii():
        alike = name.like(f"%{'%'.join(map(_escaped, text))}%", escape="/")
        hanzi = sorted({char for char in text if any(first <= char <= last for first, last in _HANZI)})
        return alike if key is None or not hanzi else sa.and_(_holds(key, name, " ".join(hanzi)), alike)
    conditions = [code.startswith(text.upper(), autoescape=True) for code in codes]
    conditions.append((name if initials is None else initials).contains(text.lower(), autoescape=True))
    return sa.or_(*conditions)


def nearest(text: str, *, name: Any) -> tuple[ColumnElement[Any], ...]:
    """The order of what is found: the name that begins so, then that holds it whole, then the shortest."""
    text = "".join(text.split())[:LONGEST]
    rank = sa.case(
        (name.startswith(text, autoescape=True), 0),
        (name.contains(text, autoescape=True), 1),
        else_=2,
    )
    return rank, sa.func.length(name), name


class _holds(FunctionElement[bool]):  # noqa: N801  (reads as a function)
    """(key, name, characters with spaces between them): whether the name holds them all, by the index of characters."""

    inherit_cache = True
    type = sa.Boolean()

    def self_group(self, against: Any = None) -> _holds:
        """Itself: SQLAlchemy would ask SQLite for `(… IN …) = 1`, which no index answers."""
        del against
        return self


@compiles(_holds, "sqlite")
def _by_fts5(element: _holds, compiler: Any, **options: Any) -> str:
    key, name, characters = element.clauses
    index = f"{getattr(name.table, 'element', name.table).name}_letters"
    sought = compiler.process(characters, **options)
    return f"{compiler.process(key, **options)} IN (SELECT rowid FROM {index} WHERE {index} MATCH {sought})"


@compiles(_holds, "postgresql")
def _by_gin(element: _holds, compiler: Any, **options: Any) -> str:
    _, name, characters = element.clauses
    sought = compiler.process(characters, **options)
    return f"string_to_array({compiler.process(name, **options)}, NULL) @> string_to_array({sought}, ' ')"


def _escaped(char: str) -> str:
    return f"/{char}" if char in "%_/" else char
