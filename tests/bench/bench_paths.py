"""全省路径体检 of a whole province against the stock way: for each unit, level and series, walk up through the ORM.

    .venv/bin/python -m tests.bench.bench_paths

On `run.py load-scale`'s province (BENCH_FOLDER keeps it). CPU time; the walk is timed on a sample and extrapolated.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.queries import KINDS, checkup_all, without_body, without_edge
from app.approval_paths.queries.graphs import Kind, Province
from app.approval_paths.rules import checkup
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality, TitleSeries
from app.catalog.queries import specialities_of
from app.committees.models import Committee, CoveredSpeciality
from app.core import clock
from app.core.db import read_session
from app.core.scope import Actor
from app.factory import create_app
from seeds.scale import Size
from tests.bench.bench_lists import WHOLE, province

SYSTEM = Actor.system("bench")
SAMPLE, GOAL_SECONDS, GOAL_RATIO = 150, 2.0, 100


def walks(session: Session, unit: int, procedure: Procedure, level: TitleLevel, speciality_id: int) -> bool:
    """Whether a unit reaches a body that decides a speciality, as one writes it with mapped classes."""
    waiting, seen = [session.get_one(Body, unit)], {unit}
    node: Speciality | None = session.get_one(Speciality, speciality_id)
    series, nodes = session.get_one(Speciality, speciality_id).series_id, []
    while node is not None:
        nodes.append(node.id)
        node = node.parent
    while waiting:
        body = waiting.pop()
        if body.node_type is NodeType.COMMITTEE:
            committee = session.scalars(sa.select(Committee).where(Committee.body_id == body.id)).first()
            if committee and committee.series_id == series and committee.grade.reviews(level):
                covered = session.scalars(
                    sa.select(CoveredSpeciality).where(CoveredSpeciality.committee_id == body.id)
                ).all()
                if committee.valid_until >= clock.today() and any(row.speciality_id in nodes for row in covered):
                    return True
            continue
        taken = session.scalars(
            sa.select(Acceptance).where(Acceptance.body_id == body.id, Acceptance.level == level, Acceptance.active)
        )
        if any(Procedure.of(one.method, level) is procedure for one in taken):
            return True
        above = session.scalars(
            sa.select(PathEdge).where(
                PathEdge.subordinate_id == body.id,
                PathEdge.procedure == procedure,
                PathEdge.level == level,
                PathEdge.active,
                PathEdge.confirmed_at.is_not(None),
                sa.or_(PathEdge.series_id.is_(None), PathEdge.series_id == series),
                sa.or_(PathEdge.speciality_id.is_(None), PathEdge.speciality_id.in_(nodes)),
            )
        ).all()
        for edge in above:
            if edge.superior_id not in seen and edge.superior.active:
                seen.add(edge.superior_id)
                waiting.append(edge.superior)
    return False


def cpu(times: list[float], call: object) -> None:
    started = time.process_time()
    call()  # type: ignore[operator]
    times.append(time.process_time() - started)


def decided(session: Session, asked: Sequence[tuple[int, Kind, int]]) -> list[bool]:
    """Whether the checkup says that a unit can apply for a speciality, for each that is asked."""
    province, answers = Province(session, KINDS, "43"), dict[tuple[int, Kind, int], bool]()
    for kind in KINDS:
        table = province.table(kind)
        findings, untaken = checkup(table.graph(), table.families)
        lacks = {unit: untaken for unit, of_kind, _ in asked if of_kind == kind}
        for finding in findings:
            for unit, bits in zip(finding.units, finding.lacking, strict=True):
                if province.ids[unit] in lacks:
                    lacks[province.ids[unit]] |= bits
        for unit, of_kind, leaf in asked:
            if of_kind == kind:
                answers[unit, kind, leaf] = leaf not in table.leaves(lacks[unit])
    return [answers[one] for one in asked]


def measure(app: Flask, sample: int) -> dict[str, float]:
    """CPU seconds of the checkup, of the same by walking (extrapolated), and of what-if; and what was found.

    The walk is asked one speciality for each unit, level and series: the checkup answers for all of them.
    """
    rng = Random(43)
    with app.app_context(), read_session(SYSTEM) as session:
        units = session.scalars(sa.select(Body.id).where(Body.active, Body.node_type == NodeType.UNIT)).all()
        series = session.scalars(sa.select(TitleSeries.id)).all()
        edges = session.scalar(sa.select(sa.func.count(PathEdge.id)).where(PathEdge.active)) or 0
        ours: list[float] = []
        for _ in range(3):
            cpu(ours, lambda: checkup_all(session, "43"))
        found = checkup_all(session, "43")
        leaves = [leaf.id for one in series for leaf in specialities_of(session, one)]
        asked = [(rng.choice(units), rng.choice(KINDS), rng.choice(leaves)) for _ in range(sample)]
        walked: list[float] = []
        for (unit, kind, leaf), told in zip(asked, decided(session, asked), strict=True):
            session.expunge_all()
            reached: list[bool] = []
            cpu(walked, lambda u=unit, k=kind, s=leaf, r=reached: r.append(walks(session, u, *k, s)))
            assert reached == [told], (unit, kind, leaf)
        edge = session.scalars(sa.select(PathEdge).where(PathEdge.confirmed_at.is_not(None)).limit(1)).one()
        one_edge: list[float] = []
        one_body: list[float] = []
        cpu(one_edge, lambda: without_edge(session, edge))
        cpu(one_body, lambda: without_body(session, edge.superior_id))
    ways = len(units) * len(KINDS) * len(series)
    return {
        "units": len(units),
        "edges": edges,
        "checkup": statistics.median(ours),
        "walking": statistics.mean(walked) * ways,
        "what-if, an edge": one_edge[0],
        "what-if, a body": one_body[0],
        "findings": sum(len(one.findings) for one in found),
        "stranded units": len({unit for one in found for breakage in one.findings for unit in breakage.unit_ids}),
    }


def run(folder: Path, size: Size, sample: int) -> dict[str, float]:
    instance = folder / "whole"
    instance.mkdir(parents=True, exist_ok=True)
    app = create_app(INSTANCE=instance, SQLALCHEMY_DATABASE_URI=province(instance, size), REDIS_URL="")
    return measure(app, sample)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        told = run(Path(os.environ.get("BENCH_FOLDER") or folder), WHOLE, SAMPLE)
    for name, value in told.items():
        print(f"{name:20}{value:14,.2f}")
    ratio = told["walking"] / told["checkup"]
    print(
        f"checkup in {told['checkup']:.2f} s CPU (< {GOAL_SECONDS}): {'met' if told['checkup'] < GOAL_SECONDS else 'NOT MET'}"
    )
    print(f"{ratio:,.0f}× the walk per unit, level and series (≥ {GOAL_RATIO}), extrapolated from {SAMPLE} walks")


if __name__ == "__main__":
    main()
