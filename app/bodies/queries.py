"""Reading bodies."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.catalog.enums import AcquisitionMethod, TitleLevel


def search_bodies(
    session: Session,
    text: str,
    *,
    node_types: Sequence[NodeType] | None = None,
    region_prefix: str = "",
    limit: int = 20,
) -> list[Body]:
    """回车查询: active bodies by part of the name, beginning of the code, or pinyin initials."""
    text = text.strip()
    if not text:
        return []
    query = sa.select(Body).where(
        Body.active,
        sa.or_(
            Body.name.contains(text, autoescape=True),
            Body.code.startswith(text, autoescape=True),
            Body.pinyin.startswith(text.lower(), autoescape=True),
        ),
    )
    if node_types:
        query = query.where(Body.node_type.in_(node_types))
    if region_prefix:
        query = query.where(Body.region_code.startswith(region_prefix))
    return list(session.scalars(query.order_by(Body.name).limit(limit)))


def acceptance_of(session: Session, body_id: int, method: AcquisitionMethod, level: TitleLevel) -> Acceptance | None:
    """What makes a body the final authority of a method at a level, if it is."""
    return session.scalar(
        sa.select(Acceptance).where(
            Acceptance.body_id == body_id, Acceptance.method == method, Acceptance.level == level, Acceptance.active
        )
    )


def issuing_authority_of(session: Session, body_id: int) -> IssuingAuthority | None:
    return session.scalar(
        sa.select(IssuingAuthority).where(IssuingAuthority.body_id == body_id, IssuingAuthority.active)
    )


def issuing_authorities(session: Session, region_prefix: str) -> list[IssuingAuthority]:
    """Active issuing authorities of a region, by code."""
    return list(
        session.scalars(
            sa.select(IssuingAuthority)
            .join(Body, Body.id == IssuingAuthority.body_id)
            .where(IssuingAuthority.active, Body.region_code.startswith(region_prefix))
            .order_by(IssuingAuthority.code)
        )
    )
