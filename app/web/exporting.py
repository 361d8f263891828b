"""The job behind 【导出查询结果】 of many rows: the list's own route once more, as the person who asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.core import exports, jobs, storage
from app.core.errors import NotAllowed, NotFound
from app.core.exports import QueryExport
from app.core.jobs import JobStatus
from app.core.scope import Actor, bind_scope
from app.web import export, ways
from app.web.access import roles_for, view_of
from app.web.history import masked
from app.web.identity import command, current_actor, read


def begin(title: str, address: str, *, back: str, conditions: str = "") -> ResponseReturnValue:
    """Start the job, or find the one already at it, and go to its progress."""
    with command() as session:
        asked = masked(conditions)
        job = exports.ask(session, actor=current_actor(), title=title, address=address, conditions=asked)
        job_id, waiting = job.id, job.status is JobStatus.QUEUED
    if waiting:
        jobs.start(job_id)
    return redirect(f"{url_for('JobView.show', pk=job_id)}?{urlencode({ways.FROM: back}, safe='/')}")


@jobs.handler(exports.KIND)
def make(session: Session, actor: Actor, export_id: int) -> None:
    """Make the workbook and keep it; one already kept stays. After a kill it is made from the beginning."""
    wanted = session.get(QueryExport, export_id)
    if wanted is None:
        raise NotFound
    if wanted.made_at is not None:
        return
    address, title = wanted.address, wanted.title
    session.rollback()
    done = 0

    def counted(pages: Iterable[Sequence[Any]], total: int) -> Iterator[Any]:
        nonlocal done
        for page in pages:
            yield from page
            done += len(page)
            exports.progress(export_id, done, max(done, total))

    # a context of its own: its session is scoped to the person, and gone afterwards
    with current_app.app_context(), current_app.test_request_context(address):
        g.actor = actor
        bind_scope(read(), actor)
        screen, method = view_of(request.endpoint or "") or (None, "")
        if screen is None or actor.role not in roles_for(screen, method):
            raise NotAllowed("这个身份现在不能打开所导出的页面。")
        total, pages = screen.every()
        with export.workbook(counted(pages, total), screen.exported, title=screen.title) as file:
            kept = storage.keep_file(storage.current(), f"{title}.xlsx", file, export.XLSX)
    if not exports.finish(export_id, actor, done, kept):
        storage.current().delete(kept.storage_key)


jobs.alone.add(exports.KIND)
