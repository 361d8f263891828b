"""The submission of a batch, a job: checked again while nobody has to wait, then written in one short transaction.

Between the two the world may move. Whatever changes a record says so in the audit trail, so the writing transaction asks the
trail, before it commits, whether anything was done since the check in a domain the check relies on; then it is all undone, and
checked again.
"""

from __future__ import annotations

import logging

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.core import audit, jobs
from app.core.db import lock, unit_of_work
from app.core.errors import Conflict, Refusal
from app.core.scope import Actor
from app.imports import batches
from app.imports.batches import BatchState, ImportBatch
from app.imports.checking import failure, tell, uncollected
from app.imports.importer import Importer, Row, importers

JOB = batches.WRITING
LOCK = "imports"
ROUNDS = 4
STALE = "检查之后情况有变，没有提交：{count} 行已列入失败的数据。"
LEFT = "其余 {count} 行可以再次提交。"
BUSY = "其他人正在修改有关数据，没有提交。请稍后再次提交。"
FAILED = "系统写入时出错，没有写入任何数据，已记录，请联系管理员。"


logger = logging.getLogger(__name__)


class _MovedError(Exception):
    """Something the check relied on was changed by somebody else."""


@jobs.handler(JOB)
def write(session: Session, actor: Actor, batch_id: int) -> None:
    """Make records of a batch's good rows, all together and once; or say why not, let it wait, and fail the item."""
    batch = session.get(ImportBatch, batch_id)
    if batch is None:
        return
    if batch.state is BatchState.SUBMITTING:
        _write(session, actor, batch_id, importers[batch.kind])
    session.rollback()
    batch = session.get_one(ImportBatch, batch_id)
    if batch.state is not BatchState.SUBMITTED:
        raise Refusal(batch.message or f"这批数据{batch.state.label}，没有写入。")


def _write(session: Session, actor: Actor, batch_id: int, importer: Importer) -> None:
    session.rollback()
    try:
        with uncollected():
            for _ in range(ROUNDS):
                if _round(session, actor, batch_id, importer):
                    return
        _give_back(actor, batch_id, BUSY)
    except Refusal as refused:
        session.rollback()
        _give_back(actor, batch_id, refused.reason)
    except Exception:
        session.rollback()
        _give_back(actor, batch_id, FAILED)  # the job records the error
        raise


jobs.alone.add(JOB)


def _round(session: Session, actor: Actor, batch_id: int, importer: Importer) -> bool:
    """Check and write once; False if the world moved in between."""
    position = audit.position(session)
    keys, staged = batches.staged(session, batch_id)
    places = {key: place for place, key in enumerate(keys)}
    rows = [Row(number, places, cells) for number, *cells in staged]
    found = importer.check(session, actor, rows)
    session.rollback()
    tell(actor, batch_id, BatchState.SUBMITTING, 50)
    if any(row.problems for row in rows):
        _keep_stale(actor, batch_id, importer, keys, rows)
        return True
    try:
        with unit_of_work(actor) as work:
            if not batches.finish(work, actor, batch_id, len(rows)):
                return True  # another worker has been here
            lock(work, LOCK)
            importer.write(work, actor, rows, found)
            work.flush()
            if audit.done_since(work, position, importer.relies_on):
                raise _MovedError
    except (_MovedError, IntegrityError, Conflict):  # the next check says by row what it is
        return False
    except OperationalError:  # the other writers' deadlock, or a lock they hold too long
        logger.warning("import %s", batch_id, exc_info=True)
        return False
    return True


def _keep_stale(actor: Actor, batch_id: int, importer: Importer, keys: list[str], rows: list[Row]) -> None:
    stale = [row for row in rows if row.problems]
    good = [(row.number, row.cells) for row in rows if not row.problems]
    message = STALE.format(count=len(stale)) + (LEFT.format(count=len(good)) if good else "")
    with unit_of_work(actor) as work:
        batches.give_back(work, actor, batch_id, message, keys, good, (failure(importer, row) for row in stale))


def _give_back(actor: Actor, batch_id: int, message: str) -> None:
    with unit_of_work(actor) as work:
        batches.give_back(work, actor, batch_id, message)
