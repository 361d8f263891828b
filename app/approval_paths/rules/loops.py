"""Loops of approval paths: edges that some application could climb for ever.

Edges of different series, or of specialities on different branches of the tree, are never on one application's way, so
they close no loop together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from app.approval_paths.rules.walking import Edges, cycle_with

Ancestors = Mapping[int, Collection[int]]
"""Speciality -> itself and every node above it."""
Loop = tuple[int, ...]
MOST_LOOPS = 100
"""Loops named of one file; whoever ties more knots than that mends these first."""


class Way(NamedTuple):
    """An edge of one procedure and level: whom it joins, and whose applications it carries (None: any).

    A way with a speciality has that speciality's series.
    """

    below: int
    above: int
    series: int | None = None
    speciality: int | None = None


_Numbered = list[tuple[Way, int | None]]
"""Ways, with their place among the new ones."""


class _Applicant(NamedTuple):
    """An application as far as edges tell them apart."""

    series: int | None
    specialities: Collection[int]

    def may_take(self, way: Way) -> bool:
        return way.series in (None, self.series) and (way.speciality is None or way.speciality in self.specialities)


def loop_with(new: Way, ways: Iterable[Way], ancestors: Ancestors) -> Loop | None:
    """The loop that a new edge would close, as bodies from its lower end back to it; None if none."""
    known = list(ways)
    for applicant in _applicants([new, *known], ancestors):
        if applicant.may_take(new):
            loop = cycle_with(new.below, new.above, _edges(filter(applicant.may_take, known)))
            if loop:
                return loop
    return None


def loops(live: Iterable[Way], new: Sequence[Way], ancestors: Ancestors) -> dict[int, Loop]:
    """Place in `new` -> the loop it closes with the live edges and the new ones before it; () beyond MOST_LOOPS.

    Linear in the edges for each kind of application, however long the ways are.
    """
    closing: dict[int, Loop] = {}
    known: _Numbered = [(way, None) for way in live]
    knotted = _knotted([*known, *((way, place) for place, way in enumerate(new))])
    for applicant in _applicants((way for way, _ in knotted), ancestors):
        mine = [pair for pair in knotted if applicant.may_take(pair[0]) and pair[1] not in closing]
        while mine := _knotted(mine):
            if len(closing) >= MOST_LOOPS:
                closing |= {place: () for _, place in mine if place is not None}
                break
            loop = _any_loop(mine)
            places = [place for _, place in loop if place is not None]
            if not places:  # the table is damaged: nothing new closes it
                break
            last = max(places)
            begin = [place for _, place in loop].index(last)
            turned = [way for way, _ in (*loop[begin:], *loop[:begin])]
            closing[last] = (*map(_below, turned), turned[0].below)
            mine = [pair for pair in mine if pair[1] != last]
    return closing


def _applicants(ways: Iterable[Way], ancestors: Ancestors) -> Iterator[_Applicant]:
    """One application of each kind that the edges tell apart."""
    ways = list(ways)
    yield _Applicant(None, ())
    for series in sorted({way.series for way in ways if way.series is not None}):
        yield _Applicant(series, ())
    for speciality, its_series in sorted({(way.speciality, way.series) for way in ways if way.speciality is not None}):
        yield _Applicant(its_series, ancestors[speciality])


def _edges(ways: Iterable[Way]) -> Edges:
    above: dict[int, list[int]] = defaultdict(list)
    for way in ways:
        above[way.below].append(way.above)
    return above


_below, _above = attrgetter("below"), attrgetter("above")


def _knotted(ways: _Numbered) -> _Numbered:
    """The edges left when every body that has nothing above it, or nothing below it, is taken away, again and again."""
    for near, far in ((_below, _above), (_above, _below)):
        count: dict[int, int] = defaultdict(int)
        beside: dict[int, list[int]] = defaultdict(list)
        for way, _ in ways:
            count[near(way)] += 1
            beside[far(way)].append(near(way))
        ends = [body for body in beside if not count[body]]
        gone = set(ends)
        while ends:
            for body in beside.get(ends.pop(), ()):
                count[body] -= 1
                if not count[body]:
                    gone.add(body)
                    ends.append(body)
        ways = [pair for pair in ways if near(pair[0]) not in gone and far(pair[0]) not in gone]
    return ways


def _any_loop(ways: _Numbered) -> _Numbered:
    """A loop of edges of which each body has one above it; the edges in their order upwards."""
    up = {}
    for pair in reversed(ways):  # the first edge of a body wins
        up[pair[0].below] = pair
    walked: dict[int, int] = {}
    trail: list[tuple[Way, int | None]] = []
    here = ways[0][0].below
    while here not in walked:
        walked[here] = len(trail)
        trail.append(up[here])
        here = up[here][0].above
    return trail[walked[here] :]
