"""Workbooks for tests of importers, and their way through the wizard without its page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import xlsxwriter

from app import imports
from app.core import jobs
from app.core.db import read_session, unit_of_work
from app.core.scope import Actor
from app.imports import BatchState, ImportBatch

ERRORS = (
    "#N/A",
    "#REF!",
    "#DIV/0!",
    "#VALUE!",
    "#NAME?",
    "#NULL!",
    "#NUM!",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FOO",
)
"""What a cell may say whose formula failed, newer and unknown values too."""


def workbook(kind: str, *rows: Any, title: str = "") -> bytes:
    """A workbook of that kind: rows of cells in the template's order, or by column key."""
    importer, file = imports.importers[kind], io.BytesIO()
    columns = importer.filled_columns
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet(title or importer.title)
        sheet.write_row(0, 0, [column.label for column in columns])
        for number, row in enumerate(rows, 1):
            cells = [row.get(column.key, "") for column in columns] if isinstance(row, Mapping) else row
            sheet.write_row(number, 0, cells)
    return file.getvalue()


def take(actor: Actor, kind: str, *rows: Any, content: bytes = b"", **chosen: str) -> int:
    """【导入】 a workbook, and the worker's turn; its batch."""
    with unit_of_work(actor) as session:
        batch, job = imports.upload(
            session,
            actor=actor,
            kind=kind,
            name="表.xlsx",
            content=content or workbook(kind, *rows),
            chosen=chosen,
        )
    jobs.run(job)
    return batch


def submit(actor: Actor, kind: str, batch: int) -> BatchState:
    """【提交】, and the worker's turn."""
    with unit_of_work(actor) as session:
        job = imports.submit(session, actor=actor, kind=kind, batch_id=batch)
    jobs.run(job)
    return told(actor, batch)[0]


def told(actor: Actor, batch: int) -> tuple[BatchState, int, int, str]:
    """State, good rows, bad rows, message."""
    with read_session(actor) as session:
        row = session.get_one(ImportBatch, batch)
        return row.state, row.good, row.bad, row.message


def problems(actor: Actor, batch: int) -> dict[int, dict[str, str]]:
    """Sheet row -> reasons by column."""
    with read_session(actor) as session:
        return {row.number: row.problems for row in imports.failures(session, batch, limit=1000)}
