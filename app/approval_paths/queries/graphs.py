"""A province as arrays: its bodies numbered from 0, what can be applied for as bits, the edges of each kind of application."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from sys import maxsize
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.rules import LEVELS, WITHOUT_COMMITTEE, WORD, Graph, Label, Tree, cases, words
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.committees.enums import CommitteeGrade
from app.committees.models import Committee, CoveredSpeciality
from app.core import clock

Kind = tuple[Procedure, TitleLevel]
NAMED = 3
"""Specialities named of a series that is not lacking whole."""
EVERY = maxsize
"""As many as there are."""
KINDS: tuple[Kind, ...] = tuple(
    (procedure, level) for procedure, levels in LEVELS.items() for level in sorted(levels, key=lambda one: one.rank)
)


@dataclass(frozen=True)
class Gone:
    """What a change would take away, by key."""

    edge: int = 0
    acceptance: int = 0
    coverage: int = 0
    body: int = 0


NOTHING = Gone()


class CommitteeRow(NamedTuple):
    place: int
    grade: CommitteeGrade
    series: int
    valid: bool


class Province:
    """Bodies numbered from 0, the specialities, and who decides what."""

    def __init__(self, session: Session, kinds: Collection[Kind], region_prefix: str = "") -> None:
        self._connection, bodies = session.connection(), Body.__table__.c
        columns = (bodies.id, bodies.name, bodies.node_type, bodies.region_code)
        rows = self._rows(sa.select(*columns).where(bodies.active).order_by(bodies.id))
        self.ids: list[int] = [row[0] for row in rows]
        self.names: list[str] = [row[1] for row in rows]
        self.kinds: list[str] = [row[2] for row in rows]
        self.places = {key: index for index, key in enumerate(self.ids)}
        unit, committee = NodeType.UNIT.value, NodeType.COMMITTEE.value
        inside = [kind == unit and region.startswith(region_prefix) for _, _, kind, region in rows]
        self.units = np.array(inside, dtype=bool)
        self.climbs = np.array([kind != committee for kind in self.kinds], dtype=bool)
        self.series = {row.id: row.name for row in session.execute(_SERIES)}
        nodes = {row.id: row for row in session.execute(_NODES)}
        self.node_names = {key: row.name for key, row in nodes.items()}
        self.tree = _tree(nodes)
        self.acceptances = session.execute(_ACCEPTANCES).all()
        self.committees = {
            row.body_id: CommitteeRow(
                self.places[row.body_id], row.grade, row.series_id, row.valid_until >= clock.today()
            )
            for row in session.execute(_COMMITTEES)
            if row.body_id in self.places
        }
        self.covered = [row for row in session.execute(_COVERED) if row.committee_id in self.committees]
        self.edges = {kind: self._edges(kind) for kind in kinds}

    def table(self, kind: Kind, gone: Gone = NOTHING) -> CaseTable:
        """The cases of a kind of application, told apart finely enough for what may go."""
        return CaseTable(self, kind, gone)

    def _rows(self, statement: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Below the ORM, as the driver gives them: both tables are open to all, and a row by name costs more than its query."""
        cursor = self._connection.execute(statement).cursor
        return list(cursor.fetchall()) if cursor else []

    def _edges(self, kind: Kind) -> EdgeArrays:
        """Edges that carry applications between bodies there are."""
        edges, ids = PathEdge.__table__.c, np.array(self.ids, np.int64)
        numbers = (edges.id, edges.subordinate_id, edges.superior_id, edges.series_id, edges.speciality_id)
        of_kind = sa.and_(edges.procedure == kind[0], edges.level == kind[1])
        live = sa.select(*(sa.func.coalesce(number, 0) for number in numbers)).where(
            of_kind, edges.active, edges.confirmed_at.is_not(None)
        )
        keys, below, above, series, speciality = np.array(self._rows(live), np.int64).reshape(-1, 5).T
        if not len(ids):
            below = above = keys[:0]
            return EdgeArrays(below, below, above, below, below)
        lows, highs = (np.minimum(np.searchsorted(ids, ends), len(ids) - 1) for ends in (below, above))
        both = (ids[lows] == below) & (ids[highs] == above)
        return EdgeArrays(keys[both], lows[both], highs[both], series[both], speciality[both])


class EdgeArrays(NamedTuple):
    """Keys, places of both ends, series and speciality (0: any)."""

    keys: Any
    below: Any
    above: Any
    series: Any
    speciality: Any


class CaseTable:
    """The cases of one kind of application as bits, and its graph."""

    def __init__(self, province: Province, kind: Kind, gone: Gone) -> None:
        self._province, self._kind, self._edges = province, kind, province.edges[kind]
        self._committees = {
            key: committee
            for key, committee in province.committees.items()
            if kind[0] not in WITHOUT_COMMITTEE and committee.grade.reviews(kind[1])
        }
        self._deciding: dict[Label, int] = {}
        coverage: dict[int, list[Label]] = defaultdict(list)
        for row in province.covered:
            if row.committee_id in self._committees and self._committees[row.committee_id].valid:
                label = -row.id if row.id == gone.coverage else row.committee_id
                self._deciding[label] = row.committee_id
                coverage[row.speciality_id].append(label)
        marks = frozenset(np.unique(self._edges.speciality).tolist()) - {0}
        self._cases = cases(province.series, province.tree, marks, coverage)
        self._words = -(-len(self._cases) // WORD)
        self._of_series: dict[int, int] = defaultdict(int)
        self._of_mark: dict[int, int] = defaultdict(int)
        self._of_committee: dict[tuple[int, Label], int] = defaultdict(int)
        families: dict[tuple[int, frozenset[int]], int] = defaultdict(int)
        for place, case in enumerate(self._cases):
            bit = 1 << place
            self._of_series[case.series] |= bit
            families[case.series, case.marks] |= bit
            for mark in case.marks:
                self._of_mark[mark] |= bit
            for label in case.labels:
                self._of_committee[self._deciding[label], label] |= bit
        self.families = [words(bits, self._words) for bits in families.values()]
        self._every = (1 << len(self._cases)) - 1
        self._names: dict[tuple[int, int], tuple[str, ...]] = {}

    def names(self, bits: int, named: int = NAMED) -> tuple[str, ...]:
        """The series whose cases are all in `bits`, and of others the specialities, up to `named` of them; a province has few
        different sets of them.
        """
        if bits == self._every:
            return ("全部系列",)
        if (bits, named) not in self._names:
            here, found = self._province, []
            for series, own in self._of_series.items():
                if own & bits == own:
                    found.append(here.series[series])
                elif own & bits:
                    nodes = [here.node_names[node] for node in here.tree.summed(self.leaves(own & bits))]
                    more = f"等 {len(nodes)} 个专业" if len(nodes) > named else ""
                    found.append(f"{here.series[series]}（{'、'.join(nodes[:named])}{more}）")
            self._names[bits, named] = tuple(found)
        return self._names[bits, named]

    def leaves(self, bits: int) -> list[int]:
        """The specialities of some cases."""
        return [leaf for place, case in enumerate(self._cases) if bits >> place & 1 for leaf in case.leaves]

    def graph(self, gone: Gone = NOTHING) -> Graph:
        """Without what is gone."""
        here, edges = self._province, self._edges
        lost = here.places.get(gone.body, -1)
        stays = (edges.keys != gone.edge) & (edges.below != lost) & (edges.above != lost)
        units = here.units.copy()
        finals = np.zeros((len(here.ids), self._words), np.int64)
        stops = np.zeros_like(finals)
        for row in here.acceptances:
            decides = (Procedure.of(row.method, row.level), row.level) == self._kind and row.id != gone.acceptance
            if decides and row.body_id in here.places:
                finals[here.places[row.body_id]] = words(self._every, self._words)
        decided: dict[int, int] = defaultdict(int)
        for (key, label), bits in self._of_committee.items():
            if label != -gone.coverage or not gone.coverage:
                decided[key] |= bits & self._of_series[self._committees[key].series]
        for key, committee in self._committees.items():
            finals[committee.place] = words(decided[key], self._words)
            stops[committee.place] = words(self._of_series[committee.series] & ~decided[key], self._words)
        if lost >= 0:
            units[lost], finals[lost] = False, 0
        kind, carried = self._carried(stays)
        return Graph(edges.below[stays], edges.above[stays], kind, carried, finals, here.climbs, stops, units)

    def _carried(self, stays: Any) -> tuple[Any, Any]:
        """Of each edge its kind, and the cases of each kind: a province's edges name few different series and specialities."""
        series, mark = self._edges.series[stays], self._edges.speciality[stays]
        most = int(mark.max(initial=0)) + 1
        named, kind = np.flatnonzero(series + mark), np.zeros(len(series), np.int64)  # most name none
        found, which = np.unique(series[named] * most + mark[named], return_inverse=True)
        kind[named] = which + 1
        carried = [self._every, *(self._cases_of(*divmod(one, most)) for one in found.tolist())]
        return kind, np.array([words(bits, self._words) for bits in carried])

    def _cases_of(self, series: int, mark: int) -> int:
        """What an edge carries that names a series, a speciality, or both."""
        every = self._every
        return (self._of_series.get(series, 0) if series else every) & (self._of_mark.get(mark, 0) if mark else every)


def _tree(nodes: Mapping[int, Any]) -> Tree:
    """What applicants may choose: the nodes of a series with nothing below them."""
    parents = {row.parent_id for row in nodes.values()}
    leaves: dict[int, list[int]] = defaultdict(list)
    above: dict[int, list[int]] = {}
    for key, row in nodes.items():
        if key in parents or row.series_id is None:
            continue
        leaves[row.series_id].append(key)
        above[key] = [key]
        while (parent := nodes[above[key][-1]].parent_id) in nodes:
            above[key].append(parent)
    return Tree(leaves, above)


_SERIES = sa.select(TitleSeries.id, TitleSeries.name).order_by(TitleSeries.number)
_NODES = (
    sa.select(Speciality.id, Speciality.parent_id, Speciality.series_id, Speciality.name)
    .where(Speciality.active)
    .order_by(Speciality.code)
)
_ACCEPTANCES = sa.select(Acceptance.id, Acceptance.body_id, Acceptance.method, Acceptance.level).where(
    Acceptance.active
)
_COMMITTEES = sa.select(Committee.body_id, Committee.grade, Committee.series_id, Committee.valid_until)
_COVERED = sa.select(CoveredSpeciality.id, CoveredSpeciality.committee_id, CoveredSpeciality.speciality_id)
