"""From an employer to its final authorities, by the configured edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.rules import WITHOUT_COMMITTEE, Loop, Way, loop_with, search, shortcuts
from app.bodies import queries as register
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.queries import speciality_ancestors
from app.committees.enums import CommitteeGrade
from app.committees.models import Committee, CoveredSpeciality
from app.committees.queries import covering
from app.core import clock
from app.core.errors import Refusal


@dataclass(frozen=True)
class PathNode:
    """A body on a path. `covers_speciality` is None where the question makes no sense (it is no committee)."""

    body_id: int
    name: str
    node_type: NodeType
    is_final: bool
    covers_speciality: bool | None
    obstacle: str = ""
    """Why this final authority can't take the application, and who must mend it."""


@dataclass(frozen=True)
class Reach:
    """All that lies above an employer for one kind of application."""

    paths: tuple[tuple[PathNode, ...], ...]
    """Complete ones: they end at a final authority that may take the application."""
    broken: tuple[PathNode, ...]
    """Where the other branches end."""
    obstructed: tuple[PathNode, ...]
    """Committees reached that can't take it: each says why."""
    mending: Mapping[int, str] = field(default_factory=dict)
    """Body where a branch ends -> what must be done there, by whom."""
    climbed: tuple[tuple[PathNode, PathNode], ...] = ()
    """Every step upwards that was found, nearest the employer first."""
    untaken: str = ""
    """What nobody in the province takes, where no path is complete because of that."""

    @cached_property
    def shortcuts(self) -> frozenset[tuple[int, int]]:
        """The steps, by the keys of their bodies, that are configured and not taken."""
        above: dict[int, list[int]] = defaultdict(list)
        for low, high in self.climbed:
            above[low.body_id].append(high.body_id)
        return shortcuts(above)


def _fits(
    procedure: Procedure, level: TitleLevel, series_id: int, specialities: Collection[int]
) -> sa.ColumnElement[bool]:
    """Live edges, confirmed or not, that an application of this kind may use: none to a committee of another series or grade."""
    condition = sa.and_(
        PathEdge.procedure == procedure,
        PathEdge.level == level,
        PathEdge.active,
        sa.or_(PathEdge.series_id.is_(None), PathEdge.series_id == series_id),
        sa.or_(PathEdge.speciality_id.is_(None), PathEdge.speciality_id.in_(specialities)),
    )
    if procedure in WITHOUT_COMMITTEE:
        return condition
    others = sa.exists().where(
        Committee.body_id == PathEdge.superior_id,
        sa.or_(Committee.series_id != series_id, Committee.grade.not_in(_grades(level))),
    )
    return sa.and_(condition, ~others)


def _grades(level: TitleLevel) -> list[CommitteeGrade]:
    return [grade for grade in CommitteeGrade if grade.reviews(level)]


def ways_above(session: Session, start: int, condition: sa.ColumnElement[bool]) -> list[Way]:
    """The edges under `condition` reachable upwards from `start`, as the bodies they join and whom they carry.

    One recursive query, whatever the province's size; what lies above a deregistered body is not reached.
    """
    superior = sa.orm.aliased(Body)
    columns = (PathEdge.subordinate_id, PathEdge.superior_id, PathEdge.series_id, PathEdge.speciality_id)
    usable = sa.and_(condition, superior.id == PathEdge.superior_id, superior.active)
    climb = sa.select(*columns).where(PathEdge.subordinate_id == start, usable).cte("climb", recursive=True)
    climb = climb.union(sa.select(*columns).where(PathEdge.subordinate_id == climb.c.superior_id, usable))
    return [Way(*row) for row in session.execute(sa.select(climb).order_by(*list(climb.c)[:2]))]


def edges_above(session: Session, start: int, condition: sa.ColumnElement[bool]) -> dict[int, list[int]]:
    """The same as body -> active bodies directly above it."""
    above: dict[int, list[int]] = defaultdict(list)
    for below, superior in dict.fromkeys(way[:2] for way in ways_above(session, start, condition)):
        above[below].append(superior)
    return above


def loop_closed_by(session: Session, procedure: Procedure, level: TitleLevel, new: Way) -> Loop | None:
    """The loop that a new edge would close with live ones, confirmed or not."""
    live = sa.and_(PathEdge.procedure == procedure, PathEdge.level == level, PathEdge.active)
    if new.series is not None:  # an application has one series: edges of another are never on its way
        live = sa.and_(live, sa.or_(PathEdge.series_id.is_(None), PathEdge.series_id == new.series))
    ways = ways_above(session, new.above, live)
    named = {way.speciality for way in (new, *ways) if way.speciality is not None}
    return loop_with(new, ways, {key: speciality_ancestors(session, key) for key in named})


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
    if method is AcquisitionMethod.REVIEW:
        obstacles, covered = _committees(session, seen, level, series_id, speciality_id)
    else:
        obstacles, covered = dict.fromkeys(_accepting(session, seen, method, level), ""), frozenset()
    nodes = {
        key: PathNode(
            key,
            body.name,
            body.node_type,
            key in obstacles,
            (key in covered) if body.node_type is NodeType.COMMITTEE else None,
            obstacles.get(key, ""),
        )
        for key, body in bodies.items()
    }
    found = search(employer_id, above, obstacles)
    good = [path for path in found.paths if not nodes[path[-1]].obstacle]
    return Reach(
        tuple(tuple(nodes[key] for key in path) for path in good),
        tuple(nodes[key] for key in found.broken),
        tuple(nodes[key] for key in dict.fromkeys(path[-1] for path in found.paths) if nodes[key].obstacle),
        _mending(session, found.broken, fits) if found.broken else {},
        tuple((nodes[key], nodes[up]) for key in found.reached for up in above.get(key, ())),
        "" if good else _untaken(session, method, level, series_id, specialities),
    )


def _accepting(
    session: Session, bodies: Collection[int], method: AcquisitionMethod, level: TitleLevel
) -> Sequence[int]:
    taking = sa.and_(Acceptance.method == method, Acceptance.level == level, Acceptance.active)
    return session.scalars(sa.select(Acceptance.body_id).where(Acceptance.body_id.in_(bodies), taking)).all()


def _committees(
    session: Session, bodies: Collection[int], level: TitleLevel, series_id: int, speciality_id: int
) -> tuple[dict[int, str], Collection[int]]:
    """Of the committees of a series and level among `bodies`: why each can't take the speciality, "" if it can; those that cover it."""
    rows = session.execute(
        sa.select(Committee.body_id, Committee.valid_until).where(
            Committee.body_id.in_(bodies), Committee.series_id == series_id, Committee.grade.in_(_grades(level))
        )
    ).all()
    covered = covering(session, [row.body_id for row in rows], speciality_id)
    obstacles = {}
    for body_id, valid_until in rows:
        if valid_until < clock.today():
            obstacles[body_id] = f"备案已于 {valid_until:%Y-%m-%d} 到期，请联系人社部门重新核准备案"
        else:
            obstacles[body_id] = "" if body_id in covered else "未维护该评审专业，请联系人社部门在评委会管理中维护"
    return obstacles, covered


def _untaken(
    session: Session, method: AcquisitionMethod, level: TitleLevel, series_id: int, specialities: Collection[int]
) -> str:
    """What no body in the province takes; "" if some body does."""
    if method is AcquisitionMethod.REVIEW:
        taking = (
            sa.select(CoveredSpeciality.id)
            .join(Committee, Committee.body_id == CoveredSpeciality.committee_id)
            .join(Body, Body.id == Committee.body_id)
            .where(CoveredSpeciality.speciality_id.in_(specialities), Committee.series_id == series_id)
            .where(Committee.grade.in_(_grades(level)), Committee.valid_until >= clock.today(), Body.active)
        )
    else:
        taking = (
            sa.select(Acceptance.id)
            .join(Acceptance.body)
            .where(Acceptance.method == method, Acceptance.level == level, Acceptance.active, Body.active)
        )
    if session.scalar(taking.limit(1)) is not None:
        return ""
    if method is AcquisitionMethod.REVIEW:
        return f"全省没有备案有效的评委会评审该专业的{level.label}"
    return f"全省没有机构受理{level.label}的{method.label}"


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
    """Why there is no path (to `final_body_id`), and who must mend it, in the guide's words (1.28, notes 1 and 2)."""
    reasons = [f"“{node.name}”{node.obstacle}" for node in found.obstructed if final_body_id in (None, node.body_id)]
    if not reasons and found.untaken:
        reasons = [_nobody(found)]
    if not reasons:
        reasons = [f"审核路径断在“{node.name}”：{mending(found, node)}" for node in found.broken]
    if not reasons:
        chosen = "从该单位不能到达所选的终审机构，请联系主管单位核对审核路径配置"
        reasons = [chosen if found.paths else "该单位不存在或已注销，请核对单位名称"]
    return "；".join(reasons) + "。"


def mending(found: Reach, node: PathNode) -> str:
    """What must be done where a branch ends, by whom: no superior helps where nobody in the province takes it."""
    if found.untaken:
        return _nobody(found)
    return found.mending.get(node.body_id, "它没有上级机构，也不是终审机构，请它联系上级把它指定为下级机构")


def _nobody(found: Reach) -> str:
    return f"{found.untaken}，请联系省级人社部门"


def _confirmed() -> sa.Select[Any]:
    edges = PathEdge.__table__.c
    confirmed = sa.and_(edges.active, edges.confirmed_at.is_not(None))
    return sa.select(edges.subordinate_id, edges.level, edges.superior_id).where(confirmed)


register.supervision.append(_confirmed)
