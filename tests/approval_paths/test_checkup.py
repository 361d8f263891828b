"""全省路径体检: tables of small provinces, random ones against the walk of each unit, and the query over real rows."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.approval_paths.queries import checkup_all, without_acceptance, without_body, without_edge
from app.approval_paths.rules import Graph, checkup, search
from app.bodies import services as bodies
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core.db import read_session
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
    make_edge,
)

A, B = 1, 2
EVERY = A | B
Edge = tuple[int, int, int]


def graph(edges: list[Edge], finals: dict[int, int], units: set[int], committees: set[int], count: int) -> Graph:
    below, above, series = (np.array([edge[part] for edge in edges], np.int64) for part in range(3))
    return Graph(
        below,
        above,
        series,
        np.array([finals.get(body, 0) for body in range(count)], np.int64),
        np.array([body in units for body in range(count)], bool),
        np.array([body not in committees for body in range(count)], bool),
    )


def told(edges: list[Edge], finals: dict[int, int], units: set[int], committees: set[int] = frozenset()) -> object:  # type: ignore[assignment]
    findings, nobody = checkup(graph(edges, finals, units, set(committees), 6), EVERY)
    return {finding.end: (finding.units, finding.series) for finding in findings}, nobody


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
    findings, _ = checkup(graph([(0, 5, A), (1, 5, B), (1, 2, A)], {2: A, 3: B}, {0, 1}, set(), 6), EVERY)
    found = {finding.end: (finding.units, finding.lacking) for finding in findings}
    assert found == {5: ((0, 1), (A, B)), 0: ((0,), (B,))}


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_it_finds_is_what_walking_finds(data: st.DataObject) -> None:
    count = 9
    pairs = st.tuples(st.integers(0, count - 2), st.integers(1, count - 1), st.sampled_from([A, B, EVERY]))
    edges = [edge for edge in data.draw(st.lists(pairs, max_size=14)) if edge[0] < edge[1]]
    finals = data.draw(st.dictionaries(st.integers(3, count - 1), st.sampled_from([A, B, EVERY]), max_size=4))
    units = data.draw(st.sets(st.integers(0, 3), min_size=1))
    findings, nobody = checkup(graph(edges, finals, units, set(), count), EVERY)
    lacks = [
        (f.end, unit, bit)
        for f in findings
        for unit, lacking in zip(f.units, f.lacking, strict=True)
        for bit in (A, B)
        if lacking & bit
    ]
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
            assert {end for end, *who in lacks if who == [unit, bit]} <= set(walked.broken)


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
    assert len(checked[Procedure.INITIAL_DETERMINATION, TitleLevel.ASSISTANT].nobody) == 27
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
    assert len(loss.series) == 27
