"""Reading committees."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.catalog.enums import TitleLevel
from app.catalog.queries import speciality_ancestors
from app.committees.models import AnnualBatch, Committee, CoveredSpeciality, FoundingBody


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


def open_batches(session: Session, committee_id: int, level: TitleLevel, on: date) -> list[AnnualBatch]:
    """Batches an application at `level` may enter on `on`."""
    running = session.scalars(
        sa.select(AnnualBatch)
        .where(
            AnnualBatch.committee_id == committee_id,
            AnnualBatch.active,
            AnnualBatch.opens_on <= on,
            AnnualBatch.closes_on >= on,
        )
        .order_by(AnnualBatch.year.desc(), AnnualBatch.id)
    )
    return [batch for batch in running if batch.takes(level, on)]


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


def founding_body_id(session: Session, committee_id: int) -> int | None:
    """The first 组建单位 of a committee."""
    return session.scalar(
        sa.select(FoundingBody.body_id)
        .where(FoundingBody.committee_id == committee_id)
        .order_by(FoundingBody.id)
        .limit(1)
    )
