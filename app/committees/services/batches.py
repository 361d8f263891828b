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
from app.catalog.rules import text_problem
from app.committees import rules
from app.committees.models import AnnualBatch, Committee
from app.committees.queries import committee_problem
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor

batch_uses: list[Callable[[Session, int], str | None]] = []
"""What keeps a batch from being changed: each domain above appends its own question, answered with what is in it."""


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
    _check(
        session,
        committee,
        year=year,
        name=name,
        levels=levels,
        opens_on=opens_on,
        closes_on=closes_on,
        review_from=review_from,
        review_until=review_until,
    )
    batch = AnnualBatch(
        committee_id=committee_id,
        year=year,
        name=name.strip(),
        levels=_stored(levels),
        opens_on=opens_on,
        closes_on=closes_on,
        review_from=review_from,
        review_until=review_until,
        active=True,
    )
    session.add(batch)
    _flush(session, year)
    audit.record(
        session, actor, "committees.create_batch", batch, name=batch.name, levels=batch.levels, closes_on=closes_on
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
) -> AnnualBatch:
    """编辑 while nobody has entered it; its year stays. Once used, only what lengthens it: a later end, a later review."""
    batch = _open_batch(session, actor, batch_id)
    values: dict[str, Any] = {"name": name.strip(), "levels": _stored(levels), "opens_on": opens_on}
    values |= {"closes_on": closes_on, "review_from": review_from, "review_until": review_until}
    found = [what for use in batch_uses if (what := use(session, batch_id))]
    if found and (
        any(values[field] != getattr(batch, field) for field in ("name", "levels", "opens_on"))
        or closes_on < batch.closes_on
    ):
        raise Refusal(f"该批次已有{'；'.join(found)}，只能延长申报截止日期和调整评审日期。")
    _check(session, batch.committee, year=batch.year, row=batch, **(values | {"levels": levels}))
    changes = audit.assign(batch, **values)
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


def _open_batch(session: Session, actor: Actor, batch_id: int) -> AnnualBatch:
    batch = session.get(AnnualBatch, batch_id, with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFound
    _require_operator(session, actor, batch.committee_id)
    if not batch.active:
        raise Conflict("该批次已经关闭。")
    return batch


def _check(
    session: Session, committee: Committee, *, year: int, name: str, row: AnnualBatch | None = None, **dates: Any
) -> None:
    fields = rules.batch_problem(committee.grade, committee.valid_until, clock.today(), year=year, **dates)
    same = sa.select(AnnualBatch.id).where(
        AnnualBatch.committee_id == committee.body_id, AnnualBatch.year == year, AnnualBatch.name == name.strip()
    )
    if problem := text_problem(name, "批次名称", 80):
        fields["name"] = problem
    elif session.scalar(same.where(AnnualBatch.id != row.id) if row else same):
        fields["name"] = f"{year} 年度已有同名批次。"
    if row is not None:
        fields.pop("year", None)
    if fields:
        raise Invalid(fields)


def _stored(levels: Collection[TitleLevel]) -> list[str]:
    return [level.value for level in sorted(set(levels), key=lambda level: level.rank)]


def _flush(session: Session, year: int) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"{year} 年度已有同名批次。") from error


def _require_operator(session: Session, actor: Actor, committee_id: int) -> None:
    if actor.role is Role.SYSTEM or (actor.role is Role.COMMITTEE and actor.body_id == committee_id):
        return
    region = session.get_one(Body, committee_id).region_code
    if actor.role is Role.HR_OFFICER and actor.region_prefix and region.startswith(actor.region_prefix):
        return
    raise NotAllowed("年度批次由评委会自己或当地人社部门提交。")
