"""A10 评委会管理: establishing a committee with its operator, changing it, 注销."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.accounts import services as accounts
from app.bodies import services as bodies
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Body
from app.catalog.models import Speciality, TitleSeries
from app.catalog.rules import initials, name_problem, text_problem
from app.committees import queries, rules
from app.committees.enums import CommitteeGrade
from app.committees.models import Committee, CoveredSpeciality, FoundingBody
from app.committees.services.batches import used_by
from app.committees.services.operators import appoint, contact_problems
from app.core import audit, clock, crypto
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import Actor


@dataclass(frozen=True)
class Established:
    """A new committee and its operator's initial password, to be handed over once ("" where he has an account)."""

    committee_id: int
    password: str


def establish(
    session: Session,
    *,
    actor: Actor,
    contact_name: str,
    contact_id_number: str,
    contact_phone: str,
    **values: Any,
) -> Established:
    """A10 【新增】: the committee, and its contact as its operator. Raises Invalid with every field at fault."""
    problems = contact_problems(contact_name, contact_phone, contact_id_number)
    try:
        committee = create_committee(
            session, actor=actor, contact_name=contact_name, contact_phone=contact_phone, **values
        )
    except Invalid as error:
        raise Invalid(error.fields | problems) from error
    if problems:
        raise Invalid(problems)
    session.refresh(committee)
    return Established(committee.body_id, appoint(session, actor, committee.body, contact_id_number))


def create_committee(
    session: Session,
    *,
    actor: Actor,
    code: str,
    name: str,
    region_code: str,
    grade: CommitteeGrade,
    series_id: int,
    member_count: int,
    recorded_on: date,
    valid_until: date,
    speciality_ids: Collection[int],
    founding_body_ids: Collection[int],
    printed_name: str = "",
    smaller_agreed_by: str = "",
    contact_name: str = "",
    contact_phone: str = "",
) -> Committee:
    """The committee and its body, without an operator. Raises Invalid with every field at fault.

    It stands by series if it covers a top node (栏目大类), else by speciality; that decides how many it must have.
    `printed_name` is what its certificates say, the name itself if empty.
    """
    bodies.require_keeper(actor, region_code)
    fields: dict[str, str] = {}
    covered = session.scalars(sa.select(Speciality).where(Speciality.id.in_(speciality_ids), Speciality.active)).all()
    if session.get(TitleSeries, series_id) is None:
        fields["series_id"] = "请选择系列。"
    elif not covered or len(covered) != len(set(speciality_ids)):
        fields["speciality_ids"] = "请选择评审专业。"
    elif any(row.series_id != series_id for row in covered):
        fields["speciality_ids"] = "评审专业应在所选系列之下。"
    fields |= founders_problem(session, founding_body_ids)
    by_series = any(row.parent_id is None for row in covered)
    problem = rules.members_problem(grade, member_count, by_series=by_series, agreed_by=smaller_agreed_by)
    if problem:
        fields["member_count"] = problem
    fields |= _names_problem(session, series_id, name, printed_name, smaller_agreed_by)
    fields |= rules.record_problem(recorded_on, valid_until, clock.today())
    try:
        body = bodies.create_body(
            session,
            actor=actor,
            code=code,
            name=name,
            node_type=NodeType.COMMITTEE,
            nature=BodyNature.COMMITTEE,
            region_code=region_code,
            contact_name=contact_name,
            contact_phone=contact_phone,
        )
    except Invalid as error:
        raise Invalid(error.fields | fields) from error
    if fields:
        raise Invalid(fields)
    committee = Committee(
        body_id=body.id,
        grade=grade,
        series_id=series_id,
        member_count=member_count,
        smaller_agreed_by=smaller_agreed_by.strip(),
        printed_name=printed_name.strip() or body.name,
        recorded_on=recorded_on,
        valid_until=valid_until,
    )
    session.add(committee)
    session.flush()
    session.add_all(CoveredSpeciality(committee_id=body.id, speciality_id=row.id) for row in covered)
    session.add_all(FoundingBody(committee_id=body.id, body_id=key) for key in dict.fromkeys(founding_body_ids))
    session.flush()
    audit.record(
        session,
        actor,
        "committees.create",
        committee,
        name=body.name,
        grade=grade,
        member_count=member_count,
        smaller_agreed_by=smaller_agreed_by.strip(),
        speciality=[row.name for row in covered],
    )
    return committee


def change_committee(
    session: Session,
    *,
    actor: Actor,
    committee_id: int,
    name: str,
    printed_name: str,
    member_count: int,
    smaller_agreed_by: str,
    recorded_on: date,
    valid_until: date,
    contact_name: str,
    contact_phone: str,
    contact_id_number: str = "",
) -> str:
    """编辑. Another contact is another operator, named by identity number; his initial password, or "".

    Code, region, grade and series stay: approval paths and batches were made by them. The record is not shortened below
    a batch that is still to be reviewed.
    """
    committee = kept_committee(session, actor, committee_id)
    body = committee.body
    covered = session.scalars(
        sa.select(Speciality).join(CoveredSpeciality).where(CoveredSpeciality.committee_id == committee_id)
    ).all()
    fields = _names_problem(session, committee.series_id, name, printed_name, smaller_agreed_by, but=committee_id)
    if problem := members_problem(committee, covered, member_count, smaller_agreed_by):
        fields["member_count"] = problem
    if (recorded_on, valid_until) != (committee.recorded_on, committee.valid_until):
        fields |= rules.record_problem(recorded_on, valid_until, clock.today())
        if problem := _beyond(session, committee_id, valid_until):
            fields.setdefault("valid_until", problem)
    if contact_id_number.strip():
        fields |= contact_problems(contact_name, contact_phone, contact_id_number)
    elif any(map(str.strip, (contact_name, contact_phone, body.contact_name, body.contact_phone))):  # imported, or none
        fields |= contact_problems(contact_name, contact_phone)
        if contact_name.strip() != body.contact_name:
            fields["contact_id_number"] = "联系人就是评委会操作员，更换时请填写其身份证号。"
    if fields:
        raise Invalid(fields)
    changes = audit.assign(
        committee,
        printed_name=printed_name.strip() or name.strip(),
        member_count=member_count,
        smaller_agreed_by=smaller_agreed_by.strip(),
        recorded_on=recorded_on,
        valid_until=valid_until,
    ) | audit.assign(body, name=name.strip(), contact_name=contact_name.strip(), contact_phone=contact_phone.strip())
    body.pinyin = initials(body.name)
    session.flush()
    if "contact_phone" in changes:
        before, after = changes["contact_phone"]
        changes["contact_phone"] = (crypto.mask_phone(before), crypto.mask_phone(after))
    if changes:
        audit.record(session, actor, "committees.change", committee, changes=changes)
    return appoint(session, actor, body, contact_id_number) if contact_id_number.strip() else ""


def deregister_committee(session: Session, *, actor: Actor, committee_id: int, reason: str) -> None:
    """注销 with a reason, refused while anything uses it; its operator acts for it no more."""
    committee = kept_committee(session, actor, committee_id)
    bodies.deregister_body(session, actor=actor, body_id=committee_id, reason=reason)
    audit.record(session, actor, "committees.deregister", committee, reason=reason.strip())


def reset_operator(session: Session, *, actor: Actor, committee_id: int, person_id: int) -> str:
    """【重置操作员密码】: another initial password for an operator of the committee, to be handed over once."""
    committee = kept_committee(session, actor, committee_id)
    password = accounts.reissue(session, actor=actor, role=Role.COMMITTEE, body_id=committee_id, person_id=person_id)
    audit.record(session, actor, "committees.reset_operator", committee)
    return password


def kept_committee(session: Session, actor: Actor, committee_id: int) -> Committee:
    """The committee and its body, locked, if the actor keeps those of its region and it is not deregistered."""
    committee = session.get(Committee, committee_id, with_for_update=True, populate_existing=True)
    if committee is None:
        raise NotFound
    session.get(Body, committee_id, with_for_update={"key_share": True}, populate_existing=True)
    bodies.require_keeper(actor, committee.body.region_code)
    if not committee.body.active:
        raise Conflict(f"“{committee}”已经注销。")
    return committee


def members_problem(
    committee: Committee, covered: Collection[Speciality], member_count: int, agreed_by: str
) -> str | None:
    """What is wrong with its number of members, given what it covers: a top node (栏目大类) makes it one by series."""
    by_series = any(row.parent_id is None for row in covered)
    return rules.members_problem(committee.grade, member_count, by_series=by_series, agreed_by=agreed_by)


def _names_problem(
    session: Session, series_id: int, name: str, printed_name: str, agreed_by: str, but: int | None = None
) -> dict[str, str]:
    """What is wrong with a committee's names, by field: printable, and no other active committee (not `but`) of that name."""
    checks = {
        "name": name_problem(name, "评委会名称"),
        "printed_name": name_problem(printed_name, "打印在证书上的名称") if printed_name.strip() else None,
        "smaller_agreed_by": text_problem(agreed_by, "同意单位") if agreed_by.strip() else None,
    }
    # two officers who name two committees at once wait for each other
    session.get(TitleSeries, series_id, with_for_update={"key_share": True}, populate_existing=True)
    if not checks["name"] and (code := queries.same_name(session, name, but)):
        checks["name"] = f"已有同名的评委会（编码 {code}）。"
    return {field: problem for field, problem in checks.items() if problem}


def _beyond(session: Session, committee_id: int, valid_until: date) -> str | None:
    """Batches still to be reviewed after a record would end (Order 40: an expired committee takes no plan)."""
    late = [
        batch
        for batch in queries.running_batches(session, committee_id, clock.today())
        if batch.review_until > valid_until and (batch.active or used_by(session, batch.id))
    ]
    if not late:
        return None
    words = "、".join(f"“{batch}”计划评审到 {batch.review_until:%Y-%m-%d}" for batch in late)
    return f"年度批次{words}，备案有效期不能早于这一天；请先调整批次的评审日期。"


def founders_problem(session: Session, body_ids: Collection[int]) -> dict[str, str]:
    """What is wrong with the 组建单位, by field: active bodies that are no committees."""
    found = session.scalars(sa.select(Body).where(Body.id.in_(body_ids), Body.active)).all()
    if not found or len(found) != len(set(body_ids)):
        return {"founding_body_ids": "请录入组建单位名称，回车后从列表中选择。"}
    if any(body.node_type is NodeType.COMMITTEE for body in found):
        return {"founding_body_ids": "评委会不能作为组建单位。"}
    return {}
