"""Setting up committees and their annual batches."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.bodies import services as bodies
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Body
from app.bodies.rules import text_problem
from app.catalog import services as catalog
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.committees import rules
from app.committees.enums import CommitteeGrade
from app.committees.models import AnnualBatch, Committee, CoveredSpeciality, FoundingBody
from app.committees.queries import committee_problem
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor


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
    """A10 【新增】: the committee and its body. Raises Invalid with every field at fault.

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
    fields |= _founders_problem(session, founding_body_ids)
    by_series = any(row.parent_id is None for row in covered)
    problem = rules.members_problem(grade, member_count, by_series=by_series, agreed_by=smaller_agreed_by)
    if problem:
        fields["member_count"] = problem
    if printed_name.strip() and (problem := text_problem(printed_name, "打印在证书上的名称")):
        fields["printed_name"] = problem
    if len(smaller_agreed_by.strip()) > 120:
        fields["smaller_agreed_by"] = "同意单位不超过 120 个字。"
    fields |= rules.record_problem(recorded_on, valid_until)
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
        session, actor, "committees.create", committee, members=member_count, agreed_by=smaller_agreed_by.strip()
    )
    return committee


def _founders_problem(session: Session, body_ids: Collection[int]) -> dict[str, str]:
    found = session.scalars(sa.select(Body).where(Body.id.in_(body_ids), Body.active)).all()
    if not found or len(found) != len(set(body_ids)):
        return {"founding_body_ids": "请录入组建单位名称，回车后从列表中选择。"}
    if any(body.node_type is NodeType.COMMITTEE for body in found):
        return {"founding_body_ids": "评委会不能作为组建单位。"}
    return {}


def create_batch(
    session: Session,
    *,
    actor: Actor,
    committee_id: int,
    year: int,
    name: str,
    levels: Collection[TitleLevel],
    opens_on: date,
    closes_on: date,
    review_from: date,
    review_until: date,
) -> AnnualBatch:
    """U1.4.2 【新增】: the year's batch of the actor's committee. Refusal while its record is expired."""
    committee = session.get(Committee, committee_id)
    if committee is None:
        raise NotFound
    _require_operator(session, actor, committee_id)
    problem = committee_problem(session, committee_id, clock.today())
    if problem:
        raise Refusal(f"{problem}，不能提交年度批次。")
    fields = rules.batch_problem(
        committee.grade,
        committee.valid_until,
        clock.today(),
        year=year,
        levels=levels,
        opens_on=opens_on,
        closes_on=closes_on,
        review_from=review_from,
        review_until=review_until,
    )
    if problem := text_problem(name, "批次名称", 80):
        fields["name"] = problem
    elif session.scalar(
        sa.select(AnnualBatch.id).where(
            AnnualBatch.committee_id == committee_id, AnnualBatch.year == year, AnnualBatch.name == name.strip()
        )
    ):
        fields["name"] = f"{year} 年度已有同名批次。"
    if fields:
        raise Invalid(fields)
    batch = AnnualBatch(
        committee_id=committee_id,
        year=year,
        name=name.strip(),
        levels=[level.value for level in sorted(set(levels), key=lambda level: level.rank)],
        opens_on=opens_on,
        closes_on=closes_on,
        review_from=review_from,
        review_until=review_until,
        active=True,
    )
    session.add(batch)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"{year} 年度已有同名批次。") from error
    audit.record(session, actor, "committees.create_batch", batch, year=year, levels=batch.levels)
    return batch


def close_batch(session: Session, *, actor: Actor, batch_id: int, reason: str) -> AnnualBatch:
    """Take no more applications into a batch; those in it go on."""
    batch = session.get(AnnualBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFound
    _require_operator(session, actor, batch.committee_id)
    if not batch.active:
        raise Conflict("该批次已经关闭。")
    if problem := text_problem(reason, "关闭原因", 300):
        raise Invalid({"reason": problem})
    batch.active = False
    audit.record(session, actor, "committees.close_batch", batch, reason=reason.strip())
    return batch


def _require_operator(session: Session, actor: Actor, committee_id: int) -> None:
    if actor.role is Role.SYSTEM or (actor.role is Role.COMMITTEE and actor.body_id == committee_id):
        return
    region = session.get_one(Body, committee_id).region_code
    if actor.role is Role.HR_OFFICER and actor.region_prefix and region.startswith(actor.region_prefix):
        return
    raise NotAllowed("年度批次由评委会自己或当地人社部门提交。")


def _open_batches(session: Session, body_id: int) -> str | None:
    found = session.scalars(
        sa.select(AnnualBatch)
        .where(AnnualBatch.committee_id == body_id, AnnualBatch.active, AnnualBatch.review_until >= clock.today())
        .order_by(AnnualBatch.id)
    ).all()
    return "未结束的年度批次" + "、".join(f"“{batch}”" for batch in found) if found else None


def _founded(session: Session, body_id: int) -> str | None:
    found = session.scalars(
        sa.select(Body.name)
        .join(FoundingBody, FoundingBody.committee_id == Body.id)
        .where(FoundingBody.body_id == body_id, Body.active)
        .order_by(Body.id)
        .limit(3)
    ).all()
    return "组建了" + "、".join(f"“{name}”" for name in found) if found else None


def _covered_by(session: Session, speciality_id: int) -> str | None:
    names = session.scalars(
        sa.select(Body.name)
        .join(CoveredSpeciality, CoveredSpeciality.committee_id == Body.id)
        .where(CoveredSpeciality.speciality_id == speciality_id)
        .order_by(Body.id)
        .limit(3)
    ).all()
    return "评审专业包含它的" + "、".join(f"“{name}”" for name in names) if names else None


bodies.uses += [_open_batches, _founded]
catalog.speciality_uses.append(_covered_by)
