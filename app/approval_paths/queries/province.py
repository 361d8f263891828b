"""The whole province at once: 全省路径体检, and what a change would break (design §5.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, overload

import numpy as np
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.queries.graphs import EVERY, KINDS, CaseTable, Gone, Kind, Province
from app.approval_paths.rules import WITHOUT_COMMITTEE, Findings, bits_of, checkup, stranded
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance
from app.catalog.enums import TitleLevel
from app.committees.models import Committee, CoveredSpeciality

_NONE = np.zeros(0, np.int64)


class Breakage(NamedTuple):
    """Ways of `units` end at a body that neither decides nor hands on: who must mend it, and for what."""

    body_id: int
    body_name: str
    node_type: NodeType
    unit_ids: tuple[int, ...]
    unit_names: tuple[str, ...]
    series: tuple[str, ...]
    in_full: tuple[str, ...]
    """`series`, with every speciality named."""
    lacking: tuple[tuple[str, ...], ...]
    """Of each unit the series it cannot apply for, in full; `series` are all of these."""


@dataclass(frozen=True)
class Checkup:
    """What a checkup found for one procedure and level, the most units first. `nobody`: series that no body in the province takes."""

    procedure: Procedure
    level: TitleLevel
    findings: Found
    stranded: frozenset[int]
    """Keys of the units that cannot apply for something."""
    nobody: tuple[str, ...]

    def breaks_at(self, body_id: int) -> Sequence[Breakage]:
        """The finding of a body: one or none."""
        return [self.findings[place] for place in np.flatnonzero(self.findings.bodies == body_id).tolist()]


class Breakages(Sequence[tuple[Checkup, Breakage]]):
    """All findings of several checkups (or those of one body), the most units first: only those shown are looked up."""

    def __init__(self, checked: Sequence[Checkup], body_id: int | None = None) -> None:
        self._checked = checked
        bodies = np.concatenate([_NONE, *(one.findings.bodies for one in checked)])
        counts = np.concatenate([_NONE, *(one.findings.counts for one in checked)])
        which = np.repeat(np.arange(len(checked)), [len(one.findings) for one in checked])
        place = np.concatenate([_NONE, *(np.arange(len(one.findings)) for one in checked)])
        asked = np.flatnonzero(bodies == body_id) if body_id is not None else np.arange(len(bodies))
        order = asked[np.argsort(-counts[asked], kind="stable")]
        self._which, self._place, self.ways = which[order], place[order], int(counts[asked].sum())
        """`ways`: units by what each cannot apply for, as the workbook lists them."""

    def __len__(self) -> int:
        return len(self._place)

    @overload
    def __getitem__(self, index: int) -> tuple[Checkup, Breakage]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[Checkup, Breakage]]: ...
    def __getitem__(self, index: int | slice) -> tuple[Checkup, Breakage] | Sequence[tuple[Checkup, Breakage]]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        one = self._checked[self._which[index]]
        return one, one.findings[int(self._place[index])]


@dataclass(frozen=True)
class Loss:
    """Units that could apply for some of `series`, and no longer could."""

    procedure: Procedure
    level: TitleLevel
    unit_ids: tuple[int, ...]
    series: tuple[str, ...]


def checkup_all(session: Session, region_prefix: str = "", kinds: Collection[Kind] = KINDS) -> list[Checkup]:
    """全省路径体检 of the units in a region: two statements for each kind of application and five more, whatever the province's size."""
    province = Province(session, kinds, region_prefix)
    checked = []
    for kind in kinds:
        table = province.table(kind)
        found, nobody = checkup(table.graph(), table.families)
        names = frozenset(map(province.ids.__getitem__, found.units.tolist()))
        checked.append(Checkup(*kind, Found(province, table, found), names, table.names(nobody)))
    return checked


def broken_at(session: Session, procedure: Procedure, level: TitleLevel, body_id: int) -> int:
    """How many units' ways for a kind of application end at a body undecided."""
    [one] = checkup_all(session, kinds=[(procedure, level)])
    return next((len(found.unit_ids) for found in one.breaks_at(body_id)), 0)


def without_edge(session: Session, edge: PathEdge) -> list[Loss]:
    """What-if: the units that lean on an edge alone, and could not apply once it is cancelled."""
    return list(_losses(session, [(edge.procedure, edge.level)], Gone(edge=edge.id)))


def without_acceptance(session: Session, acceptance: Acceptance) -> list[Loss]:
    """What-if: the units that have no other body to decide what this one takes."""
    kind = (Procedure.of(acceptance.method, acceptance.level), acceptance.level)
    return list(_losses(session, [kind] if kind in KINDS else [], Gone(acceptance=acceptance.id)))


def without_coverage(session: Session, covered: CoveredSpeciality) -> list[Loss]:
    """What-if: the units that have no other committee for a speciality that this one would review no more."""
    grade = session.get_one(Committee, covered.committee_id).grade
    kinds = [kind for kind in KINDS if kind[0] not in WITHOUT_COMMITTEE and grade.reviews(kind[1])]
    return list(_losses(session, kinds, Gone(coverage=covered.id)))


def without_body(session: Session, body_id: int) -> list[Loss]:
    """What-if: the units whose every way leads through a body or ends there; the body itself does not count."""
    return list(_losses(session, KINDS, Gone(body=body_id)))


def _losses(session: Session, kinds: Collection[Kind], gone: Gone) -> Iterator[Loss]:
    province = Province(session, kinds)
    for kind in kinds:
        table = province.table(kind, gone)
        lost = stranded(table.graph(), table.graph(gone))
        units = np.flatnonzero(lost.any(axis=1))
        if len(units):
            yield Loss(*kind, tuple(province.ids[unit] for unit in units), table.names(bits_of(lost[units])))


class Found(Sequence[Breakage]):
    """Findings with names instead of places, each looked up when it is asked for."""

    def __init__(self, province: Province, table: CaseTable, findings: Findings) -> None:
        self._province, self._table, self._findings = province, table, findings
        self.bodies, self.counts = np.array(province.ids, np.int64)[findings.ends], findings.counts

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
            here.names[end],
            NodeType(here.kinds[end]),
            tuple([here.ids[unit] for unit in units]),
            tuple([here.names[unit] for unit in units]),
            self._table.names(finding.cases),
            self._table.names(finding.cases, EVERY),
            tuple([self._table.names(cases, EVERY) for cases in lacking]),
        )
