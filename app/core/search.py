"""录入关键字回车查询: what a keyword finds, the same for bodies, specialities, committees and people's lists.

Chinese is looked for in the name, its characters in sequence with anything between (长沙排水 finds
长沙市城区排水事务中心); letters and digits at the beginning of a code or within the pinyin initials. Each asks one or two
columns of a table of some ten thousand rows: a scan of 50,000 takes 10 to 15 ms on either database, and trigram indexes
know nothing of Chinese in a C locale, so there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

LONGEST = 60


def finds(text: str, *, name: Any, initials: Any = None, codes: Sequence[Any] = ()) -> ColumnElement[bool]:
    """The condition under which a row is found by `text`; nothing is found by blanks."""
    text = "".join(text.split())[:LONGEST]
    if not text:
        return sa.false()
    if not text.isascii():
        return name.like(f"%{'%'.join(map(_escaped, text))}%", escape="/")  # type: ignore[no-any-return]
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


def _escaped(char: str) -> str:
    return f"/{char}" if char in "%_/" else char
