"""Loops of approval paths: only edges that one application could all climb close one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.approval_paths.rules import MOST_LOOPS, Loop, Way, loop_with, loops

ANCESTORS = {10: (10,), 11: (11, 10), 12: (12, 10), 20: (20,)}
"""Specialities 11 and 12 below 10, of series 1; 20 of series 2."""


@pytest.mark.parametrize(
    ("new", "known", "loop"),
    [
        (Way(1, 1), [], (1, 1)),
        (Way(2, 1), [Way(1, 2)], (2, 1, 2)),
        (Way(3, 1), [Way(1, 2), Way(2, 3)], (3, 1, 2, 3)),
        (Way(1, 3), [Way(1, 2), Way(2, 3)], None),
        (Way(3, 1), [Way(1, 2, 1), Way(2, 3, 2)], None),  # nobody has two series
        (Way(3, 1), [Way(1, 2, 1), Way(2, 3)], (3, 1, 2, 3)),
        (Way(3, 1, 2), [Way(1, 2, 1), Way(2, 3)], None),
        (Way(2, 1, 1, 11), [Way(1, 2, 1, 12)], None),  # nor two specialities
        (Way(2, 1, 1, 11), [Way(1, 2, 1, 10)], (2, 1, 2)),  # one below the other
        (Way(2, 1, 1, 10), [Way(1, 2, 1, 11)], (2, 1, 2)),
        (Way(2, 1), [Way(1, 2, 2, 20)], (2, 1, 2)),
        (Way(2, 1, 1), [Way(1, 2, 2, 20)], None),
        (Way(3, 1), [Way(1, 2, 1, 11), Way(2, 3, 1, 12)], None),
    ],
)
def test_the_loop_a_new_edge_closes(new: Way, known: list[Way], loop: Loop | None) -> None:
    assert loop_with(new, known, ANCESTORS) == loop
    assert loops(known, [new], ANCESTORS) == ({0: loop} if loop else {})


def test_of_a_file_the_edge_that_comes_last_closes_it() -> None:
    new = [Way(1, 2), Way(5, 6), Way(2, 3), Way(3, 1), Way(3, 4)]
    assert loops([], new, {}) == {3: (3, 1, 2, 3)}
    assert loops([Way(4, 1)], new, {}) == {3: (3, 1, 2, 3), 4: (3, 4, 1, 2, 3)}


def test_long_ladders_cost_little_and_many_knots_are_not_all_named() -> None:
    count = 20_000
    ladder = [Way(number, number + 1) for number in range(count)]
    assert loops([], ladder, {}) == {}
    assert list(loops([], [*ladder, Way(count, 0)], {})) == [count]
    pairs = [way for number in range(0, 400, 2) for way in (Way(number, number + 1), Way(number + 1, number))]
    found = loops([], pairs, {})
    assert sum(bool(loop) for loop in found.values()) == MOST_LOOPS
    assert len(found) == MOST_LOOPS + len(pairs) - 2 * MOST_LOOPS  # the rest are said to be knotted, not how


_ends = st.integers(0, 5)
_whom = st.sampled_from([(None, None), (1, None), (2, None), (1, 10), (1, 11), (1, 12), (2, 20)])
_ways = st.builds(lambda low, high, whom: Way(low, high, *whom), _ends, _ends, _whom)


@settings(max_examples=300, deadline=None)
@given(st.lists(_ways, max_size=14))
def test_without_the_edges_named_nobody_can_go_round(new: list[Way]) -> None:
    """What is left has no loop for any application; each edge named closes one with edges before it or named too."""
    found = loops([], new, ANCESTORS)
    left: list[Way] = []
    for place, way in enumerate(new):
        if place not in found:
            assert loop_with(way, left, ANCESTORS) is None, (place, way)
            left.append(way)
    for place, loop in found.items():
        assert loop[0] == loop[-1] == new[place].below and loop[1] == new[place].above
        assert loop_with(new[place], [way for at, way in enumerate(new) if at < place], ANCESTORS)
