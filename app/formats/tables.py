"""Workbooks of as many rows as there are: written as a stream, memory flat, text stays text.

xlsxwriter makes everything but the rows: heads, widths, styles, the parts of the package. It spends some 25 µs on a cell,
though, two thirds of an export; a cell told here costs one.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import IO, Any

import xlsxwriter

from app.core.text import cleaned

CELL_LIMIT = 32_767
SHEET_ROWS = 1_048_575
"""What a sheet holds below its head."""
_HEAD, _STYLES = 1, ("yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd", "#,##0.00")
_MOMENT, _DAY, _MONEY = (number + _HEAD + 1 for number in range(len(_STYLES)))
_EPOCH = date(1899, 12, 30).toordinal()
"""The day before Excel's first, as Excel, which takes 1900 for a leap year, counts from 1900-03-01 on."""
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ROWS = re.compile(rb"(<sheetData>.*?)(<row r=\"2\".*?)?</sheetData>", re.DOTALL)
_DIMENSION = re.compile(rb"<dimension [^>]*/>")
_STEP = 500
_WORD = 60
"""Characters of a text that is remembered."""


class TableBook:
    """An .xlsx under way in `file`: `add` rows, then `close`. Another sheet is begun when one is full.

    heads: (label, width in characters) of each column.
    """

    def __init__(self, file: IO[bytes], title: str, heads: Sequence[tuple[str, int]]) -> None:
        self._title, self._heads = title, heads
        self._letters = [_letters(index) for index in range(len(heads))]
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._sheets, self._number, self._lines = 0, 0, []  # type: tuple[int, int, list[str]]
        self._begin()

    def add(self, values: Sequence[Any]) -> None:
        """A row: str, int, float, Decimal (two places), date, naive datetime, or None for an empty cell."""
        if self._number == SHEET_ROWS:
            self._end()
            self._begin()
        self._number += 1
        at = self._number + 1
        self._lines.append(
            f'<row r="{at}">'
            + "".join([cell(f"{letter}{at}", value) for letter, value in zip(self._letters, values, strict=True)])
            + "</row>"
        )
        if len(self._lines) == _STEP:
            self._flush()

    def close(self) -> None:
        self._end()
        parts = self._skeleton(self._sheets)
        for name in parts.namelist():
            if not name.startswith("xl/worksheets/"):
                self._zip.writestr(name, parts.read(name))
        self._zip.close()

    def abandon(self) -> None:
        """Let go of a workbook nobody will read."""
        self._sheet.close()
        self._zip.close()

    def _begin(self) -> None:
        self._sheets += 1
        self._number = 0
        name = f"xl/worksheets/sheet{self._sheets}.xml"
        plain = _DIMENSION.sub(b"", self._skeleton(self._sheets).read(name))
        found = _ROWS.search(plain)
        assert found is not None, "xlsxwriter writes sheets otherwise than it did"
        self._rest = plain[found.end(1) :][len(found[2] or b"") :]
        self._sheet = self._zip.open(name, "w", force_zip64=True)
        self._sheet.write(plain[: found.end(1)])

    def _flush(self) -> None:
        self._sheet.write("".join(self._lines).encode())
        self._lines.clear()

    def _end(self) -> None:
        self._flush()
        self._sheet.write(self._rest)
        self._sheet.close()

    def _skeleton(self, sheets: int) -> zipfile.ZipFile:
        """The package with that many sheets, each but its rows; styles are numbered in the order of their first use."""
        file = io.BytesIO()
        with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
            bold = book.add_format({"bold": True, "bg_color": "#E8EEF5", "border": 1, "border_color": "#C6D0DC"})
            styles = [book.add_format({"num_format": style}) for style in _STYLES]
            for number in range(1, sheets + 1):
                sheet = book.add_worksheet(sheet_name(self._title, number))
                for index, (label, width) in enumerate(self._heads):
                    sheet.set_column(index, index, width)
                    sheet.write_string(0, index, label, bold)
                for index, style in enumerate(styles):
                    sheet.write_blank(1, index, None, style)
                sheet.freeze_panes(1, 0)
        return zipfile.ZipFile(file)


def cell(place: str, value: Any) -> str:
    """One cell's XML: numbers and moments as such, anything else as text, never as a formula."""
    kind = type(value)
    if kind is str:
        return (
            f'<c r="{place}" t="inlineStr"><is><t{_word(value) if len(value) <= _WORD else _text(value)}</t></is></c>'
        )
    if value is None:
        return ""
    if kind is int:
        return f'<c r="{place}"><v>{value}</v></c>'
    if kind is Decimal:
        return f'<c r="{place}" s="{_MONEY}"><v>{value:f}</v></c>'
    if kind is datetime:
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return f'<c r="{place}" s="{_MOMENT}"><v>{value.toordinal() - _EPOCH + seconds / 86400:.8f}</v></c>'
    if kind is date:
        return f'<c r="{place}" s="{_DAY}"><v>{value.toordinal() - _EPOCH}</v></c>'
    if kind is float:
        return f'<c r="{place}"><v>{value!r}</v></c>'
    raise TypeError(f"no cell for {kind.__name__}")


def _text(value: str) -> str:
    """What stands after `<t` for a text."""
    text = neutral(value)
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    space = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    return f"{space}>{text}"


_word = lru_cache(4096)(_text)
"""Short texts come again and again: states, levels, the names of people and bodies."""


def neutral(text: str) -> str:
    """Text for a cell: no control characters, within Excel's limit. A leading '=' stays: the cell is typed text."""
    return cleaned(text)[:CELL_LIMIT]


def sheet_name(title: str, number: int = 1) -> str:
    """`title` as a sheet's name: 31 characters at most, none of those Excel forbids; numbered from the second on."""
    mark = "" if number == 1 else f"（{number}）"
    name = "".join(char for char in title if char not in "[]:*?/\\'")[: 31 - len(mark)]
    return (name or "Sheet") + mark


def _letters(index: int) -> str:
    """'A' for 0, 'AA' for 26."""
    return (_letters(index // 26 - 1) if index >= 26 else "") + chr(65 + index % 26)
