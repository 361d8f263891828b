"""A workbook's rows with what is wrong with their cells by themselves: by columns, a row costs what its cells do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from app.core.errors import Invalid
from app.formats import sheets
from app.imports.importer import Importer, Row

MOST_PROBLEMS = 300_000
"""Of one file: whoever has more has another workbook in mind, and their words would fill the worker's memory."""


@dataclass(frozen=True)
class Found:
    """The filled rows of a workbook, and its visible sheets that were not read."""

    rows: list[Row]
    others: list[str]
    example: Row | None = None
    """The template's own example, left standing: nobody's record."""


@dataclass
class _Sheet:
    """A workbook while it is read."""

    importer: Importer
    chosen: Mapping[str, str]
    places: Sequence[int | None]
    known: dict[str, str] = field(default_factory=dict)
    problems: int = 0

    def rows(self, number: int, block: Sequence[Sequence[Any]]) -> Iterator[Row]:
        """The filled rows of a block that begins at sheet row `number`."""
        if not block:
            return iter(())
        given = list(zip(*block, strict=True))
        blank = {at for at, row in enumerate(block) if row[0] == "" and all(cell == "" for cell in row)}
        texts: list[Sequence[str]] = []
        problems: list[tuple[int, str, str, Any]] = []
        for column, place in zip(self.importer.columns, self.places, strict=True):
            if place is None:
                texts.append([self.chosen[column.key]] * len(block))
                continue
            values: Sequence[Any] = given[place]
            mine = sheets.column_texts(values, self.known)
            if (choice := self.chosen.get(column.key)) is not None:
                values = mine = [text or choice for text in mine]
                reason = f"与页面上选择的“{choice}”不一致。"
                problems += [(at, column.key, reason, text) for at, text in enumerate(mine) if text != choice]
            found = sheets.column_problems(column, values, mine)
            problems += [(at, column.key, self.known.setdefault(said, said), values[at]) for at, said in found.items()]
            texts.append(mine)
        rows = [Row(number + at, self.importer.places, cells) for at, cells in enumerate(zip(*texts, strict=True))]
        for at, key, reason, value in problems:
            if at not in blank:
                rows[at].wrong(key, reason, value)
                self.problems += 1
        if self.problems > MOST_PROBLEMS:
            at, key, reason, _ = problems[0]
            where = f"第 {number + at} 行“{self.importer.labels[key]}”：{reason}"
            raise Invalid({"file": f"文件中超过 {MOST_PROBLEMS:,} 处不符合要求，请按模板核对。例如{where}"})
        return (row for at, row in enumerate(rows) if at not in blank) if blank else iter(rows)


def read(
    importer: Importer,
    path: Path,
    chosen: Mapping[str, str] | None = None,
    told: Callable[[int], None] = lambda _percent: None,
) -> Found:
    """Every filled row with what is wrong with its cells by themselves; Invalid({"file": …}) for the whole file.

    `chosen`: the columns that were chosen on the page for every row.
    """
    found: list[Row] = []
    with sheets.reading(path, importer.title) as book:
        first = next(book.blocks, None)
        if first is None:
            raise Invalid({"file": "工作表是空的，请用下载的模板填写后再导入。"})
        sheet = _Sheet(importer, chosen or {}, sheets.check_head(first[0], importer.columns, importer.asked))
        number = 2
        for turn, block in enumerate(chain([first[1:]], book.blocks)):
            found += sheet.rows(number, block)
            number += len(block)
            if turn % 20 == 19:
                told(min(60, number // 2000))
        others = book.others
    if not found:
        raise Invalid({"file": "工作表中没有数据，请从第 2 行起填写。"})
    return Found(found, others, _refused_example(found[0], importer))


def _refused_example(row: Row, importer: Importer) -> Row | None:
    columns = importer.filled_columns
    if row.number != 2 or any(row[column.key] != column.example for column in columns):
        return None
    row.wrong(columns[0].key, "这是模板中的示例，请改成自己的内容，或删去这一行。")
    return row


def find_twins(rows: Sequence[Row], importer: Importer) -> None:
    """Mark rows that are the same record as an earlier one which passes. After the check: it says which do."""
    identity = importer.identity
    keys = list(zip(*([row[part] for row in rows] for part in identity), strict=True))
    if len({*keys}) == len(keys):
        return
    first: dict[tuple[str, ...], int] = {}
    words = "、".join(importer.labels[part] for part in identity)
    for row, key in zip(rows, keys, strict=True):
        if (other := first.get(key)) is not None:
            row.wrong(identity[0], f"与第 {other} 行重复（{words}相同）。")
        elif any(key) and not row.problems:
            first[key] = row.number
