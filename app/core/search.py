"""录入关键字回车查询: what a keyword finds, the same for bodies, specialities, committees, people's lists and trees.

Of several words, with blanks between, each must be found, in any order. Chinese is looked for in the name, its characters
in sequence with anything between (长沙排水 finds 长沙市城区排水事务中心); letters and digits at the beginning of a code or
within the pinyin initials, a single one where these begin. A scan of 50,000 names costs 25 ms, so bodies have an index of
their names' characters and one of the pairs of letters in their initials, which leave few to look at (migrations 0011, 0016):
FTS5 kept by triggers on SQLite, GIN on PostgreSQL, whose trigrams know nothing of Chinese in a C locale. What begins with
something lies in a range that an index in the order of bytes knows, where it would not serve a LIKE whose pattern is a
parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement

from app.core.text import folded

LONGEST, WORDS = 60, 8
"""Characters of a keyword that are looked at, and words."""
_HANZI = (("\u3400", "\u4db5"), ("\u4e00", "\u9fa5"))
"""What both indexes hold as single characters; rarer signs are left to the comparison itself."""


def finds(
    text: str, *, name: Any, initials: Any = None, codes: Sequence[Any] = (), key: Any = None
) -> ColumnElement[bool]:
    """The condition under which a row is found by `text`; nothing is found by blanks.

    key: the table's number, where its names and initials have indexes of their characters.
    """
    words = text[:LONGEST].split()[:WORDS]
    return sa.and_(*(_finds(word, name, initials, codes, key) for word in words)) if words else sa.false()


def found_in(text: str, *, name: str, initials: str, code: str) -> bool:
    """The same of a row in hand: what `finds` would say of it. tree.js has it once more."""

    def holds(word: str) -> bool:
        if code.lower().startswith(word):
            return True
        if word.isascii():
            return initials.startswith(word) if len(word) == 1 and word.isalnum() else word in initials
        rest = iter(name.lower())
        return all(char in rest for char in word)

    words = folded(text[:LONGEST]).lower().split()[:WORDS]
    return bool(words) and all(map(holds, words))


def _finds(written: str, name: Any, initials: Any, codes: Sequence[Any], key: Any) -> ColumnElement[bool]:
    text = folded(written)
    if not text.isascii():
        alike = sa.or_(
            *(name.like(f"%{'%'.join(map(_escaped, one))}%", escape="/") for one in dict.fromkeys((written, text)))
        )
        hanzi = sorted({char for char in text if any(first <= char <= last for first, last in _HANZI)})
        return alike if key is None or not hanzi else sa.and_(_holds(key, name, " ".join(hanzi)), alike)
    if key is not None:
        indexed: ColumnElement[bool] = key.in_(_found(text, key, initials, codes))
        return indexed
    alike = name.contains(text.lower(), autoescape=True) if initials is None else _within(initials, text.lower())
    return sa.or_(*(begins(code, text.upper()) for code in codes), alike)


def _found(text: str, key: Any, initials: Any, codes: Sequence[Any]) -> sa.CompoundSelect[Any]:
    """The keys found by letters and digits, a select for each index: an OR of them would be looked at row by row again."""
    other = aliased(key.class_)
    number, letters, low = getattr(other, key.key), getattr(other, initials.key), text.lower()
    pairs = sorted({low[at : at + 2] for at in range(len(low) - 1) if low[at : at + 2].isalnum()})
    alike = _within(letters, low)
    conditions = [begins(getattr(other, code.key), text.upper()) for code in codes]
    conditions.append(sa.and_(_holds_pairs(number, letters, " ".join(pairs)), alike) if pairs else alike)
    return sa.union_all(*(sa.select(number).where(condition) for condition in conditions))


def _within(initials: Any, low: str) -> ColumnElement[bool]:
    return begins(initials, low) if len(low) == 1 and low.isalnum() else initials.contains(low, autoescape=True)


def begins(column: Any, prefix: str) -> ColumnElement[bool]:
    """Whether a text begins with `prefix`, as a range of the column in the order of its bytes; true of no prefix."""
    if not prefix:
        return sa.true()
    return sa.and_(_bytewise(column) >= prefix, _bytewise(column) < prefix[:-1] + chr(ord(prefix[-1]) + 1))


def nearest(text: str, *, name: Any) -> tuple[ColumnElement[Any], ...]:
    """The order of what is found: the name that begins so, then that holds it whole, then the shortest."""
    text = "".join(folded(text).split())[:LONGEST]
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


class _holds_pairs(_holds):  # noqa: N801
    """(key, initials, pairs of letters with spaces between them): whether the initials hold them all, by their index."""

    inherit_cache = True


class _bytewise(FunctionElement[str]):  # noqa: N801
    """A text compared by its bytes, whatever the database's locale."""

    inherit_cache = True
    type = sa.String()


@compiles(_bytewise, "sqlite")
def _as_it_is(element: _bytewise, compiler: Any, **options: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **options))


@compiles(_bytewise, "postgresql")
def _in_c(element: _bytewise, compiler: Any, **options: Any) -> str:
    return f'{compiler.process(next(iter(element.clauses)), **options)} COLLATE "C"'


@compiles(_holds, "sqlite")
def _by_fts5(element: _holds, compiler: Any, **options: Any) -> str:
    key, text, characters = element.clauses
    table = getattr(text.table, "element", text.table).name
    index = f"{table}_pinyin_letters" if isinstance(element, _holds_pairs) else f"{table}_letters"
    sought = compiler.process(characters, **options)
    return f"{compiler.process(key, **options)} IN (SELECT rowid FROM {index} WHERE {index} MATCH {sought})"


@compiles(_holds, "postgresql")
def _by_gin(element: _holds, compiler: Any, **options: Any) -> str:
    _, name, characters = element.clauses
    sought = compiler.process(characters, **options)
    return f"string_to_array({compiler.process(name, **options)}, NULL) @> string_to_array({sought}, ' ')"


@compiles(_holds_pairs, "postgresql")
def _pairs_by_gin(element: _holds_pairs, compiler: Any, **options: Any) -> str:
    _, initials, pairs = element.clauses
    sought = compiler.process(pairs, **options)
    return f"pairs_of_letters({compiler.process(initials, **options)}) @> string_to_array({sought}, ' ')"


def _escaped(char: str) -> str:
    return f"/{char}" if char in "%_/" else char
