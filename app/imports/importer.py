"""What a domain declares of a kind of record that comes by workbook, and a row of such a workbook."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from app.core.scope import Actor
from app.formats.sheets import Column

_NONE: Mapping[str, Any] = MappingProxyType({})


class Row:
    """A row of the sheet: its number there, its texts and its problems by column key. A hundred thousand must be light."""

    __slots__ = ("_cells", "_places", "number", "problems", "raw")

    def __init__(self, number: int, places: Mapping[str, int], cells: Sequence[str]) -> None:
        self.number, self._places, self._cells = number, places, cells
        self.problems: Mapping[str, str] = _NONE
        self.raw: Mapping[str, Any] = _NONE
        """What stood in cells at fault that were none of words, by column key: to be given back as it was."""

    def __getitem__(self, key: str) -> str:
        return self._cells[self._places[key]]

    def sound(self, key: str) -> str:
        """What a cell says; nothing, where something is wrong with it already: it names no record, and is in no list."""
        return self[key] if key not in self.problems else ""

    @property
    def cells(self) -> Sequence[str]:
        return self._cells

    @property
    def given(self) -> dict[str, Any]:
        """The cells by column key as they came: texts, and what was none."""
        return {**dict(zip(self._places, self._cells, strict=True)), **self.raw}

    def wrong(self, key: str, reason: str, raw: Any = "") -> None:
        if key not in self.problems:
            self.problems = {**self.problems, key: reason}
            if type(raw) is not str:
                self.raw = {**self.raw, key: raw}


class Firsts:
    """The first row of a file with each key, among those that pass: a row at fault keeps no good one out.

    `said`: by column, what a later row is told of an earlier one, whose number is {}.
    """

    def __init__(self, **said: str) -> None:
        self._said, self._taken = said, {column: dict[Hashable, int]() for column in said}

    def tell(self, row: Row, **keys: Hashable) -> None:
        """Mark a row that has a key of an earlier one (an empty key is none). Last of all a check asks of a row."""
        for column, key in keys.items():
            if key and (other := self._taken[column].get(key)):
                row.wrong(column, self._said[column].format(other))
        if not row.problems:
            for column, key in keys.items():
                self._taken[column][key] = row.number


Check = Callable[[Session, Actor, Sequence[Row]], Any]
"""Marks what is wrong with rows, against the database and each other. Rows with cells at fault are among them, so that
all is told at once: of those cells (`Row.sound`) nothing is asked. Answers what it looked up of rows that pass, as plain
values, for `Write`."""
Write = Callable[[Session, Actor, Sequence[Row], Any], None]
"""Makes records of rows that `Check` found good with what it looked up, in few statements, each on the record. What could
have changed since is locked first, in the order of its keys."""
Lists = Callable[[Session], Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Importer:
    """A kind of record that comes by workbook. `title` is its sheet's name, too.

    `identity`: columns that together may stand only once in a file. `asked`: columns (with choices) that are chosen on the
    page for the whole file; the template leaves them out, and a file that has them must agree. `lists`: what the template
    offers in columns whose words the database knows. `relies_on`: the domains whose records the check looks at.
    """

    kind: str
    title: str
    columns: Sequence[Column]
    identity: Sequence[str]
    check: Check
    write: Write
    rules: Sequence[str] = ()
    asked: Collection[str] = ()
    lists: Lists = lambda _session: {}
    relies_on: Collection[str] = ("bodies", "catalog", "dictionaries")
    after: str = ""
    """Said on the page once the records are there."""

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Column key -> where its cell stands in a row."""
        return {column.key: place for place, column in enumerate(self.columns)}

    @cached_property
    def labels(self) -> Mapping[str, str]:
        return {column.key: column.label for column in self.columns}

    @cached_property
    def asked_columns(self) -> Sequence[Column]:
        return [self.columns[self.places[key]] for key in self.asked]

    @cached_property
    def filled_columns(self) -> Sequence[Column]:
        """What a person writes into the template."""
        return [column for column in self.columns if column.key not in self.asked]


importers: dict[str, Importer] = {}


def declare(importer: Importer) -> Importer:
    importers[importer.kind] = importer
    return importer
