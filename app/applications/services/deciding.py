"""What the bodies on the path decide, and the steps the domains above take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from app.applications import rules
from app.applications.enums import WITHOUT_HOLDER
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.models import Application, ApplicationStep
from app.applications.queries import recommended
from app.applications.services.moving import barred, load, move, node_at
from app.applications.workflow import APPLICATION, Facts
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import AcquisitionMethod
from app.catalog.queries import requirements_for
from app.core import clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, Refusal
from app.core.scope import Actor
from app.public_notices.enums import NoticeKind
from app.public_notices.queries import standing
from app.quotas.queries import declared, granted

HOLDER_ROLES: Mapping[NodeType, frozenset[Role]] = {
    NodeType.UNIT: frozenset({Role.UNIT}),
    NodeType.DEPARTMENT: frozenset({Role.DEPARTMENT}),
    NodeType.TITLE_OFFICE: frozenset({Role.TITLE_OFFICE, Role.HR_OFFICER}),
    NodeType.COMMITTEE: frozenset({Role.COMMITTEE}),
}
"""In which role a body's operator decides; an HR officer does so only at his own title office."""

DECISIONS = frozenset({A.APPROVE, A.REFUSE, A.RETURN, A.RESEND, A.SUPPLEMENT, A.CLOSE, A.DECLINE})


def forward(session: Session, *, actor: Actor, application_id: int, opinion: str = "") -> ApplicationStep:
    """U1.1.2 【上报】: refused with the reason while the notice runs, an objection stands, a quota is used up, …"""
    application = _held(session, actor, application_id)
    return _up(session, actor, application, A.FORWARD, opinion)


def forward_many(session: Session, *, actor: Actor, application_ids: Iterable[int]) -> dict[int, str]:
    """【上报】 of several: id -> "" or the reason. One that is refused does not hold the others up."""
    return _each(session, sorted(set(application_ids)), lambda key: forward(session, actor=actor, application_id=key))


def _each(session: Session, ids: Iterable[int], act: Callable[[int], object]) -> dict[int, str]:
    outcome: dict[int, str] = {}
    for key in ids:
        try:
            with session.begin_nested():
                act(key)
            outcome[key] = ""
        except Refusal as refusal:
            outcome[key] = refusal.reason
    return outcome


def decide(
    session: Session,
    *,
    actor: Actor,
    application_id: int,
    version: int,
    action: A,
    opinion: str = "",
    items: Sequence[rules.Item] = (),
) -> ApplicationStep:
    """What a body decides on an application it holds. `version` is the one the person saw.

    Conflict, naming who was faster and when, if somebody has decided in between.
    """
    if action not in DECISIONS:
        raise ValueError(action)
    if len(opinion) > 2000:
        raise Invalid({"opinion": "意见不超过 2000 个字。"})
    application = load(session, application_id)
    if application.version != version:
        last = application.steps[-1] if application.steps else None
        who = (
            f"{last.actor_name}已于 {clock.local(last.at):%m-%d %H:%M} {last.action.label}"
            if last
            else "申报内容已被修改"
        )
        raise Conflict(f"您打开页面之后，{who}，请刷新后再看。")
    _require_holder(actor, application)
    _check_items(session, application, action, items)
    if action in (A.APPROVE, A.RESEND):
        return _up(session, actor, application, action, opinion)
    if action in (A.CLOSE, A.DECLINE):
        return move(
            session,
            actor=actor,
            application=application,
            action=action,
            target=S.NOT_APPROVED,
            facts=Facts(),
            to_seq=None,
            opinion=opinion,
        )
    return _down(session, actor, application, action, opinion, items)


def _held(session: Session, actor: Actor, application_id: int) -> Application:
    application = load(session, application_id)
    _require_holder(actor, application)
    return application


def _require_holder(actor: Actor, application: Application) -> None:
    """Conflict where another body holds it, NotAllowed where the body does but the actor's role may not decide."""
    if application.state in WITHOUT_HOLDER or application.current_body_id != actor.body_id:
        where = application.current_body.name if application.current_body else application.state.label
        raise Conflict(f"这份申报现在不在本单位（{where}），不能办理。")
    node = node_at(application, application.current_seq)
    if actor.role not in HOLDER_ROLES[node.node_type]:
        raise NotAllowed("当前身份不能办理这份申报。")


def _check_items(session: Session, application: Application, action: A, items: Sequence[rules.Item]) -> None:
    """A body that decides to return says what to mend: only so can it be told once, completely (Order No. 40)."""
    required = requirements_for(
        session, series_id=application.series_id, level=application.level, method=application.method
    )
    known = rules.targets((r.code, r.name) for r in required)
    if any(item.target not in known or len(item.note) > 200 for item in items):
        raise Invalid({"items": "请从列出的内容中勾选需要补正的项目，每项说明不超过 200 个字。"})
    if action is A.RETURN and application.state is not S.RETURNED and not items:
        raise Invalid({"items": "退回时请勾选需要补正的内容，并一次性告知。"})


def _up(session: Session, actor: Actor, application: Application, action: A, opinion: str) -> ApplicationStep:
    here = node_at(application, application.current_seq)
    facts = upward_facts(session, application)
    if action is A.APPROVE and here.is_final:
        target = S.RECHECKED if application.method is AcquisitionMethod.REVIEW else S.EFFECTIVE
        return move(
            session,
            actor=actor,
            application=application,
            action=action,
            target=target,
            facts=facts,
            to_seq=here.seq,
            opinion=opinion,
        )
    above = node_at(application, here.seq + 1)
    return move(
        session,
        actor=actor,
        application=application,
        action=action,
        target=S.arriving_at(above.node_type),
        facts=facts,
        to_seq=above.seq,
        opinion=opinion,
    )


def upward_facts(session: Session, application: Application) -> Facts:
    """What stands in the way of going up; the notice and the quota bind the employer alone."""
    notice = objection = quota = ""
    if application.state is S.AT_EMPLOYER:
        found = standing(session, application.id, NoticeKind.EMPLOYER, by=application.employer_id)
        if found.notice_id is None:
            notice = "尚未进行所在单位申报公示"
        elif not found.over:
            notice = f"所在单位公示尚未结束（至 {found.ends_on:%Y-%m-%d}）"
        if found.open_objections:
            objection = "公示异议正在调查，结束前不能上报"
        elif found.upheld:
            objection = "公示异议成立，不能上报"
        quota = _quota_problem(session, application)
    return Facts(notice=notice, objection=objection, quota=quota, blacklisted=barred(session, application))


def _quota_problem(session: Session, application: Application) -> str:
    kind = (application.employer_id, application.year, application.level)
    if not declared(session, *kind):
        return ""
    # two of a unit's officers must not take the last place at once, nor one while the number is decided or corrected
    session.get(Body, application.employer_id, with_for_update={"key_share": True}, populate_existing=True)
    limit = granted(session, *kind)
    used = recommended(session, *kind, but=application.id)
    return f"{application.level.label}职数 {limit} 个已用完" if limit is not None and used >= limit else ""


def _down(
    session: Session, actor: Actor, application: Application, action: A, opinion: str, items: Sequence[rules.Item]
) -> ApplicationStep:
    here = application.current_seq or 1
    if action is A.REFUSE:
        if here == 1:
            raise Conflict("所在单位没有下级，请使用“不予推荐”或“退回”。")
        return move(
            session,
            actor=actor,
            application=application,
            action=action,
            target=S.REFUSED,
            facts=Facts(),
            to_seq=here - 1,
            opinion=opinion,
            items=items,
        )
    # 退回 by a body that decides goes one level down; one that only passes a return on hands it further down
    passing_on = application.state in (S.RETURNED, S.REFUSED)
    facts = Facts() if passing_on else Facts(asked_before=_asked_again(application, actor, items))
    if passing_on and not items:
        items = [rules.Item(**item) for item in application.steps[-1].items]
    to_seq = here - 1 if here > 1 else None
    target = S.RETURNED if to_seq else S.CORRECTING
    return move(
        session,
        actor=actor,
        application=application,
        action=action,
        target=target,
        facts=facts,
        to_seq=to_seq,
        opinion=opinion,
        items=items,
    )


def _asked_again(application: Application, actor: Actor, items: Sequence[rules.Item]) -> str:
    earlier = [
        step
        for step in application.steps
        if step.action is A.RETURN
        and step.from_body_id == actor.body_id
        and step.actor_body_name == actor.body_name
        and step.from_state in (S.AT_EMPLOYER, S.AT_SUPERIOR, S.AT_OFFICE, S.AT_COMMITTEE)
    ]
    if not earlier or not any(step.items for step in earlier):
        return ""
    first = earlier[0].at
    changed = {f"section:{r.section.value}" for r in application.records if r.changed_at > first}
    changed |= {f"material:{m.requirement.code}" for m in application.materials if m.uploaded_at > first}
    asked_before = {item["target"] for step in earlier for item in step.items}
    return rules.asked_again_problem([item.target for item in items], asked_before, changed) or ""


# -- for the domains above -------------------------------------------------------------------------------------

_ADVANCE: Mapping[A, S] = {
    A.PLAN: S.PLANNED,
    A.UNPLAN: S.RECHECKED,
    A.PASS: S.REVIEW_PASSED,
    A.FAIL: S.REVIEW_FAILED,
    A.PUBLISH: S.ON_NOTICE,
    A.CLEAR: S.AWAITING_FILING,
    A.UPHOLD: S.NOT_APPROVED,
    A.FILE: S.EFFECTIVE,
    A.ISSUE: S.CERTIFIED,
}


def advance(
    session: Session, *, actor: Actor, application: Application, action: A, opinion: str = ""
) -> ApplicationStep:
    """A step that a domain above takes: plan, result, notice, filing, certificate. That domain has authorised it."""
    target = _ADVANCE[action]
    facts = Facts(blacklisted=barred(session, application) if action in (A.PLAN, A.ISSUE) else "")
    if action is A.CLEAR:
        found = standing(session, application.id, NoticeKind.RESULT)
        facts = Facts(
            notice="" if found.over else "评审结果公示尚未结束",
            objection="公示异议尚未办结" if found.open_objections else "公示异议成立" if found.upheld else "",
        )
    to_seq = None if target in WITHOUT_HOLDER else application.nodes[-1].seq
    return move(
        session,
        actor=actor,
        application=application,
        action=action,
        target=target,
        facts=facts,
        to_seq=to_seq,
        opinion=opinion,
    )


def explain(session: Session, *, actor: Actor, application: Application) -> dict[A, str]:
    """The decisions the actor may try now: action -> "" or why it would be refused. Empty if it is not his turn."""
    if application.current_body_id is None or application.current_body_id != actor.body_id:
        return {}
    node = node_at(application, application.current_seq)
    if actor.role not in HOLDER_ROLES[node.node_type]:
        return {}
    facts = upward_facts(session, application)
    reasons = [text for text in (facts.notice, facts.objection, facts.quota, facts.blacklisted) if text]
    return {
        action: "；".join(reasons) if action in (A.FORWARD, A.APPROVE, A.RESEND) else ""
        for action in APPLICATION.actions(application.state)
        if action in DECISIONS or action is A.FORWARD
    }
