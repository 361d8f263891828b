"""U1.2.2 评审方案呈报; A13, A14 呈报方案审核; A23 呈报方案查询."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from app.applications.queries import plannable
from app.catalog.queries import specialities_of
from app.committees.queries import batches_of
from app.core.enums import Role
from app.core.errors import NotFound, Refusal
from app.review_plans import queries, services
from app.review_plans.enums import PlanKind, PlanState
from app.review_plans.forms import AttachmentForm, PlanDecisionForm, PlanForm, PlanQuery
from app.review_plans.models import PlanAttachment, ReviewPlan
from app.web.access import only
from app.web.files import send_stored
from app.web.forms import attempt, choices_of
from app.web.identity import command, current_actor, read
from app.web.lists import Button, Column, ListScreen, desc

COLUMNS = (
    Column("方案名称", "name", link=lambda row: url_for("PlanPageView.show", pk=row.id)),
    Column("评委会", "committee.body.name"),
    Column("年度批次", "batch"),
    Column("类型", "kind"),
    Column("评审方式", "mode"),
    Column("评审会议", "meeting_on", "day"),
    Column("状态", "state", "state"),
    Column("状态时间", "state_since", "ago"),
)
READERS = (Role.COMMITTEE, Role.HR_OFFICER, Role.SPECIAL_PLAN_OFFICER)


class PlanScreen(ListScreen):
    abstract = True
    conditions = PlanQuery
    key = (desc(ReviewPlan.id),)
    columns = COLUMNS

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return queries.listing(dict(values))

    def row_actions(self, row: ReviewPlan) -> Sequence[Button]:
        return (Button("查看详细", url_for("PlanPageView.show", pk=row.id)),)


class PlanView(PlanScreen):
    """评审方案呈报."""

    access = only(Role.COMMITTEE)
    route_base, title = "/u122", "评审方案呈报"

    def tools(self) -> Sequence[Button]:
        return (Button("新增", url_for("PlanView.new"), tone="primary"),)

    def row_actions(self, row: ReviewPlan) -> Sequence[Button]:
        edit = [Button("编制", url_for("PlanPageView.show", pk=row.id))] if row.state in services.EDITABLE else []
        return (*edit, Button("查看详细", url_for("PlanPageView.show", pk=row.id)))

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        return _plan_form(None)

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    def edit(self, pk: int) -> ResponseReturnValue:
        return _plan_form(_load(pk))


def _load(pk: int) -> ReviewPlan:
    plan = queries.plan_page(read(), pk)
    if plan is None:
        abort(404)
    return plan


def _plan_form(plan: ReviewPlan | None) -> ResponseReturnValue:
    form = PlanForm(obj=plan)
    form.batch_id.choices = choices_of([(b.id, str(b)) for b in batches_of(read(), current_actor().body_id or 0)])
    saved: list[int] = []

    def save() -> None:
        values = {field.short_name: field.data for field in form if field.short_name != "csrf_token"}
        with command() as session:
            if plan is None:
                saved.append(services.create_plan(session, actor=current_actor(), values=values).id)
            else:
                saved.append(services.edit_plan(session, actor=current_actor(), plan_id=plan.id, values=values).id)

    if attempt(form, save):
        flash("已保存。请继续维护参评人员、专家需求、打分细则和附件，然后呈报。", "success")
        return redirect(url_for("PlanPageView.show", pk=saved[0]))
    back = url_for("PlanPageView.show", pk=plan.id) if plan else url_for("PlanView.list")
    return render_template(
        "screens/form.html", title=f"修改：{plan.name}" if plan else "新增：评审方案", form=form, back=back
    ), 422 if form.errors else 200


class PlanPageView(BaseView):
    """One plan: 参评人员, 专家需求, 打分细则, attachments, trail; edited in place while it is a draft."""

    route_base = "/plan"
    hangs_below = ("PlanView", "PlanReviewView", "SpecialPlanReviewView", "PlanQueryView")
    access: Mapping[str, frozenset[Role]] = {
        "show": frozenset(READERS),
        "file": frozenset(READERS),
        "*": frozenset({Role.COMMITTEE}),
    }

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        plan = _load(pk)
        editable = plan.state in services.EDITABLE and current_actor().role is Role.COMMITTEE
        session = read()
        waiting = session.scalars(plannable(plan.committee_id, plan.batch_id).limit(500)).all() if editable else []
        buttons = []
        if editable:
            buttons = [
                Button("修改", url_for("PlanView.edit", pk=pk)),
                Button(
                    "呈报", url_for("PlanPageView.submit", pk=pk), "post", "呈报后不能再修改，确定呈报吗？", "primary"
                ),
            ]
        elif decidable(plan):
            buttons = [Button("审核", url_for(f"{decide_view(plan)}.decide", pk=pk), tone="primary")]
        return self.render_template(
            "review_plans/plan.html",
            title=plan.name,
            plan=plan,
            state=plan.state,
            buttons=buttons,
            editable=editable,
            facts=[
                ("评委会", plan.committee.body.name),
                ("年度批次", str(plan.batch)),
                ("方案类型", plan.kind.label),
                ("特殊情况说明", plan.kind_reason),
                ("评审方式", plan.mode.label),
                ("评审会议日期", plan.meeting_on),
                ("评审地点", plan.place),
                ("备注", plan.note),
            ],
            waiting=waiting,
            specialities=specialities_of(session, plan.committee.series_id) if editable else [],
            steps=[
                {
                    "title": s.action.label,
                    "tone": "bad" if s.action.value == "refuse" else "ok",
                    "who": f"{s.actor_body_name} {s.actor_name}",
                    "when": s.at,
                    "text": s.opinion,
                    "waited": "",
                }
                for s in reversed(plan.steps)
            ],
        )

    def _do(self, pk: int, act: Callable[[Session], object], done: str, anchor: str) -> ResponseReturnValue:
        try:
            with command() as session:
                act(session)
            flash(done, "success")
        except NotFound:
            raise
        except Refusal as refusal:
            flash(refusal.reason, "danger")
        return redirect(url_for("PlanPageView.show", pk=pk) + anchor)

    @expose("/<int:pk>/candidates", methods=["POST"])
    def add(self, pk: int) -> ResponseReturnValue:
        ids = [int(text) for text in request.form.getlist("ids") if text.isdigit() and len(text) < 12]
        return self._do(
            pk,
            lambda s: services.add_candidates(s, actor=current_actor(), plan_id=pk, application_ids=ids),
            f"已编入 {len(ids)} 名参评人员。",
            "#candidates",
        )

    @expose("/<int:pk>/candidates/<int:candidate_id>/remove", methods=["POST"])
    def remove(self, pk: int, candidate_id: int) -> ResponseReturnValue:
        return self._do(
            pk,
            lambda s: services.remove_candidate(s, actor=current_actor(), plan_id=pk, candidate_id=candidate_id),
            "已移出方案。",
            "#candidates",
        )

    @expose("/<int:pk>/experts", methods=["POST"])
    def experts(self, pk: int) -> ResponseReturnValue:
        rows = zip(*(request.form.getlist(name) for name in ("speciality_id", "count", "reserve")), strict=False)
        needs = [(_int(s), _int(c), _int(r)) for s, c, r in rows if s]
        return self._do(
            pk,
            lambda s: services.set_expert_requirements(s, actor=current_actor(), plan_id=pk, needs=needs),
            "专家需求已保存。",
            "#experts",
        )

    @expose("/<int:pk>/rubric", methods=["POST"])
    def rubric(self, pk: int) -> ResponseReturnValue:
        rows = zip(*(request.form.getlist(name) for name in ("name", "weight", "maximum")), strict=False)
        items = [(name, weight, maximum) for name, weight, maximum in rows if name.strip() or weight.strip()]
        return self._do(
            pk,
            lambda s: services.set_rubric(s, actor=current_actor(), plan_id=pk, items=items),
            "打分细则已保存。",
            "#rubric",
        )

    @expose("/<int:pk>/attachments", methods=["POST"])
    def upload(self, pk: int) -> ResponseReturnValue:
        _load(pk)
        form = AttachmentForm()
        if not form.validate_on_submit():
            flash("；".join(str(e) for e in form.file.errors) or "请选择文件。", "danger")
            return redirect(url_for("PlanPageView.show", pk=pk) + "#attachments")
        name, content = form.file.data.filename or "", form.file.data.read()
        return self._do(
            pk,
            lambda s: services.attach(s, actor=current_actor(), plan_id=pk, name=name, content=content),
            "附件已上传。",
            "#attachments",
        )

    @expose("/<int:pk>/submit", methods=["POST"])
    def submit(self, pk: int) -> ResponseReturnValue:
        return self._do(
            pk, lambda s: services.submit_plan(s, actor=current_actor(), plan_id=pk), "方案已呈报，请等待审核。", ""
        )

    @expose("/file/<int:pk>")
    def file(self, pk: int) -> ResponseReturnValue:
        attachment = read().get(PlanAttachment, pk)
        if attachment is None:
            abort(404)
        return send_stored(attachment, inline=True)


def _int(text: str) -> int:
    return int(text) if text.strip().isascii() and text.strip().isdigit() and len(text) < 10 else -1


def decidable(plan: ReviewPlan) -> bool:
    """Whether the acting post is the one that decides on this plan."""
    actor = current_actor()
    if plan.state is not PlanState.SUBMITTED:
        return False
    if plan.kind is PlanKind.SPECIAL:
        return actor.role is Role.SPECIAL_PLAN_OFFICER
    return actor.role is Role.HR_OFFICER and actor.region_code == plan.region_code


def decide_view(plan: ReviewPlan) -> str:
    return "SpecialPlanReviewView" if plan.kind is PlanKind.SPECIAL else "PlanReviewView"


class PlanReviewView(PlanScreen):
    """A13 呈报方案审核."""

    access = only(Role.HR_OFFICER)
    route_base, title = "/a13", "呈报方案审核"
    wanted = PlanKind.NORMAL

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return queries.listing(dict(values), self.wanted)

    def row_actions(self, row: ReviewPlan) -> Sequence[Button]:
        review = [Button("审核", url_for(f"{type(self).__name__}.decide", pk=row.id))] if decidable(row) else []
        details = url_for("PlanPageView.show", pk=row.id)
        return (*review, Button("查看详细", details), Button("查看附件", details + "#attachments"))

    @expose("/<int:pk>/decide", methods=["GET", "POST"])
    def decide(self, pk: int) -> ResponseReturnValue:
        plan = _load(pk)
        if plan.kind is not self.wanted:
            abort(404)
        form = PlanDecisionForm()
        typed = request.form.get("version", "")

        def save() -> None:
            with command() as session:
                services.decide_plan(
                    session,
                    actor=current_actor(),
                    plan_id=pk,
                    version=_int(typed),
                    approve=form.result.data == "yes",
                    opinion=form.opinion.data or "",
                )

        back = url_for(f"{type(self).__name__}.list")
        if attempt(form, save):
            flash("已保存审核结果。", "success")
            return redirect(back)
        plan = _load(pk)
        return self.render_template(
            "review_plans/decide.html",
            title=f"审核：{plan.name}",
            plan=plan,
            state=plan.state,
            form=form,
            back=back,
            version=typed or plan.version,
            can=decidable(plan),
            facts=[
                ("评委会", plan.committee.body.name),
                ("年度批次", str(plan.batch)),
                ("方案类型", plan.kind.label),
                ("特殊情况说明", plan.kind_reason),
                ("评审方式", plan.mode.label),
                ("评审会议日期", plan.meeting_on),
                ("评审地点", plan.place),
            ],
            editable=False,
            waiting=[],
            specialities=[],
            steps=[],
        ), 422 if form.errors else 200


class SpecialPlanReviewView(PlanReviewView):
    """A14 呈报方案审核（特殊情况）."""

    access = only(Role.SPECIAL_PLAN_OFFICER)
    route_base, title = "/a14", "呈报方案审核（特殊情况）"
    wanted = PlanKind.SPECIAL


class PlanQueryView(PlanScreen):
    """A23 呈报方案查询."""

    access = only(Role.HR_OFFICER, Role.SPECIAL_PLAN_OFFICER)
    route_base, title = "/a23", "呈报方案查询"

    def row_actions(self, row: ReviewPlan) -> Sequence[Button]:
        page = url_for("PlanPageView.show", pk=row.id)
        return (
            Button("查看详细", page),
            Button("参评人员", page + "#candidates"),
            Button("专家需求", page + "#experts"),
            Button("打分细则", page + "#rubric"),
        )
