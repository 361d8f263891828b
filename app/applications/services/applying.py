"""What the applicant does: drafting, filling in, submitting, correcting, withdrawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.enums import Gender
from app.accounts.models import Person
from app.applications import rules
from app.applications.enums import ENDED, WITH_APPLICANT, Section
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.models import Application, ApplicationNode, ApplicationStep, DossierRecord
from app.applications.services.materials import checklist
from app.applications.services.moving import barred, editable, load, move
from app.applications.workflow import APPLICATION, Facts
from app.approval_paths.queries import final_bodies_for, path_to
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import AcquisitionMethod, Education, TitleLevel
from app.catalog.models import Speciality, Title
from app.catalog.queries import eligibility_rules, setting, speciality_ancestors
from app.committees.models import AnnualBatch
from app.committees.queries import committee_problem, open_batches
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, Refusal
from app.core.scope import Actor
from app.public_notices.enums import NoticeKind
from app.public_notices.queries import standing


def save_draft(
    session: Session, *, actor: Actor, values: Mapping[str, Any], application_id: int | None = None
) -> Application:
    """【暂存申报】: create or change the head of an application.

    `values`: year, employer_id, method, level, series_id, title_id, speciality_id, final_body_id. Raises Invalid by
    field; Conflict if the person already has a live application of that year.
    """
    person = session.get(Person, actor.person_id) if actor.role is Role.APPLICANT else None
    if person is None:
        raise NotAllowed("只有申报人本人可以填写申报。")
    application = load(session, application_id) if application_id is not None else None
    head = _check_head(session, values, application)
    if application is not None:
        if application.state not in WITH_APPLICANT:
            raise Conflict(f"申报已是“{application.state.label}”，不能再修改。")
        if application.state is S.CORRECTING:
            _check_correction(session, application, head)
    else:
        _no_other(session, person, head["year"])
        application = Application(
            person_id=person.id,
            applicant_name=person.name,
            id_masked=person.id_masked,
            id_digest=person.id_digest,
            state=S.DRAFT,
            state_since=clock.now(),
            created_at=clock.now(),
            step_count=0,
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


PUBLISHED = ("employer_id", "method", "level", "series_id", "title_id")
"""What the employer's notice says of an application: it stands for this and nothing else."""


def _check_correction(session: Session, application: Application, head: Mapping[str, Any]) -> None:
    fields = {}
    if head["year"] != application.year:
        fields["year"] = "退回修改时不能更改申报年度。"
    if standing(session, application.id, NoticeKind.EMPLOYER).notice_id is not None:
        for name in PUBLISHED:
            if head[name] != getattr(application, name):
                fields[name] = "该项已经公示，不能更改；确需更改的，请撤回后重新申报。"
    if fields:
        raise Invalid(fields)


def _no_other(session: Session, person: Person, year: int) -> None:
    other = session.scalar(
        sa.select(Application).where(
            Application.person_id == person.id, Application.year == year, Application.state.not_in(ENDED)
        )
    )
    if other is not None:
        raise Conflict(
            f"您在 {year} 年度已有一份申报（编号 {other.number}，{other.state.label}），同一年度只能申报一次。"
        )


def _check_head(session: Session, values: Mapping[str, Any], application: Application | None) -> dict[str, Any]:
    """`application`: the one that is changed; one under correction keeps its year and, where that still fits, its batch."""
    fields: dict[str, str] = {}
    today = clock.today()
    correcting = application if application is not None and application.state is S.CORRECTING else None
    year = values.get("year")
    if year != (correcting.year if correcting else today.year):
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
    assert employer is not None
    assert speciality is not None
    assert isinstance(level, TitleLevel)
    assert isinstance(method, AcquisitionMethod)
    reachable = final_bodies_for(
        session,
        employer_id=employer.id,
        method=method,
        level=level,
        series_id=values["series_id"],
        speciality_id=values["speciality_id"],
    )
    if values.get("final_body_id") not in {node.body_id for node in reachable}:
        words = (
            "请选择终审机构。" if reachable else "审核路径不完整，没有可选的终审机构，请联系所在单位核对审核路径配置。"
        )
        raise Invalid({"final_body_id": words})
    head = {
        name: values[name]
        for name in (
            "year",
            "employer_id",
            "method",
            "level",
            "series_id",
            "title_id",
            "speciality_id",
            "final_body_id",
        )
    }
    head["region_code"] = employer.region_code
    head["batch_id"] = None
    if method is AcquisitionMethod.REVIEW:
        kept = correcting.batch if correcting and correcting.final_body_id == head["final_body_id"] else None
        if kept is not None and kept.fits(kept.year, level, speciality_ancestors(session, head["speciality_id"])):
            head["batch_id"] = kept.id
            return head
        batches = open_batches(session, head["final_body_id"], level, head["speciality_id"], today)
        if not batches:
            wanted = f"{speciality.name}专业{level.label}"
            raise Invalid({"final_body_id": f"该评委会目前没有接收{wanted}申报的年度批次，请等待评委会发布申报时间。"})
        head["batch_id"] = batches[0].id
    return head


def save_section(
    session: Session, *, actor: Actor, application_id: int, section: Section, records: Sequence[Mapping[str, Any]]
) -> None:
    """Replace the entries of one section. Invalid names fields as "<index>-<field>"; nothing is kept of a wrong set."""
    application = editable(session, actor, application_id)
    schema = rules.SECTIONS[section]
    if len(records) > (schema.most_records if schema.many else 1):
        raise Invalid({"records": f"“{section.label}”最多填写 {schema.most_records if schema.many else 1} 条。"})
    cleaned: list[dict[str, Any]] = []
    wrong: dict[str, str] = {}
    for index, record in enumerate(records):
        clean, problems = rules.check_record(section, record, clock.today(), application.person.born_on)
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


def submit(session: Session, *, actor: Actor, application_id: int) -> ApplicationStep:
    """【提交】: copies the approval path, and hands the application to the employer. A second press is a Conflict."""
    application = load(session, application_id)
    if actor.person_id != application.person_id or actor.role is not Role.APPLICANT:
        raise NotAllowed("只有申报人本人可以提交。")
    if application.state not in WITH_APPLICANT:
        raise Conflict(f"这份申报已经提交（{application.state.label}），无需重复提交。")
    path = path_to(
        session,
        employer_id=application.employer_id,
        method=application.method,
        level=application.level,
        series_id=application.series_id,
        speciality_id=application.speciality_id,
        final_body_id=application.final_body_id,
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
            application_id=application.id,
            seq=seq,
            body_id=node.body_id,
            node_type=node.node_type,
            is_final=node.body_id == application.final_body_id,
            reached_at=reached.get(node.body_id),
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
    requirements = {r.id: r for r in checklist(session, application)}
    required = [(r.code, r.name) for r in requirements.values() if r.required]
    given = {requirements[m.requirement_id].code for m in application.materials if m.requirement_id in requirements}
    filled = {record.section for record in application.records}
    window = ""
    if application.method is AcquisitionMethod.REVIEW:
        window = _batch_problem(session, application)
        window = window or committee_problem(session, application.final_body_id, clock.today()) or ""
    found = eligibility_of(session, application)
    return Facts(
        incomplete=rules.missing(required_sections(application), filled, required, given),
        ineligible="" if found.ok or Section.EDUCATION not in filled else found.reason,
        blacklisted=barred(session, application),
        window=window,
    )


def _batch_problem(session: Session, application: Application) -> str:
    """Why the application's batch does not take it; a correction may come after the deadline."""
    batch = session.get(AnnualBatch, application.batch_id)
    if batch is None or (application.state is S.DRAFT and not batch.takes(clock.today())):
        return "年度批次不在申报时间内"
    lineage = speciality_ancestors(session, application.speciality_id)
    if batch.fits(application.year, application.level, lineage):
        return ""
    return f"年度批次“{batch}”不接收该年度、等级或专业的申报，请重新暂存申报信息"


def required_sections(application: Application) -> tuple[Section, ...]:
    """The sections this application must fill, as its education stands now."""
    doctor = any(
        r.section is Section.EDUCATION and r.data["education"] == Education.DOCTOR for r in application.records
    )
    return rules.required_sections(application.method, doctor)


def eligibility_of(session: Session, application: Application) -> rules.Eligibility:
    """Design §5.2: which clause, on which evidence, and the earliest day."""
    person = application.person
    retired = rules.retirement_problem(
        person.born_on,
        person.gender is Gender.MALE,
        clock.today(),
        int(setting(session, "retirement_age_male", "60")),
        int(setting(session, "retirement_age_female", "55")),
    )
    if retired:
        return rules.Eligibility(False, reason=retired + "。")
    records = application.records
    evidence = rules.Evidence(
        tuple(
            (Education(r.data["education"]), date.fromisoformat(r.data["graduated_on"]))
            for r in records
            if r.section is Section.EDUCATION
        ),
        tuple(
            (TitleLevel(r.data["level"]), date.fromisoformat(r.data["obtained_on"]))
            for r in records
            if r.section is Section.PRESENT_TITLE
        ),
    )
    table = [
        rules.Rule(
            row.education, row.years, row.clause, row.present_level, row.series_id, row.region_code, row.year_from
        )
        for row in eligibility_rules(session, method=application.method, level=application.level, year=application.year)
    ]
    bound = rules.binding(table, application.series_id, application.region_code)
    return rules.eligibility(bound, evidence, clock.today())


def withdraw(session: Session, *, actor: Actor, application_id: int, reason: str = "") -> ApplicationStep:
    """撤回申报: the applicant takes it back while nothing final has been decided."""
    application = load(session, application_id)
    if actor.person_id != application.person_id or actor.role is not Role.APPLICANT:
        raise NotAllowed("只有申报人本人可以撤回。")
    return move(
        session,
        actor=actor,
        application=application,
        action=A.WITHDRAW,
        target=S.WITHDRAWN,
        facts=Facts(),
        to_seq=None,
        opinion=reason,
    )


def lapse(session: Session, *, actor: Actor, application_id: int) -> ApplicationStep:
    """Not corrected in time counts as withdrawn (Order No. 40, art. 17); by the system alone."""
    application = load(session, application_id)
    if (
        actor.role is not Role.SYSTEM
        or application.correction_due is None
        or application.correction_due >= clock.today()
    ):
        raise Refusal("补正期限未到。")
    return move(
        session,
        actor=actor,
        application=application,
        action=A.LAPSE,
        target=S.WITHDRAWN,
        facts=Facts(),
        to_seq=None,
        opinion=f"逾期未补正（期限 {application.correction_due:%Y-%m-%d}），视为撤回申报。",
    )
