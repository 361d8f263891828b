"""From an employer to its final authorities, by the configured edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.rules import search
from app.bodies import queries as register
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.queries import speciality_ancestors
from app.committees.models import Committee
from app.committees.queries import covering
from app.core.errors import Refusal


@dataclass(frozen=True)
class PathNode:
    """A body on a path. `covers_speciality` is None where the question makes no sense (it is no committee)."""

    body_id: int
    name: str
    node_type: NodeType
    is_final: bool
    covers_speciality: bool | None


@dataclass(frozen=True)
class Reach:
    """All that lies above an employer for one kind of application."""

    paths: tuple[tuple[PathNode, ...], ...]
    """Complete ones: they end at a final authority that may take the application."""
    broken: tuple[PathNode, ...]
    """Where the other branches end."""
    uncovered: tuple[PathNode, ...]
    """Committees reached that do not review the speciality."""
    mending: Mapping[int, str] = field(default_factory=dict)
    """Body where a branch ends -> what must be done there, by whom."""
    climbed: tuple[tuple[PathNode, PathNode], ...] = ()
    """Every step upwards that was found, nearest the employer first."""


def _fits(
    procedure: Procedure, level: TitleLevel, series_id: int, specialities: Collection[int]
) -> sa.ColumnElement[bool]:
    """Live edges, confirmed or not, that an application of this kind may use."""
    return sa.and_(
        PathEdge.procedure == procedure,
        PathEdge.level == level,
        PathEdge.active,
        sa.or_(PathEdge.series_id.is_(None), PathEdge.series_id == series_id),
        sa.or_(PathEdge.speciality_id.is_(None), PathEdge.speciality_id.in_(specialities)),
    )


def edges_above(session: Session, start: int, condition: sa.ColumnElement[bool]) -> dict[int, list[int]]:
    """Edges under `condition` reachable upwards from `start`, as body -> active bodies directly above it.

    One recursive query, whatever the province's size; what lies above a deregistered body is not reached.
    """
    superior = sa.orm.aliased(Body)
    first = sa.select(PathEdge.subordinate_id, PathEdge.superior_id).where(
        PathEdge.subordinate_id == start, condition, superior.id == PathEdge.superior_id, superior.active
    )
    climb = first.cte("climb", recursive=True)
    climb = climb.union(
        sa.select(PathEdge.subordinate_id, PathEdge.superior_id).where(
            PathEdge.subordinate_id == climb.c.superior_id,
            condition,
            superior.id == PathEdge.superior_id,
            superior.active,
        )
    )
    above: dict[int, list[int]] = defaultdict(list)
    rows = session.execute(
        sa.select(climb.c.subordinate_id, climb.c.superior_id).order_by(climb.c.subordinate_id, climb.c.superior_id)
    )
    for below, superior_id in rows:
        above[below].append(superior_id)
    return above


def _mending(session: Session, broken: Collection[int], condition: sa.ColumnElement[bool]) -> dict[int, str]:
    """What must be done where a branch ends: an edge that waits for its confirmation, or leads to a body that is gone."""
    superior = sa.orm.aliased(Body)
    rows = session.execute(
        sa.select(PathEdge.subordinate_id, superior.name, superior.active)
        .join(superior, superior.id == PathEdge.superior_id)
        .where(PathEdge.subordinate_id.in_(broken), condition)
        .order_by(superior.active, PathEdge.id)
    )
    return {
        below: f"“{name}”已把它指定为下级，请它在“审核层级配置单位确认”中确认"
        if active
        else f"它的上级“{name}”已注销，请它联系人社部门配置新的上级机构"
        for below, name, active in rows
    }


def reach(
    session: Session,
    *,
    employer_id: int,
    method: AcquisitionMethod,
    level: TitleLevel,
    series_id: int,
    speciality_id: int,
) -> Reach:
    """Every complete path and every break above an employer: a handful of queries, none per body."""
    procedure = Procedure.of(method, level)
    specialities = speciality_ancestors(session, speciality_id)
    fits = _fits(procedure, level, series_id, specialities)
    above = edges_above(session, employer_id, sa.and_(fits, PathEdge.confirmed_at.is_not(None)))
    seen = {employer_id, *above, *(body for superiors in above.values() for body in superiors)}
    bodies = {body.id: body for body in session.scalars(sa.select(Body).where(Body.id.in_(seen)))}
    if employer_id not in bodies or not bodies[employer_id].active:
        return Reach((), (), ())
    finals = _finals(session, seen, method, level, series_id)
    covered = covering(session, [b for b in finals if bodies[b].node_type is NodeType.COMMITTEE], speciality_id)
    nodes = {
        key: PathNode(
            key,
            body.name,
            body.node_type,
            key in finals,
            (key in covered) if body.node_type is NodeType.COMMITTEE else None,
        )
        for key, body in bodies.items()
    }
    found = search(employer_id, above, finals)
    good = [path for path in found.paths if nodes[path[-1]].covers_speciality is not False]
    missed = {path[-1]: None for path in found.paths if nodes[path[-1]].covers_speciality is False}
    return Reach(
        tuple(tuple(nodes[key] for key in path) for path in good),
        tuple(nodes[key] for key in found.broken),
        tuple(nodes[key] for key in missed),
        _mending(session, found.broken, fits) if found.broken else {},
        tuple((nodes[key], nodes[up]) for key in found.reached for up in above.get(key, ())),
    )


def _finals(session: Session, seen: set[int], method: AcquisitionMethod, level: TitleLevel, series_id: int) -> set[int]:
    if method is AcquisitionMethod.REVIEW:
        rows = session.execute(
            sa.select(Committee.body_id, Committee.grade).where(
                Committee.body_id.in_(seen), Committee.series_id == series_id
            )
        )
        return {body_id for body_id, grade in rows if grade.reviews(level)}
    return set(
        session.scalars(
            sa.select(Acceptance.body_id).where(
                Acceptance.body_id.in_(seen), Acceptance.method == method, Acceptance.level == level, Acceptance.active
            )
        )
    )


def paths_for(
    session: Session,
    *,
    employer_id: int,
    method: AcquisitionMethod,
    level: TitleLevel,
    series_id: int,
    speciality_id: int,
) -> list[tuple[PathNode, ...]]:
    """The complete paths, employer first, final authority last, shortest first."""
    return list(
        reach(
            session,
            employer_id=employer_id,
            method=method,
            level=level,
            series_id=series_id,
            speciality_id=speciality_id,
        ).paths
    )


def final_bodies_for(
    session: Session,
    *,
    employer_id: int,
    method: AcquisitionMethod,
    level: TitleLevel,
    series_id: int,
    speciality_id: int,
) -> list[PathNode]:
    """The final authorities an applicant may choose: those the paths really reach, nearest first."""
    paths = paths_for(
        session, employer_id=employer_id, method=method, level=level, series_id=series_id, speciality_id=speciality_id
    )
    return list({path[-1].body_id: path[-1] for path in paths}.values())


def path_to(
    session: Session,
    *,
    employer_id: int,
    method: AcquisitionMethod,
    level: TitleLevel,
    series_id: int,
    speciality_id: int,
    final_body_id: int,
) -> tuple[PathNode, ...]:
    """The shortest complete path to one final authority; Refusal naming where it breaks and who must mend it."""
    found = reach(
        session, employer_id=employer_id, method=method, level=level, series_id=series_id, speciality_id=speciality_id
    )
    for path in found.paths:
        if path[-1].body_id == final_body_id:
            return path
    raise Refusal(explain_break(found, final_body_id))


def explain_break(found: Reach, final_body_id: int | None = None) -> str:
    """Why there is no path (to `final_body_id`), in the guide's words (1.28, notes 1 and 2)."""
    reasons = []
    for node in found.uncovered:
        if final_body_id in (None, node.body_id):
            reasons.append(f"“{node.name}”未维护该评审专业，请联系其在评委会管理中维护")
    if not reasons:
        reasons = [
            f"审核路径断在“{node.name}”："
            + found.mending.get(node.body_id, "它没有上级机构，也不是终审机构，请它联系上级把它指定为下级机构")
            for node in found.broken
        ]
    return ("；".join(reasons) or "从该单位不能到达所选的终审机构，请联系主管单位核对审核路径配置") + "。"


def _confirmed() -> sa.Select[Any]:
    edges = PathEdge.__table__.c
    confirmed = sa.and_(edges.active, edges.confirmed_at.is_not(None))
    return sa.select(edges.subordinate_id, edges.level, edges.superior_id).where(confirmed)


register.supervision.append(_confirmed)
