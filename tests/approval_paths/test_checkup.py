"""全省路径体检: tables of small provinces, random ones against the walk of each unit, and the query over real rows."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import timedelta
from random import Random

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.queries import (
    checkup_all,
    reach,
    without_acceptance,
    without_body,
    without_coverage,
    without_edge,
)
from app.approval_paths.queries.graphs import Province
from app.approval_paths.rules import Graph, checkup, search
from app.bodies import services as bodies
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import Speciality
from app.catalog.queries import specialities_of
from app.committees.models import Committee, CoveredSpeciality
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.errors import Refusal
from tests.places import (
    CITY,
    DRAINAGE,
    EDUCATION,
    HOUSING,
    OFFICE,
    PROVINCE,
    SYSTEM,
    UPGRADE,
    act,
    guide_example,
    make_body,
    make_committee,
    make_edge,
    series,
)

A, B = 1, 2
EVERY = A | B
FAMILIES = [np.array([A]), np.array([B])]
Edge = tuple[int, int, int]


def graph(
    edges: list[Edge],
    finals: dict[int, int],
    units: set[int],
    committees: set[int],
    count: int,
    stops: dict[int, int] | None = None,
) -> Graph:
    below, above, carried = (np.array([edge[part] for edge in edges], np.int64) for part in range(3))
    return Graph(
        below,
        above,
        carried,
        np.array([[0], [A], [B], [EVERY]]),
        np.array([[finals.get(body, 0)] for body in range(count)], np.int64),
        np.array([body not in committees for body in range(count)], bool),
        np.array([[(stops or {}).get(body, 0)] for body in range(count)], np.int64),
        np.array([body in units for body in range(count)], bool),
    )


def told(edges: list[Edge], finals: dict[int, int], units: set[int], committees: set[int] = frozenset()) -> object:  # type: ignore[assignment]
    findings, nobody = checkup(graph(edges, finals, units, set(committees), 6), FAMILIES)
    return {finding.end: (finding.units, finding.cases) for finding in findings}, nobody


@pytest.mark.parametrize(
    ("edges", "finals", "units", "committees", "expected"),
    [
        ([(0, 1, EVERY)], {1: EVERY}, {0}, set(), ({}, 0)),
        ([(0, 1, EVERY)], {1: A}, {0}, set(), ({}, B)),  # B is taken by nobody: no path can be mended
        ([(0, 1, EVERY)], {2: EVERY}, {0}, set(), ({1: ((0,), EVERY)}, 0)),  # breaks above it
        ([], {2: EVERY}, {0}, set(), ({0: ((0,), EVERY)}, 0)),  # breaks at itself
        ([(0, 1, EVERY), (3, 1, EVERY)], {2: EVERY}, {0, 3}, set(), ({1: ((0, 3), EVERY)}, 0)),
        # an office whose committee takes A only: for B it breaks at the office, not at the committee
        ([(0, 1, EVERY), (1, 2, A)], {2: A, 4: B}, {0}, {2, 4}, ({1: ((0,), B)}, 0)),
        # a way of its own for B ends elsewhere than the way for A
        ([(0, 1, A), (0, 3, B)], {5: EVERY}, {0}, {5}, ({1: ((0,), A), 3: ((0,), B)}, 0)),
        # two that are alike, but for where their ways for A end: each at itself
        ([(0, 2, B), (1, 2, B)], {3: A}, {0, 1}, set(), ({0: ((0,), A), 1: ((1,), A)}, B)),
        ([(0, 2, B), (1, 2, B)], {3: EVERY}, {0, 1}, set(), ({2: ((0, 1), B), 0: ((0,), A), 1: ((1,), A)}, 0)),
        # two branches, both broken: either end is told, for it may be mended at either
        (
            [(0, 1, EVERY), (0, 3, EVERY), (1, 2, EVERY)],
            {5: EVERY},
            {0},
            {5},
            ({2: ((0,), EVERY), 3: ((0,), EVERY)}, 0),
        ),
        # one branch whole, one broken: the unit reaches a final body (guide 1.28)
        ([(0, 1, EVERY), (0, 3, EVERY), (1, 2, EVERY)], {2: EVERY}, {0}, {2}, ({}, 0)),
    ],
)
def test_small_provinces(
    edges: list[Edge], finals: dict[int, int], units: set[int], committees: set[int], expected: object
) -> None:
    assert told(edges, finals, units, committees) == expected


def test_what_each_unit_lacks_is_its_own() -> None:
    """Two units break at one body, one for A and one for B: neither is said to lack what the other lacks."""
    findings, _ = checkup(graph([(0, 5, A), (1, 5, B), (1, 2, A)], {2: A, 3: B}, {0, 1}, set(), 6), FAMILIES)
    found = {finding.end: (finding.units, finding.lacking) for finding in findings}
    assert found == {5: ((0, 1), (A, B)), 0: ((0,), (B,))}


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_what_it_finds_is_what_walking_finds(data: st.DataObject) -> None:
    count = 9
    pairs = st.tuples(st.integers(0, count - 2), st.integers(1, count - 1), st.sampled_from([A, B, EVERY]))
    edges = [edge for edge in data.draw(st.lists(pairs, max_size=14)) if edge[0] < edge[1]]
    finals = data.draw(st.dictionaries(st.integers(3, count - 1), st.sampled_from([A, B, EVERY]), max_size=4))
    units = data.draw(st.sets(st.integers(0, 3), min_size=1))
    findings, nobody = checkup(graph(edges, finals, units, set(), count), FAMILIES)
    lacks = [
        (f.end, unit, bit)
        for f in findings
        for unit, lacking in zip(f.units, f.lacking, strict=True)
        for bit in (A, B)
        if lacking & bit
    ]
    assert findings.counts.tolist() == [len(found.units) for found in findings]
    assert findings.units.tolist() == sorted({unit for found in findings for unit in found.units})
    stranded = {(unit, bit) for _, unit, bit in lacks}
    for bit in (A, B):
        above: dict[int, list[int]] = {}
        for low, high, carried in edges:
            if carried & bit:
                above.setdefault(low, []).append(high)
        takers = {body for body, mask in finals.items() if mask & bit}
        assert bool(nobody & bit) == (not takers)
        for unit in units:
            walked = search(unit, above, takers)
            stuck = not walked.paths and unit not in takers
            assert ((unit, bit) in stranded) == bool(takers and stuck)
            if (unit, bit) in stranded:
                assert {end for end, *who in lacks if who == [unit, bit]} == set(walked.broken)


def test_the_guides_province(app: Flask) -> None:
    keys = guide_example()
    stray = make_body("没有上级的单位")
    below = make_body("教育局下的单位")
    make_edge(below, keys[EDUCATION])
    with read_session(SYSTEM) as session:
        checked = {(one.procedure, one.level): one for one in checkup_all(session, "43")}
    found = checked[Procedure.SENIOR_REVIEW, TitleLevel.ASSOCIATE_SENIOR]
    assert {(one.body_name, one.unit_ids, one.series) for one in found.findings} == {
        (EDUCATION, (below,), ("高等学校教师",)),
        ("没有上级的单位", (stray,), ("高等学校教师",)),
    }
    assert "工程技术人员" in found.nobody and "高等学校教师" not in found.nobody
    assert checked[Procedure.INITIAL_DETERMINATION, TitleLevel.ASSISTANT].nobody == ("全部系列",)
    act(
        CITY,
        bodies.add_acceptance,
        body_id=keys[OFFICE],
        method=AcquisitionMethod.INITIAL_DETERMINATION,
        level=TitleLevel.ASSISTANT,
        printed_name="人社局",
    )
    with read_session(PROVINCE) as session:
        checked = {(one.procedure, one.level): one for one in checkup_all(session, "43")}
        elsewhere = checkup_all(session, "4302")
    found = checked[Procedure.INITIAL_DETERMINATION, TitleLevel.ASSISTANT]
    assert found.nobody == () and len(found.findings) == 3  # no edges of 初定: each unit breaks at itself
    assert all(not one.findings for one in elsewhere)


def test_unconfirmed_edges_carry_nothing(app: Flask) -> None:
    keys = guide_example()
    unit = make_body("待确认的单位")
    make_edge(unit, keys[OFFICE], confirmed=False)
    with read_session(SYSTEM) as session:
        checked = {(one.procedure, one.level): one for one in checkup_all(session)}
    found = checked[Procedure.SENIOR_REVIEW, TitleLevel.ASSOCIATE_SENIOR]
    assert [one.body_name for one in found.findings] == ["待确认的单位"]
    assert NodeType.UNIT is found.findings[0].node_type


def test_what_if_an_edge_goes(app: Flask) -> None:
    keys = guide_example()
    housing, office = keys[HOUSING], keys[OFFICE]
    other = make_body("住建局下的另一单位")
    make_edge(other, housing)
    spare = make_body("另有门路的单位")
    make_edge(spare, housing)
    make_edge(spare, office)
    with read_session(SYSTEM) as session:
        edge = session.scalars(
            sa.select(PathEdge).where(PathEdge.subordinate_id == housing, PathEdge.superior_id == office)
        ).one()
        [loss] = without_edge(session, edge)
        assert (loss.procedure, loss.level) == (Procedure.SENIOR_REVIEW, TitleLevel.ASSOCIATE_SENIOR)
        assert set(loss.unit_ids) == {keys[DRAINAGE], other}
        assert loss.series == ("高等学校教师",)
        dead = session.scalars(sa.select(PathEdge).where(PathEdge.superior_id == keys[EDUCATION])).one()
        assert without_edge(session, dead) == []  # it carried nobody anywhere
        [loss] = without_body(session, keys[UPGRADE])
        assert set(loss.unit_ids) == {keys[DRAINAGE], other, spare}
        assert without_body(session, keys[DRAINAGE]) == []


def test_what_if_nobody_takes_it_any_more(app: Flask) -> None:
    office, unit = make_body("受理办公室", NodeType.TITLE_OFFICE), make_body("报送单位")
    kind = {"procedure": Procedure.INITIAL_DETERMINATION, "level": TitleLevel.ASSISTANT}
    make_edge(unit, office, **kind)
    key = act(
        CITY,
        bodies.add_acceptance,
        body_id=office,
        method=AcquisitionMethod.INITIAL_DETERMINATION,
        level=TitleLevel.ASSISTANT,
        printed_name="人社局",
    )
    with read_session(SYSTEM) as session:
        [loss] = without_acceptance(session, session.get_one(Acceptance, key))
    assert (loss.procedure, loss.level, loss.unit_ids) == (*kind.values(), (unit,))
    assert loss.series == ("全部系列",)


KIND = (Procedure.SENIOR_REVIEW, TitleLevel.ASSOCIATE_SENIOR)
SERIES = ("工程技术人员", "农业技术人员")


def _random_province(rng: Random) -> list[int]:
    """A few bodies of each kind and edges between them as they come: of series, specialities, unconfirmed; its units."""
    with read_session(SYSTEM) as session:
        nodes = {
            name: session.scalars(sa.select(Speciality).where(Speciality.series_id == series(session, name))).all()
            for name in SERIES
        }
        numbers = {name: series(session, name) for name in SERIES}
    units = [make_body("随机单位") for _ in range(3)]
    offices = [make_body("随机机构", NodeType.DEPARTMENT) for _ in range(4)]
    committees = []
    for number in range(3):
        name = rng.choice(SERIES)
        covers = rng.sample(nodes[name], rng.choice([1, 2, 4]))
        key = make_committee(f"随机高评会{number}", series_name=name, speciality_ids=[row.id for row in covers])
        committees.append(key)
        if rng.random() < 0.25:
            with unit_of_work(SYSTEM) as session:
                session.get_one(Committee, key).valid_until = clock.today() - timedelta(days=1)
    places = [*units, *offices, *committees]
    for _ in range(14):
        low = rng.randrange(len(units) + len(offices))
        high = rng.randrange(max(low + 1, len(units)), len(places))
        name, whom = rng.choice(SERIES), {}
        if rng.random() < 0.4:
            whom = rng.choice([{"series_id": numbers[name]}, {"speciality_id": rng.choice(nodes[name]).id}])
        with suppress(Refusal):  # a committee of another series, or the same edge again
            make_edge(places[low], places[high], confirmed=rng.random() < 0.9, **whom)
    return units


@pytest.mark.parametrize("seed", range(40 if os.environ.get("LONG") else 4))
def test_a_random_province_is_told_as_walking_each_application_tells_it(app: Flask, seed: int) -> None:
    rng = Random(seed)
    units = _random_province(rng)
    with read_session(SYSTEM) as session:
        table = Province(session, [KIND], "43").table(KIND)
        findings, nobody = checkup(table.graph(), table.families)
        province = Province(session, [KIND], "43")
        told: dict[tuple[int, int], int] = {}
        for finding in findings:
            for unit, lacking in zip(finding.units, finding.lacking, strict=True):
                told |= {(province.ids[unit], leaf): province.ids[finding.end] for leaf in table.leaves(lacking)}
        for name in SERIES:
            for leaf in rng.sample(specialities_of(session, series(session, name)), 6):
                for unit in units:
                    found = reach(
                        session,
                        employer_id=unit,
                        method=AcquisitionMethod.REVIEW,
                        level=TitleLevel.ASSOCIATE_SENIOR,
                        series_id=leaf.series_id,
                        speciality_id=leaf.id,
                    )
                    taken = leaf.id not in table.leaves(nobody)
                    assert bool(found.untaken) <= (not taken)
                    assert ((unit, leaf.id) in told) == (taken and not found.paths), (seed, unit, leaf.name)
                    if (unit, leaf.id) in told:
                        ends = {node.body_id for node in (*found.broken, *found.obstructed)}
                        assert told[unit, leaf.id] in ends, (seed, unit, leaf.name)


def test_what_if_a_speciality_is_covered_no_more(app: Flask) -> None:
    unit = make_body("排水中心")
    committee = make_committee("建设高评会", covers=("建设类", "给排水"))
    make_edge(unit, committee)
    with read_session(SYSTEM) as session:
        rows = {row.speciality.name: row for row in session.scalars(sa.select(CoveredSpeciality))}
        assert without_coverage(session, rows["给排水"]) == []  # still below 建设类
        [loss] = without_coverage(session, rows["建设类"])
    assert (loss.level, loss.unit_ids) == (TitleLevel.ASSOCIATE_SENIOR, (unit,))
    [words] = loss.series
    assert words.startswith("工程技术人员（") and "给排水" not in words


def test_an_expired_committee_and_one_that_covers_less_are_breaks(app: Flask) -> None:
    unit = make_body("排水中心")
    small, whole = make_committee("建设高评会", covers=("建设类",)), make_committee("全系列高评会")
    make_edge(unit, small)
    kinds = [KIND]

    def found() -> set[tuple[str, tuple[str, ...]]]:
        with read_session(SYSTEM) as session:
            return {(one.body_name, one.series) for one in checkup_all(session, "43", kinds)[0].findings}

    [(end, (words,))] = found()
    assert end == "建设高评会" and words.startswith("工程技术人员（") and "建设类" not in words
    make_edge(unit, whole)
    assert found() == set()
    for key in (small, whole):
        with unit_of_work(SYSTEM) as session:
            session.get_one(Committee, key).valid_until = clock.today() - timedelta(days=1)
        if key == small:
            assert found() == set()
    with read_session(SYSTEM) as session:
        [one] = checkup_all(session, "43", kinds)
    assert len(one.findings) == 0 and one.nobody == ("全部系列",)  # nobody is left to decide anything
