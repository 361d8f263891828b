"""Reading bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bodies.enums import KEPT, NodeType
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.bodies.rules import nearly_same
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.rules import PROVINCE
from app.core import search


def search_bodies(
    session: Session,
    text: str,
    *,
    node_types: Sequence[NodeType] | None = None,
    region_prefix: str = "",
    above: str = "",
    limit: int = 20,
) -> list[Body]:
    """回车查询: active bodies by name, code, credit code or pinyin initials, the nearest first."""
    found = (
        _choosable(node_types, region_prefix, above)
        .with_only_columns(Body.id)  # the scan sorts keys, not rows
        .where(_matches(text))
        .order_by(*search.nearest(text, name=Body.name), Body.id)
        .limit(limit)
    )
    ids = session.scalars(found).all()
    rows = {body.id: body for body in session.scalars(sa.select(Body).where(Body.id.in_(ids)))} if ids else {}
    return [rows[key] for key in ids]


def choosable_body(
    session: Session,
    body_id: int,
    *,
    node_types: Sequence[NodeType] | None = None,
    region_prefix: str = "",
    above: str = "",
) -> Body | None:
    """The body, if a search under the same conditions could have offered it."""
    return session.scalar(_choosable(node_types, region_prefix, above).where(Body.id == body_id))


def narrowed(query: sa.Select[Any], values: Mapping[str, Any]) -> sa.Select[Any]:
    """The conditions that lists about bodies share, over a select that has them: name, node_type, region."""
    if text := values.get("name"):
        query = query.where(_matches(text))
    if values.get("node_type"):
        query = query.where(Body.node_type == values["node_type"])
    return query.where(Body.region_code == values["region"]) if values.get("region") else query


def _matches(text: str) -> sa.ColumnElement[bool]:
    return search.finds(text, name=Body.name, initials=Body.pinyin, codes=(Body.code, Body.credit_code), key=Body.id)


def _choosable(node_types: Sequence[NodeType] | None, region_prefix: str, above: str = "") -> sa.Select[Body]:
    """`above`: the code of one more region, whose bodies of its own may be chosen, too."""
    query = sa.select(Body).where(Body.active)
    if node_types:
        query = query.where(Body.node_type.in_(node_types))
    if not region_prefix:
        return query
    inside = Body.region_code.startswith(region_prefix)
    return query.where(sa.or_(inside, Body.region_code == above) if above else inside)


def nearly_named(session: Session, name: str, region_prefix: str, limit: int = 5) -> list[Body]:
    """Active bodies of a region whose name is this one or nearly (rules.nearly_same), the same name first."""
    few, many = int(len(name) * 0.6), int(len(name) / 0.6) + 6  # further apart they are not alike, 有限责任公司 or not
    offered = _choosable(None, region_prefix).with_only_columns(Body.id, Body.name)
    within = offered.where(sa.func.length(Body.name).between(few, many))
    alike = [
        (body_name != name, body_id) for body_id, body_name in session.execute(within) if nearly_same(name, body_name)
    ]
    ids = [body_id for _, body_id in sorted(alike)[:limit]]
    rows = {body.id: body for body in session.scalars(sa.select(Body).where(Body.id.in_(ids)))} if ids else {}
    return [rows[key] for key in ids]


def namesake(session: Session, name: str, region_code: str) -> Body | None:
    """An active body of just this name in a region: there may be two, but seldom are. Committees ask for themselves."""
    same = _choosable(KEPT, "").where(Body.name == name.strip(), Body.region_code == region_code)
    return session.scalar(same.order_by(Body.id).limit(1))


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


def guideline_of(session: Session, body_id: int, method: AcquisitionMethod, level: TitleLevel) -> str:
    """申报须知 of a final authority; empty where it has none, or is a committee."""
    found = acceptance_of(session, body_id, method, level)
    return found.guideline if found else ""


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


supervision: list[Callable[[], sa.Select[Any]]] = []
"""Who is above whom at which level, as selects of (subordinate_id, level, superior_id) over tables.

Said by the domain above that keeps the approval paths, asked by those beside it.
"""


def superiors(body_id: Any, level: Any) -> sa.Select[Any]:
    """Keys of the departments and title offices above a body for a level; body and level are values or columns."""
    edges, upwards = _supervision()
    here = sa.and_(edges.c.subordinate_id == body_id, edges.c.level == level)
    return sa.select(edges.c.superior_id).select_from(upwards).where(here)


def subordinates(superior_id: int) -> sa.Select[Any]:
    """(key, level) of what is below a department or title office."""
    edges, upwards = _supervision()
    below = sa.select(edges.c.subordinate_id, edges.c.level)
    return below.select_from(upwards).where(edges.c.superior_id == superior_id)


def _supervision() -> tuple[Any, sa.FromClause]:
    """The edges, and they joined with the active offices above them."""
    nothing: Any = sa.select(*(sa.null().label(name) for name in ("subordinate_id", "level", "superior_id")))
    edges = sa.union_all(*([ask() for ask in supervision] or [nothing.where(sa.false())])).subquery()
    bodies = Body.__table__.alias("superior")
    offices = sa.and_(bodies.c.active, bodies.c.node_type.in_((NodeType.DEPARTMENT, NodeType.TITLE_OFFICE)))
    return edges, edges.join(bodies, sa.and_(bodies.c.id == edges.c.superior_id, offices))
