"""U1.2.5 评审结果, U1.2.6 评审结果公示, U1.2.7 评审结果申请备案, A15 职称评审结果备案."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from app.core import clock
from app.core.enums import Role
from app.core.errors import Invalid, Refusal
from app.outcomes import queries, rules, services, spreadsheets
from app.outcomes.enums import FilingState
from app.outcomes.forms import (
    ConclusionForm,
    FilingDecisionForm,
    FilingForm,
    FilingQuery,
    MeetingForm,
    PlanNameQuery,
    ResultNoticeForm,
    VotesFileForm,
)
from app.outcomes.models import Filing, FilingAttachment
from app.public_notices.enums import NoticeStatus
from app.public_notices.rules import earliest_end
from app.review_plans import queries as plan_queries
from app.review_plans.enums import PlanState
from app.review_plans.models import ReviewPlan
from app.web.access import only
from app.web.export import handed
from app.web.files import send_stored
from app.web.forms import attempt
from app.web.identity import command, current_actor, read
from app.web.lists import Button, Column, ListScreen, desc

COLUMNS = (
    Column("方案名称", "name", link=lambda row: url_for("PlanPageView.show", pk=row.id)),
    Column("年度批次", "batch"),
    Column("评审会议", "meeting_on", "day"),
    Column("状态", "state", "state"),
)


class OutcomeScreen(ListScreen):
    """Plans of the acting committee that have come as far as this screen's step."""

    abstract = True
    conditions = PlanNameQuery
    key = (desc(ReviewPlan.id),)
    columns = COLUMNS
    states: tuple[PlanState, ...] = (PlanState.CONCLUDED,)

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return plan_queries.listing(dict(values)).where(ReviewPlan.state.in_(self.states))


def _plan(pk: int) -> ReviewPlan:
    plan = plan_queries.plan_page(read(), pk)
    if plan is None:
        abort(404)
    return plan


class ResultView(OutcomeScreen):
    """评审结果."""

    access = only(Role.COMMITTEE)
    route_base, title = "/u125", "评审结果"
    intro = "线下评审的方案在这里直接录入出席人数和票数；是否通过由系统按出席评委的三分之二计算。"
    states = (PlanState.APPROVED, PlanState.CONCLUDED)

    def row_actions(self, row: ReviewPlan) -> Sequence[Button]:
        words = "录入评审结果" if row.state is PlanState.APPROVED else "查看"
        return (Button(words, url_for("ResultView.show", pk=row.id)),)

    @expose("/<int:pk>", methods=["GET", "POST"])
    def show(self, pk: int) -> ResponseReturnValue:
        plan = _plan(pk)
        meeting = queries.meeting_of(read(), pk)
        form = MeetingForm(obj=meeting, data=None if meeting else {"held_on": plan.meeting_on})

        def save() -> None:
            with command() as session:
                services.record_meeting(
                    session,
                    actor=current_actor(),
                    plan_id=pk,
                    held_on=form.held_on.data,
                    chair_name=form.chair_name.data or "",
                    attending=form.attending.data,
                )

        if attempt(form, save):
            flash("评审会议已保存，请录入票数。", "success")
            return redirect(url_for("ResultView.show", pk=pk) + "#votes")
        return self._page_of(pk, form, {}, {})

    @expose("/<int:pk>/votes", methods=["POST"])
    def votes(self, pk: int) -> ResponseReturnValue:
        plan = _plan(pk)
        typed, votes, wrong = _typed_votes(plan)
        if not wrong:
            try:
                with command() as session:
                    services.record_results(session, actor=current_actor(), plan_id=pk, votes=votes)
                flash("票数已保存，通过与否已重新计算。", "success")
                return redirect(url_for("ResultView.show", pk=pk) + "#votes")
            except Invalid as invalid:
                wrong = invalid.fields
            except Refusal as refusal:
                flash(refusal.reason, "danger")
        return self._page_of(pk, MeetingForm(None, obj=queries.meeting_of(read(), pk)), typed, wrong)

    @expose("/<int:pk>/template")
    def votes_template(self, pk: int) -> ResponseReturnValue:
        """【下载excel模板】: the plan's people, with the votes that are there."""
        plan = _plan(pk)
        return handed(spreadsheets.template(read(), pk), f"评审结果_{plan.name}.xlsx")

    @expose("/<int:pk>/import", methods=["POST"])
    def take(self, pk: int) -> ResponseReturnValue:
        """【导入】 the filled-in template: every row, or none with the reasons."""
        _plan(pk)
        form = VotesFileForm()

        def save() -> None:
            with form.file.data.stream as file:
                rows = spreadsheets.read(file.read())
            with command() as session:
                count = spreadsheets.import_results(session, actor=current_actor(), plan_id=pk, rows=rows)
            flash(f"已导入 {count} 人的票数，通过与否已重新计算。", "success")

        if attempt(form, save):
            return redirect(url_for("ResultView.show", pk=pk) + "#votes")
        return self._page_of(pk, MeetingForm(None, obj=queries.meeting_of(read(), pk)), {}, {}, form)

    @expose("/<int:pk>/confirm", methods=["POST"])
    def confirm(self, pk: int) -> ResponseReturnValue:
        with command() as session:
            passed, failed = services.confirm_results(session, actor=current_actor(), plan_id=pk)
        flash(f"评审结果已确认：通过 {passed} 人，未通过 {failed} 人。请发布评审结果公示。", "success")
        return redirect(url_for("ResultView.show", pk=pk))

    def _page_of(
        self,
        pk: int,
        form: MeetingForm,
        typed: Mapping[str, str],
        wrong: Mapping[str, str],
        votes_file: VotesFileForm | None = None,
    ) -> ResponseReturnValue:
        plan = _plan(pk)
        votes_file = votes_file or VotesFileForm(None)
        meeting = queries.meeting_of(read(), pk)
        gaps = services.confirmation_gaps(read(), plan) if plan.state is PlanState.APPROVED else []
        members = plan.committee.member_count
        return self.render_template(
            "outcomes/result.html",
            title=f"评审结果：{plan.name}",
            plan=plan,
            state=plan.state,
            form=form,
            meeting=meeting,
            results=queries.results_of(read(), pk),
            typed=typed,
            wrong=wrong,
            votes_file=votes_file,
            gaps=gaps,
            back=url_for("ResultView.list"),
            editable=plan.state is PlanState.APPROVED,
            members=members,
            quorum=rules.quorum_of(members),
            needed=rules.votes_needed(meeting.attending) if meeting else 0,
            buttons=(),
        ), 422 if form.errors or wrong or votes_file.errors else 200


def _typed_votes(plan: ReviewPlan) -> tuple[dict[str, str], list[services.Votes], dict[str, str]]:
    """(what was typed by field name, the votes, what is no number by candidate)."""
    typed = {key: value[:1100] for key, value in request.form.items() if "-" in key}
    votes, wrong = [], {}
    for candidate in plan.candidates:
        texts = [typed.get(f"{candidate.id}-{name}", "").strip() for name in ("in_favour", "against", "abstained")]
        if not any(texts):
            continue
        if not all(text.isascii() and text.isdigit() and len(text) < 5 for text in texts):
            wrong[str(candidate.id)] = "票数应为数字，没有的填 0。"
            continue
        opinion = typed.get(f"{candidate.id}-opinion", "")
        votes.append(services.Votes(candidate.id, int(texts[0]), int(texts[1]), int(texts[2]), opinion))
    return typed, votes, wrong


class ResultNoticeView(OutcomeScreen):
    """评审结果公示."""

    access = only(Role.COMMITTEE)
    route_base, title = "/u126", "评审结果公示"

    def row_actions(self, row: ReviewPlan) -> Sequence[Button]:
        return (Button("公示", url_for("ResultNoticeView.show", pk=row.id)),)

    @expose("/<int:pk>", methods=["GET", "POST"])
    def show(self, pk: int) -> ResponseReturnValue:
        plan = _plan(pk)
        shown = queries.notice_of(read(), pk)
        if shown is not None:
            over = shown.notice.status is NoticeStatus.RUNNING and clock.today() > shown.notice.ends_on
            buttons = [Button("公示办理", url_for("NoticeDeskView.show", pk=shown.notice_id))]
            if over:
                buttons.append(Button("办结公示", url_for("ResultNoticeView.conclude", pk=pk), tone="primary"))
            return self.render_template(
                "outcomes/notice.html",
                title=f"评审结果公示：{plan.name}",
                plan=plan,
                notice=shown.notice,
                state=shown.notice.standing,
                buttons=buttons,
                back=url_for("ResultNoticeView.list"),
                facts=[
                    ("公示标题", shown.notice.title),
                    ("公示地点", shown.notice.place),
                    ("开始日期", shown.notice.starts_on),
                    ("结束日期", shown.notice.ends_on),
                    ("结论", shown.notice.conclusion),
                ],
            )
        today = clock.today()
        form = ResultNoticeForm(
            data={
                "title": f"{plan.name}评审结果公示",
                "place": "本系统公示页",
                "starts_on": today,
                "ends_on": earliest_end(today),
            }
        )

        def save() -> None:
            with command() as session:
                services.publish_result_notice(
                    session,
                    actor=current_actor(),
                    plan_id=pk,
                    title=form.title.data or "",
                    place=form.place.data or "",
                    contact=form.contact.data or "",
                    starts_on=form.starts_on.data,
                    ends_on=form.ends_on.data,
                )

        if attempt(form, save):
            flash("评审结果公示已发布。", "success")
            return redirect(url_for("ResultNoticeView.show", pk=pk))
        return self.render_template(
            "screens/form.html",
            title=f"发布评审结果公示：{plan.name}",
            form=form,
            submit="发布公示",
            back=url_for("ResultNoticeView.list"),
        ), 422 if form.errors else 200

    @expose("/<int:pk>/conclude", methods=["GET", "POST"])
    def conclude(self, pk: int) -> ResponseReturnValue:
        plan = _plan(pk)
        form = ConclusionForm(data={"conclusion": "公示期满，无异议。"})
        told: list[tuple[int, int]] = []

        def save() -> None:
            with command() as session:
                told.append(
                    services.conclude_result_notice(
                        session, actor=current_actor(), plan_id=pk, conclusion=form.conclusion.data or ""
                    )
                )

        if attempt(form, save):
            flash(f"公示已办结：{told[0][0]} 人公示通过，{told[0][1]} 人因异议成立取消。请申请备案。", "success")
            return redirect(url_for("ResultNoticeView.show", pk=pk))
        return self.render_template(
            "screens/form.html", title=f"办结公示：{plan.name}", form=form, back=url_for("ResultNoticeView.show", pk=pk)
        ), 422 if form.errors else 200


class FilingView(OutcomeScreen):
    """评审结果申请备案."""

    access = only(Role.COMMITTEE)
    route_base, title = "/u127", "评审结果申请备案"

    def row_actions(self, row: ReviewPlan) -> Sequence[Button]:
        return (Button("备案", url_for("FilingView.show", pk=row.id)),)

    @expose("/<int:pk>", methods=["GET", "POST"])
    def show(self, pk: int) -> ResponseReturnValue:
        plan = _plan(pk)
        filing = queries.filing_of(read(), pk)
        back = url_for("FilingView.list")
        if filing is not None and filing.state is not FilingState.RETURNED:
            return redirect(url_for("FilingPageView.show", pk=filing.id))
        form = FilingForm(obj=filing)

        def save() -> None:
            file = form.file.data
            files = [(file.filename or "", file.read())] if file else []
            with command() as session:
                services.request_filing(
                    session,
                    actor=current_actor(),
                    plan_id=pk,
                    summary=form.summary.data or "",
                    contact=form.contact.data or "",
                    files=files,
                )

        if attempt(form, save):
            flash("备案申请已提交，请等待审核。", "success")
            return redirect(back)
        return self.render_template(
            "outcomes/filing_form.html",
            title=f"申请备案：{plan.name}",
            form=form,
            back=back,
            filing=filing,
            gaps=services.filing_gaps(read(), plan),
        ), 422 if form.errors else 200


class FilingReviewView(ListScreen):
    """A15 职称评审结果备案."""

    access = only(Role.HR_OFFICER)
    route_base, title = "/a15", "职称评审结果备案"
    conditions = FilingQuery
    key = (desc(Filing.id),)
    columns = (
        Column("方案名称", "plan.name", link=lambda row: url_for("FilingPageView.show", pk=row.id)),
        Column("评委会", "plan.committee.body.name"),
        Column("申请时间", "submitted_at", "ago"),
        Column("审核状态", "state", "state"),
        Column("备案文号", "filing_number"),
        Column("备案时间", "filed_on", "day"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return queries.filings(dict(values))

    def row_actions(self, row: Filing) -> Sequence[Button]:
        page = url_for("FilingPageView.show", pk=row.id)
        own = row.state is FilingState.SUBMITTED and row.region_code == current_actor().region_code
        review = [Button("审核", page)] if own else []
        return (*review, Button("查看详细", page), Button("查看附件", page + "#attachments"))


class FilingPageView(BaseView):
    """One filing: the people the notice cleared, found by itself; its attachments; the decision."""

    route_base = "/filing"
    hangs_below = ("FilingReviewView", "FilingView")
    access: Mapping[str, frozenset[Role]] = {
        "show": frozenset({Role.HR_OFFICER, Role.COMMITTEE}),
        "file": frozenset({Role.HR_OFFICER, Role.COMMITTEE}),
        "decide": frozenset({Role.HR_OFFICER}),
    }

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        return self._page_of(pk, FilingDecisionForm(data={"filed_on": clock.today()}))

    @expose("/<int:pk>/decide", methods=["POST"])
    def decide(self, pk: int) -> ResponseReturnValue:
        form = FilingDecisionForm()
        version = request.form.get("version", "")

        def save() -> None:
            with command() as session:
                services.decide_filing(
                    session,
                    actor=current_actor(),
                    filing_id=pk,
                    version=int(version) if version.isdigit() and len(version) < 9 else -1,
                    approve=form.result.data == "yes",
                    opinion=form.opinion.data or "",
                    filing_number=form.filing_number.data or "",
                    filed_on=form.filed_on.data,
                )

        if attempt(form, save):
            flash("已保存审核结果。", "success")
            return redirect(url_for("FilingReviewView.list"))
        return self._page_of(pk, form)

    def _page_of(self, pk: int, form: FilingDecisionForm) -> ResponseReturnValue:
        filing = queries.filing_page(read(), pk)
        if filing is None:
            abort(404)
        actor = current_actor()
        can = (
            actor.role is Role.HR_OFFICER
            and filing.state is FilingState.SUBMITTED
            and filing.region_code == actor.region_code
        )
        return self.render_template(
            "outcomes/filing.html",
            title=f"备案：{filing.plan.name}",
            filing=filing,
            state=filing.state,
            form=form,
            can=can,
            people=queries.cleared(read(), filing.plan_id),
            version=request.form.get("version") or filing.version,
            results={r.candidate.application_id: r for r in queries.results_with_candidates(read(), filing.plan_id)},
            facts=[
                ("评委会", filing.plan.committee.body.name),
                ("评审方案", filing.plan.name),
                ("联系人", filing.contact),
                ("申请时间", filing.submitted_at),
                ("备案文号", filing.filing_number),
                ("备案时间", filing.filed_on),
                ("审核意见", filing.opinion),
                ("评审情况说明", filing.summary),
            ],
        ), 422 if form.errors else 200

    @expose("/file/<int:pk>")
    def file(self, pk: int) -> ResponseReturnValue:
        attachment = read().get(FilingAttachment, pk)
        if attachment is None:
            abort(404)
        return send_stored(attachment, inline=True)
