"""【导出查询结果】: rows streamed into a workbook. Text stays text: no formula, no link."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Protocol

import xlsxwriter
from sqlalchemy import Select
from sqlalchemy.orm import Session
from xlsxwriter.worksheet import Worksheet

from app.core import clock
from app.web import filters

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BATCH = 500
CELL_LIMIT = 32_767
SHEET_ROWS = 1_048_575
"""What a sheet holds below its head."""
_WIDTHS = {"s": 10, "m": 16, "l": 32, "": 20}


class Exported(Protocol):
    """A column of a workbook."""

    @property
    def label(self) -> str: ...
    @property
    def width(self) -> str: ...
    def plain(self, row: Any) -> Any: ...


def workbook(rows: Iterable[Any], columns: Sequence[Exported], *, title: str) -> IO[bytes]:
    """An open temporary file, positioned at its start. Memory stays flat: rows are taken and written one by one."""
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  (handed on open)
    book = _Book(file, columns, title)
    try:
        for row in rows:
            book.add(row)
    except BaseException:
        book.close()
        file.close()
        raise
    book.close()
    file.seek(0)
    return file


def found(session: Session, statement: Select[Any], *, single: bool) -> Iterator[Any]:
    """The statement's rows, fetched in batches. `single`: a row's first element is the entity."""
    with session.execute(statement, execution_options={"yield_per": BATCH}) as rows:
        for row in rows:
            yield row[0] if single else row


class _Book:
    """A workbook with a head on each of its sheets, another one begun when a sheet is full."""

    def __init__(self, file: IO[bytes], columns: Sequence[Exported], title: str) -> None:
        self._book = xlsxwriter.Workbook(
            file,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._columns, self._title, self._sheets = columns, title, 0
        self._head = self._book.add_format(
            {"bold": True, "bg_color": "#E8EEF5", "border": 1, "border_color": "#C6D0DC"}
        )
        self._formats = {
            "moment": self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            "day": self._book.add_format({"num_format": "yyyy-mm-dd"}),
            "money": self._book.add_format({"num_format": "#,##0.00"}),
        }
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        self._number = 0
        self._sheet = self._book.add_worksheet(sheet_name(self._title, self._sheets))
        for index, column in enumerate(self._columns):
            self._sheet.set_column(index, index, _WIDTHS.get(column.width, 20))
            self._sheet.write_string(0, index, column.label, self._head)
        self._sheet.freeze_panes(1, 0)

    def add(self, row: Any) -> None:
        if self._number == SHEET_ROWS:
            self._begin()
        self._number += 1
        for index, column in enumerate(self._columns):
            write(self._sheet, self._number, index, column.plain(row), self._formats)

    def close(self) -> None:
        self._book.close()


def sheet_name(title: str, number: int = 1) -> str:
    """`title` as a sheet's name: 31 characters at most, none of those Excel forbids; numbered from the second on."""
    mark = "" if number == 1 else f"（{number}）"
    name = "".join(char for char in title if char not in "[]:*?/\\'")[: 31 - len(mark)]
    return (name or "Sheet") + mark


def write(sheet: Worksheet, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    """One cell: numbers and moments as such, anything else as text, never as a formula."""
    if type(value) is str:  # most are
        sheet.write_string(row, column, neutral(value or filters.EMPTY))
    elif value is None:
        return
    elif isinstance(value, bool):
        sheet.write_string(row, column, "是" if value else "否")
    elif isinstance(value, Decimal):
        sheet.write_number(row, column, float(value), formats["money"])
    elif isinstance(value, (int, float)):
        sheet.write_number(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, clock.local(value).replace(tzinfo=None), formats["moment"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats["day"])
    else:
        sheet.write_string(row, column, neutral(filters.label(value)))


def neutral(text: str) -> str:
    """Text for a cell: no control characters, within Excel's limit. A leading '=' stays: the cell is typed text."""
    if not text.isprintable():
        text = "".join(char for char in text if char.isprintable() or char in "\n\t")
    return text[:CELL_LIMIT]
