"""全省路径体检 of a whole province against the stock way: for each unit, level and series, walk up through the ORM.

    .venv/bin/python -m tests.bench.bench_paths

On `run.py load-scale`'s province (BENCH_FOLDER keeps it). CPU time; the walk is timed on a sample and extrapolated.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from random import Random

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.queries import checkup_all, without_body, without_edge
from app.approval_paths.queries.province import KINDS
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.catalog.enums import TitleLevel
from app.catalog.models import TitleSeries
from app.committees.models import Committee
from app.core.db import read_session
from app.core.scope import Actor
from app.factory import create_app
from seeds.scale import Size
from tests.bench.bench_lists import WHOLE, province

SYSTEM = Actor.system("bench")
SAMPLE, GOAL_SECONDS, GOAL_RATIO = 150, 2.0, 100


def walks(session: Session, unit: int, procedure: Procedure, level: TitleLevel, series: int) -> bool:
    """Whether a unit reaches a body that decides, as one writes it with mapped classes."""
    waiting, seen = [session.get_one(Body, unit)], {unit}
    while waiting:
        body = waiting.pop()
        if body.node_type is NodeType.COMMITTEE:
            committee = session.scalars(sa.select(Committee).where(Committee.body_id == body.id)).first()
            if committee and committee.series_id == series and committee.grade.reviews(level):
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


def measure(app: Flask, sample: int) -> dict[str, float]:
    """CPU seconds of the checkup, of the same by walking (extrapolated), and of what-if; and what was found."""
    rng = Random(43)
    with app.app_context(), read_session(SYSTEM) as session:
        units = session.scalars(sa.select(Body.id).where(Body.active, Body.node_type == NodeType.UNIT)).all()
        series = session.scalars(sa.select(TitleSeries.id)).all()
        edges = session.scalar(sa.select(sa.func.count(PathEdge.id)).where(PathEdge.active)) or 0
        ours: list[float] = []
        for _ in range(3):
            cpu(ours, lambda: checkup_all(session, "43"))
        found = checkup_all(session, "43")
        asked = [(rng.choice(units), *rng.choice(KINDS), rng.choice(series)) for _ in range(sample)]
        stuck = {
            (one.procedure, one.level, unit, name)
            for one in found
            for breakage in one.findings
            for unit, names in zip(breakage.unit_ids, breakage.lacking, strict=True)
            for name in names
        }
        nobody = {(one.procedure, one.level, name) for one in found for name in one.nobody}
        names = {row.id: row.name for row in session.execute(sa.select(TitleSeries.id, TitleSeries.name))}
        walked: list[float] = []
        for unit, procedure, level, one in asked:
            session.expunge_all()
            reached: list[bool] = []
            cpu(walked, lambda u=unit, p=procedure, v=level, s=one, r=reached: r.append(walks(session, u, p, v, s)))
            told = (procedure, level, unit, names[one]) not in stuck and (procedure, level, names[one]) not in nobody
            assert reached == [told], (unit, procedure, level, names[one])
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
