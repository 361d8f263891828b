"""【导出查询结果】: rows streamed into a workbook. Text stays text: no formula, no link."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import IO, Any, Protocol

from flask import Response, request, send_file
from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.core import clock, exports
from app.formats.tables import TableBook
from app.web import filters
from app.web.history import masked
from app.web.identity import command, current_actor

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BATCH = 500
_NOTHING = ("", filters.EMPTY)
_WIDTHS = {"s": 10, "m": 16, "l": 32, "": 20}


class Exported(Protocol):
    """A column of a workbook."""

    @property
    def label(self) -> str: ...
    @property
    def width(self) -> str: ...
    @property
    def plain(self) -> Callable[[Any], Any]: ...


def workbook(rows: Iterable[Any], columns: Sequence[Exported], *, title: str) -> IO[bytes]:
    """An open temporary file, positioned at its start. Memory stays flat: rows are taken and written one by one."""
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115  (handed on open)
    book = TableBook(file, title, [(column.label, _WIDTHS.get(column.width, 20)) for column in columns])
    takes = [column.plain for column in columns]
    try:
        for row in rows:
            book.add([told(take(row)) for take in takes])
    except BaseException:
        book.abandon()
        file.close()
        raise
    book.close()
    file.seek(0)
    return file


def download(rows: Iterable[Any], columns: Sequence[Exported], *, title: str, conditions: str = "") -> Response:
    """The workbook as an answer, named after what it holds and when; that it was handed out is on the record, with the
    conditions it was asked by.
    """
    count = 0

    def counted() -> Iterator[Any]:
        nonlocal count
        for count, row in enumerate(rows, 1):  # noqa: B007  (told afterwards)
            yield row

    file = workbook(counted(), columns, title=title)
    with command() as session:
        where, asked = request.path, masked(conditions)
        exports.note(session, actor=current_actor(), title=title, screen=where, rows=count, conditions=asked)
    name = f"{title}_{clock.local(clock.now()):%Y%m%d_%H%M}.xlsx"
    return send_file(file, mimetype=XLSX, as_attachment=True, download_name=name)


def handed(content: bytes, name: str) -> Response:
    """A finished workbook (a template, one to mend) as an answer."""
    return send_file(io.BytesIO(content), mimetype=XLSX, as_attachment=True, download_name=name)


def found(session: Session, statement: Select[Any], *, single: bool) -> Iterator[Any]:
    """The statement's rows, fetched in batches. `single`: a row's first element is the entity."""
    with session.execute(statement, execution_options={"yield_per": BATCH}) as rows:
        for row in rows:
            yield row[0] if single else row


def told(value: Any) -> Any:
    """A column's value as a cell takes it: moments on China's clock, enums and lists by their labels, 是/否.

    What there is none of is an empty cell, whatever its kind: the screen's dash would be found, sorted and counted.
    """
    kind = type(value)
    if kind is str:  # most are
        return None if value in _NOTHING else value
    if value is None or kind is int or kind is Decimal or kind is date:
        return value
    if kind is datetime:
        return clock.local(value).replace(tzinfo=None)
    if kind is float and isfinite(value):
        return value
    return told(filters.label(value))
