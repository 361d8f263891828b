"""The whole province at once: 全省路径体检, and what a change would break (design §5.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.rules import LEVELS, Findings, Graph, checkup, stranded
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import TitleSeries
from app.committees.models import Committee, CoveredSpeciality
from app.committees.queries import covering, lost_with

Kind = tuple[Procedure, TitleLevel]
KINDS: tuple[Kind, ...] = tuple(
    (procedure, level) for procedure, levels in LEVELS.items() for level in sorted(levels, key=lambda one: one.rank)
)


class Breakage(NamedTuple):
    """The ways of `units` end at a body that neither decides nor hands on: who must mend it, and for what."""

    body_id: int
    body_name: str
    node_type: NodeType
    unit_ids: tuple[int, ...]
    unit_names: tuple[str, ...]
    series: tuple[str, ...]
    lacking: tuple[tuple[str, ...], ...]
    """Of each unit the series it cannot apply for; `series` are all of these."""


@dataclass(frozen=True)
class Checkup:
    """What a checkup found for one procedure and level, the most units first. `nobody`: series that no body in the province takes."""

    procedure: Procedure
    level: TitleLevel
    findings: Sequence[Breakage]
    stranded: frozenset[int]
    """Keys of the units that cannot apply for something."""
    nobody: tuple[str, ...]


@dataclass(frozen=True)
class Loss:
    """Units that could apply for some of `series`, and no longer could."""

    procedure: Procedure
    level: TitleLevel
    unit_ids: tuple[int, ...]
    series: tuple[str, ...]


def checkup_all(session: Session, region_prefix: str = "") -> list[Checkup]:
    """全省路径体检 of the units in a region: a statement for each kind of application and four more, whatever the province's size."""
    province = _Province(session, KINDS, region_prefix)
    checked = []
    for kind in KINDS:
        found, nobody = checkup(province.graph(kind), province.every)
        stranded_units = frozenset(map(province.ids.__getitem__, set(found.units.tolist())))
        checked.append(Checkup(*kind, _Breakages(province, found), stranded_units, province.names(nobody)))
    return checked


def without_edge(session: Session, edge: PathEdge) -> list[Loss]:
    """What-if: the units that lean on an edge alone, and could not apply once it is cancelled."""
    return list(_losses(session, [(edge.procedure, edge.level)], edge_id=edge.id))


def without_acceptance(session: Session, acceptance: Acceptance) -> list[Loss]:
    """What-if: the units that have no other body to decide what this one takes."""
    kind = (Procedure.of(acceptance.method, acceptance.level), acceptance.level)
    return list(_losses(session, [kind] if kind in KINDS else [], acceptance_id=acceptance.id))


def without_body(session: Session, body_id: int) -> list[Loss]:
    """What-if: the units whose every way leads through a body or ends there; the body itself does not count."""
    return list(_losses(session, KINDS, body_id=body_id))


def without_speciality(session: Session, covered: CoveredSpeciality) -> list[Loss]:
    """What-if: the units that reach no other committee for a speciality, should this one cover it no more."""
    if not lost_with(session, covered):
        return []
    committee = session.get_one(Committee, covered.committee_id)
    of_series = sa.select(Committee.body_id).where(Committee.series_id == committee.series_id)
    takers = covering(session, session.scalars(of_series).all(), covered.speciality_id)
    levels = [level for level in TitleLevel if committee.grade.reviews(level)]
    kinds = [(Procedure.of(AcquisitionMethod.REVIEW, level), level) for level in levels]
    return list(_losses(session, kinds, takers, takers - {committee.body_id}))


def _losses(
    session: Session,
    kinds: Collection[Kind],
    before: Collection[int] | None = None,
    after: Collection[int] | None = None,
    **gone: int,
) -> Iterator[Loss]:
    """What is lost when something is gone, or when of the bodies that decide only those `after` are left of those `before`."""
    province = _Province(session, kinds)
    for kind in kinds:
        lost = stranded(province.graph(kind, only=before), province.graph(kind, only=after, **gone))
        units = np.flatnonzero(lost)
        if len(units):
            series = province.names(int(np.bitwise_or.reduce(lost[units])))
            yield Loss(*kind, tuple(province.ids[unit] for unit in units), series)


class _Breakages(Sequence[Breakage]):
    """Findings with names instead of places, each looked up when it is asked for."""

    def __init__(self, province: _Province, findings: Findings) -> None:
        self._province, self._findings = province, findings

    def __len__(self) -> int:
        return len(self._findings)

    @overload
    def __getitem__(self, index: int) -> Breakage: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Breakage]: ...
    def __getitem__(self, index: int | slice) -> Breakage | Sequence[Breakage]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        here = self._province
        end, units, lacking = finding = self._findings[index]
        return Breakage(
            here.ids[end],
            here.body_names[end],
            NodeType(here.kinds[end]),
            tuple([here.ids[unit] for unit in units]),
            tuple([here.body_names[unit] for unit in units]),
            here.names(finding.series),
            tuple(map(here.names, lacking)),
        )


class _Province:
    """Bodies numbered from 0, series as bits, the edges and final bodies of some kinds of application."""

    def __init__(self, session: Session, kinds: Collection[Kind], region_prefix: str = "") -> None:
        self._connection, bodies = session.connection(), Body.__table__.c
        columns = (bodies.id, bodies.name, bodies.node_type, bodies.region_code)
        rows = self._rows(sa.select(*columns).where(bodies.active).order_by(bodies.id))
        self.ids: list[int] = [row[0] for row in rows]
        self.body_names: list[str] = [row[1] for row in rows]
        self.kinds: list[str] = [row[2] for row in rows]
        self._place = {key: index for index, key in enumerate(self.ids)}
        self._series = session.execute(sa.select(TitleSeries.id, TitleSeries.name).order_by(TitleSeries.id)).all()
        self._bit = {row.id: 1 << index for index, row in enumerate(self._series)}
        self._names: dict[int, tuple[str, ...]] = {}
        self.every = (1 << len(self._series)) - 1
        unit, committee = NodeType.UNIT.value, NodeType.COMMITTEE.value
        inside = [kind == unit and region.startswith(region_prefix) for _, _, kind, region in rows]
        self._units = np.array(inside, dtype=bool)
        self._climbable = np.array([kind != committee for kind in self.kinds], dtype=bool)
        self._edges = self._edges_by_kind(kinds)
        self._finals = list(self._final_bodies(session))

    def _rows(self, statement: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """Below the ORM, as the driver gives them: both tables are open to all, and a row by name costs more than its query."""
        cursor = self._connection.execute(statement).cursor
        return list(cursor.fetchall()) if cursor else []

    def names(self, bits: int) -> tuple[str, ...]:
        """Of the series in `bits`; a province has few different sets of them, and many units."""
        if bits not in self._names:
            self._names[bits] = tuple(row.name for row in self._series if self._bit[row.id] & bits)
        return self._names[bits]

    def graph(
        self,
        kind: Kind,
        *,
        edge_id: int = 0,
        acceptance_id: int = 0,
        body_id: int = 0,
        only: Collection[int] | None = None,
    ) -> Graph:
        """The graph of one kind of application, without what is named. `only`: the bodies that may decide; any."""
        keys, below, above, carried = self._edges[kind]
        gone = self._place.get(body_id, -1)
        stays = (keys != edge_id) & (below != gone) & (above != gone)
        finals = np.zeros(len(self.ids), np.int64)
        for decides, place, bits, key in self._finals:
            may = only is None or self.ids[place] in only
            if decides == kind and may and place != gone and (key is None or key != acceptance_id):
                finals[place] |= bits
        units = self._units.copy()
        if gone >= 0:
            units[gone] = False
        return Graph(below[stays], above[stays], carried[stays], finals, units, self._climbable)

    def _edges_by_kind(self, kinds: Collection[Kind]) -> dict[Kind, tuple[Any, Any, Any, Any]]:
        """Edges that carry applications: (key, below, above, series) as arrays of keys, places and bits."""
        edges, ids, found = PathEdge.__table__.c, np.array(self.ids, np.int64), {}
        numbers = (edges.id, edges.subordinate_id, edges.superior_id, sa.func.coalesce(edges.series_id, 0))
        series = np.array([0, *self._bit], np.int64)
        bits = np.array([self.every, *self._bit.values()], np.int64)
        for kind in kinds:
            of_kind = sa.and_(edges.procedure == kind[0], edges.level == kind[1])
            rows = self._rows(sa.select(*numbers).where(of_kind, edges.active, edges.confirmed_at.is_not(None)))
            keys, below, above, carried = np.array(rows, np.int64).reshape(-1, 4).T
            lows, highs = (np.minimum(np.searchsorted(ids, ends), len(ids) - 1) for ends in (below, above))
            live = (ids[lows] == below) & (ids[highs] == above) if len(ids) else np.zeros(len(keys), bool)
            found[kind] = keys[live], lows[live], highs[live], bits[np.searchsorted(series, carried[live])]
        return found

    def _final_bodies(self, session: Session) -> Iterator[tuple[Kind, int, int, int | None]]:
        """(kind, place, bits of the series, key of the acceptance) of every body that decides."""
        taking = session.execute(
            sa.select(Acceptance.id, Acceptance.body_id, Acceptance.method, Acceptance.level).where(Acceptance.active)
        )
        for key, body_id, method, level in taking:
            if body_id in self._place:
                yield (Procedure.of(method, level), level), self._place[body_id], self.every, key
        for body_id, grade, series_id in session.execute(
            sa.select(Committee.body_id, Committee.grade, Committee.series_id)
        ):
            for level in TitleLevel:
                if body_id in self._place and grade.reviews(level):
                    kind = (Procedure.of(AcquisitionMethod.REVIEW, level), level)
                    yield kind, self._place[body_id], self._bit[series_id], None
