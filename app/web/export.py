"""【导出查询结果】: rows streamed into a workbook. Text stays text: no formula, no link."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any, Protocol

import xlsxwriter
from sqlalchemy import Select
from sqlalchemy.orm import Session
from xlsxwriter.worksheet import Worksheet

from app.core import clock
from app.core.errors import Refusal
from app.web import filters

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BATCH = 500
CELL_LIMIT = 32_767
_WIDTHS = {"s": 10, "m": 16, "l": 32, "": 20}


class Exported(Protocol):
    """A column of a workbook."""

    @property
    def label(self) -> str: ...
    @property
    def width(self) -> str: ...
    def plain(self, row: Any) -> Any: ...


def workbook(
    session: Session, statement: Select[Any], columns: Sequence[Exported], *, title: str, cap: int, single: bool
) -> IO[bytes]:
    """An open temporary file with one sheet, positioned at its start.

    `single`: a row's first element is the entity. Refusal over `cap` rows. Memory stays flat: rows come in
    batches and leave row by row.
    """
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  (handed on open)
    book, sheet, formats = _begun(file, columns, title)
    number = 0
    rows = session.execute(statement.limit(cap + 1), execution_options={"yield_per": BATCH})
    try:
        for row in rows:
            number += 1
            if number > cap:
                raise Refusal(f"查询结果超过 {cap:,} 条，一次导不出来。请缩小查询条件后分批导出。")
            for index, column in enumerate(columns):
                write(sheet, number, index, column.plain(row[0] if single else row), formats)
    except BaseException:
        book.close()
        file.close()
        raise
    finally:
        rows.close()
    book.close()
    file.seek(0)
    return file


def of_rows(rows: Iterable[Any], columns: Sequence[Exported], *, title: str) -> IO[bytes]:
    """The same workbook of rows that stand in no table; they are taken one by one."""
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  (handed on open)
    book, sheet, formats = _begun(file, columns, title)
    for number, row in enumerate(rows, 1):
        for index, column in enumerate(columns):
            write(sheet, number, index, column.plain(row), formats)
    book.close()
    file.seek(0)
    return file


def _begun(file: IO[bytes], columns: Sequence[Exported], title: str) -> tuple[Any, Worksheet, dict[str, Any]]:
    """A workbook with its head written, its sheet, and the formats of its cells."""
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    sheet = book.add_worksheet(sheet_name(title))
    head = book.add_format({"bold": True, "bg_color": "#E8EEF5", "border": 1, "border_color": "#C6D0DC"})
    formats = {
        "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "money": book.add_format({"num_format": "#,##0.00"}),
    }
    for index, column in enumerate(columns):
        sheet.set_column(index, index, _WIDTHS.get(column.width, 20))
        sheet.write_string(0, index, column.label, head)
    sheet.freeze_panes(1, 0)
    return book, sheet, formats


def sheet_name(title: str) -> str:
    """`title` as a sheet's name: 31 characters at most, none of those Excel forbids."""
    return "".join(char for char in title if char not in "[]:*?/\\'")[:31] or "Sheet1"


def write(sheet: Worksheet, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    """One cell: numbers and moments as such, anything else as text, never as a formula."""
    if value is None:
        return
    if isinstance(value, bool):
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
    return "".join(char for char in text if char.isprintable() or char in "\n\t")[:CELL_LIMIT]
