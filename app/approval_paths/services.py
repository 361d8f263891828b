"""Keeping the edges: adding without duplicate or loop, confirming by the subordinate, ending with a reason."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.rules import cycle_with
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import Actor

KEEPERS = (Role.HR_OFFICER, Role.COMMITTEE, Role.SYSTEM)


def create_edge(
    session: Session,
    *,
    actor: Actor,
    procedure: Procedure,
    level: TitleLevel,
    subordinate_id: int,
    superior_id: int,
    series_id: int | None = None,
    speciality_id: int | None = None,
) -> PathEdge:
    """Say who is below whom. Invalid with the loop's names if one would close; Conflict on a duplicate."""
    if actor.role not in KEEPERS:
        raise NotAllowed("审核路径由人社部门和评委会配置。")
    below, above = session.get(Body, subordinate_id), session.get(Body, superior_id)
    if below is None or above is None or not below.active or not above.active:
        raise Invalid({"subordinate_id": "下级或上级机构不存在或已注销。"})
    if actor.role is Role.COMMITTEE and superior_id != actor.body_id:
        raise NotAllowed("评委会只能配置自己的下级单位。")
    live = session.execute(
        sa.select(PathEdge.subordinate_id, PathEdge.superior_id, PathEdge.series_id, PathEdge.speciality_id).where(
            PathEdge.procedure == procedure, PathEdge.level == level, PathEdge.active
        )
    ).all()
    if any(tuple(row) == (subordinate_id, superior_id, series_id, speciality_id) for row in live):
        raise Conflict(f"“{below.name}”已经是“{above.name}”的下级，无需重复配置。")
    edges: dict[int, list[int]] = defaultdict(list)
    for row in live:
        edges[row.subordinate_id].append(row.superior_id)
    loop = cycle_with(subordinate_id, superior_id, edges)
    if loop:
        names = {row.id: row.name for row in session.execute(sa.select(Body.id, Body.name).where(Body.id.in_(loop)))}
        raise Invalid({"superior_id": "会形成循环：" + " → ".join(names[key] for key in loop) + "。"})
    edge = PathEdge(
        procedure=procedure,
        level=level,
        subordinate_id=subordinate_id,
        superior_id=superior_id,
        series_id=series_id,
        speciality_id=speciality_id,
    )
    session.add(edge)
    session.flush()
    audit.record(session, actor, "approval_paths.create", edge, below=below.name, above=above.name)
    return edge


def confirm_edge(session: Session, *, actor: Actor, edge_id: int) -> PathEdge:
    """U1.6.2 【确认】: the subordinate says that it belongs there. The second press changes nothing."""
    edge = session.get(PathEdge, edge_id)
    if edge is None or not edge.active:
        raise NotFound
    if actor.role is not Role.SYSTEM and actor.body_id != edge.subordinate_id:
        raise NotAllowed("只有下级单位自己可以确认。")
    if edge.confirmed_at is None:
        edge.confirmed_at, edge.confirmed_by = clock.now(), f"{actor.body_name} {actor.name}".strip()
        audit.record(session, actor, "approval_paths.confirm", edge)
    return edge


def cancel_edge(session: Session, *, actor: Actor, edge_id: int, reason: str) -> None:
    """注销 with a reason; the row stays."""
    edge = session.get(PathEdge, edge_id)
    if edge is None:
        raise NotFound
    if actor.role not in KEEPERS or (actor.role is Role.COMMITTEE and edge.superior_id != actor.body_id):
        raise NotAllowed("审核路径由人社部门和评委会配置。")
    if not edge.active:
        raise Conflict("这条路径已经注销。")
    if not reason.strip():
        raise Invalid({"reason": "请填写注销原因。"})
    edge.active, edge.deregistered_at, edge.deregistered_reason = False, clock.now(), reason.strip()
    audit.record(session, actor, "approval_paths.cancel", edge, reason=reason)
