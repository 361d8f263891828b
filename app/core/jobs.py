"""Long work: a row per job, a row per item, each item done once and in its own transaction.

The queue (Huey) only says "look at job N". What is to be done, and what is done, stands in the database: the
item's work and its tick commit together, so a worker killed at any point leaves either both or neither. A
worker that starts, and a minute's tick, pick up what was left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core import audit, clock
from app.core.db import EnumText, JsonText, Model, UtcDateTime, one_of, read_session, unit_of_work
from app.core.enums import Labelled, Role
from app.core.errors import Conflict, NotAllowed, NotFound, Refusal
from app.core.scope import Actor, elevated, registry

logger = logging.getLogger(__name__)
STALE = timedelta(minutes=2)


class JobStatus(Labelled):
    QUEUED = "queued", "排队中"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    PARTLY = "partly", "完成，有失败"


class ItemStatus(Labelled):
    PENDING = "pending", "待处理"
    DONE = "done", "成功"
    FAILED = "failed", "失败"


class Job(Model):
    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(60), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    status: Mapped[JobStatus] = mapped_column(EnumText(JobStatus), default=JobStatus.QUEUED, index=True)
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    once_key: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    actor: Mapped[Any] = mapped_column(JsonText)
    user_id: Mapped[int | None] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        one_of("status", JobStatus),
        sa.CheckConstraint("done >= 0 AND failed >= 0 AND done + failed <= total", name="counted"),
    )


class JobItem(Model):
    __tablename__ = "job_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(sa.ForeignKey("jobs.id"))
    seq: Mapped[int]
    subject_id: Mapped[int]
    label: Mapped[str] = mapped_column(sa.String(120), default="")
    status: Mapped[ItemStatus] = mapped_column(EnumText(ItemStatus), default=ItemStatus.PENDING)
    message: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        sa.UniqueConstraint("job_id", "subject_id"),
        sa.Index("ix_job_items_job_status", "job_id", "status", "seq"),
        one_of("status", ItemStatus),
    )


def _own_jobs(actor: Actor) -> Any:
    if actor.role is Role.SYSADMIN:
        return True
    return Job.__table__.c.user_id == actor.user_id if actor.user_id else False


def _own_items(actor: Actor) -> Any:
    wanted = _own_jobs(actor)
    if isinstance(wanted, bool):
        return wanted
    return JobItem.__table__.c.job_id.in_(sa.select(Job.__table__.c.id).where(wanted))


registry.scoped(Job, _own_jobs)
registry.scoped(JobItem, _own_items)

Handler = Callable[[Session, Actor, int], None]
"""Does one item: (session, actor, subject_id). Raises Refusal to mark the item failed with that reason."""

handlers: dict[str, Handler] = {}
alone: set[str] = set()
"""Kinds whose handler takes its own short transactions, so that long work holds no lock: it must stand being repeated."""
Standing = Callable[[Session, Actor], str | None]
"""Why whoever ordered a job may no longer act as he did then, or None. Asked before each item."""
_enqueue: Callable[[int], None] | None = None
_lost_standing: Standing | None = None


def handler(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does one item of `kind`."""

    def register(function: Handler) -> Handler:
        handlers[kind] = function
        return function

    return register


def configure(enqueue: Callable[[int], None], lost_standing: Standing) -> None:
    """Set how a job's number reaches a worker, and who knows whether a post still stands."""
    global _enqueue, _lost_standing
    _enqueue, _lost_standing = enqueue, lost_standing


def submit(
    session: Session,
    *,
    actor: Actor,
    kind: str,
    title: str,
    items: Iterable[tuple[int, str]],
    once_key: str | None = None,
) -> Job:
    """Write a job and its items ((subject id, label) pairs); a second press with the same `once_key` answers the
    first job. Call `start(job.id)` after the transaction has committed; if nobody does, the minute's tick will.
    """
    if kind not in handlers:
        raise KeyError(kind)
    if once_key:
        known: Job | None = session.scalar(sa.select(Job).where(Job.once_key == once_key))
        if known is not None:
            return known
    moment = clock.now()
    pairs = list(dict(items).items())
    job = Job(
        kind=kind,
        title=title,
        total=len(pairs),
        once_key=once_key,
        actor=_pack(actor),
        user_id=actor.user_id,
        created_at=moment,
        beat_at=moment,
        status=JobStatus.QUEUED,
    )
    session.add(job)
    session.flush()
    with elevated(session, "the items of a job just written are inserted in one statement"):
        rows = [
            {
                "job_id": job.id,
                "seq": seq,
                "subject_id": subject,
                "label": label[:120],
                "status": ItemStatus.PENDING,
                "message": "",
            }
            for seq, (subject, label) in enumerate(pairs, 1)
        ]
        if rows:
            session.execute(sa.insert(JobItem), rows)
    audit.record(session, actor, "jobs.submit", job, kind=kind, total=len(pairs))
    return job


def retry(session: Session, *, actor: Actor, job_id: int) -> None:
    """重试: the failed items of a finished job wait once more, for the person who asked for it. Call `start` after."""
    if actor.role is not Role.SYSADMIN:
        raise NotAllowed("只有系统管理员可以重试任务。")
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise NotFound
    if job.finished_at is None or not job.failed:
        raise Conflict("只有已经结束、有失败条目的任务可以重试。")
    again = job.failed
    job.failed, job.status, job.finished_at, job.beat_at = 0, JobStatus.QUEUED, None, clock.now()
    with elevated(session, "the items of a job the administrator sees"):
        session.execute(
            sa.update(JobItem)
            .where(JobItem.job_id == job_id, JobItem.status == ItemStatus.FAILED)
            .values(status=ItemStatus.PENDING, message=""),
            execution_options={"synchronize_session": False},
        )
    audit.record(session, actor, "jobs.retry", job, items=again)


def start(job_id: int) -> None:
    """Tell a worker about a committed job."""
    if _enqueue is not None:
        _enqueue(job_id)


def _pack(actor: Actor) -> dict[str, Any]:
    return {name: getattr(actor, name) for name in Actor.__slots__}


def _unpack(packed: dict[str, Any]) -> Actor:
    return Actor(**(packed | {"role": Role(packed["role"])}))


def run(job_id: int) -> None:
    """Work through what is pending of a job. Safe to call twice at once, and again after a kill."""
    worker = Actor.system("jobs")
    with unit_of_work(worker) as session:
        job = session.get(Job, job_id)
        if job is None or job.status in (JobStatus.DONE, JobStatus.PARTLY):
            return
        job.status = JobStatus.RUNNING
        job.beat_at = clock.now()
        kind, actor = job.kind, _unpack(job.actor)
    with read_session(worker) as session:
        pending = (
            session.execute(
                sa.select(JobItem.id)
                .where(JobItem.job_id == job_id, JobItem.status == ItemStatus.PENDING)
                .order_by(JobItem.seq)
            )
            .scalars()
            .all()
        )
    for item_id in pending:
        try:
            _require_standing(actor)
            (_run_alone if kind in alone else _run_item)(handlers[kind], actor, job_id, item_id)
        except Refusal as refusal:
            _mark_failed(job_id, item_id, refusal.reason)
        except Exception:
            logger.exception("job %s item %s", job_id, item_id)
            _mark_failed(job_id, item_id, "系统处理这一条时出错，已记录，请联系管理员。")
    with unit_of_work(worker) as session:
        job = session.get_one(Job, job_id, with_for_update=True)
        if job.done + job.failed == job.total and job.finished_at is None:
            job.status = JobStatus.PARTLY if job.failed else JobStatus.DONE
            job.finished_at = clock.now()


def _require_standing(actor: Actor) -> None:
    """A job may wait, or be retried, long after it was ordered: a post revoked since does nothing more."""
    with read_session(Actor.system("jobs")) as session:
        reason = _lost_standing(session, actor) if _lost_standing else None
    if reason:
        raise NotAllowed(reason)


def _claim(session: Session, job_id: int, item_id: int, status: ItemStatus, message: str = "") -> bool:
    """Tick one item inside the transaction that does its work; False if somebody already has."""
    with elevated(session, "a worker ticks items of any job"):
        ticked = session.execute(
            sa.update(JobItem)
            .where(JobItem.id == item_id, JobItem.status == ItemStatus.PENDING)
            .values(status=status, message=message),
            execution_options={"synchronize_session": False},
        )
        if ticked.rowcount != 1:  # type: ignore[attr-defined]
            return False
        column = Job.failed if status is ItemStatus.FAILED else Job.done
        session.execute(
            sa.update(Job).where(Job.id == job_id).values({column: column + 1, Job.beat_at: clock.now()}),
            execution_options={"synchronize_session": False},
        )
    return True


def _run_item(work: Handler, actor: Actor, job_id: int, item_id: int) -> None:
    with unit_of_work(actor) as session:
        if not _claim(session, job_id, item_id, ItemStatus.DONE):
            return
        with elevated(session, "the subject's id stands on the worker's own row"):
            subject = session.execute(sa.select(JobItem.subject_id).where(JobItem.id == item_id)).scalar_one()
        work(session, actor, subject)


def _run_alone(work: Handler, actor: Actor, job_id: int, item_id: int) -> None:
    """The work first, then the tick; the session only reads."""
    with read_session(Actor.system("jobs")) as session:
        subject = session.execute(sa.select(JobItem.subject_id).where(JobItem.id == item_id)).scalar_one()
    with read_session(actor) as session:
        work(session, actor, subject)
    with unit_of_work(Actor.system("jobs")) as session:
        _claim(session, job_id, item_id, ItemStatus.DONE)


def _mark_failed(job_id: int, item_id: int, reason: str) -> None:
    with unit_of_work(Actor.system("jobs")) as session:
        _claim(session, job_id, item_id, ItemStatus.FAILED, reason)


def unfinished(session: Session, *, all_of_them: bool) -> list[int]:
    """Jobs that nobody is working on: every open one when a worker starts, else those without a beat for STALE."""
    query = sa.select(Job.id).where(Job.status.in_((JobStatus.QUEUED, JobStatus.RUNNING))).order_by(Job.id)
    if not all_of_them:
        query = query.where(Job.beat_at < clock.now() - STALE)
    return list(session.execute(query).scalars())
