"""A4–A8 批量导入: who is below whom, by workbook; one importer for each procedure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.rules import LEVELS, Way, edge_problem, keeping_problem, loops, twice, wider
from app.approval_paths.services import LOCK
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.bodies.services import hold
from app.bodies.spreadsheets import BODY_HELP, Bodies, Known, kept
from app.catalog.enums import TitleLevel
from app.catalog.spreadsheets import Catalog, Node, code_of, name_conflict
from app.committees.enums import CommitteeGrade
from app.committees.models import Committee, CoveredSpeciality
from app.core import audit, clock
from app.core.db import lock, parts, reserve_ids
from app.core.scope import Actor, elevated
from app.formats.sheets import Column
from app.imports import Importer, Row, declare

_LEVELS = {level.label: level for level in TitleLevel}
_FIELDS = {"subordinate_id": "below", "superior_id": "above", "level": "level"}


def kind(procedure: Procedure) -> str:
    """The importer of a procedure."""
    return f"approval_paths.{procedure.value}"


class Edge(NamedTuple):
    """What a row says."""

    below: Known
    above: Known
    level: TitleLevel
    way: Way
    speciality: str
    """By name."""


class _Lookup:
    """What the rows name, fetched in a handful of statements."""

    def __init__(self, session: Session, rows: Sequence[Row]) -> None:
        self.bodies = Bodies(session, (row.sound(key) for row in rows for key in ("below", "above")))
        self.catalog = Catalog(session)
        self.committees: dict[int, tuple[CommitteeGrade, int]] = {
            row.body_id: (row.grade, row.series_id)
            for row in session.execute(sa.select(Committee.body_id, Committee.grade, Committee.series_id))
        }
        self._covered: dict[int, set[int]] = defaultdict(set)
        for row in session.execute(sa.select(CoveredSpeciality.committee_id, CoveredSpeciality.speciality_id)):
            self._covered[row.committee_id].add(row.speciality_id)

    def edge(self, procedure: Procedure, actor: Actor, row: Row) -> Edge | None:
        """The edge a row says, or None with what is wrong marked: whether it may stand is asked of what is known of it."""
        below, above = self.bodies.find(row, "below"), self.bodies.find(row, "above")
        level, (series, node) = _LEVELS.get(row.sound("level")), self.kind(row)
        kinds = (body.node_type if body else None for body in (below, above))
        for name, reason in edge_problem(procedure, level, *kinds).items():
            row.wrong(_FIELDS[name], reason)
        if above and above.node_type is NodeType.COMMITTEE:
            grade, own = self.committees.get(above.id, (None, None))
            if level and (grade is None or not grade.reviews(level)):
                row.wrong("above", f"“{above.name}”不评审{level.label}。")
            elif series not in (None, own):
                row.wrong("speciality" if node else "series", f"“{above.name}”不评审该系列。")
            elif node and not self.reviews(above.id, node.id):
                row.wrong("speciality", f"“{above.name}”不评审该专业。")
        if below and kept(actor, row, "below", below.region_code) and above:
            own = actor.body_id == below.id
            for name, reason in keeping_problem(actor.region_code, own=own, above=above.region_code).items():
                row.wrong(_FIELDS[name], reason)
        if row.problems or not (below and above and level):
            return None
        way = Way(below.id, above.id, series, node.id if node else None)
        return Edge(below, above, level, way, node.name if node else "")

    def kind(self, row: Row) -> tuple[int | None, Node | None]:
        """The series and the speciality a row names, with what is wrong of them marked. A speciality implies its series."""
        series = node = None
        if (name := row.sound("series")) and (series := self.catalog.series.get(name)) is None:
            row.wrong("series", f"没有名为“{name[:40]}”的系列。")
        if code := row.sound("speciality"):
            node = self.catalog.speciality(code)
            if node is None:
                row.wrong("speciality", f"没有编码为“{code_of(code)[:20]}”的专业。")
            elif problem := name_conflict(code, node.name):
                row.wrong("speciality", problem)
            elif series not in (None, node.series_id):
                row.wrong("speciality", f"专业“{node.name}”不在该系列下。")
        return (node.series_id if node and "speciality" not in row.problems else series), node

    def reviews(self, committee: int, speciality: int) -> bool:
        """Whether a committee covers a speciality, or some of those below it."""
        covered = self._covered[committee]
        above = {*self.catalog.ancestors(speciality)}
        return bool(covered & above) or any(speciality in self.catalog.ancestors(node) for node in covered)

    def way(self, below: int, above: int, series: int | None, speciality: int | None) -> Way:
        """An edge there is; one with a speciality carries that speciality's series, whether it says so or not."""
        return Way(below, above, self.catalog.nodes[speciality].series_id if speciality else series, speciality)


def _check(procedure: Procedure, session: Session, actor: Actor, rows: Sequence[Row]) -> Mapping[int, Edge]:
    """By themselves, against the edges there are, and all of them together: no duplicate, no loop. Sheet row -> its edge."""
    lookup = _Lookup(session, rows)
    edges: dict[int, Edge] = {}
    for row in rows:
        edge = lookup.edge(procedure, actor, row)
        if edge is not None:
            edges[row.number] = edge
    by_number = {row.number: row for row in rows}
    for level in dict.fromkeys(edge.level for edge in edges.values()):
        mine = {number: edge for number, edge in edges.items() if edge.level is level}
        _check_together(procedure, session, lookup, by_number, mine)
    return edges


def _check_together(
    procedure: Procedure, session: Session, lookup: _Lookup, rows: Mapping[int, Row], edges: Mapping[int, Edge]
) -> None:
    """Edges of one level: none twice, and no loop with those there are and the rows before it."""
    level, superior = next(iter(edges.values())).level, sa.orm.aliased(Body)
    columns = (PathEdge.subordinate_id, PathEdge.superior_id, PathEdge.series_id, PathEdge.speciality_id)
    live = session.execute(
        sa.select(*columns)
        .join(superior, superior.id == PathEdge.superior_id)
        .where(PathEdge.procedure == procedure, PathEdge.level == level, PathEdge.active, superior.active)
    )
    known = {lookup.way(*found) for found in live}
    first: dict[Way, int] = {}
    for number, edge in edges.items():
        upwards = (*lookup.catalog.ancestors(edge.way.speciality),)
        there = next((way for way in wider(edge.way, upwards) if way in known), None)
        if there:
            rows[number].wrong("below", twice(edge.below.name, edge.above.name, wholly=there == edge.way))
        else:
            first.setdefault(edge.way, number)
    new = list(first)
    specialities = {way.speciality for way in (*known, *new) if way.speciality is not None}
    closing = loops(known, new, {key: (*lookup.catalog.ancestors(key),) for key in specialities})
    names = _names(session, [body for loop in closing.values() for body in loop])
    for place, loop in closing.items():
        shown = " → ".join(names[body] for body in loop)
        rows[first[new[place]]].wrong(
            "above", f"会形成循环：{shown}。" if loop else "与前面的行形成循环，请先改正前面的行。"
        )
    for number, edge in edges.items():
        one = rows[first.get(edge.way, number)]
        if one.problems:  # it closes a loop, as its twins do
            rows[number].wrong(*next(iter(one.problems.items())))
        elif one.number != number:
            rows[number].wrong("below", f"与第 {one.number} 行是同一条路径。")


def _names(session: Session, bodies: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for piece in parts(bodies):
        found |= dict(session.execute(sa.select(Body.id, Body.name).where(Body.id.in_(piece))).all())
    return found


def _write(
    procedure: Procedure, session: Session, actor: Actor, rows: Sequence[Row], edges: Mapping[int, Edge]
) -> None:
    """One statement. What the province imports is confirmed at once, and says by whom."""
    at_once = len(actor.region_prefix) == 2  # the province itself
    same: dict[str, Any] = {
        "procedure": procedure,
        "confirmed_at": clock.now() if at_once else None,
        "confirmed_by": f"{actor.name[:100]}（批量导入）" if at_once else "",
        "active": True,
        "deregistered_reason": "",
    }
    lock(session, LOCK)
    with elevated(session, "check() has held every row against the actor's region"):
        hold(session, {body.id for edge in edges.values() for body in edge[:2]})
        keys = reserve_ids(session, PathEdge, len(rows))
        session.execute(
            sa.insert(PathEdge),
            [
                same
                | {
                    "id": key,
                    "level": edge.level,
                    "subordinate_id": edge.below.id,
                    "superior_id": edge.above.id,
                    "series_id": edge.way.series,
                    "speciality_id": edge.way.speciality,
                }
                for key, edge in zip(keys, (edges[row.number] for row in rows), strict=True)
            ],
        )

    def entries() -> Iterator[tuple[str, int, dict[str, Any]]]:
        for key, row in zip(keys, rows, strict=True):
            edge = edges[row.number]
            told = {"subordinate_id": edge.below.name, "superior_id": edge.above.name, "level": edge.level.value}
            kind = {"series_id": row["series"], "speciality_id": edge.speciality}
            told |= {name: said for name, said in kind.items() if said}
            yield "approval_paths.import", key, told | {"confirmed": at_once}

    audit.record_each(session, actor, "path_edges", entries)


def _lists(session: Session) -> Mapping[str, Sequence[str]]:
    catalog = Catalog(session)
    return {"series": catalog.offered_series, "speciality": catalog.offered_specialities}


def _importer(procedure: Procedure) -> Importer:
    levels = tuple(level.label for level in TitleLevel if level in LEVELS[procedure])
    return Importer(
        kind=kind(procedure),
        title=f"{procedure.label}审核路径",
        columns=(
            Column("below", "下级机构", "430100B001", kind="code", help=BODY_HELP),
            Column("above", "上级机构", "430100A001", kind="code", help=BODY_HELP),
            Column("level", "职称等级", levels[0], choices=levels, help="与导入时在页面上选择的一致。"),
            Column("series", "系列", "工程技术人员", required=False, help="从下拉列表选择；不填表示所有系列。"),
            Column(
                "speciality", "专业编码", "", required=False, kind="code",
                help="从下拉列表选择，或只填编码；不填表示所有专业，上级专业包括其下各专业。",
            ),
        ),
        identity=("below", "above", "level", "series", "speciality"),
        check=partial(_check, procedure),
        write=partial(_write, procedure),
        asked=("level",),
        lists=_lists,
        rules=(
            "职称等级在导入页面上选择，对表中每一行适用。",
            "不能重复，不能形成循环。省级批量导入的路径即时确认；其他的由下级单位确认后生效。",
        ),
        relies_on=("bodies", "catalog", "dictionaries", "committees", "approval_paths"),
    )  # fmt: skip


for _procedure in Procedure:
    declare(_importer(_procedure))
