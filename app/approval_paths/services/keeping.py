"""Keeping the edges: adding without duplicate or loop, confirming by the subordinate, ending with a reason."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.queries import loop_closed_by
from app.approval_paths.rules import Way, edge_problem, keeping_problem, twice, wider
from app.bodies import services as bodies
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.bodies.rules import text_problem
from app.catalog import services as catalog
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.catalog.queries import speciality_ancestors
from app.committees.models import Committee
from app.committees.queries import reviews_some_of
from app.core import audit, clock
from app.core.db import lock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import Actor

LOCK = "approval_paths"
"""That no loop is closed by two edges at once is no constraint's to say: edges are added one after another."""


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
    lock(session, LOCK)
    try:
        held = bodies.hold(session, (subordinate_id, superior_id))
    except (NotFound, Conflict) as gone:
        raise Invalid({"subordinate_id": "下级或上级机构不存在或已注销。"}) from gone
    below, above = held[subordinate_id], held[superior_id]
    _require_keeper(actor, below, above, superior_id)
    series_id, fields = _kind_problem(session, above, level, series_id, speciality_id)
    fields |= edge_problem(procedure, level, below.node_type, above.node_type)
    if fields:
        raise Invalid(fields)
    wanted = Way(subordinate_id, superior_id, series_id, speciality_id)
    if problem := _twice(session, procedure, level, wanted, below, above):
        raise Conflict(problem)
    loop = loop_closed_by(session, procedure, level, wanted)
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
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(twice(below.name, above.name)) from error
    session.refresh(edge)
    audit.record(session, actor, "approval_paths.create", edge, **_said(edge))
    return edge


def change_edge(
    session: Session,
    *,
    actor: Actor,
    edge_id: int,
    level: TitleLevel,
    superior_id: int,
    series_id: int | None = None,
    speciality_id: int | None = None,
) -> PathEdge:
    """【编辑】: the old edge ends and stays, a new one stands in its place and waits for its own confirmation.

    Applications on their way keep the path they were handed in with.
    """
    edge = session.get(PathEdge, edge_id, with_for_update=True, populate_existing=True)
    if edge is None:
        raise NotFound
    wanted = (level, superior_id, series_id, speciality_id)
    if wanted == (edge.level, edge.superior_id, edge.series_id, edge.speciality_id):
        return edge
    cancel_edge(session, actor=actor, edge_id=edge_id, reason="修改为新的配置")
    session.flush()
    made = create_edge(
        session,
        actor=actor,
        procedure=edge.procedure,
        level=level,
        subordinate_id=edge.subordinate_id,
        superior_id=superior_id,
        series_id=series_id,
        speciality_id=speciality_id,
    )
    before, after = _said(edge), _said(made)
    changes = {name: (before[name], after[name]) for name in before if before[name] != after[name]}
    audit.record(session, actor, "approval_paths.change", made, replaces=edge.id, changes=changes)
    return made


def _said(edge: PathEdge) -> dict[str, str]:
    """What the trail says of an edge, in words that last when its bodies are renamed."""
    return {
        "subordinate": edge.subordinate.name,
        "superior": edge.superior.name,
        "level": edge.level.value,
        "series": edge.series.name if edge.series else "全部",
        "speciality": edge.speciality.name if edge.speciality else "全部",
    }


def add_subordinate(
    session: Session, *, actor: Actor, subordinate_id: int, level: TitleLevel, speciality_id: int | None = None
) -> PathEdge:
    """U1.6.1 【新增】: a committee names a body below itself, for one of the levels it reviews."""
    committee = session.get(Committee, actor.body_id) if actor.role is Role.COMMITTEE else None
    if committee is None:
        raise NotAllowed("只有评委会可以指定自己的下级单位。")
    if not committee.grade.reviews(level):
        raise Invalid({"level": f"本评委会不评审{level.label}。"})
    body = session.get(Body, subordinate_id)
    if body is not None and not actor.serves(body.region_code):
        raise Invalid({"subordinate_id": "评委会只能指定本统筹区内的下级单位；跨统筹区的路径由省级人社部门配置。"})
    return create_edge(
        session,
        actor=actor,
        procedure=Procedure.of(AcquisitionMethod.REVIEW, level),
        level=level,
        subordinate_id=subordinate_id,
        superior_id=committee.body_id,
        series_id=committee.series_id,
        speciality_id=speciality_id,
    )


def confirm_edge(session: Session, *, actor: Actor, edge_id: int) -> PathEdge | None:
    """U1.6.2 【确认】: the subordinate says that it belongs there. The second press changes nothing and answers None."""
    edge = session.get(PathEdge, edge_id, with_for_update=True, populate_existing=True)
    if edge is None or not edge.active:
        raise NotFound
    if actor.role is not Role.SYSTEM and actor.body_id != edge.subordinate_id:
        raise NotAllowed("只有下级单位自己可以确认。")
    if edge.confirmed_at is not None:
        return None
    edge.confirmed_at, edge.confirmed_by = clock.now(), signed(actor, 120)
    audit.record(session, actor, "approval_paths.confirm", edge)
    return edge


def cancel_edge(session: Session, *, actor: Actor, edge_id: int, reason: str) -> None:
    """注销 with a reason; the row stays."""
    edge = session.get(PathEdge, edge_id, with_for_update=True, populate_existing=True)
    if edge is None:
        raise NotFound
    _require_keeper(actor, session.get_one(Body, edge.subordinate_id), None, edge.superior_id)
    if not edge.active:
        raise Conflict("这条路径已经注销。")
    if problem := text_problem(reason, "注销原因", 300):
        raise Invalid({"reason": problem})
    edge.active, edge.deregistered_at, edge.deregistered_reason = False, clock.now(), reason.strip()
    audit.record(session, actor, "approval_paths.cancel", edge, reason=reason.strip())


def _require_keeper(actor: Actor, below: Body, above: Body | None, superior_id: int) -> None:
    """HR officers keep the edges that rise from bodies of their region, to bodies there or of the region directly around it.

    Who is above an officer's own body, somebody above says; nobody is above the province's. A committee keeps the edges
    that end at itself.
    """
    if actor.role is Role.SYSTEM:
        return
    if actor.role is Role.COMMITTEE:
        if superior_id != actor.body_id:
            raise NotAllowed("评委会只能配置自己的下级单位。")
        return
    if actor.role is not Role.HR_OFFICER:
        raise NotAllowed("审核路径由人社部门和评委会配置。")
    if not actor.serves(below.region_code):
        raise NotAllowed("只能为本统筹区内的机构配置上级。")
    if above is None:
        return
    if problem := keeping_problem(actor.region_code, own=actor.body_id == below.id, above=above.region_code):
        raise Invalid(problem)


def _kind_problem(
    session: Session, above: Body, level: TitleLevel, series_id: int | None, speciality_id: int | None
) -> tuple[int | None, dict[str, str]]:
    """The series, which a speciality implies, and by field whether all this exists together and a committee above reviews it."""
    fields: dict[str, str] = {}
    if series_id is not None and session.get(TitleSeries, series_id) is None:
        fields["series_id"] = "请选择系列。"
    if speciality_id is not None:
        speciality = session.get(Speciality, speciality_id)
        if speciality is None or not speciality.active or series_id not in (None, speciality.series_id):
            fields["speciality_id"] = "请选择该系列下的专业。"
        else:
            series_id = speciality.series_id
    if above.node_type is NodeType.COMMITTEE:
        committee = session.get(Committee, above.id)
        if committee is None or not committee.grade.reviews(level):
            fields["superior_id"] = f"“{above.name}”不评审{level.label}。"
        elif series_id not in (None, committee.series_id):
            named = "series_id" if speciality_id is None else "speciality_id"
            fields.setdefault(named, f"“{above.name}”不评审该系列。")
        elif speciality_id is not None and not reviews_some_of(session, committee.body_id, speciality_id):
            fields.setdefault("speciality_id", f"“{above.name}”不评审该专业。")
    return series_id, fields


def signed(actor: Actor, longest: int) -> str:
    """Who, of which body; of a body's long name the end is left out, of a person's nothing."""
    room = longest - len(actor.name) - 1
    body = actor.body_name if len(actor.body_name) <= room else f"{actor.body_name[: room - 1]}…"
    return f"{body} {actor.name}".strip()


def _twice(
    session: Session, procedure: Procedure, level: TitleLevel, wanted: Way, below: Body, above: Body
) -> str | None:
    """Why an edge is one too many: it is there, or one between the same two carries all that it would."""
    live = session.execute(
        sa.select(PathEdge.subordinate_id, PathEdge.superior_id, PathEdge.series_id, PathEdge.speciality_id).where(
            PathEdge.procedure == procedure,
            PathEdge.level == level,
            PathEdge.subordinate_id == wanted.below,
            PathEdge.superior_id == wanted.above,
            PathEdge.active,
        )
    )
    known = {Way(*row) for row in live}
    upwards = speciality_ancestors(session, wanted.speciality) if known and wanted.speciality is not None else ()
    there = next((way for way in wider(wanted, upwards) if way in known), None)
    return twice(below.name, above.name, wholly=there == wanted) if there else None


def _edges_of(session: Session, body_id: int) -> str | None:
    condition = sa.and_(PathEdge.active, sa.or_(PathEdge.subordinate_id == body_id, PathEdge.superior_id == body_id))
    count = session.scalar(sa.select(sa.func.count(PathEdge.id)).where(condition)) or 0
    if not count:
        return None
    below, above = sa.orm.aliased(Body), sa.orm.aliased(Body)
    first = session.execute(
        sa.select(below.name, above.name)
        .select_from(PathEdge)
        .join(below, below.id == PathEdge.subordinate_id)
        .join(above, above.id == PathEdge.superior_id)
        .where(condition)
        .order_by(PathEdge.id)
        .limit(1)
    ).one()
    return f"{count} 条审核路径配置（如“{first[0]}”→“{first[1]}”）"


def _edges_for(session: Session, speciality_id: int) -> str | None:
    count = session.scalar(sa.select(sa.func.count(PathEdge.id)).where(PathEdge.speciality_id == speciality_id))
    return f"{count} 条审核路径配置" if count else None


bodies.uses.append(_edges_of)
catalog.speciality_uses.append(_edges_for)
