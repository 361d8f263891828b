"""Reading quotas."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.catalog.enums import TitleLevel
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota


def granted(session: Session, body_id: int, year: int, level: TitleLevel) -> int | None:
    """How many a unit may recommend for a level in a year; None where no quota was approved, which is no limit."""
    return session.scalar(
        sa.select(PostQuota.granted).where(
            PostQuota.body_id == body_id,
            PostQuota.year == year,
            PostQuota.level == level,
            PostQuota.status == QuotaStatus.APPROVED,
        )
    )
