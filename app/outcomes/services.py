"""Results of an offline meeting, their public notice, and their filing. Each step lists what still stands in its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.applications import services as applications
from app.applications.enums import ApplicationAction, ApplicationState
from app.committees.queries import committee_problem
from app.core import audit, clock, storage
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor, elevated
from app.outcomes import queries, rules
from app.outcomes.enums import FilingState
from app.outcomes.models import Filing, FilingAttachment, ResultNotice, ReviewMeeting, ReviewResult
from app.public_notices import services as notices
from app.public_notices.enums import NoticeKind, NoticeStatus
from app.public_notices.queries import standings
from app.review_plans import services as plans
from app.review_plans.enums import PlanAction, PlanState
from app.review_plans.models import ReviewPlan

MOST_FILES = 10
NUMBER_TAKEN = "这个备案文号已被使用。"


@dataclass(frozen=True)
class Votes:
    """One candidate's count."""

    candidate_id: int
    in_favour: int
    against: int
    abstained: int
    opinion: str = ""


def _own(session: Session, actor: Actor, plan_id: int) -> ReviewPlan:
    plan = plans.load(session, plan_id)
    if actor.role is not Role.COMMITTEE or plan.committee_id != actor.body_id:
        raise NotAllowed("评审结果由评委会操作员办理。")
    return plan


def record_meeting(
    session: Session, *, actor: Actor, plan_id: int, held_on: date | None, chair_name: str, attending: int | None
) -> ReviewMeeting:
    """The meeting of an approved plan: the day, who led it, how many attended. Raises Invalid by field."""
    plan = _own(session, actor, plan_id)
    if plan.state is not PlanState.APPROVED:
        raise Conflict(f"方案当前为“{plan.state.label}”，审核通过后才能录入评审结果。")
    members = plan.committee.member_count
    fields = {}
    approved_on = clock.local(plan.state_since).date()
    if held_on is None or held_on > clock.today():
        fields["held_on"] = "请选择评审会议日期，不能晚于今天。"
    elif held_on < approved_on:
        fields["held_on"] = f"评审会议应在方案审核通过（{approved_on:%Y-%m-%d}）之后召开。"
    if not chair_name.strip() or len(chair_name) > 60:
        fields["chair_name"] = "请填写主持会议的主任委员或副主任委员。"
    if attending is None or not 0 < attending <= members:
        fields["attending"] = f"出席评委人数应为 1 至 {members}。"
    elif not rules.quorum_met(members, attending):
        fields["attending"] = (
            f"出席评委不得少于评委会人数的三分之二：{members} 人中至少 {rules.quorum_of(members)} 人出席。"
        )
    if fields or held_on is None or attending is None:
        raise Invalid(fields)
    meeting = session.get(ReviewMeeting, plan_id)
    if meeting is None:
        meeting = ReviewMeeting(plan_id=plan_id)
    elif meeting.attending != attending and queries.results_of(session, plan_id):
        for result in queries.results_of(session, plan_id).values():
            session.delete(result)  # counted against another attendance: they must be counted again
        session.flush()
    meeting.held_on, meeting.chair_name, meeting.members, meeting.attending = (
        held_on,
        chair_name.strip(),
        members,
        attending,
    )
    session.add(meeting)
    session.flush()
    audit.record(session, actor, "outcomes.record_meeting", meeting, attending=attending, members=members)
    return meeting


def record_results(session: Session, *, actor: Actor, plan_id: int, votes: Sequence[Votes]) -> list[ReviewResult]:
    """Enter the counts; whether passed is computed. Invalid names each as "<candidate id>"; nothing half-entered."""
    plan = _own(session, actor, plan_id)
    meeting = session.get(ReviewMeeting, plan_id)
    if meeting is None:
        raise Refusal("请先录入评审会议的日期、主持人和出席人数。")
    if meeting.confirmed_at is not None or plan.state is not PlanState.APPROVED:
        raise Conflict("评审结果已确认，不能再修改。")
    known = {candidate.id for candidate in plan.candidates}
    wrong = {}
    for vote in votes:
        if vote.candidate_id not in known:
            raise NotFound
        problem = rules.votes_problem(vote.in_favour, vote.against, vote.abstained, meeting.attending)
        if problem or len(vote.opinion) > 1000:
            wrong[str(vote.candidate_id)] = (problem or "评审意见不超过 1000 个字") + "。"
    if wrong:
        raise Invalid(wrong)
    held = queries.results_of(session, plan_id)
    rows = []
    for vote in votes:
        result = held.get(vote.candidate_id) or ReviewResult(candidate_id=vote.candidate_id, plan_id=plan_id)
        result.in_favour, result.against, result.abstained = vote.in_favour, vote.against, vote.abstained
        result.attending, result.opinion = meeting.attending, vote.opinion.strip()
        result.passed = rules.passed(vote.in_favour, meeting.attending)
        session.add(result)
        rows.append(result)
    session.flush()
    audit.record(session, actor, "outcomes.record_results", plan, candidates=len(rows))
    return rows


def confirmation_gaps(session: Session, plan: ReviewPlan) -> list[str]:
    """What stands in the way of confirming the results: everything, at once."""
    meeting = session.get(ReviewMeeting, plan.id)
    gaps = []
    if plan.state is not PlanState.APPROVED:
        gaps.append(f"方案当前为“{plan.state.label}”")
    if meeting is None:
        gaps.append("未录入评审会议")
    elif not rules.quorum_met(meeting.members, meeting.attending):
        gaps.append(f"出席评委不足三分之二（{meeting.attending}/{meeting.members}）")
    lacking = len(plan.candidates) - len(queries.results_of(session, plan.id))
    if lacking:
        gaps.append(f"还有 {lacking} 名参评人员没有票数")
    problem = committee_problem(session, plan.committee_id, clock.today())
    if problem:
        gaps.append(problem)
    return gaps


def confirm_results(session: Session, *, actor: Actor, plan_id: int) -> tuple[int, int]:
    """Make the results final, once: (passed, failed). Every candidate moves on in the same transaction.

    The step carries the committee's opinion and no count: steps are read by applicants and units, votes are not.
    """
    plan = _own(session, actor, plan_id)
    gaps = confirmation_gaps(session, plan)
    if gaps:
        raise Refusal("；".join(gaps) + "。")
    results = queries.results_of(session, plan_id)
    for candidate in plan.candidates:
        result = results[candidate.id]
        action = ApplicationAction.PASS if result.passed else ApplicationAction.FAIL
        applications.advance(
            session,
            actor=actor,
            application=applications.load(session, candidate.application_id),
            action=action,
            opinion=result.opinion,
        )
    session.get_one(ReviewMeeting, plan_id).confirmed_at = clock.now()
    plans.move_plan(session, actor=actor, plan=plan, action=PlanAction.CONCLUDE, target=PlanState.CONCLUDED)
    good = sum(result.passed for result in results.values())
    return good, len(results) - good


def publish_result_notice(
    session: Session,
    *,
    actor: Actor,
    plan_id: int,
    title: str,
    place: str,
    contact: str,
    starts_on: date | None,
    ends_on: date | None,
) -> ResultNotice:
    """U1.2.6: publish those who passed, at least five working days. Refused if they are published already.

    After a notice was cancelled (a wrong name, a wrong date) the same people are published anew.
    """
    plan = _own(session, actor, plan_id)
    if plan.state is not PlanState.CONCLUDED:
        raise Refusal("评审结果确认之后才能公示。")
    unpublished = [ApplicationState.REVIEW_PASSED]
    if queries.notice_of(session, plan_id) is None:
        unpublished.append(ApplicationState.ON_NOTICE)  # by a notice that was cancelled
    passed = [c for c in plan.candidates if c.application.state in unpublished]
    if not passed:
        raise Conflict("没有待公示的评审通过人员（可能已经公示）。")
    lines = [
        notices.LineInput(
            c.application_id,
            c.application.applicant_name,
            c.application.employer.name,
            f"{c.application.title.name}（{c.application.speciality.name}）",
        )
        for c in passed
    ]
    notice = notices.publish(
        session,
        actor=actor,
        kind=NoticeKind.RESULT,
        title=title,
        place=place,
        contact=contact,
        starts_on=starts_on,
        ends_on=ends_on,
        lines=lines,
    )
    row = ResultNotice(plan_id=plan_id, notice_id=notice.id)
    session.add(row)
    session.flush()
    for candidate in passed:
        application = applications.load(session, candidate.application_id)
        if application.state is ApplicationState.REVIEW_PASSED:
            applications.advance(session, actor=actor, application=application, action=ApplicationAction.PUBLISH)
    return row


def conclude_result_notice(session: Session, *, actor: Actor, plan_id: int, conclusion: str) -> tuple[int, int]:
    """End the notice: (cleared, struck off). An upheld objection strikes its person off; the others go on."""
    plan = _own(session, actor, plan_id)
    shown = queries.notice_of(session, plan_id)
    if shown is None:
        raise NotFound("这个方案还没有公示评审结果。")
    notices.conclude(session, actor=actor, notice_id=shown.notice_id, conclusion=conclusion)
    session.flush()
    waiting = [c for c in plan.candidates if c.application.state is ApplicationState.ON_NOTICE]
    found = standings(session, [c.application_id for c in waiting], NoticeKind.RESULT, by=plan.committee_id)
    struck = 0
    for candidate in waiting:
        upheld = found[candidate.application_id].upheld > 0
        struck += upheld
        applications.advance(
            session,
            actor=actor,
            application=applications.load(session, candidate.application_id),
            action=ApplicationAction.UPHOLD if upheld else ApplicationAction.CLEAR,
            opinion="公示期间异议经调查成立。" if upheld else conclusion,
        )
    return len(waiting) - struck, struck


def filing_gaps(session: Session, plan: ReviewPlan) -> list[str]:
    """What stands in the way of filing."""
    shown = queries.notice_of(session, plan.id)
    gaps = []
    if plan.state is not PlanState.CONCLUDED:
        gaps.append("评审结果未确认")
    if shown is None:
        gaps.append("评审结果未公示")
    elif shown.notice.status is not NoticeStatus.CONCLUDED:
        gaps.append(f"评审结果公示未办结（公示至 {shown.notice.ends_on:%Y-%m-%d}）")
    if not any(c.application.state is ApplicationState.AWAITING_FILING for c in plan.candidates):
        gaps.append("没有公示通过、待备案的人员")
    return gaps


def request_filing(
    session: Session, *, actor: Actor, plan_id: int, summary: str, contact: str, files: Sequence[tuple[str, bytes]]
) -> Filing:
    """U1.2.7 【备案】: with a summary, a contact and at least one attachment (the signed minutes). Again after a refusal."""
    plan = _own(session, actor, plan_id)
    filing = queries.filing_of(session, plan_id)
    if filing is not None and filing.state is not FilingState.RETURNED:
        raise Conflict(f"该方案{filing.state.label}，无需重复申请。")
    gaps = filing_gaps(session, plan)
    if gaps:
        raise Refusal("；".join(gaps) + "。")
    fields = {}
    if not summary.strip() or len(summary) > 4000:
        fields["summary"] = "请填写评审情况说明，不超过 4000 个字。"
    if not contact.strip() or len(contact) > 120:
        fields["contact"] = "请填写联系人和电话。"
    kept = len(filing.attachments) if filing else 0
    if not files and not kept:
        fields["file"] = "请上传备案附件（评审会议纪要、投票汇总表等）。"
    elif len(files) + kept > MOST_FILES:
        fields["file"] = f"备案附件最多 {MOST_FILES} 个。"
    if fields:
        raise Invalid(fields)
    stored = [storage.put(storage.current(), name, content) for name, content in files]
    if filing is None:
        filing = Filing(plan_id=plan_id, region_code=plan.region_code)
    filing.state, filing.summary, filing.contact = FilingState.SUBMITTED, summary.strip(), contact.strip()
    filing.submitted_at, filing.opinion, filing.decided_at = clock.now(), "", None
    session.add(filing)
    session.flush()
    session.add_all(FilingAttachment(filing_id=filing.id, **file.columns()) for file in stored)
    session.flush()
    session.expire(filing, ["attachments"])
    audit.record(session, actor, "outcomes.request_filing", filing, plan=plan_id)
    return filing


def decide_filing(
    session: Session,
    *,
    actor: Actor,
    filing_id: int,
    version: int,
    approve: bool,
    opinion: str,
    filing_number: str,
    filed_on: date | None,
) -> Filing:
    """A15: decide with opinion, 备案文号, 备案时间. Approved, everybody the notice cleared becomes effective, at once."""
    filing = session.get(Filing, filing_id, with_for_update={"of": Filing}, populate_existing=True)
    if filing is None:
        raise NotFound
    if actor.role is not Role.HR_OFFICER or filing.region_code != actor.region_code:
        raise NotAllowed("评审结果由评委会所在统筹区的人社部门备案。")
    if filing.version != version or filing.state is not FilingState.SUBMITTED:
        raise Conflict(f"您打开页面之后，这份备案已被处理（{filing.state.label}），请刷新后再看。")
    fields = _filing_fields(session, filing, approve, opinion, filing_number.strip(), filed_on)
    if fields:
        raise Invalid(fields)
    filing.opinion, filing.decided_at, filing.decided_by = opinion.strip(), clock.now(), actor.name
    if not approve:
        filing.state = FilingState.RETURNED
    else:
        try:
            with session.begin_nested():
                filing.state, filing.filing_number, filing.filed_on = FilingState.FILED, filing_number.strip(), filed_on
        except IntegrityError:  # another filing took it in this very moment
            raise Invalid({"filing_number": NUMBER_TAKEN}) from None
        _make_effective(session, actor, filing)
    session.flush()
    audit.record(
        session,
        actor,
        "outcomes.decide_filing",
        filing,
        approve=approve,
        number=filing.filing_number,
        opinion=filing.opinion,
    )
    return filing


def _make_effective(session: Session, actor: Actor, filing: Filing) -> None:
    waiting = [a.id for a in queries.cleared(session, filing.plan_id) if a.state is ApplicationState.AWAITING_FILING]
    with elevated(session, "whom the plan reviewed is filed with it, from whatever region he applied"):
        for key in waiting:
            applications.advance(
                session,
                actor=actor,
                application=applications.load(session, key),
                action=ApplicationAction.FILE,
                opinion=f"备案文号：{filing.filing_number}。{filing.opinion}",
            )


def _filing_fields(
    session: Session, filing: Filing, approve: bool, opinion: str, number: str, filed_on: date | None
) -> Mapping[str, str]:
    if len(opinion) > 2000:
        return {"opinion": "审核意见不超过 2000 个字。"}
    if not approve:
        return {} if opinion.strip() else {"opinion": "审核不通过时请填写意见，说明应如何补正。"}
    fields = {}
    if not number or len(number) > 60:
        fields["filing_number"] = "请填写备案文号，不超过 60 个字。"
    else:
        with elevated(session, "a number is used once in the province, also where this officer does not look"):
            if session.scalar(sa.select(Filing.id).where(Filing.filing_number == number, Filing.id != filing.id)):
                fields["filing_number"] = NUMBER_TAKEN
    shown = queries.notice_of(session, filing.plan_id)
    if filed_on is None or filed_on > clock.today():
        fields["filed_on"] = "请选择备案时间，不能晚于今天。"
    elif shown is not None and filed_on <= shown.notice.ends_on:
        fields["filed_on"] = f"备案时间应在公示结束（{shown.notice.ends_on:%Y-%m-%d}）之后。"
    return fields
