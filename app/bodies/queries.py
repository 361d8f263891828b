"""Reading bodies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.rules import PROVINCE
from app.core import search


def search_bodies(
    session: Session,
    text: str,
    *,
    node_types: Sequence[NodeType] | None = None,
    region_prefix: str = "",
    limit: int = 20,
) -> list[Body]:
    """回车查询: active bodies by name, code, credit code or pinyin initials, the nearest first."""
    condition = search.finds(
        text, name=Body.name, initials=Body.pinyin, codes=(Body.code, Body.credit_code), key=Body.id
    )
    found = (
        _choosable(node_types, region_prefix)
        .with_only_columns(Body.id)  # the scan sorts keys, not rows
        .where(condition)
        .order_by(*search.nearest(text, name=Body.name), Body.id)
        .limit(limit)
    )
    ids = session.scalars(found).all()
    rows = {body.id: body for body in session.scalars(sa.select(Body).where(Body.id.in_(ids)))} if ids else {}
    return [rows[key] for key in ids]


def choosable_body(
    session: Session, body_id: int, *, node_types: Sequence[NodeType] | None = None, region_prefix: str = ""
) -> Body | None:
    """The body, if a search under the same conditions could have offered it."""
    return session.scalar(_choosable(node_types, region_prefix).where(Body.id == body_id))


def _choosable(node_types: Sequence[NodeType] | None, region_prefix: str) -> sa.Select[Body]:
    query = sa.select(Body).where(Body.active)
    if node_types:
        query = query.where(Body.node_type.in_(node_types))
    return query.where(Body.region_code.startswith(region_prefix)) if region_prefix else query


def lies_in(body_id: Any, region_prefix: str) -> sa.ColumnElement[bool]:
    """Whether the body of that number lies in a region ("4301"), as an index of few bodies answers; the province holds all."""
    if region_prefix == PROVINCE[:2]:
        return sa.true()
    body = Body.__table__.alias()
    inside: sa.ColumnElement[bool] = body_id.in_(
        sa.select(body.c.id).where(search.begins(body.c.region_code, region_prefix))
    )
    return inside


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
