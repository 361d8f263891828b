"""Everything that happens to an application. `move` is the one function that changes its state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.enums import Gender
from app.accounts.models import Person
from app.accounts.queries import blacklisted
from app.applications import rules
from app.applications.enums import (
    ENDED,
    WITH_APPLICANT,
    WITHOUT_HOLDER,
    ApplicationAction,
    ApplicationState,
    Section,
)
from app.applications.models import (
    Application,
    ApplicationMaterial,
    ApplicationNode,
    ApplicationStep,
    DossierRecord,
)
from app.applications.workflow import APPLICATION, Facts
from app.approval_paths.queries import final_bodies_for, path_to
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import AcquisitionMethod, Education, TitleLevel
from app.catalog.models import MaterialRequirement, Speciality, Title
from app.catalog.queries import eligibility_rules, requirements_for, setting
from app.committees.models import AnnualBatch
from app.committees.queries import committee_problem, open_batches
from app.core import audit, clock, storage
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor, elevated
from app.public_notices.enums import NoticeKind
from app.public_notices.queries import standing
from app.quotas.queries import granted

A, S = ApplicationAction, ApplicationState

HOLDER_ROLES: Mapping[NodeType, frozenset[Role]] = {
    NodeType.UNIT: frozenset({Role.UNIT}),
    NodeType.DEPARTMENT: frozenset({Role.DEPARTMENT}),
    NodeType.TITLE_OFFICE: frozenset({Role.TITLE_OFFICE, Role.HR_OFFICER}),
    NodeType.COMMITTEE: frozenset({Role.COMMITTEE}),
}
"""In which role a body's operator decides; an HR officer does so only at his own title office."""

DECISIONS = frozenset({A.APPROVE, A.REFUSE, A.RETURN, A.RESEND, A.SUPPLEMENT, A.CLOSE, A.DECLINE})


# -- the one function ------------------------------------------------------------------------------------------


def move(
    session: Session,
    *,
    actor: Actor,
    application: Application,
    action: ApplicationAction,
    target: ApplicationState,
    facts: Facts,
    to_seq: int | None,
    opinion: str = "",
    items: Sequence[rules.Item] = (),
) -> ApplicationStep:
    """Change an application's state and append the step, in the caller's transaction.

    `to_seq`: the node that holds it afterwards (None: nobody). Raises Conflict or Refusal as the table says.
    """
    APPLICATION.check(application.state, action, target, facts, opinion)
    moment = clock.now()
    node = next((n for n in application.nodes if n.seq == to_seq), None)
    days = int(setting(session, "correction_days", "10")) if target is S.CORRECTING else 0
    step = ApplicationStep(
        application_id=application.id,
        seq=application.step_count + 1,
        action=action,
        from_state=application.state,
        to_state=target,
        from_body_id=application.current_body_id,
        to_body_id=node.body_id if node else None,
        at=moment,
        waited_seconds=max(int((moment - application.state_since).total_seconds()), 0),
        actor_user_id=actor.user_id,
        actor_post_id=actor.post_id,
        actor_name=actor.name,
        actor_role=actor.role.label,
        actor_body_name=actor.body_name,
        opinion=opinion.strip(),
        items=[{"target": item.target, "note": item.note} for item in items],
    )
    application.state, application.state_since = target, moment
    application.step_count = step.seq
    application.current_seq = to_seq
    application.current_body_id = node.body_id if node else None
    if node is not None and node.reached_at is None:
        node.reached_at = moment
    application.correction_due = rules.correction_due(clock.today(), days) if days else None
    session.add(step)
    session.flush()
    audit.record(
        session, actor, f"applications.{action.value}", application, number=application.number,
        from_state=step.from_state.value, to_state=target.value,
    )
    return step


def load(session: Session, application_id: int) -> Application:
    """The application, locked for this transaction and fresh; NotFound outside the scope."""
    application = session.get(Application, application_id, with_for_update={"of": Application}, populate_existing=True)
    if application is None:
        raise NotFound
    return application


# -- the applicant ---------------------------------------------------------------------------------------------


def save_draft(session: Session, *, actor: Actor, values: Mapping[str, Any], application_id: int | None = None) -> Application:
    """【暂存申报】: create or change the head of an application.

    `values`: year, employer_id, method, level, series_id, title_id, speciality_id, final_body_id. Raises Invalid by
    field; Conflict if the person already has a live application of that year.
    """
    person = session.get(Person, actor.person_id) if actor.role is Role.APPLICANT else None
    if person is None:
        raise NotAllowed("只有申报人本人可以填写申报。")
    head = _check_head(session, values)
    if application_id is not None:
        application = load(session, application_id)
        if application.state not in WITH_APPLICANT:
            raise Conflict(f"申报已是“{application.state.label}”，不能再修改。")
        if application.state is S.CORRECTING and head["year"] != application.year:
            raise Invalid({"year": "退回修改时不能更改申报年度。"})
    else:
        _no_other(session, person, head["year"])
        application = Application(
            person_id=person.id, applicant_name=person.name, id_masked=person.id_masked, id_digest=person.id_digest,
            state=S.DRAFT, state_since=clock.now(), created_at=clock.now(), step_count=0,
        )
    for name, value in head.items():
        setattr(application, name, value)
    session.add(application)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"您在 {head['year']} 年度已有一份申报，同一年度只能申报一次。") from error
    audit.record(session, actor, "applications.save_draft", application)
    return application


def _no_other(session: Session, person: Person, year: int) -> None:
    other = session.scalar(
        sa.select(Application).where(
            Application.person_id == person.id, Application.year == year, Application.state.not_in(ENDED)
        )
    )
    if other is not None:
        raise Conflict(f"您在 {year} 年度已有一份申报（编号 {other.number}，{other.state.label}），同一年度只能申报一次。")


def _check_head(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, str] = {}
    today = clock.today()
    year = values.get("year")
    if year != today.year:
        fields["year"] = f"只能申报 {today.year} 年度。"
    method, level = values.get("method"), values.get("level")
    if not isinstance(method, AcquisitionMethod):
        fields["method"] = "请选择取得方式。"
    if not isinstance(level, TitleLevel):
        fields["level"] = "请选择拟申报职称等级。"
    employer = session.get(Body, values.get("employer_id") or 0)
    if employer is None or not employer.active or employer.node_type is not NodeType.UNIT:
        fields["employer_id"] = "请录入单位名称关键字，回车后从查询结果中选择单位。"
    title = session.get(Title, values.get("title_id") or 0)
    if title is None or title.series_id != values.get("series_id") or title.level is not level:
        fields["title_id"] = "请选择与系列、等级对应的职称。"
    speciality = session.get(Speciality, values.get("speciality_id") or 0)
    if speciality is None or not speciality.active or speciality.series_id != values.get("series_id"):
        fields["speciality_id"] = "请选择该系列下的专业。"
    if fields:
        raise Invalid(fields)
    assert employer is not None and isinstance(level, TitleLevel) and isinstance(method, AcquisitionMethod)
    reachable = final_bodies_for(
        session, employer_id=employer.id, method=method, level=level, series_id=values["series_id"],
        speciality_id=values["speciality_id"],
    )
    if values.get("final_body_id") not in {node.body_id for node in reachable}:
        words = "请选择终审机构。" if reachable else "审核路径不完整，没有可选的终审机构，请联系所在单位核对审核路径配置。"
        raise Invalid({"final_body_id": words})
    head = {name: values[name] for name in ("year", "employer_id", "method", "level", "series_id", "title_id", "speciality_id", "final_body_id")}
    head["region_code"] = employer.region_code
    head["batch_id"] = None
    if method is AcquisitionMethod.REVIEW:
        batches = open_batches(session, values["final_body_id"], level, today)
        if not batches:
            raise Invalid({"final_body_id": "该评委会目前没有开放的年度批次，请等待评委会发布申报时间。"})
        head["batch_id"] = batches[0].id
    return head


def save_section(
    session: Session, *, actor: Actor, application_id: int, section: Section, records: Sequence[Mapping[str, Any]]
) -> None:
    """Replace the entries of one section. Invalid names fields as "<index>-<field>"; nothing is kept of a wrong set."""
    application = _editable(session, actor, application_id)
    schema = rules.SECTIONS[section]
    if len(records) > (schema.most_records if schema.many else 1):
        raise Invalid({"records": f"“{section.label}”最多填写 {schema.most_records if schema.many else 1} 条。"})
    cleaned, wrong = [], {}
    for index, record in enumerate(records):
        clean, problems = rules.check_record(section, record, clock.today())
        cleaned.append(clean)
        wrong |= {f"{index}-{name}": problem for name, problem in problems.items()}
    if wrong:
        raise Invalid(wrong)
    known = [record for record in application.records if record.section is section]
    if [record.data for record in known] == cleaned:
        return
    for record in known:
        session.delete(record)
    session.flush()
    session.add_all(
        DossierRecord(application_id=application.id, section=section, seq=seq, data=data, changed_at=clock.now())
        for seq, data in enumerate(cleaned, 1)
    )
    session.flush()
    session.expire(application, ["records"])
    audit.record(session, actor, "applications.save_section", application, section=section.value, entries=len(cleaned))


def attach_material(
    session: Session, *, actor: Actor, application_id: int, requirement_id: int, name: str, content: bytes
) -> ApplicationMaterial:
    """【申报材料上传】: one file against a line of the checklist. Invalid({"file": …}) says what is wrong with it."""
    application = _editable(session, actor, application_id)
    requirement = next((r for r in checklist(session, application) if r.id == requirement_id), None)
    if requirement is None:
        raise NotFound("材料清单中没有这一项。")
    held = [material for material in application.materials if material.requirement_id == requirement_id]
    if len(held) >= requirement.max_files:
        raise Invalid({"file": f"“{requirement.name}”最多上传 {requirement.max_files} 个文件，请先删除再上传。"})
    accept = (storage.JPEG, storage.PNG) if requirement.images_only else (storage.PDF, storage.JPEG, storage.PNG)
    stored = storage.put(storage.current(), name, content, accept=accept)
    material = ApplicationMaterial(
        application_id=application.id, requirement_id=requirement_id, uploaded_at=clock.now(), **stored.columns()
    )
    session.add(material)
    session.flush()
    session.expire(application, ["materials"])
    audit.record(session, actor, "applications.attach", material, application=application.id, sha256=stored.sha256)
    return material


def remove_material(session: Session, *, actor: Actor, material_id: int) -> None:
    """Take back an uploaded file while the application is still the applicant's."""
    material = session.get(ApplicationMaterial, material_id)
    if material is None:
        raise NotFound
    application = _editable(session, actor, material.application_id)
    session.delete(material)
    session.flush()
    session.expire(application, ["materials"])
    audit.record(session, actor, "applications.detach", ("application_materials", material_id), application=application.id)


def checklist(session: Session, application: Application) -> list[MaterialRequirement]:
    return requirements_for(session, series_id=application.series_id, level=application.level, method=application.method)


def _editable(session: Session, actor: Actor, application_id: int) -> Application:
    application = load(session, application_id)
    if actor.person_id != application.person_id or actor.role is not Role.APPLICANT:
        raise NotAllowed("只有申报人本人可以修改申报内容。")
    if application.state not in WITH_APPLICANT:
        raise Conflict(f"申报已是“{application.state.label}”，不能再修改。")
    return application


def submit(session: Session, *, actor: Actor, application_id: int) -> ApplicationStep:
    """【提交】: copies the approval path, and hands the application to the employer. A second press is a Conflict."""
    application = load(session, application_id)
    if actor.person_id != application.person_id or actor.role is not Role.APPLICANT:
        raise NotAllowed("只有申报人本人可以提交。")
    if application.state not in WITH_APPLICANT:
        raise Conflict(f"这份申报已经提交（{application.state.label}），无需重复提交。")
    path = path_to(
        session, employer_id=application.employer_id, method=application.method, level=application.level,
        series_id=application.series_id, speciality_id=application.speciality_id, final_body_id=application.final_body_id,
    )
    facts = submission_facts(session, application)
    action = A.SUBMIT if application.state is S.DRAFT else A.RESUBMIT
    APPLICATION.check(application.state, action, S.AT_EMPLOYER, facts)
    reached = {node.body_id: node.reached_at for node in application.nodes}
    for node in list(application.nodes):
        session.delete(node)
    session.flush()
    session.add_all(
        ApplicationNode(
            application_id=application.id, seq=seq, body_id=node.body_id, node_type=node.node_type,
            is_final=node.body_id == application.final_body_id, reached_at=reached.get(node.body_id),
        )
        for seq, node in enumerate(path, 1)
    )
    session.flush()
    session.expire(application, ["nodes"])
    if application.submitted_at is None:
        application.submitted_at = clock.now()
    return move(
        session, actor=actor, application=application, action=action, target=S.AT_EMPLOYER, facts=facts, to_seq=1
    )


def submission_facts(session: Session, application: Application) -> Facts:
    """What stands in the way of submitting, each thing in words: shown to the applicant beforehand too."""
    required = [(r.code, r.name) for r in checklist(session, application) if r.required]
    given = {material.requirement.code for material in application.materials}
    filled = {record.section for record in application.records}
    window = ""
    if application.method is AcquisitionMethod.REVIEW:
        batch = session.get(AnnualBatch, application.batch_id)
        if batch is None or (application.state is S.DRAFT and not batch.takes(application.level, clock.today())):
            window = "年度批次不在申报时间内"
        window = window or committee_problem(session, application.final_body_id, clock.today()) or ""
    found = eligibility_of(session, application)
    return Facts(
        incomplete=rules.missing(application.method, filled, required, given),
        ineligible="" if found.ok or Section.EDUCATION not in filled else found.reason,
        blacklisted=_bar(session, application),
        window=window,
    )


def eligibility_of(session: Session, application: Application) -> rules.Eligibility:
    """Design §5.2: which clause, on which evidence, and the earliest day."""
    person = application.person
    retired = rules.retirement_problem(
        person.born_on, person.gender is Gender.MALE, clock.today(),
        int(setting(session, "retirement_age_male", "60")), int(setting(session, "retirement_age_female", "55")),
    )
    if retired:
        return rules.Eligibility(False, reason=retired + "。")
    records = application.records
    evidence = rules.Evidence(
        tuple(
            (Education(r.data["education"]), date.fromisoformat(r.data["graduated_on"])) for r in records if r.section is Section.EDUCATION
        ),
        tuple(
            (TitleLevel(r.data["level"]), date.fromisoformat(r.data["obtained_on"])) for r in records if r.section is Section.PRESENT_TITLE
        ),
    )
    table = [
        rules.Rule(row.education, row.years, row.clause, row.present_level, row.series_id)
        for row in eligibility_rules(session, method=application.method, level=application.level, year=application.year)
    ]
    return rules.eligibility(table, evidence, application.series_id, clock.today())


def _bar(session: Session, application: Application) -> str:
    entry = blacklisted(session, application.person_id, clock.today())
    return f"申报人在黑名单期内，至 {entry.ends_on:%Y-%m-%d} 止" if entry else ""


def withdraw(session: Session, *, actor: Actor, application_id: int, reason: str = "") -> ApplicationStep:
    """撤回申报: the applicant takes it back while nothing final has been decided."""
    application = load(session, application_id)
    if actor.person_id != application.person_id or actor.role is not Role.APPLICANT:
        raise NotAllowed("只有申报人本人可以撤回。")
    return move(
        session, actor=actor, application=application, action=A.WITHDRAW, target=S.WITHDRAWN, facts=Facts(), to_seq=None,
        opinion=reason,
    )


def lapse(session: Session, *, actor: Actor, application_id: int) -> ApplicationStep:
    """Not corrected in time counts as withdrawn (Order No. 40, art. 17); by the system alone."""
    application = load(session, application_id)
    if actor.role is not Role.SYSTEM or application.correction_due is None or application.correction_due >= clock.today():
        raise Refusal("补正期限未到。")
    return move(
        session, actor=actor, application=application, action=A.LAPSE, target=S.WITHDRAWN, facts=Facts(), to_seq=None,
        opinion=f"逾期未补正（期限 {application.correction_due:%Y-%m-%d}），视为撤回申报。",
    )


# -- the bodies on the path ------------------------------------------------------------------------------------


def forward(session: Session, *, actor: Actor, application_id: int, opinion: str = "") -> ApplicationStep:
    """U1.1.2 【上报】: refused with the reason while the notice runs, an objection stands, a quota is used up, …"""
    application = _held(session, actor, application_id)
    return _up(session, actor, application, A.FORWARD, opinion)


def forward_many(session: Session, *, actor: Actor, application_ids: Iterable[int]) -> dict[int, str]:
    """【上报】 of several: id -> "" or the reason. One that is refused does not hold the others up."""
    return _each(session, application_ids, lambda key: forward(session, actor=actor, application_id=key))


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
    action: ApplicationAction,
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
    application = _held(session, actor, application_id)
    if application.version != version:
        last = application.steps[-1] if application.steps else None
        who = f"{last.actor_name}已于 {clock.local(last.at):%m-%d %H:%M} {last.action.label}" if last else "申报内容已被修改"
        raise Conflict(f"您打开页面之后，{who}，请刷新后再看。")
    if action in (A.APPROVE, A.RESEND):
        return _up(session, actor, application, action, opinion)
    if action in (A.CLOSE, A.DECLINE):
        return move(
            session, actor=actor, application=application, action=action, target=S.NOT_APPROVED, facts=Facts(), to_seq=None,
            opinion=opinion,
        )
    return _down(session, actor, application, action, opinion, items)


def _held(session: Session, actor: Actor, application_id: int) -> Application:
    application = load(session, application_id)
    if application.state in WITHOUT_HOLDER or application.current_body_id != actor.body_id:
        where = application.current_body.name if application.current_body else application.state.label
        raise Conflict(f"这份申报现在不在本单位（{where}），不能办理。")
    node = _node(application, application.current_seq)
    if actor.role not in HOLDER_ROLES[node.node_type]:
        raise NotAllowed("当前身份不能办理这份申报。")
    return application


def _node(application: Application, seq: int | None) -> ApplicationNode:
    return next(node for node in application.nodes if node.seq == seq)


def _up(session: Session, actor: Actor, application: Application, action: A, opinion: str) -> ApplicationStep:
    here = _node(application, application.current_seq)
    facts = upward_facts(session, application)
    if action is A.APPROVE and here.is_final:
        target = S.RECHECKED if here.node_type is NodeType.COMMITTEE else S.EFFECTIVE
        return move(
            session, actor=actor, application=application, action=action, target=target, facts=facts, to_seq=here.seq,
            opinion=opinion,
        )
    above = _node(application, here.seq + 1)
    return move(
        session, actor=actor, application=application, action=action, target=S.arriving_at(above.node_type), facts=facts,
        to_seq=above.seq, opinion=opinion,
    )


def upward_facts(session: Session, application: Application) -> Facts:
    """What stands in the way of going up; the notice and the quota bind the employer alone."""
    notice = objection = quota = ""
    if application.state is S.AT_EMPLOYER:
        found = standing(session, application.id, NoticeKind.EMPLOYER)
        if found.notice_id is None:
            notice = "尚未进行所在单位申报公示"
        elif not found.over:
            notice = f"所在单位公示尚未结束（至 {found.ends_on:%Y-%m-%d}）"
        if found.open_objections:
            objection = "公示异议正在调查，结束前不能上报"
        elif found.upheld:
            objection = "公示异议成立，不能上报"
        quota = _quota_problem(session, application)
    return Facts(notice=notice, objection=objection, quota=quota, blacklisted=_bar(session, application))


def _quota_problem(session: Session, application: Application) -> str:
    limit = granted(session, application.employer_id, application.year, application.level)
    if limit is None:
        return ""
    with elevated(session, "the quota counts every application the unit has sent up"):
        used = session.scalar(
            sa.select(sa.func.count(sa.distinct(ApplicationStep.application_id)))
            .join(Application, Application.id == ApplicationStep.application_id)
            .where(
                ApplicationStep.action == A.FORWARD, Application.employer_id == application.employer_id,
                Application.year == application.year, Application.level == application.level,
                Application.state.not_in(ENDED), Application.id != application.id,
            )
        )
    return f"{application.level.label}职数 {limit} 个已用完" if (used or 0) >= limit else ""


def _down(
    session: Session, actor: Actor, application: Application, action: A, opinion: str, items: Sequence[rules.Item]
) -> ApplicationStep:
    here = application.current_seq or 1
    if action is A.REFUSE:
        if here == 1:
            raise Conflict("所在单位没有下级，请使用“不予推荐”或“退回”。")
        return move(
            session, actor=actor, application=application, action=action, target=S.REFUSED, facts=Facts(), to_seq=here - 1,
            opinion=opinion, items=items,
        )
    # 退回 by a body that decides goes one level down; one that only passes a return on hands it further down
    passing_on = application.state in (S.RETURNED, S.REFUSED)
    facts = Facts() if passing_on else Facts(asked_before=_asked_again(application, actor, items))
    if passing_on and not items:
        items = [rules.Item(**item) for item in application.steps[-1].items]
    to_seq = here - 1 if here > 1 else None
    target = S.RETURNED if to_seq else S.CORRECTING
    return move(
        session, actor=actor, application=application, action=action, target=target, facts=facts, to_seq=to_seq,
        opinion=opinion, items=items,
    )


def _asked_again(application: Application, actor: Actor, items: Sequence[rules.Item]) -> str:
    earlier = [
        step for step in application.steps
        if step.action is A.RETURN and step.from_body_id == actor.body_id and step.actor_body_name == actor.body_name
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
    A.PLAN: S.PLANNED, A.UNPLAN: S.RECHECKED, A.PASS: S.REVIEW_PASSED, A.FAIL: S.REVIEW_FAILED,
    A.PUBLISH: S.ON_NOTICE, A.CLEAR: S.AWAITING_FILING, A.UPHOLD: S.NOT_APPROVED, A.FILE: S.EFFECTIVE,
    A.ISSUE: S.CERTIFIED,
}


def advance(session: Session, *, actor: Actor, application: Application, action: A, opinion: str = "") -> ApplicationStep:
    """A step that a domain above takes: plan, result, notice, filing, certificate. That domain has authorised it."""
    target = _ADVANCE[action]
    facts = Facts(blacklisted=_bar(session, application) if action in (A.PLAN, A.ISSUE) else "")
    if action is A.CLEAR:
        found = standing(session, application.id, NoticeKind.RESULT)
        facts = Facts(
            notice="" if found.over else "评审结果公示尚未结束",
            objection="公示异议尚未办结" if found.open_objections else "公示异议成立" if found.upheld else "",
        )
    to_seq = None if target in WITHOUT_HOLDER else application.nodes[-1].seq
    return move(
        session, actor=actor, application=application, action=action, target=target, facts=facts, to_seq=to_seq, opinion=opinion
    )


def explain(session: Session, *, actor: Actor, application: Application) -> dict[A, str]:
    """The decisions the actor may try now: action -> "" or why it would be refused. Empty if it is not his turn."""
    if application.current_body_id is None or application.current_body_id != actor.body_id:
        return {}
    node = _node(application, application.current_seq)
    if actor.role not in HOLDER_ROLES[node.node_type]:
        return {}
    facts = upward_facts(session, application)
    reasons = [text for text in (facts.notice, facts.objection, facts.quota, facts.blacklisted) if text]
    return {
        action: "；".join(reasons) if action in (A.FORWARD, A.APPROVE, A.RESEND) else ""
        for action in APPLICATION.actions(application.state)
        if action in DECISIONS or action is A.FORWARD
    }
