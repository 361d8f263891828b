"""Making a review plan, submitting it, deciding on it. `move_plan` alone changes its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications import services as applications
from app.applications.enums import ApplicationAction, ApplicationState
from app.catalog import services as catalog
from app.catalog.models import Speciality
from app.committees.models import AnnualBatch, Committee
from app.committees.queries import committee_problem
from app.core import audit, clock, storage
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor, elevated
from app.review_plans import rules
from app.review_plans.enums import PlanAction, PlanKind, PlanMode, PlanState
from app.review_plans.models import (
    Candidate,
    ExpertRequirement,
    PlanAttachment,
    PlanStep,
    ReviewPlan,
    RubricItem,
)
from app.review_plans.workflow import PLAN, PlanFacts

EDITABLE = (PlanState.DRAFT, PlanState.RETURNED)
MOST_ITEMS = 50


def move_plan(
    session: Session, *, actor: Actor, plan: ReviewPlan, action: PlanAction, target: PlanState, opinion: str = ""
) -> PlanStep:
    """Change a plan's state and append the step, in the caller's transaction."""
    PLAN.check(plan.state, action, target, _facts(session, plan), opinion)
    step = PlanStep(
        plan_id=plan.id,
        seq=len(plan.steps) + 1,
        action=action,
        from_state=plan.state,
        to_state=target,
        at=clock.now(),
        actor_name=actor.name,
        actor_body_name=actor.body_name,
        opinion=opinion.strip(),
    )
    plan.state, plan.state_since = target, clock.now()
    session.add(step)
    session.flush()
    session.expire(plan, ["steps"])
    audit.record(session, actor, f"review_plans.{action.value}", plan, to_state=target.value)
    return step


def _facts(session: Session, plan: ReviewPlan) -> PlanFacts:
    content = rules.PlanContent(
        plan.mode,
        plan.meeting_on,
        len(plan.candidates),
        [item.weight for item in plan.rubric],
        sum(need.count for need in plan.expert_requirements),
        plan.batch.review_until,
    )
    return PlanFacts(
        rules.plan_gaps(content, clock.today()), committee_problem(session, plan.committee_id, clock.today()) or ""
    )


def load(session: Session, plan_id: int) -> ReviewPlan:
    plan = session.get(ReviewPlan, plan_id, with_for_update={"of": ReviewPlan}, populate_existing=True)
    if plan is None:
        raise NotFound
    return plan


def _own(session: Session, actor: Actor, plan_id: int) -> ReviewPlan:
    plan = load(session, plan_id)
    if actor.role is not Role.COMMITTEE or plan.committee_id != actor.body_id:
        raise NotAllowed("评审方案由评委会操作员编制。")
    if plan.state not in EDITABLE:
        raise Conflict(f"方案已是“{plan.state.label}”，不能再修改。")
    return plan


def create_plan(session: Session, *, actor: Actor, values: Mapping[str, Any]) -> ReviewPlan:
    """【新增】: name, batch_id, kind, kind_reason, mode, meeting_on, place, note. Raises Invalid by field."""
    committee = session.get(Committee, actor.body_id or 0) if actor.role is Role.COMMITTEE else None
    if committee is None:
        raise NotAllowed("评审方案由评委会操作员编制。")
    clean = _check(session, committee, values)
    plan = ReviewPlan(
        committee_id=committee.body_id,
        region_code=committee.body.region_code,
        state=PlanState.DRAFT,
        state_since=clock.now(),
        **clean,
    )
    session.add(plan)
    session.flush()
    audit.record(session, actor, "review_plans.create", plan)
    return plan


def edit_plan(session: Session, *, actor: Actor, plan_id: int, values: Mapping[str, Any]) -> ReviewPlan:
    plan = _own(session, actor, plan_id)
    clean = _check(session, plan.committee, values)
    if clean["batch_id"] != plan.batch_id and plan.candidates:
        raise Invalid({"batch_id": "方案已有参评人员，不能更换年度批次。"})
    for name, value in clean.items():
        setattr(plan, name, value)
    session.flush()
    audit.record(session, actor, "review_plans.edit", plan)
    return plan


def _check(session: Session, committee: Committee, values: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        name: words
        for name, words in (
            ("name", "请填写方案名称。"),
            ("place", "请填写评审地点。"),
            ("meeting_on", "请选择评审会议日期。"),
        )
        if not values.get(name)
    }
    fields |= {
        name: f"不超过 {most} 个字。"
        for name, most in (("name", 120), ("place", 120), ("kind_reason", 300), ("note", 4000))
        if len(values.get(name) or "") > most
    }
    if values.get("meeting_on") and values["meeting_on"] < clock.today():
        fields["meeting_on"] = "评审会议日期已过，请另选日期。"
    batch = session.get(AnnualBatch, values.get("batch_id") or 0)
    if batch is None or batch.committee_id != committee.body_id:
        fields["batch_id"] = "请选择本评委会的年度批次。"
    if not isinstance(values.get("kind"), PlanKind):
        fields["kind"] = "请选择正常方案或特殊方案。"
    elif values["kind"] is PlanKind.SPECIAL and not (values.get("kind_reason") or "").strip():
        fields["kind_reason"] = "特殊方案请说明特殊情况。"
    if not isinstance(values.get("mode"), PlanMode):
        fields["mode"] = "请选择评审方式。"
    if fields:
        raise Invalid(fields)
    clean = {name: values.get(name) for name in ("name", "place", "meeting_on", "kind", "mode", "batch_id")}
    return clean | {
        "kind_reason": (values.get("kind_reason") or "").strip(),
        "note": values.get("note") or "",
    }


def add_candidates(session: Session, *, actor: Actor, plan_id: int, application_ids: Sequence[int]) -> int:
    """参评人员: put rechecked applications of the batch into the plan; how many were added."""
    plan = _own(session, actor, plan_id)
    if not application_ids:
        raise Invalid({"ids": "请先勾选参评人员。"})
    for key in application_ids:
        application = applications.load(session, key)
        if application.final_body_id != plan.committee_id or application.batch_id != plan.batch_id:
            raise Refusal(f"{application.applicant_name} 不属于本方案的年度批次。")
        if application.state is not ApplicationState.RECHECKED:
            raise Conflict(f"{application.applicant_name} 当前为“{application.state.label}”，不能编入方案。")
        session.add(Candidate(plan_id=plan.id, application_id=key))
        session.flush()
        applications.advance(session, actor=actor, application=application, action=ApplicationAction.PLAN)
    session.expire(plan, ["candidates"])
    return len(application_ids)


def remove_candidate(session: Session, *, actor: Actor, plan_id: int, candidate_id: int) -> None:
    """Take somebody out of a plan that is not yet submitted; he may be put into another."""
    plan = _own(session, actor, plan_id)
    candidate = next((c for c in plan.candidates if c.id == candidate_id), None)
    if candidate is None:
        raise NotFound
    application = applications.load(session, candidate.application_id)
    session.delete(candidate)
    session.flush()
    session.expire(plan, ["candidates"])
    applications.advance(session, actor=actor, application=application, action=ApplicationAction.UNPLAN)


def set_expert_requirements(
    session: Session, *, actor: Actor, plan_id: int, needs: Sequence[tuple[int, int, int]]
) -> None:
    """专家需求: (speciality id, count, reserve) each; replaces what was there."""
    plan = _own(session, actor, plan_id)
    if len({need[0] for need in needs}) != len(needs):
        raise Invalid({"needs": "同一专业只填一行。"})
    for speciality_id, count, reserve in needs:
        speciality = session.get(Speciality, speciality_id)
        if speciality is None or speciality.series_id != plan.committee.series_id:
            raise Invalid({"needs": "请选择本评委会系列下的专业。"})
        if not 1 <= count <= 200 or not 0 <= reserve <= 200:
            raise Invalid({"needs": "专家人数应为 1 至 200，候补人数应为 0 至 200。"})
    for need in list(plan.expert_requirements):
        session.delete(need)
    session.flush()
    session.add_all(ExpertRequirement(plan_id=plan.id, speciality_id=s, count=c, reserve=r) for s, c, r in needs)
    session.flush()
    session.expire(plan, ["expert_requirements"])
    audit.record(session, actor, "review_plans.experts", plan, needs=list(needs))


def set_rubric(session: Session, *, actor: Actor, plan_id: int, items: Sequence[tuple[str, str, str]]) -> None:
    """打分细则: (name, weight in percent, highest score) each, as typed; weights sum to 100. Replaces what was there."""
    plan = _own(session, actor, plan_id)
    if len(items) > MOST_ITEMS:
        raise Invalid({"items": f"打分细则最多 {MOST_ITEMS} 项。"})
    rows: list[RubricItem] = []
    for seq, (name, *numbers) in enumerate(items, 1):
        if not name.strip():
            raise Invalid({"items": f"请填写第 {seq} 行的评分项目。"})
        if len(name.strip()) > 80:
            raise Invalid({"items": f"第 {seq} 行的评分项目不超过 80 个字。"})
        weight, maximum = (rules.hundredths(text) for text in numbers)
        if weight is None or maximum is None:
            raise Invalid({"items": f"第 {seq} 行的权重和满分应为数字，最多两位小数。"})
        if not 0 < weight <= 100 or not 0 < maximum <= 1000:
            raise Invalid({"items": f"第 {seq} 行：权重在 0 至 100 之间，满分在 0 至 1000 之间。"})
        rows.append(RubricItem(plan_id=plan.id, seq=seq, name=name.strip(), weight=weight, maximum=maximum))
    if rows and sum(row.weight for row in rows) != 100:
        raise Invalid({"items": f"权重合计应为 100，现为 {sum(row.weight for row in rows):g}。"})
    for item in list(plan.rubric):
        session.delete(item)
    session.flush()
    session.add_all(rows)
    session.flush()
    session.expire(plan, ["rubric"])
    audit.record(session, actor, "review_plans.rubric", plan, items=len(rows))


def attach(session: Session, *, actor: Actor, plan_id: int, name: str, content: bytes) -> PlanAttachment:
    """方案附件, at most ten."""
    plan = _own(session, actor, plan_id)
    if len(plan.attachments) >= 10:
        raise Invalid({"file": "方案附件最多 10 个。"})
    attachment = PlanAttachment(plan_id=plan.id, **storage.put(storage.current(), name, content).columns())
    session.add(attachment)
    session.flush()
    session.expire(plan, ["attachments"])
    audit.record(session, actor, "review_plans.attach", attachment, plan=plan.id)
    return attachment


def submit_plan(session: Session, *, actor: Actor, plan_id: int) -> PlanStep:
    """呈报: refused with everything that is missing."""
    plan = _own(session, actor, plan_id)
    return move_plan(session, actor=actor, plan=plan, action=PlanAction.SUBMIT, target=PlanState.SUBMITTED)


def decide_plan(session: Session, *, actor: Actor, plan_id: int, version: int, approve: bool, opinion: str) -> PlanStep:
    """A13 decides normal plans, A14 special ones: different officers. A committee's plan is its own region's business."""
    plan = load(session, plan_id)
    deciders = {PlanKind.NORMAL: Role.HR_OFFICER, PlanKind.SPECIAL: Role.SPECIAL_PLAN_OFFICER}
    if actor.role is not deciders[plan.kind]:
        raise NotAllowed(f"{plan.kind.label}由{deciders[plan.kind].label}审核。")
    if plan.kind is PlanKind.NORMAL and plan.region_code != actor.region_code:
        raise NotAllowed("评审方案由评委会所在统筹区的人社部门审核。")
    if plan.version != version:
        raise Conflict("您打开页面之后，这个方案已被处理，请刷新后再看。")
    action = PlanAction.APPROVE if approve else PlanAction.REFUSE
    target = PlanState.APPROVED if approve else PlanState.RETURNED
    return move_plan(session, actor=actor, plan=plan, action=action, target=target, opinion=opinion)


def _experts_wanted(session: Session, speciality_id: int) -> str | None:
    with elevated(
        session, "a plan still being drawn up is not shown to officers, and holds its specialities all the same"
    ):
        count = session.scalar(
            sa.select(sa.func.count(ExpertRequirement.id)).where(ExpertRequirement.speciality_id == speciality_id)
        )
    return f"{count} 个评审方案的专家需求" if count else None


catalog.speciality_uses.append(_experts_wanted)
