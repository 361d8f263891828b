"""The front page: for visitors the way in, for everybody else what waits for them; and the progress of long work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import abort, current_app, flash, g, redirect, request, send_file, session, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, IndexView, expose
from sqlalchemy.orm import Session

from app import imports
from app.accounts.queries import bar_of
from app.applications.queries import last_steps
from app.core import clock, exports, storage
from app.core.enums import Role
from app.core.jobs import ItemStatus, Job, JobItem, JobStatus
from app.home import queries
from app.public_notices.queries import running
from app.web.access import EVERYONE, SIGNED_IN
from app.web.export import XLSX
from app.web.identity import command, current_actor, read
from app.web.imports import address_of
from app.web.jobs import progress_columns
from app.web.lists import Column, ListScreen, desc
from app.web.paging import Page
from seeds.demo_world import PEOPLE


@dataclass(frozen=True)
class DemoPerson:
    username: str
    words: str


def _arguments(card: queries.Card) -> dict[str, Any]:
    return dict(card.arguments)


class HomeView(IndexView):
    """首页."""

    route_base = ""
    access = {"index": EVERYONE}

    @expose("/")
    def index(self) -> ResponseReturnValue:
        actor = current_actor()
        if actor.role is Role.ANONYMOUS:
            people = [DemoPerson(row[0], row[5]) for row in PEOPLE] if current_app.config["DEMO"] else []
            return self.render_template("home/visitor.html", people=people, notices=running(read()))
        cards = [
            {
                "title": card.title,
                "count": card.count,
                "note": card.note,
                "tone": card.tone,
                "url": url_for(card.endpoint, **_arguments(card)),
            }
            for card in queries.cards(read(), actor)
        ]
        recent = last_steps(read(), actor.body_id) if actor.body_id else []
        barred = bar_of(read(), actor.person_id or 0, clock.today()) if actor.role is Role.APPLICANT else ""
        return self.render_template("home/dashboard.html", cards=cards, recent=recent, barred=barred)


class JobView(BaseView):
    """The progress of one job: the page may be left and come back to."""

    route_base = "/job"
    hangs_below = ("JobListView",)
    access = {"*": SIGNED_IN}

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        job = read().get(Job, pk)
        if job is None:
            abort(404)
        failures = (
            read()
            .scalars(
                sa.select(JobItem)
                .where(JobItem.job_id == pk, JobItem.status == ItemStatus.FAILED)
                .order_by(JobItem.seq)
                .limit(200)
            )
            .all()
        )
        finished = job.status in (JobStatus.DONE, JobStatus.PARTLY)
        return self.render_template(
            "home/job.html",
            title=job.title,
            job=job,
            failures=failures,
            finished=finished,
            exported=job.kind == exports.KIND,
            export=exports.of_job(read(), pk),
            batch=(batch := imports.of_job(read(), job)),
            wizard=address_of(batch) if batch else None,
        )

    @expose("/<int:pk>/download")
    def download(self, pk: int) -> ResponseReturnValue:
        """【下载】 what a finished export made: for the person who asked alone, in the post they asked in."""
        export = exports.of_job(read(), pk)
        if export is None or not export.available:
            abort(404)
        try:
            file = storage.current().open(export.storage_key or "")
        except FileNotFoundError:
            abort(404)
        with command() as session:
            exports.hand_out(session, actor=current_actor(), export_id=export.id)
        return send_file(file, mimetype=XLSX, as_attachment=True, download_name=export.file_name)


class JobListView(ListScreen):
    """任务进度: my long work; the administrator sees everybody's."""

    access = {"*": SIGNED_IN - {Role.APPLICANT, Role.JUDGE}}
    route_base, title = "/jobs", "任务进度"
    key = (desc(Job.id),)
    columns = (
        Column("任务", "title", link=lambda row: url_for("JobView.show", pk=row.id)),
        *progress_columns(lambda: g.tallies),
        Column("提交时间", "created_at", "ago"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return sa.select(Job)

    def page(self, session: Session, values: Mapping[str, Any], after: str | None, size: int) -> Page:
        page = super().page(session, values, after, size)
        g.tallies = imports.tallies(session, page.rows)
        return page

    def pages(self, session: Session, values: Mapping[str, Any], size: int) -> Iterator[Sequence[Any]]:
        for rows in super().pages(session, values, size):
            g.tallies = imports.tallies(session, rows)
            yield rows


class DemoClockView(BaseView):
    """演示时钟: only in the demo, so that a notice of five working days can be seen to its end."""

    route_base = "/demo/clock"
    access = {"*": EVERYONE}
    choosing = True

    @expose("/", methods=["POST"])
    def forward(self) -> ResponseReturnValue:
        if not current_app.config["DEMO"]:
            abort(404)
        days = request.form.get("days", "")
        if days not in ("1", "7"):
            abort(400)
        clock.put_forward(int(days))
        session.clear()  # every login is idle for days now
        flash(f"演示日期已拨到 {clock.today():%Y-%m-%d}，登录已失效，请重新选择身份。", "info")
        return redirect(url_for("HomeView.index"))
