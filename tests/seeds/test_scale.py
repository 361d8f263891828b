"""The province for measuring, small: the counts asked for, lawful rows, the same every time, never in production."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.queries import reach
from app.approval_paths.rules import cycle_with
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.bodies.rules import credit_code_problem
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Region, Speciality
from app.committees.models import Committee, CoveredSpeciality
from app.core import audit, chain
from app.core.audit import AuditEntry
from app.core.db import db, read_session, unit_of_work
from app.core.errors import Refusal
from seeds.scale import MARK, Size, load_scale
from tests.conftest import Backend
from tests.places import SYSTEM

SMALL = Size(bodies=1000, edges=4000, specialities=600, committees=90, entries=12_000)


def count(model: type) -> int:
    with read_session(SYSTEM) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


Counts = dict[type, int]
COUNTED = (Body, PathEdge, Speciality, Committee, AuditEntry)


@pytest.fixture
def made(app: Flask, database: Backend) -> Counts:
    """How many rows of each kind were made."""

    def live() -> Counts:
        before = {model: count(model) for model in COUNTED}
        load_scale(app, SMALL)
        return {model: count(model) - before[model] for model in before}

    return database.lived("a small province of dull rows", live)


def test_the_counts_asked_for_and_a_whole_chain(made: Counts) -> None:
    assert made == {Body: 1000, PathEdge: 4000, Speciality: 600, Committee: 90, AuditEntry: 12_001}  # and its own
    with unit_of_work(SYSTEM) as session:  # the chain goes on behind it
        audit.record(session, SYSTEM, "test.after")
    with read_session(SYSTEM) as session:
        assert list(chain.verify(session, AuditEntry)) == []
        last = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(2)).all()
    assert [row.action for row in last] == ["test.after", "seeds.load_scale"]


@pytest.mark.usefixtures("made")
def test_codes_are_lawful_and_edges_close_no_loop() -> None:
    with read_session(SYSTEM) as session:
        codes = session.scalars(sa.select(Body.credit_code).where(Body.credit_code.is_not(None))).all()
        assert len(codes) == 910 and not [code for code in codes if credit_code_problem(code)]
        edges = session.execute(sa.select(PathEdge.procedure, PathEdge.subordinate_id, PathEdge.superior_id)).all()
    for procedure in Procedure:
        above: dict[int, list[int]] = {}
        for _, low, high in (edge for edge in edges if edge.procedure is procedure):
            above.setdefault(low, []).append(high)
        assert not [low for low, highs in above.items() for high in highs if cycle_with(low, high, above)]


@pytest.mark.usefixtures("made")
def test_a_confirmed_unit_reaches_a_committee_that_reviews_its_speciality() -> None:
    with read_session(SYSTEM) as session:
        unit = session.scalars(
            sa.select(PathEdge)
            .join(PathEdge.subordinate)
            .where(
                Body.node_type == NodeType.UNIT,
                PathEdge.procedure == Procedure.INTERMEDIATE_REVIEW,
                PathEdge.confirmed_at.is_not(None),
            )
            .order_by(PathEdge.id)
            .limit(1)
        ).one()
        committee, speciality = session.execute(
            sa.select(Committee, CoveredSpeciality.speciality_id)
            .join(CoveredSpeciality, CoveredSpeciality.committee_id == Committee.body_id)
            .join(Body, Body.id == Committee.body_id)
            .where(Body.region_code == "430000", Committee.grade == "intermediate")
            .order_by(CoveredSpeciality.id)
            .limit(1)
        ).one()
        found = reach(
            session,
            employer_id=unit.subordinate_id,
            method=AcquisitionMethod.REVIEW,
            level=TitleLevel.INTERMEDIATE,
            series_id=committee.series_id,
            speciality_id=speciality,
        )
    assert committee.body_id in {path[-1].body_id for path in found.paths}


@pytest.mark.usefixtures("made")
def test_the_same_rows_every_time(app: Flask, database: Backend) -> None:
    def told() -> list[tuple[object, ...]]:
        with read_session(SYSTEM) as session:
            below, above = sa.orm.aliased(Body), sa.orm.aliased(Body)
            return [
                tuple(row)
                for row in session.execute(
                    sa.select(PathEdge.procedure, below.code, above.code, below.name, above.credit_code)
                    .join(below, below.id == PathEdge.subordinate_id)
                    .join(above, above.id == PathEdge.superior_id)
                    .order_by(PathEdge.procedure, below.code, above.code)
                )
            ]

    first = told()
    db.engine.dispose()
    database.copy()
    load_scale(app, SMALL)
    assert told() == first


def test_not_in_production_not_without_reference_data_not_twice(app: Flask, made: Counts) -> None:
    app.config["PRODUCTION"] = True
    try:
        with pytest.raises(Refusal, match="生产环境"):
            load_scale(app, SMALL)
    finally:
        app.config["PRODUCTION"] = False
    with pytest.raises(Refusal, match="已经装入过"):
        load_scale(app, SMALL)
    assert made[PathEdge] == 4000 <= count(PathEdge)
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(Body.id)).where(Body.code.startswith(MARK))) == 1000


def test_needs_reference_data(app: Flask) -> None:
    with unit_of_work(SYSTEM) as session:
        session.connection().execute(sa.update(Region.__table__).values(valid_until=date(2020, 1, 1)))
    with pytest.raises(Refusal, match="基础数据"):
        load_scale(app, SMALL)
