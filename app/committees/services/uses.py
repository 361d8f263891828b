"""What committees use of the domains below: bodies that founded one, specialities that one covers."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.bodies import services as bodies
from app.bodies.models import Body
from app.catalog import services as catalog
from app.committees.models import AnnualBatch, BatchSpeciality, Committee, CoveredSpeciality, FoundingBody
from app.core import clock


def open_batches_of(session: Session, body_id: int) -> str | None:
    found = session.scalars(
        sa.select(AnnualBatch)
        .where(AnnualBatch.committee_id == body_id, AnnualBatch.active, AnnualBatch.review_until >= clock.today())
        .order_by(AnnualBatch.id)
    ).all()
    return "未结束的年度批次" + "、".join(f"“{batch}”" for batch in found) if found else None


def founded(session: Session, body_id: int) -> str | None:
    found = session.scalars(
        sa.select(Body.name)
        .join(FoundingBody, FoundingBody.committee_id == Body.id)
        .where(FoundingBody.body_id == body_id, Body.active)
        .order_by(Body.id)
        .limit(3)
    ).all()
    return "组建了" + "、".join(f"“{name}”" for name in found) if found else None


def covered_by(session: Session, speciality_id: int) -> str | None:
    names = session.scalars(
        sa.select(Body.name)
        .join(CoveredSpeciality, CoveredSpeciality.committee_id == Body.id)
        .where(CoveredSpeciality.speciality_id == speciality_id)
        .order_by(Body.id)
        .limit(3)
    ).all()
    return "评审专业包含它的" + "、".join(f"“{name}”" for name in names) if names else None


def taken_by(session: Session, speciality_id: int) -> str | None:
    batches = session.scalars(
        sa.select(AnnualBatch)
        .join(BatchSpeciality, BatchSpeciality.batch_id == AnnualBatch.id)
        .where(BatchSpeciality.speciality_id == speciality_id)
        .options(joinedload(AnnualBatch.committee).joinedload(Committee.body))
        .order_by(AnnualBatch.id)
        .limit(3)
    ).all()
    return "接收它的年度批次" + "、".join(f"“{batch.committee} {batch}”" for batch in batches) if batches else None


bodies.uses += [open_batches_of, founded]
catalog.speciality_uses += [covered_by, taken_by]
