"""The path search and the edge rules on plain numbers."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.approval_paths.enums import Procedure
from app.approval_paths.rules import (
    LEVELS,
    MAX_PATHS,
    Edges,
    Way,
    cycle_with,
    edge_problem,
    keeping_problem,
    layout,
    search,
    shortcuts,
    wider,
)
from app.bodies.enums import NodeType as N
from app.catalog.enums import AcquisitionMethod, TitleLevel


@pytest.mark.parametrize(
    "above, finals, paths, broken",
    [
        ({1: [2], 2: [3]}, {3}, [(1, 2, 3)], ()),
        ({1: [2, 4], 2: [3]}, {3}, [(1, 2, 3)], (4,)),  # guide 1.28: one branch whole, one broken
        ({1: [2, 3], 2: [4], 3: [4]}, {4}, [(1, 2, 4), (1, 3, 4)], ()),
        ({1: [2, 3], 2: [3]}, {3}, [(1, 2, 3)], ()),  # level by level: nobody is left out
        ({1: [2, 4], 2: [3], 4: [5], 5: [3]}, {3}, [(1, 2, 3), (1, 4, 5, 3)], ()),  # shortest first
        ({1: [2], 2: [3]}, {2, 3}, [(1, 2), (1, 2, 3)], ()),  # a final authority on the way to another
        ({1: [2]}, set(), [], (2,)),
        ({}, set(), [], (1,)),
        ({}, {1}, [], ()),  # nobody decides on his own staff
        ({1: [2], 2: [1]}, set(), [], ()),  # a ring ends nowhere
        ({1: [2], 2: [1, 3]}, {3}, [(1, 2, 3)], ()),
        ({1: [2, 9], 2: [3], 9: [8], 8: [9]}, {3}, [(1, 2, 3)], ()),
    ],
)
def test_search(above: Edges, finals: set[int], paths: list[tuple[int, ...]], broken: tuple[int, ...]) -> None:
    found = search(1, above, finals)
    assert list(found.paths) == paths
    assert found.broken == broken


def test_a_break_is_told_once() -> None:
    assert search(1, {1: [2, 3], 2: [4], 3: [4]}, set()).broken == (4,)


def ladder(rungs: int) -> dict[int, list[int]]:
    """Two bodies on each rung, each below both of the next: 2 ** rungs ways up."""
    return {1: [10, 11]} | {10 * r + s: [10 * (r + 1), 10 * (r + 1) + 1] for r in range(1, rungs) for s in (0, 1)}


@pytest.mark.parametrize("finals", [set(), {300}])
def test_a_ladder_of_thirty_rungs_costs_no_more_than_what_is_listed(finals: set[int]) -> None:
    started = time.process_time()
    found = search(1, ladder(30), finals)
    assert time.process_time() - started < 1
    assert len(found.paths) == (MAX_PATHS if finals else 0)
    assert {(len(path), path[0], path[-1]) for path in found.paths} == ({(31, 1, 300)} if finals else set())
    assert len(set(found.paths)) == len(found.paths)


@pytest.mark.parametrize(
    "below, above, edges, loop",
    [
        (1, 2, {}, None),
        (1, 1, {}, (1, 1)),
        (2, 1, {1: [2]}, (2, 1, 2)),
        (3, 1, {1: [2], 2: [3]}, (3, 1, 2, 3)),
        (3, 1, {1: [2, 4], 2: [3], 4: [2]}, (3, 1, 2, 3)),  # the shortest loop is shown
        (1, 3, {1: [2], 2: [3]}, None),
        (9, 1, {1: [2], 2: [1]}, None),
    ],
)
def test_cycle(below: int, above: int, edges: Edges, loop: tuple[int, ...] | None) -> None:
    assert cycle_with(below, above, edges) == loop


@pytest.mark.parametrize(
    "procedure, level, below, above, fields",
    [
        (Procedure.SENIOR_REVIEW, TitleLevel.FULL_SENIOR, N.UNIT, N.DEPARTMENT, set()),
        (Procedure.SENIOR_REVIEW, TitleLevel.FULL_SENIOR, N.TITLE_OFFICE, N.COMMITTEE, set()),
        (Procedure.SENIOR_REVIEW, TitleLevel.INTERMEDIATE, N.UNIT, N.DEPARTMENT, {"level"}),
        (Procedure.JUNIOR_REVIEW, TitleLevel.INTERMEDIATE, N.UNIT, N.DEPARTMENT, {"level"}),
        (Procedure.INITIAL_DETERMINATION, TitleLevel.ASSOCIATE_SENIOR, N.UNIT, N.TITLE_OFFICE, {"level"}),
        (Procedure.RECOGNITION, TitleLevel.FULL_SENIOR, N.UNIT, N.TITLE_OFFICE, set()),
        (Procedure.RECOGNITION, TitleLevel.FULL_SENIOR, N.TITLE_OFFICE, N.COMMITTEE, {"superior_id"}),
        (Procedure.SENIOR_REVIEW, TitleLevel.FULL_SENIOR, N.COMMITTEE, N.TITLE_OFFICE, {"subordinate_id"}),
        (Procedure.SENIOR_REVIEW, TitleLevel.FULL_SENIOR, N.UNIT, N.UNIT, {"superior_id"}),
        (Procedure.SENIOR_REVIEW, TitleLevel.CLERK, N.COMMITTEE, N.UNIT, {"level", "subordinate_id", "superior_id"}),
    ],
)
def test_edge(procedure: Procedure, level: TitleLevel, below: N, above: N, fields: set[str]) -> None:
    assert set(edge_problem(procedure, level, below, above)) == fields


def test_levels_agree_with_the_procedure_of_an_application() -> None:
    for level in TitleLevel:
        assert level in LEVELS[Procedure.of(AcquisitionMethod.REVIEW, level)]
        reviewing = [
            procedure for procedure in Procedure if procedure.value.endswith("review") and level in LEVELS[procedure]
        ]
        assert reviewing == [Procedure.of(AcquisitionMethod.REVIEW, level)]
        assert level in LEVELS[Procedure.of(AcquisitionMethod.RECOGNITION, level)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], {1: (0, 0)}),
        ([(1, 2), (2, 3)], {1: (0, 0), 2: (1, 0), 3: (2, 0)}),
        ([(1, 2), (1, 3), (2, 4)], {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (2, 0)}),
        ([(1, 2), (1, 3), (2, 3)], {1: (0, 0), 2: (1, 0), 3: (2, 0)}),  # above all that lead to it
        ([(1, 2), (1, 2)], {1: (0, 0), 2: (1, 0)}),
    ],
)
def test_layout(steps: list[tuple[int, int]], expected: dict[int, tuple[int, int]]) -> None:
    assert {key: (place.step, place.row) for key, place in layout(1, steps).items()} == expected


REGION = {"superior_id": "上级机构应在本统筹区内，或是上一级统筹区的；其他的路径由上级人社部门配置。"}
OWN = {"subordinate_id": "本机构的上级由上级人社部门或评委会指定，再由本机构确认。"}


@pytest.mark.parametrize(
    ("region", "own", "above", "problem"),
    [
        ("430102", False, "430102", {}),
        ("430102", False, "430100", {}),
        ("430102", False, "430000", REGION),  # the city is between
        ("430102", False, "430103", REGION),
        ("430102", True, "430100", OWN),
        ("430100", False, "430102", {}),  # within it
        ("430100", False, "430000", {}),
        ("430100", False, "430200", REGION),
        ("430100", True, "430000", OWN),
        ("430000", False, "430200", {}),
        ("430000", True, "430000", {}),  # nobody is above it
    ],
)
def test_whose_superior_an_officer_may_name(region: str, own: bool, above: str, problem: dict[str, str]) -> None:
    assert keeping_problem(region, own=own, above=above) == problem


def test_whatever_carries_as_much_as_an_edge_is_wider() -> None:
    assert list(wider(Way(1, 2), ())) == [Way(1, 2)]
    assert list(wider(Way(1, 2, 7), ())) == [Way(1, 2, 7), Way(1, 2)]
    assert list(wider(Way(1, 2, 7, 30), (30, 20))) == [
        Way(1, 2, 7, 30),
        Way(1, 2, None, 30),
        Way(1, 2, 7, 20),
        Way(1, 2, None, 20),
        Way(1, 2, 7),
        Way(1, 2),
    ]


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ({1: [2], 2: [3]}, set()),
        ({1: [2, 3], 2: [3]}, {(1, 3)}),
        ({1: [2, 3], 2: [4], 3: [4]}, set()),  # two ways, neither leaves out what the other passes
        ({1: [2, 5], 2: [3], 3: [4], 4: [5]}, {(1, 5)}),
        ({1: [2, 2]}, set()),
    ],
)
def test_shortcuts(above: Edges, expected: set[tuple[int, int]]) -> None:
    assert shortcuts(above) == expected


@given(
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda pair: pair[0] < pair[1])),
    st.sets(st.integers(1, 7), min_size=1),
)
def test_what_no_path_takes_is_a_shortcut(pairs: set[tuple[int, int]], finals: set[int]) -> None:
    """Against the walk: an edge towards a final authority is on a path that counts, or it is a shortcut."""
    above: dict[int, list[int]] = {}
    for low, high in sorted(pairs):
        above.setdefault(low, []).append(high)
    found = search(0, above, finals)
    taken = {step for path in found.paths for step in pairwise(path)}
    deciding = [body for body in found.reached if search(body, above, finals).paths or body in finals]
    towards = {(low, high) for low, high in pairs if low in found.reached and high in deciding}
    assert towards - taken == towards & shortcuts(above)
