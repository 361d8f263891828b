"""U1.4.2 年度批次: the year's batch of a committee, changed while nobody has entered it, closed with a reason."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality
from app.catalog.rules import text_problem
from app.committees import queries, rules
from app.committees.models import AnnualBatch, BatchSpeciality, Committee
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor

batch_uses: list[Callable[[Session, int], str | None]] = []
"""What keeps a batch from being changed: each domain above appends its own question, answered with what is in it."""
FIXED = frozenset({"name", "levels", "opens_on"})
"""What stays of a batch that somebody has entered; its year stays always."""


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
    speciality_ids: Collection[int] = (),
) -> AnnualBatch:
    """U1.4.2 【新增】: the year's batch of the actor's committee. Refusal while its record is expired.

    speciality_ids: the only ones it takes, of those the committee covers; empty, all of them.
    """
    _require_operator(session, actor, committee_id)
    committee = _held(session, committee_id)
    if problem := queries.committee_problem(session, committee_id, clock.today()):
        raise Refusal(f"{problem}，不能提交年度批次。")
    dates: dict[str, Any] = {
        "opens_on": opens_on,
        "closes_on": closes_on,
        "review_from": review_from,
        "review_until": review_until,
    }
    _check(session, committee, year=year, name=name, levels=levels, speciality_ids=speciality_ids, **dates)
    batch = AnnualBatch(
        committee_id=committee_id, year=year, name=name.strip(), levels=_stored(levels), active=True, **dates
    )
    batch.specialities = [BatchSpeciality(speciality_id=key) for key in sorted(set(speciality_ids))]
    session.add(batch)
    _flush(session, year)
    audit.record(
        session,
        actor,
        "committees.create_batch",
        batch,
        name=batch.name,
        levels=batch.levels,
        specialities=_names(session, batch.speciality_ids),
        **dates,
    )
    return batch


def change_batch(
    session: Session,
    *,
    actor: Actor,
    batch_id: int,
    name: str,
    levels: Collection[TitleLevel],
    opens_on: date,
    closes_on: date,
    review_from: date,
    review_until: date,
    speciality_ids: Collection[int] = (),
) -> AnnualBatch:
    """编辑; its year stays. Once somebody has entered it, only what takes nothing from him: a later deadline, more
    specialities, another review. A deadline that is past may stay as it is.
    """
    batch = _open_batch(session, actor, batch_id)
    committee, chosen = _held(session, batch.committee_id), set(speciality_ids)
    values: dict[str, Any] = {"name": name.strip(), "levels": _stored(levels), "opens_on": opens_on}
    values |= {"closes_on": closes_on, "review_from": review_from, "review_until": review_until}
    found = used_by(session, batch_id)
    if found and (
        any(values[field] != getattr(batch, field) for field in FIXED)
        or closes_on < batch.closes_on
        or not rules.as_wide(batch.speciality_ids, chosen, queries.parents_of(session, committee.series_id))
    ):
        raise Refusal(f"该批次已有 {found}，只能延长申报截止日期、增加专业和调整评审日期。")
    _check(
        session,
        committee,
        year=batch.year,
        row=batch,
        deadline=batch.closes_on,
        speciality_ids=chosen,
        **(values | {"levels": levels}),
    )
    before = batch.speciality_ids
    changes = audit.assign(batch, **values)
    if chosen != before:
        kept = [row for row in batch.specialities if row.speciality_id in chosen]
        batch.specialities = kept + [BatchSpeciality(speciality_id=key) for key in sorted(chosen - before)]
        changes["specialities"] = (_names(session, before), _names(session, chosen))
    _flush(session, batch.year)
    if changes:
        audit.record(session, actor, "committees.change_batch", batch, changes=changes)
    return batch


def close_batch(session: Session, *, actor: Actor, batch_id: int, reason: str) -> AnnualBatch:
    """Take no more applications into a batch; those in it go on."""
    batch = _open_batch(session, actor, batch_id)
    if problem := text_problem(reason, "关闭原因", 300):
        raise Invalid({"reason": problem})
    batch.active = False
    audit.record(session, actor, "committees.close_batch", batch, reason=reason.strip())
    return batch


def used_by(session: Session, batch_id: int) -> str:
    """What is in a batch, in words; "" while nobody has entered it."""
    return "；".join(what for use in batch_uses if (what := use(session, batch_id)))


def _held(session: Session, committee_id: int) -> Committee:
    """The committee's row, locked: its record, what it covers and its batches are decided on one after another.

    Where a batch is locked too, that one first.
    """
    committee = session.get(Committee, committee_id, with_for_update=True, populate_existing=True)
    if committee is None:
        raise NotFound
    return committee


def _open_batch(session: Session, actor: Actor, batch_id: int) -> AnnualBatch:
    batch = session.get(AnnualBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFound
    _require_operator(session, actor, batch.committee_id)
    if not batch.active:
        raise Conflict("该批次已经关闭。")
    return batch


def _check(
    session: Session,
    committee: Committee,
    *,
    year: int,
    name: str,
    levels: Collection[TitleLevel],
    speciality_ids: Collection[int],
    row: AnnualBatch | None = None,
    **dates: Any,
) -> None:
    fields = rules.batch_problem(
        committee.grade, committee.valid_until, clock.today(), year=year, levels=levels, **dates
    )
    but = row.id if row else None
    twin = sa.select(AnnualBatch.id).where(
        AnnualBatch.committee_id == committee.body_id,
        AnnualBatch.year == year,
        AnnualBatch.name == name.strip(),
        AnnualBatch.id != (but or 0),
    )
    if problem := text_problem(name, "批次名称", 80):
        fields["name"] = problem
    elif session.scalar(twin):
        fields["name"] = f"{year} 年度已有同名批次。"
    if set(speciality_ids) - {one.id for one in queries.reviewable(session, committee)}:
        fields["speciality_ids"] = "请从本评委会的评审专业中选择。"
    if row is not None:
        fields.pop("year", None)
    if fields:
        raise Invalid(fields)
    window = {"opens_on": dates["opens_on"], "closes_on": dates["closes_on"]}
    clash = queries.clashing(
        session, committee, year=year, levels=levels, speciality_ids=speciality_ids, but=but, **window
    )
    if clash is not None:
        raise Invalid(
            {
                "opens_on": f"与“{clash}”的申报期（{clash.opens_on} 至 {clash.closes_on}）重叠：同一等级、同一专业"
                "同一时间只能有一个批次，请调整申报期、等级或专业。"
            }
        )


def _stored(levels: Collection[TitleLevel]) -> list[str]:
    return [level.value for level in sorted(set(levels), key=lambda level: level.rank)]


def _names(session: Session, speciality_ids: Collection[int]) -> list[str]:
    query = sa.select(Speciality.name).where(Speciality.id.in_(speciality_ids)).order_by(Speciality.code)
    return list(session.scalars(query))


def _flush(session: Session, year: int) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"{year} 年度已有同名批次。") from error


def _require_operator(session: Session, actor: Actor, committee_id: int) -> None:
    body = session.get(Body, committee_id)
    if body is None:
        raise NotFound
    if actor.role is Role.SYSTEM or (actor.role is Role.COMMITTEE and actor.body_id == committee_id):
        return
    if actor.role is Role.HR_OFFICER and actor.region_prefix and body.region_code.startswith(actor.region_prefix):
        return
    raise NotAllowed("年度批次由评委会自己或当地人社部门提交。")
