"""A10 其他信息: what a committee covers, who founded it, what it charges."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality
from app.committees import queries, rules
from app.committees.enums import FeeItem
from app.committees.models import CoveredSpeciality, FeeStandard, FoundingBody
from app.committees.services.establishing import founders_problem, kept_committee, members_problem
from app.core import audit, clock
from app.core.errors import Conflict, Invalid, NotFound, Refusal
from app.core.scope import Actor

Detail = TypeVar("Detail", CoveredSpeciality, FoundingBody, FeeStandard)


def add_speciality(session: Session, *, actor: Actor, committee_id: int, speciality_id: int) -> CoveredSpeciality:
    """评审专业 【保存】: one more, of the committee's series; a top node is the whole series."""
    committee = kept_committee(session, actor, committee_id)
    row = session.get(Speciality, speciality_id)
    if row is None or not row.active:
        raise Invalid({"speciality_id": "请录入专业名称，回车后从列表中选择。"})
    if row.series_id != committee.series_id:
        raise Invalid({"speciality_id": f"“{row.name}”不在{committee.series.name}系列之下。"})
    covered = _covered(session, committee_id)
    if row.id in {one.id for one in covered}:
        raise Invalid({"speciality_id": f"“{row.name}”已在评审专业中。"})
    parents = queries.parents_of(session, committee.series_id)
    if wider := next((one for one in covered if rules.lies_under(row.id, {one.id}, parents)), None):
        raise Invalid({"speciality_id": f"“{row.name}”已包含在评审专业“{wider.name}”之中，不用另外新增。"})
    problem = members_problem(committee, [*covered, row], committee.member_count, committee.smaller_agreed_by)
    if problem:
        raise Invalid({"speciality_id": problem})
    made = CoveredSpeciality(committee_id=committee_id, speciality_id=row.id)
    session.add(made)
    _flush(session, f"“{row.name}”已在评审专业中。")
    audit.record(session, actor, "committees.add_speciality", committee, speciality=row.name)
    return made


def remove_speciality(session: Session, *, actor: Actor, committee_id: int, row_id: int) -> None:
    """移除 a speciality; the last one stays, and one that a batch in force takes by name.

    Applications on their way keep the path copied at submission.
    """
    committee = kept_committee(session, actor, committee_id)
    row = _row(session, CoveredSpeciality, committee_id, row_id)
    if problem := removal_problem(session, row):
        raise Refusal(problem)
    audit.record(session, actor, "committees.remove_speciality", committee, speciality=row.speciality.name)
    session.delete(row)
    session.flush()


def add_founder(session: Session, *, actor: Actor, committee_id: int, body_id: int) -> FoundingBody:
    """组建单位 【保存】."""
    committee = kept_committee(session, actor, committee_id)
    if problems := founders_problem(session, [body_id]):
        raise Invalid({"body_id": problems["founding_body_ids"]})
    body = session.get_one(Body, body_id)
    made = FoundingBody(committee_id=committee_id, body_id=body_id)
    if session.scalar(_founders(committee_id).where(FoundingBody.body_id == body_id)):
        raise Invalid({"body_id": f"“{body.name}”已是组建单位。"})
    session.add(made)
    _flush(session, f"“{body.name}”已是组建单位。")
    audit.record(session, actor, "committees.add_founder", committee, founder=body.name)
    return made


def remove_founder(session: Session, *, actor: Actor, committee_id: int, row_id: int) -> None:
    """移除 a founding body; the last one stays."""
    committee = kept_committee(session, actor, committee_id)
    row = _row(session, FoundingBody, committee_id, row_id)
    if problem := removal_problem(session, row):
        raise Refusal(problem)
    audit.record(session, actor, "committees.remove_founder", committee, founder=row.body.name)
    session.delete(row)
    session.flush()


def removal_problem(session: Session, row: CoveredSpeciality | FoundingBody | FeeStandard) -> str | None:
    """Why a row of 其他信息 can't be removed, or None."""
    if isinstance(row, FoundingBody):
        alone = len(session.scalars(_founders(row.committee_id)).all()) == 1
        return "评委会至少要有一个组建单位，请先新增再移除。" if alone else None
    if isinstance(row, FeeStandard):
        return None
    if len(_covered(session, row.committee_id)) == 1:
        return "评委会至少要有一个评审专业，请先新增再移除。"
    lost = queries.lost_with(session, row)
    bound = [
        f"“{batch}”"
        for batch in queries.running_batches(session, row.committee_id, clock.today())
        if batch.active and batch.speciality_ids & lost
    ]
    return f"年度批次{'、'.join(bound)}接收该专业的申报，请先调整批次的专业或关闭批次。" if bound else None


def add_fee(
    session: Session, *, actor: Actor, committee_id: int, item: FeeItem, level: TitleLevel, amount: Decimal
) -> FeeStandard:
    """缴费标准 【新增】: the amount of an item at a level that has none. Raises Invalid with every field at fault."""
    committee = kept_committee(session, actor, committee_id)
    fields = {}
    row = FeeStandard(committee_id=committee_id, item=item, level=level, amount=amount)
    if not committee.grade.reviews(level):
        fields["level"] = f"{committee.grade.label}不评审{level.label}。"
    same = (FeeStandard.committee_id == committee_id, FeeStandard.item == item, FeeStandard.level == level)
    if (standing := session.scalar(sa.select(FeeStandard).where(*same))) is not None:
        fields["item"] = f"已有{_fee(standing)}，请在列表中修改。"
    if problem := rules.fee_problem(amount):
        fields["amount"] = problem
    if fields:
        raise Invalid(fields)
    session.add(row)
    _flush(session, f"{row}的标准刚刚由其他人录入。")
    audit.record(session, actor, "committees.add_fee", committee, fee=_fee(row))
    return row


def change_fee(session: Session, *, actor: Actor, committee_id: int, row_id: int, amount: Decimal) -> FeeStandard:
    """缴费标准 【保存】 of a row: another amount."""
    committee = kept_committee(session, actor, committee_id)
    row = _row(session, FeeStandard, committee_id, row_id)
    if problem := rules.fee_problem(amount):
        raise Invalid({"amount": problem})
    if row.amount != amount:
        before, row.amount = _fee(row), amount
        session.flush()
        audit.record(session, actor, "committees.change_fee", committee, changes={"fee": (before, _fee(row))})
    return row


def _fee(row: FeeStandard) -> str:
    return f"{row} {row.amount:,.2f} 元"


def remove_fee(session: Session, *, actor: Actor, committee_id: int, row_id: int) -> None:
    committee = kept_committee(session, actor, committee_id)
    row = _row(session, FeeStandard, committee_id, row_id)
    audit.record(session, actor, "committees.remove_fee", committee, fee=_fee(row))
    session.delete(row)
    session.flush()


def _row(session: Session, model: type[Detail], committee_id: int, row_id: int) -> Detail:
    row = session.get(model, row_id, with_for_update=True, populate_existing=True)
    if row is None or row.committee_id != committee_id:
        raise NotFound
    return row


def _covered(session: Session, committee_id: int) -> list[Speciality]:
    query = sa.select(Speciality).join(CoveredSpeciality).where(CoveredSpeciality.committee_id == committee_id)
    return list(session.scalars(query))


def _founders(committee_id: int) -> sa.Select[int]:
    return sa.select(FoundingBody.id).where(FoundingBody.committee_id == committee_id)


def _flush(session: Session, taken: str) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(taken) from error
