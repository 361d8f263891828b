"""Reading committees."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality
from app.catalog.queries import speciality_ancestors, speciality_and_below
from app.committees import rules
from app.committees.enums import FeeItem, Standing
from app.committees.models import (
    AnnualBatch,
    BatchSpeciality,
    Committee,
    CoveredSpeciality,
    FeeStandard,
    FoundingBody,
)
from app.core import search


def covers(session: Session, committee_id: int, speciality_id: int) -> bool:
    """是否能评审该专业: the committee covers the speciality or a node above it."""
    return bool(covering(session, [committee_id], speciality_id))


def covering(session: Session, committee_ids: Collection[int], speciality_id: int) -> set[int]:
    """Those of `committee_ids` that cover the speciality: two queries however many committees."""
    if not committee_ids:
        return set()
    above = speciality_ancestors(session, speciality_id)
    return set(
        session.scalars(
            sa.select(CoveredSpeciality.committee_id).where(
                CoveredSpeciality.committee_id.in_(committee_ids), CoveredSpeciality.speciality_id.in_(above)
            )
        )
    )


def open_batches(
    session: Session, committee_id: int, level: TitleLevel, speciality_id: int, on: date
) -> list[AnnualBatch]:
    """Batches an application at `level` in a speciality may enter on `on`: those of that year; one, for none overlap."""
    running = session.scalars(
        sa.select(AnnualBatch)
        .where(
            AnnualBatch.committee_id == committee_id,
            AnnualBatch.year == on.year,
            AnnualBatch.active,
            AnnualBatch.opens_on <= on,
            AnnualBatch.closes_on >= on,
        )
        .options(selectinload(AnnualBatch.specialities))
        .order_by(AnnualBatch.id)
    ).all()
    lineage = speciality_ancestors(session, speciality_id) if running else ()
    return [batch for batch in running if batch.fits(on.year, level, lineage)]


def clashing(
    session: Session,
    committee: Committee,
    *,
    year: int,
    levels: Collection[TitleLevel],
    speciality_ids: Collection[int],
    opens_on: date,
    closes_on: date,
    but: int | None = None,
) -> AnnualBatch | None:
    """A batch (not the one `but`) that an application could enter on the same day as one with these values."""
    found = session.scalars(
        sa.select(AnnualBatch)
        .where(
            AnnualBatch.committee_id == committee.body_id,
            AnnualBatch.year == year,
            AnnualBatch.active,
            AnnualBatch.opens_on <= closes_on,
            AnnualBatch.closes_on >= opens_on,
            AnnualBatch.id != (but or 0),
        )
        .options(selectinload(AnnualBatch.specialities))
        .order_by(AnnualBatch.id)
    ).all()
    parents = parents_of(session, committee.series_id) if found else {}
    return next(
        (
            batch
            for batch in found
            if {level.value for level in levels} & set(batch.levels)
            and rules.overlap(speciality_ids, batch.speciality_ids, parents)
        ),
        None,
    )


def parents_of(session: Session, series_id: int) -> rules.Parents:
    """The tree of a series' active specialities."""
    nodes = sa.select(Speciality.id, Speciality.parent_id).where(Speciality.series_id == series_id, Speciality.active)
    return {key: parent for key, parent in session.execute(nodes)}  # noqa: C416  (rows to a plain mapping)


def reviewable(session: Session, committee: Committee) -> list[Speciality]:
    """The active specialities a committee covers and all below them, by code: what a batch may be narrowed to."""
    covered = {row.speciality_id for row in covered_specialities(session, committee.body_id)}
    parents = parents_of(session, committee.series_id)
    ids = [key for key in parents if rules.lies_under(key, covered, parents)]
    return list(session.scalars(sa.select(Speciality).where(Speciality.id.in_(ids)).order_by(Speciality.code)))


def lost_with(session: Session, row: CoveredSpeciality) -> set[int]:
    """The specialities that a committee would cover no more without one of those it names."""
    committee = session.get_one(Committee, row.committee_id)
    rest = {one.speciality_id for one in covered_specialities(session, row.committee_id)} - {row.speciality_id}
    parents = parents_of(session, committee.series_id)
    below = {key for key in parents if rules.lies_under(key, {row.speciality_id}, parents)}
    return {key for key in below if not rules.lies_under(key, rest, parents)}


def running_batches(session: Session, committee_id: int, on: date) -> list[AnnualBatch]:
    """Batches of a committee whose review has not ended, closed ones too: who entered them is still to be reviewed."""
    return list(
        session.scalars(
            sa.select(AnnualBatch)
            .where(AnnualBatch.committee_id == committee_id, AnnualBatch.review_until >= on)
            .options(selectinload(AnnualBatch.specialities).joinedload(BatchSpeciality.speciality))
            .order_by(AnnualBatch.id)
        )
    )


def batches_of(session: Session, committee_id: int) -> list[AnnualBatch]:
    return list(
        session.scalars(
            sa.select(AnnualBatch)
            .where(AnnualBatch.committee_id == committee_id)
            .order_by(AnnualBatch.year.desc(), AnnualBatch.id)
        )
    )


def committee_problem(session: Session, committee_id: int, on: date) -> str | None:
    """Why a committee can't act on `on`: deregistered, or its record expired (Order 40: at most three years)."""
    committee = session.scalar(
        sa.select(Committee).where(Committee.body_id == committee_id).options(joinedload(Committee.body))
    )
    if committee is None or not committee.body.active:
        return "评委会不存在或已注销"
    if committee.valid_until < on:
        return f"评委会备案已于 {committee.valid_until:%Y-%m-%d} 到期，请先重新核准备案"
    return None


def same_name(session: Session, name: str, but: int | None = None) -> str | None:
    """The code of another active committee of that name."""
    return session.scalar(
        sa.select(Body.code)
        .where(Body.name == name.strip(), Body.node_type == NodeType.COMMITTEE, Body.active, Body.id != (but or 0))
        .order_by(Body.id)
        .limit(1)
    )


def reviews_some_of(session: Session, committee_id: int, speciality_id: int) -> bool:
    """Whether a committee covers a speciality, or some of those below it."""
    covered = CoveredSpeciality.speciality_id
    found = sa.select(CoveredSpeciality.id).where(
        CoveredSpeciality.committee_id == committee_id,
        sa.or_(
            covered.in_(speciality_ancestors(session, speciality_id)), covered.in_(speciality_and_below(speciality_id))
        ),
    )
    return session.scalar(found.limit(1)) is not None


def founding_body_id(session: Session, committee_id: int) -> int | None:
    """The first 组建单位 of a committee."""
    return session.scalar(
        sa.select(FoundingBody.body_id)
        .where(FoundingBody.committee_id == committee_id)
        .order_by(FoundingBody.id)
        .limit(1)
    )


def narrowed(query: sa.Select[Any], values: Mapping[str, Any], on: date) -> sa.Select[Any]:
    """A10's conditions over a select of committees joined with their bodies."""
    if text := values.get("name"):
        query = query.where(search.finds(text, name=Body.name, initials=Body.pinyin, codes=(Body.code,), key=Body.id))
    if values.get("grade"):
        query = query.where(Committee.grade == values["grade"])
    if values.get("series_id"):
        query = query.where(Committee.series_id == values["series_id"])
    if values.get("region"):
        query = query.where(Body.region_code == values["region"])
    standing = values.get("standing")
    if standing is Standing.DEREGISTERED:
        return query.where(~Body.active)
    if standing is Standing.VALID:
        return query.where(Body.active, Committee.valid_until >= on)
    return query.where(Body.active, Committee.valid_until < on) if standing is Standing.EXPIRED else query


def covered_specialities(session: Session, committee_id: int) -> list[CoveredSpeciality]:
    return list(
        session.scalars(
            sa.select(CoveredSpeciality)
            .join(CoveredSpeciality.speciality)
            .options(contains_eager(CoveredSpeciality.speciality))
            .where(CoveredSpeciality.committee_id == committee_id)
            .order_by(Speciality.code)
        )
    )


def founding_bodies(session: Session, committee_id: int) -> list[FoundingBody]:
    return list(
        session.scalars(
            sa.select(FoundingBody)
            .options(joinedload(FoundingBody.body))
            .where(FoundingBody.committee_id == committee_id)
            .order_by(FoundingBody.id)
        )
    )


def fees_of(session: Session, committee_id: int) -> list[FeeStandard]:
    rows = session.scalars(sa.select(FeeStandard).where(FeeStandard.committee_id == committee_id))
    return sorted(rows, key=lambda row: (list(FeeItem).index(row.item), -row.level.rank))
