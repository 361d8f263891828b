"""U1.1.1 所在单位申报公示: publishing chosen applicants, objections and how they ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session, joinedload, selectinload

from app.applications import queries
from app.applications.enums import ApplicationState
from app.applications.forms import ConclusionForm, FindingForm, NoticeForm, ObjectionForm
from app.applications.models import Application
from app.core import clock
from app.core.enums import Role
from app.core.errors import Conflict
from app.public_notices import services as notices
from app.public_notices.enums import NoticeKind, NoticeStatus
from app.public_notices.models import Objection, PublicNotice
from app.public_notices.queries import standings
from app.public_notices.rules import earliest_end
from app.web.access import only
from app.web.filters import tone
from app.web.forms import Query, attempt, choices_of, enum_field, text_field
from app.web.identity import command, current_actor, read
from app.web.lists import Button, Column, ListScreen, desc


class NoticeQuery(Query):
    title = text_field("公示标题", length=120)
    status = enum_field("状态", NoticeStatus, blank="全部")


class EmployerNoticeView(ListScreen):
    """所在单位申报公示."""

    access = only(Role.UNIT)
    route_base, title = "/u111", "所在单位申报公示"
    conditions = NoticeQuery
    key = (desc(PublicNotice.id),)
    columns = (
        Column("公示标题", "title", link=lambda row: url_for("NoticeDeskView.show", pk=row.id)),
        Column("人数", lambda row: len(row.lines), "number"),
        Column("开始", "starts_on", "day"),
        Column("结束", "ends_on", "day"),
        Column("地点", "place"),
        Column("状态", "standing", "state", tone=lambda row: tone(row.status)),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        query = (
            sa.select(PublicNotice)
            .where(PublicNotice.body_id == current_actor().body_id, PublicNotice.kind == NoticeKind.EMPLOYER)
            .options(selectinload(PublicNotice.lines))
        )
        if values["title"]:
            query = query.where(PublicNotice.title.contains(values["title"], autoescape=True))
        return query.where(PublicNotice.status == values["status"]) if values["status"] else query

    def tools(self) -> Sequence[Button]:
        return (Button("新增", url_for("EmployerNoticeView.new"), tone="primary"),)

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        today = clock.today()
        form = NoticeForm(
            data={
                "title": f"{current_actor().body_name}{today.year}年度职称申报人员公示",
                "place": "单位公示栏及本系统公示页",
                "starts_on": today,
                "ends_on": earliest_end(today),
            }
        )
        waiting = _unpublished(read())
        chosen = {int(text) for text in request.form.getlist("ids") if text.isdigit() and len(text) < 12}
        made: list[int] = []

        def save() -> None:
            if gone := len(chosen - {row.id for row in waiting}):
                raise Conflict(f"所选人员中有 {gone} 人已经公示或不在本单位，请核对后重新勾选。")
            lines = [
                notices.LineInput(
                    row.id, row.applicant_name, row.employer.name, f"{row.title.name}（{row.speciality.name}）"
                )
                for row in waiting
                if row.id in chosen
            ]
            with command() as session:
                made.append(
                    notices.publish(
                        session,
                        actor=current_actor(),
                        kind=NoticeKind.EMPLOYER,
                        title=form.title.data or "",
                        place=form.place.data or "",
                        contact=form.contact.data or "",
                        starts_on=form.starts_on.data,
                        ends_on=form.ends_on.data,
                        lines=lines,
                    ).id
                )

        if attempt(form, save):
            flash("公示已发布，任何人都可以在公示页看到。", "success")
            return redirect(url_for("NoticeDeskView.show", pk=made[0]))
        return self.render_template(
            "applications/notice_form.html",
            title="新增：公示",
            form=form,
            rows=_unpublished(read()),
            chosen=chosen,
            back=url_for("EmployerNoticeView.list"),
            crumbs=[("所在单位申报公示", url_for("EmployerNoticeView.list"))],
        ), 422 if form.errors else 200


def _unpublished(session: Session) -> list[Application]:
    """Applications at this unit that are in no notice yet; at most 200 at a time."""
    rows = session.scalars(
        queries.inbox(current_actor().body_id or 0, {}, {ApplicationState.AT_EMPLOYER})
        .order_by(Application.id)
        .limit(200)
    ).all()
    published = standings(session, [row.id for row in rows], NoticeKind.EMPLOYER)
    return [row for row in rows if row.id not in published]


class NoticeDeskView(BaseView):
    """One notice on the desk of whoever published it: its people, its objections, its end."""

    route_base = "/notice-desk"
    hangs_below = ("EmployerNoticeView", "ResultNoticeView")
    access = only(Role.UNIT, Role.COMMITTEE)

    def _load(self, pk: int) -> PublicNotice:
        notice = read().scalar(
            sa.select(PublicNotice)
            .where(PublicNotice.id == pk, PublicNotice.body_id == current_actor().body_id)
            .options(
                selectinload(PublicNotice.lines),
                selectinload(PublicNotice.objections).joinedload(Objection.line),
                joinedload(PublicNotice.body),
            )
        )
        if notice is None:
            abort(404)
        return notice

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        notice = self._load(pk)
        running = notice.status is NoticeStatus.RUNNING
        buttons = (
            [Button("查看公示页", url_for("NoticeView.show", pk=pk))]
            if notice.status is not NoticeStatus.CANCELLED
            else []
        )
        if running:
            buttons.append(Button("登记异议", url_for("NoticeDeskView.object", pk=pk)))
            if notice.kind is NoticeKind.EMPLOYER and clock.today() > notice.ends_on:
                buttons.append(Button("办结公示", url_for("NoticeDeskView.conclude", pk=pk), tone="primary"))
            buttons.append(Button("撤销公示", url_for("NoticeDeskView.cancel", pk=pk), tone="danger"))
        return self.render_template(
            "applications/notice.html",
            title=notice.title,
            notice=notice,
            state=notice.standing,
            buttons=buttons,
            facts=[
                ("公示地点", notice.place),
                ("受理异议", notice.contact),
                ("开始日期", notice.starts_on),
                ("结束日期", notice.ends_on),
                ("结论", notice.conclusion),
                ("发布时间", notice.published_at),
            ],
        )

    @expose("/<int:pk>/objection", methods=["GET", "POST"])
    def object(self, pk: int) -> ResponseReturnValue:
        notice = self._load(pk)
        form = ObjectionForm(data={"received_on": clock.today()})
        form.line_id.choices = choices_of(((line.id, line.name) for line in notice.lines), None)

        def save() -> None:
            with command() as session:
                notices.record_objection(
                    session,
                    actor=current_actor(),
                    notice_id=pk,
                    line_id=form.line_id.data or 0,
                    received_on=form.received_on.data,
                    raised_by=form.raised_by.data or "",
                    content=form.content.data or "",
                )

        return self._form(form, save, pk, "登记异议", "异议已登记；调查结束前，该公示不能办结，人员不能上报。")

    @expose("/objection/<int:pk>", methods=["GET", "POST"])
    def close(self, pk: int) -> ResponseReturnValue:
        objection = read().get(Objection, pk)
        if objection is None:
            abort(404)
        form = FindingForm()

        def save() -> None:
            with command() as session:
                notices.close_objection(
                    session,
                    actor=current_actor(),
                    objection_id=pk,
                    upheld=form.upheld.data == "yes",
                    finding=form.finding.data or "",
                )

        return self._form(form, save, objection.notice_id, "办结异议", "异议已办结。")

    @expose("/<int:pk>/conclude", methods=["GET", "POST"])
    def conclude(self, pk: int) -> ResponseReturnValue:
        if self._load(pk).kind is not NoticeKind.EMPLOYER:
            abort(404)  # a result's notice is concluded with its plan
        form = ConclusionForm(data={"conclusion": "公示期满，无异议。"})

        def save() -> None:
            with command() as session:
                notices.conclude(session, actor=current_actor(), notice_id=pk, conclusion=form.conclusion.data or "")

        return self._form(form, save, pk, "办结公示", "公示已办结。")

    @expose("/<int:pk>/cancel", methods=["GET", "POST"])
    def cancel(self, pk: int) -> ResponseReturnValue:
        if self._load(pk).kind is not NoticeKind.EMPLOYER:
            abort(404)
        form = ConclusionForm()
        form.conclusion.label.text = "撤销原因"

        def save() -> None:
            with command() as session:
                notices.cancel(session, actor=current_actor(), notice_id=pk, reason=form.conclusion.data or "")

        return self._form(form, save, pk, "撤销公示", "公示已撤销，人员需要重新公示。")

    def _form(self, form: Any, save: Any, notice_id: int, title: str, done: str) -> ResponseReturnValue:
        if attempt(form, save):
            flash(done, "success")
            return redirect(url_for("NoticeDeskView.show", pk=notice_id))
        return self.render_template(
            "screens/form.html", title=title, form=form, back=url_for("NoticeDeskView.show", pk=notice_id)
        ), 422 if form.errors else 200
