"""任务: everybody's long work, how far it is, why it failed, and 重试."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from app import imports
from app.core import jobs
from app.core.errors import Refusal
from app.core.jobs import ItemStatus, Job, JobItem, JobStatus
from app.ops.views.console import Console
from app.ops.views.listing import Listing, asked
from app.web.forms import Query, enum_field, text_field
from app.web.identity import command, current_actor, read
from app.web.jobs import progress_columns
from app.web.lists import Button, Column, desc


class JobQuery(Query):
    status = enum_field("状态", JobStatus, blank="全部")
    title = text_field("任务", length=60)


class JobsView(Console, BaseView):
    routes = frozenset({"index", "export", "retry"})
    intro = "后台任务的进度和失败原因。中断的任务由工作进程自动接着做；已经结束、有失败条目的任务可以重试。"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        listing = self._listing()
        listing.fetch(read())
        return self.page("ops/list.html", **listing.values())

    @expose("/export", methods=("GET", "POST"))
    def export(self) -> ResponseReturnValue:
        return self._listing().download(read())

    def _listing(self) -> Listing:
        form = JobQuery(request.args)
        values = asked(form)
        statement = sa.select(Job)
        if values["status"]:
            statement = statement.where(Job.status == values["status"])
        if values["title"]:
            statement = statement.where(Job.title.contains(values["title"], autoescape=True))
        reasons: dict[int, str] = {}
        tallies: dict[int, imports.Tally] = {}

        def look_up(rows: Sequence[Any]) -> None:
            reasons.update(self._reasons([row.id for row in rows if row.failed]))
            tallies.update(imports.tallies(read(), rows))

        return Listing(
            title=str(self.name),
            intro=self.intro,
            columns=(
                Column("任务", "title", link=lambda row: url_for("JobView.show", pk=row.id, back=request.full_path)),
                Column("申请人", lambda row: row.actor["name"]),
                *progress_columns(lambda: tallies),
                Column("失败原因", lambda row: reasons.get(row.id), width="l"),
                Column("提交时间", "created_at", "ago"),
                Column("最近进展", "beat_at", "ago"),
            ),
            key=(desc(Job.id),),
            statement=statement,
            form=form,
            actions=self._actions,
            look_up=look_up,
        )

    @expose("/<int:pk>/retry", methods=("POST",))
    def retry(self, pk: int) -> ResponseReturnValue:
        """【重试】."""
        try:
            with command() as session:
                jobs.retry(session, actor=current_actor(), job_id=pk)
        except Refusal as refusal:
            if refusal.status == 404:
                abort(404)
            flash(refusal.reason, "danger")
        else:
            jobs.start(pk)
            flash("失败的条目已重新排队。", "success")
        return redirect(self.get_url(".index"))

    def _actions(self, row: Any) -> Sequence[Button]:
        if row.finished_at is None or not row.failed or row.kind.startswith(imports.JOBS):
            return ()  # a file refused is handed in anew, a submission given back is pressed anew
        return (Button("重试", self.get_url(".retry", pk=row.id), "post", "失败的条目将再做一次，确定吗？"),)

    def _reasons(self, failed: Sequence[int]) -> dict[int, str]:
        """One reason of each job that has failed items."""
        query = (
            sa.select(JobItem.job_id, sa.func.min(JobItem.message))
            .where(JobItem.job_id.in_(failed), JobItem.status == ItemStatus.FAILED)
            .group_by(JobItem.job_id)
        )
        return dict(read().execute(query).all())
