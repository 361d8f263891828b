"""通知修正: whoever can mend a path where it breaks is asked to, says when it is done, and is believed when it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import MendingRequest
from app.approval_paths.queries import answered, broken_at, checkup_all, mends
from app.approval_paths.services.keeping import signed
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.scope import Actor

MOST_NAMED = 350
"""Characters of what can't be applied for: a notice holds 600."""
MENDED = "系统（路径已修正）"


def remedy(body: Body) -> str:
    """What mends a path that breaks at a body, for whoever mends it."""
    if body.node_type is NodeType.COMMITTEE:
        return "请在“评委会管理”中维护它的评审专业、备案有效期。"
    return "请联系上级机构把本单位指定为下级，并在“审核层级配置单位确认”中确认。"


def hindrances(session: Session, actor: Actor, bodies: Collection[Body]) -> dict[int, str]:
    """Why the actor need not or can't ask for a path to be mended, by the body where it breaks; the others can be asked."""
    there = answered(session, bodies)
    return {
        body.id: "由本机构修正" if mends(actor, body) else "没有可以登录的操作员"
        for body in bodies
        if mends(actor, body) or body.id not in there
    } | {body.id: "不在本统筹区" for body in bodies if not actor.serves(body.region_code)}


def ask_to_mend(
    session: Session,
    *,
    actor: Actor,
    body_id: int,
    procedure: Procedure,
    level: TitleLevel,
    units: int,
    series: Sequence[str],
) -> MendingRequest:
    """【通知修正】 to those who can mend a path where it breaks. Conflict while an earlier one is not dealt with, or nobody is there."""
    body = session.get(Body, body_id)
    if body is None:
        raise NotFound
    if actor.role is not Role.HR_OFFICER or not actor.serves(body.region_code):
        raise NotAllowed("只能通知本统筹区内的机构。")
    if hindrance := hindrances(session, actor, [body]).get(body_id):
        raise Conflict(f"“{body.name}”{hindrance}，不能通知，请另行联系或自行处理。")
    waiting = session.scalar(
        sa.select(MendingRequest.id).where(
            MendingRequest.body_id == body_id,
            MendingRequest.procedure == procedure,
            MendingRequest.level == level,
            MendingRequest.settled_at.is_(None),
        )
    )
    if waiting is not None:
        raise Conflict(f"已经通知过“{body.name}”，等待处理。")
    place = f"断在“{body.name}”" if body.node_type is NodeType.COMMITTEE else "断在本单位"
    named = "、".join(series)
    named = named if len(named) <= MOST_NAMED else f"{named[:MOST_NAMED]}…"
    request = MendingRequest(
        body_id=body_id,
        procedure=procedure,
        level=level,
        text=f"{procedure.label}{level.label}的审核路径{place}，{units:,} 个单位不能申报：{named}。{remedy(body)}"[
            :600
        ],
        sent_at=clock.now(),
        sent_by=signed(actor, 160),
    )
    session.add(request)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(f"已经通知过“{body.name}”，等待处理。") from error
    audit.record(session, actor, "approval_paths.ask_to_mend", request, body=body.name, units=units)
    return request


def settle_mending(session: Session, *, actor: Actor, request_id: int) -> bool:
    """【已处理】, by one who can mend it; whether that was news. Conflict while paths still break there."""
    request = session.get(MendingRequest, request_id, with_for_update=True, populate_existing=True)
    if request is None or not mends(actor, request.body):
        raise NotFound
    if request.settled_at is not None:
        return False
    stuck = broken_at(session, request.procedure, request.level, request.body_id)
    if stuck:
        raise Conflict(
            f"{request.procedure.label}{request.level.label}的审核路径仍断在“{request.body.name}”，{stuck:,} 个单位不能申报："
            + remedy(request.body)
        )
    _settle(session, actor, request, actor.name)
    return True


def settle_mended(session: Session, *, actor: Actor) -> int:
    """Close every request whose path breaks there no more, whoever mended it; how many."""
    waiting: dict[tuple[Procedure, TitleLevel], list[MendingRequest]] = defaultdict(list)
    for request in session.scalars(sa.select(MendingRequest).where(MendingRequest.settled_at.is_(None))):
        waiting[request.procedure, request.level].append(request)
    count = 0
    for one in checkup_all(session, kinds=[*waiting]) if waiting else ():
        broken = set(one.findings.bodies.tolist())
        for request in waiting[one.procedure, one.level]:
            if request.body_id not in broken:
                _settle(session, actor, request, MENDED)
                count += 1
    return count


def _settle(session: Session, actor: Actor, request: MendingRequest, by: str) -> None:
    request.settled_at, request.settled_by = clock.now(), by
    audit.record(session, actor, "approval_paths.settle_mending", request)
