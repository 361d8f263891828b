"""What becomes of batches nobody looks after: those whose job has died, and those past their days."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from app.core import audit, clock, storage
from app.core.db import read_session, unit_of_work
from app.core.jobs import Job, JobItem
from app.core.scope import Actor
from app.imports import batches, checking, writing
from app.imports.batches import BatchState, ImportBatch

DONE_DAYS, WAITING_DAYS = 7, 30
"""How long the file and the rows of a batch are kept, done with or still waiting; the defaults of settings of these names."""
EXPIRED = "超过保留期限没有提交，数据已删除；需要时请重新导入。"
_DONE = (BatchState.SUBMITTED, BatchState.DISCARDED, BatchState.REFUSED)


def revive() -> int:
    """Settle the batches whose job has ended without a word (a worker that lost its database, say); how many."""
    system = Actor.system("imports whose job has ended")
    with read_session(system) as session:
        left = session.execute(
            sa.select(ImportBatch.id, ImportBatch.state, JobItem.message)
            .outerjoin(Job, Job.id == ImportBatch.job_id)
            .outerjoin(JobItem, JobItem.job_id == Job.id)
            .where(
                ImportBatch.state.in_((BatchState.UPLOADED, BatchState.SUBMITTING)),
                sa.or_(Job.id.is_(None), Job.finished_at.is_not(None)),
            )
        ).all()
    for batch_id, state, reason in left:
        with unit_of_work(system) as session:
            if state is BatchState.UPLOADED:
                batches.refuse(session, system, batch_id, reason or checking.FAILED)
            else:
                batches.give_back(session, system, batch_id, reason or writing.FAILED)
    return len(left)


def sweep(done: timedelta = timedelta(days=DONE_DAYS), waiting: timedelta = timedelta(days=WAITING_DAYS)) -> int:
    """Delete the files and rows of batches past their days; how many. A file goes before its line's change is committed.

    Of a batch that was never submitted nothing comes any more; its line stays, and says so.
    """
    system, now = Actor.system("imports past their days"), clock.now()
    ended = sa.func.coalesce(ImportBatch.submitted_at, ImportBatch.created_at)
    with read_session(system) as session:
        old = session.execute(
            sa.select(ImportBatch.id, ImportBatch.storage_key, ImportBatch.state).where(
                ImportBatch.swept_at.is_(None),
                sa.or_(
                    sa.and_(ImportBatch.state.in_(_DONE), ended < now - done),
                    sa.and_(
                        ImportBatch.state.in_((BatchState.CHECKED, BatchState.NOTHING)),
                        ImportBatch.created_at < now - waiting,
                    ),
                ),
            )
        ).all()
    gone = 0
    for batch_id, key, state in old:
        with unit_of_work(system) as session:
            if not batches.expire(session, batch_id, state, "" if state in _DONE else EXPIRED):
                continue  # submitted meanwhile
            if key:
                storage.current().delete(key)
            audit.record(session, system, "imports.expire", ("import_batches", batch_id))
        gone += 1
    return gone
