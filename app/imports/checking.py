"""The check of a file, a job: read it, look every row over, stage it. Repeated, it changes nothing."""

from __future__ import annotations

import gc
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from app.core import jobs, storage
from app.core.db import unit_of_work
from app.core.errors import Refusal
from app.core.scope import Actor
from app.imports import batches
from app.imports.batches import BatchState, Failure, ImportBatch
from app.imports.importer import Importer, Row, importers
from app.imports.reading import find_twins, read

JOB = batches.CHECKING
FAILED = "系统检查这个文件时出错，已记录，请联系管理员。"
logger = logging.getLogger(__name__)


@jobs.handler(JOB)
def check(session: Session, actor: Actor, batch_id: int) -> None:
    """Whatever happens, the batch does not go on "being checked": the page waits for it. A file refused fails its item."""
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        return
    if batch.state is BatchState.REFUSED:  # it came to that before, and the worker was killed
        raise Refusal(batch.message)
    if batch.state is not BatchState.UPLOADED:
        return
    kind, key, chosen = batch.kind, batch.storage_key or "", batch.chosen
    session.rollback()
    try:
        with uncollected():
            _check(session, actor, batch_id, importers[kind], key, chosen)
    except Refusal as refused:
        reason = getattr(refused, "fields", {}).get("file", refused.reason)
        _refuse(actor, batch_id, reason)
        raise Refusal(reason) from refused
    except Exception:
        session.rollback()
        _refuse(actor, batch_id, FAILED)  # the job records the error
        raise


jobs.alone.add(JOB)


def _check(session: Session, actor: Actor, batch_id: int, importer: Importer, key: str, chosen: dict[str, str]) -> None:
    def told(percent: int) -> None:
        tell(actor, batch_id, BatchState.UPLOADED, percent)

    with _local_file(key) as path:
        found = read(importer, path, chosen, told)
    told(70)
    importer.check(session, actor, [row for row in found.rows if row is not found.example])
    session.rollback()
    find_twins(found.rows, importer)
    good = [(row.number, row.cells) for row in found.rows if not row.problems]
    bad = (failure(importer, row) for row in found.rows if row.problems)
    with unit_of_work(actor) as work:
        batches.keep(work, actor, batch_id, list(importer.places), good, bad, others=found.others)


def failure(importer: Importer, row: Row) -> Failure:
    """A row at fault as it is kept."""
    return row.number, row.given, {importer.labels.get(key, "整行"): said for key, said in row.problems.items()}


def _refuse(actor: Actor, batch_id: int, reason: str) -> None:
    with unit_of_work(actor) as work:
        batches.refuse(work, actor, batch_id, reason)


def tell(actor: Actor, batch_id: int, state: BatchState, percent: int) -> None:
    """How far the job is, for the page."""
    with unit_of_work(actor) as work:
        batches.progress(work, batch_id, state, percent)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the garbage collector: a hundred thousand rows make no circles, and it would walk them again and again."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _local_file(key: str) -> Iterator[Path]:
    """The stored file under a name a child process can open."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file, storage.current().open(key) as stored:
        while piece := stored.read(1 << 20):
            file.write(piece)
        file.flush()
        yield Path(file.name)
