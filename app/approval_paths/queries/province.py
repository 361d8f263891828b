"""The whole province at once: 全省路径体检, and what a change would break (design §5.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.rules import LEVELS, Graph, checkup, stranded
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import TitleSeries
from app.committees.models import Committee

Kind = tuple[Procedure, TitleLevel]
KINDS: tuple[Kind, ...] = tuple(
    (procedure, level) for procedure, levels in LEVELS.items() for level in sorted(levels, key=lambda one: one.rank)
)
_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Checkup:
    """What a checkup found for one procedure and level. `nobody`: series that no body in the province takes."""

    procedure: Procedure
    level: TitleLevel
    findings: tuple[Breakage, ...]
    nobody: tuple[str, ...]


class Breakage(NamedTuple):
    """The ways of `unit_ids` end at a body that neither decides nor hands on: who must mend it, and for what."""

    body_id: int
    body_name: str
    node_type: NodeType
    unit_ids: tuple[int, ...]
    series: tuple[str, ...]
    lacking: tuple[tuple[str, ...], ...]
    """Of each unit the series it cannot apply for; `series` are all of these."""


@dataclass(frozen=True)
class Loss:
    """Units that could apply for some of `series`, and no longer could."""

    procedure: Procedure
    level: TitleLevel
    unit_ids: tuple[int, ...]
    series: tuple[str, ...]


def checkup_all(session: Session, region_prefix: str = "") -> list[Checkup]:
    """全省路径体检 of the units in a region: five statements, whatever the province's size."""
    province = _Province(session, KINDS, region_prefix)
    checked = []
    for kind in KINDS:
        found, nobody = checkup(province.graph(kind), province.every)
        ids, bodies, names = province.ids, province.bodies, province.names
        breakages = (
            Breakage(
                ids[finding.end],
                bodies[finding.end].name,
                NodeType(bodies[finding.end].kind),
                tuple([ids[unit] for unit in finding.units]),
                names(finding.series),
                tuple(map(names, finding.lacking)),
            )
            for finding in found
        )
        checked.append(Checkup(*kind, tuple(breakages), province.names(nobody)))
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


def _losses(session: Session, kinds: Collection[Kind], **gone: int) -> Iterator[Loss]:
    province = _Province(session, kinds)
    for kind in kinds:
        lost = stranded(province.graph(kind), province.graph(kind, **gone))
        units = np.flatnonzero(lost)
        if len(units):
            series = province.names(int(np.bitwise_or.reduce(lost[units])))
            yield Loss(*kind, tuple(province.ids[unit] for unit in units), series)


class _Province:
    """Bodies numbered from 0, series as bits, the edges and final bodies of some kinds of application."""

    def __init__(self, session: Session, kinds: Collection[Kind], region_prefix: str = "") -> None:
        # both tables are open to all, and long: read below the ORM, as they are stored
        self._connection, _bodies = session.connection(), Body.__table__.c
        columns = (
            _bodies.id,
            _bodies.name,
            sa.type_coerce(_bodies.node_type, sa.String).label("kind"),
            _bodies.region_code,
        )
        self.bodies = self._connection.execute(sa.select(*columns).where(_bodies.active).order_by(_bodies.id)).all()
        self.ids = [row.id for row in self.bodies]
        self._place = {key: index for index, key in enumerate(self.ids)}
        self._series = session.execute(sa.select(TitleSeries.id, TitleSeries.name).order_by(TitleSeries.id)).all()
        self._bit = {row.id: 1 << index for index, row in enumerate(self._series)}
        self._names: dict[int, tuple[str, ...]] = {}
        self.every = (1 << len(self._series)) - 1
        self._units = np.array(
            [row.kind == NodeType.UNIT.value and row.region_code.startswith(region_prefix) for row in self.bodies],
            dtype=bool,
        )
        self._climbable = np.array([row.kind != NodeType.COMMITTEE.value for row in self.bodies], dtype=bool)
        self._edges = self._edges_by_kind(kinds)
        self._finals = list(self._final_bodies(session))

    def names(self, bits: int) -> tuple[str, ...]:
        """Of the series in `bits`; a province has few different sets of them, and many units."""
        if bits not in self._names:
            self._names[bits] = tuple(row.name for row in self._series if self._bit[row.id] & bits)
        return self._names[bits]

    def graph(self, kind: Kind, *, edge_id: int = 0, acceptance_id: int = 0, body_id: int = 0) -> Graph:
        """The graph of one kind of application, without what is named."""
        keys, below, above, carried = self._edges.get(kind, (_NONE, _NONE, _NONE, _NONE))
        gone = self._place.get(body_id, -1)
        stays = (keys != edge_id) & (below != gone) & (above != gone)
        finals = np.zeros(len(self.bodies), np.int64)
        for decides, place, bits, key in self._finals:
            if decides == kind and place != gone and (key is None or key != acceptance_id):
                finals[place] |= bits
        units = self._units.copy()
        if gone >= 0:
            units[gone] = False
        return Graph(below[stays], above[stays], carried[stays], finals, units, self._climbable)

    def _edges_by_kind(self, kinds: Collection[Kind]) -> dict[Kind, tuple[Any, Any, Any, Any]]:
        """Edges that carry applications: (key, below, above, series) as arrays of keys, places and bits.

        Two hundred thousand rows: read as they are stored, turned into arrays at once.
        """
        edges = PathEdge.__table__.c
        stored = (sa.type_coerce(column, sa.String) for column in (edges.procedure, edges.level))
        numbers = (edges.id, edges.subordinate_id, edges.superior_id, edges.series_id)
        statement = sa.select(*stored, *numbers).where(edges.active, edges.confirmed_at.is_not(None))
        if len(kinds) < len(KINDS):
            asked = (sa.and_(edges.procedure == one, edges.level == two) for one, two in kinds)
            statement = statement.where(sa.or_(sa.false(), *asked))
        rows = self._connection.execute(statement).all()
        if not rows:
            return {}
        procedures, levels, *columns = zip(*rows, strict=True)
        code = {(procedure.value, level.value): number for number, (procedure, level) in enumerate(KINDS)}
        bits = {None: self.every} | self._bit
        kind = np.array([code.get(pair, -1) for pair in zip(procedures, levels, strict=True)], np.int64)
        keys, below, above = (np.array(column, np.int64) for column in columns[:3])
        carried = np.array([bits[series] for series in columns[3]], np.int64)
        ids = np.array(self.ids, np.int64)
        lows, highs = (np.minimum(np.searchsorted(ids, ends), len(ids) - 1) for ends in (below, above))
        live = (ids[lows] == below) & (ids[highs] == above)
        found = {}
        for number, one in enumerate(KINDS):
            mine = live & (kind == number)
            if mine.any():
                found[one] = keys[mine], lows[mine], highs[mine], carried[mine]
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
