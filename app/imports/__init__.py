"""Records by workbook, one wizard for all: what a domain declares, the staged rows, the check and the one write as jobs."""

from app.imports.batches import JOBS, BatchState, FailedRow, ImportBatch, Tally, failures, of_job, tallies
from app.imports.checking import check
from app.imports.importer import Check, Firsts, Importer, Row, Write, declare, importers
from app.imports.reading import Found, find_twins, read
from app.imports.services import MOST_BYTES, discard, mending, submit, template, upload
from app.imports.sweeping import DONE_DAYS, WAITING_DAYS, revive, sweep
from app.imports.writing import write

__all__ = [
    "DONE_DAYS",
    "JOBS",
    "MOST_BYTES",
    "WAITING_DAYS",
    "BatchState",
    "Check",
    "FailedRow",
    "Firsts",
    "Found",
    "ImportBatch",
    "Importer",
    "Row",
    "Tally",
    "Write",
    "check",
    "declare",
    "discard",
    "failures",
    "find_twins",
    "importers",
    "mending",
    "of_job",
    "read",
    "revive",
    "submit",
    "sweep",
    "tallies",
    "template",
    "upload",
    "write",
]
