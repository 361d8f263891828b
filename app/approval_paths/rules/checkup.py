"""全省路径体检 (design §5.1): everything a unit can't apply for, and where its way ends, in whole arrays.

What can be applied for is told apart into cases: a series, or those of its specialities that the same edges carry and the
same committees cover. What a body can reach is a set of cases, held as bits of a few words; it flows down the edges until
nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
WORD = 62
"""Cases to a word: numpy's whole numbers have 63 bits and a sign."""
_NOBODY = np.zeros(0, np.int64)
MOST_STEPS = 64
"""No way up is longer; edges never close a loop, so this only bounds a damaged table."""


def words(bits: int, count: int) -> Numbers:
    """Any number of bits as `count` words, the lowest first."""
    return np.array([bits >> WORD * word & (1 << WORD) - 1 for word in range(count)], np.int64)


@dataclass(frozen=True)
class Graph:
    """The edges of one procedure and level between bodies numbered from 0, and what lies at their ends.

    `carried[kind[i]]`: the cases (words of bits) edge i carries. `finals[b]`: the cases body b decides. `climbs`: the bodies
    that hand on. `stops[b]`: the cases whose way ends undecided at body b, which hands nothing on: those of a committee's
    series that it does not decide. `units`: the bodies asked about.
    """

    below: Numbers
    above: Numbers
    kind: Numbers
    carried: Numbers
    finals: Numbers
    climbs: Flags
    stops: Numbers
    units: Flags


class Finding(NamedTuple):
    """Ways of `units` end at body `end`; `lacking[i]`: the cases (bits) unit i cannot apply for, because of that and of other ends."""

    end: int
    units: tuple[int, ...]
    lacking: tuple[int, ...]

    @property
    def cases(self) -> int:
        """The bits of every case some unit lacks."""
        return reduce(or_, self.lacking)


class Alike(NamedTuple):
    """Units that the same edges lead up from, so that all is the same for them: one of each sort stands for it.

    `first[i]` stands for members[begins[i]:begins[i + 1]]; the members in order.
    """

    first: Numbers
    members: Numbers
    begins: Numbers


class Findings(Sequence[Finding]):
    """Each end once, the most units first. Kept as arrays: a province may have a hundred thousand, and a page shows few."""

    def __init__(self, missing: Numbers, alike: Alike, pieces: Sequence[tuple[Numbers, Numbers, Numbers]]) -> None:
        """`missing[u]`: all that unit u cannot apply for.

        Pieces: cases; units that lack some of them, each standing for those alike; where one of its ways ends.
        """
        self._missing, self._alike, self._cases = missing, alike, [family for family, _, _ in pieces]
        units, ends = (np.concatenate([_NOBODY, *(piece[part] for piece in pieces)]) for part in (1, 2))
        pieces_of = np.repeat(np.arange(len(pieces)), [len(units) for _, units, _ in pieces])
        alone = np.flatnonzero(units == ends)  # whoever's way ends at himself stands for nobody else
        rows, selves = _joined(alone, np.searchsorted(alike.first, units[alone]), alike.begins, alike.members)
        others = np.flatnonzero(units != ends)
        units, ends = np.concatenate([units[others], selves]), np.concatenate([ends[others], selves])
        pieces_of = np.concatenate([pieces_of[others], pieces_of[rows]])
        order = np.argsort(ends * len(missing) + units, kind="stable")
        self._units, self._pieces, ends = units[order], pieces_of[order], ends[order]
        first = _starts(ends)
        own = _starts(ends, self._units)  # a unit may end at one body for several pieces
        sizes = np.zeros(len(missing), np.int64)
        sizes[alike.first] = np.diff(alike.begins)
        weights = np.where(self._units[own] == ends[own], 1, sizes[self._units[own]])
        counts = np.add.reduceat(weights, np.searchsorted(own, first)) if len(own) else _NOBODY
        heaviest = np.argsort(-counts, kind="stable")
        self.ends, self.counts = ends[first][heaviest], counts[heaviest]
        self._first, self._last = first[heaviest], np.r_[first[1:], len(ends)].astype(np.int64)[heaviest]
        self.units = np.sort(alike.members)
        """Whoever cannot apply for something, each once."""

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        lacking: dict[int, int] = {}
        rows = slice(self._first[index], self._last[index])
        for unit, piece in zip(self._units[rows].tolist(), self._pieces[rows].tolist(), strict=True):
            lacking[unit] = lacking.get(unit, 0) | _bits((self._missing[unit] & self._cases[piece]).tolist())
        end = int(self.ends[index])
        each = sorted((member, bits) for unit, bits in lacking.items() for member in self._like(unit, end))
        return Finding(end, *zip(*each, strict=True))

    def _like(self, unit: int, end: int) -> list[int]:
        """Whom a unit stands for at an end."""
        if unit == end:
            return [unit]
        place = np.searchsorted(self._alike.first, unit)
        members: list[int] = self._alike.members[self._alike.begins[place] : self._alike.begins[place + 1]].tolist()
        return members


def checkup(graph: Graph, families: Sequence[Numbers]) -> tuple[Findings, int]:
    """(findings; the bits of cases that nobody decides at all). `families`: cases that every edge carries alike, together all.

    A case without any final body is one finding of its own: no path can be mended for it.
    """
    every = _all(np.array(families))
    taken = _all(graph.finals) & every
    missing = np.where(graph.units[:, None], ~_reached(graph) & taken, 0)
    sorts = _alike(graph, np.flatnonzero(missing.any(axis=1)))
    short = sorts.first
    lacking, special = missing[short], _special(graph, every)
    alike: dict[bytes, tuple[Numbers, Ends]] = {}  # families whose ways end alike are one piece
    for family in (every & ~special, *(family for family in families if (family & special).any())):
        some = (lacking & family).any(axis=1)
        if some.any():
            ends = _ends(graph, family, short[some])
            key = ends.units.tobytes() + ends.bodies.tobytes()
            known, _ = alike.get(key, (family, ends))
            alike[key] = known | family, ends
    pieces = [(family, *ends) for family, ends in alike.values()]
    return Findings(missing, sorts, pieces), _bits((every & ~taken).tolist())


def _alike(graph: Graph, units: Numbers) -> Alike:
    """Units by the edges that lead up from them; who has none, decides something or is above somebody is like nobody else."""
    count, kinds = len(graph.finals), len(graph.carried)
    plain = np.zeros(count, bool)
    plain[units] = True
    plain[graph.above] = False
    plain &= ~graph.finals.any(axis=1)
    mine = plain[graph.below]
    below, edge = graph.below[mine], graph.above[mine] * kinds + graph.kind[mine]
    order = np.lexsort((edge, below))
    below, edge = below[order], edge[order]
    starts = _starts(below)
    turn = np.arange(len(below)) - np.repeat(starts, np.diff(np.r_[starts, len(below)]))
    sort, known = np.arange(count), count
    sort[below] = 0
    for place in range(int(turn.max(initial=-1)) + 1):  # the sort of the first edges with the next one is another sort
        now = turn == place
        more, which = np.unique(sort[below[now]] * (count * kinds) + edge[now], return_inverse=True)
        sort[below[now]] = known + which
        known += len(more)
    order = np.argsort(sort[units], kind="stable")
    members, begins = units[order], _starts(sort[units][order])
    by_first = np.argsort(members[begins])
    sizes = np.diff(np.r_[begins, len(members)])[by_first]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    grouped = members[np.repeat(begins[by_first], sizes) + within]
    return Alike(members[begins][by_first], grouped, np.r_[0, np.cumsum(sizes)].astype(np.int64))


def stranded(before: Graph, after: Graph) -> Numbers:
    """For each unit of `after` the cases (words) it reached a final body for, and no longer does."""
    return np.where(after.units[:, None], _reached(before) & ~_reached(after), 0)


def bits_of(rows: Numbers) -> int:
    """The bits set in any of some rows of words."""
    return _bits(_all(rows).tolist())


def _bits(row: Sequence[int]) -> int:
    return sum(bits << WORD * word for word, bits in enumerate(row))


def _all(rows: Numbers) -> Numbers:
    found: Numbers = np.bitwise_or.reduce(rows, axis=0)
    return found


def _starts(*keys: Numbers) -> Numbers:
    """Where a new run of equal keys begins; the rows are sorted by them."""
    if not len(keys[0]):
        return np.zeros(0, np.int64)
    changes = [key[1:] != key[:-1] for key in keys]
    return np.flatnonzero(np.r_[True, np.logical_or.reduce(changes)])


def _reached(graph: Graph) -> Numbers:
    """For each body the cases for which some way leads to a final body; an end of a way counts itself.

    What lies below nothing waits until the rest is settled: most of a province are units.
    """
    reached = graph.finals.copy()
    between = np.zeros(len(reached), bool)
    between[graph.above] = True
    upper = between[graph.below]
    for edges, rounds in ((upper, MOST_STEPS), (~upper, 1)):
        _flow(reached, graph.below[edges], graph.above[edges], graph.carried[graph.kind[edges]], rounds)
    return reached


def _flow(reached: Numbers, below: Numbers, above: Numbers, carried: Numbers, rounds: int) -> None:
    """Let what is reached flow down some edges, a step a round, until nothing changes."""
    order = np.argsort(below, kind="stable")
    below, above, carried = below[order], above[order], carried[order]
    starts = _starts(below)
    rank = np.arange(len(below)) - np.repeat(starts, np.diff(np.r_[starts, len(below)]))
    turns = [np.flatnonzero(rank == turn) for turn in range(int(rank.max()) + 1)] if len(below) else []
    for _ in range(rounds):
        before = reached[below]
        for edges in turns:  # at most one edge of each body in a turn
            reached[below[edges]] |= reached[above[edges]] & carried[edges]
        if np.array_equal(before, reached[below]):
            return


def _special(graph: Graph, every: Numbers) -> Numbers:
    """The cases whose ends may differ from the others': some edge carries them alone, or they stop at a committee."""
    leads = graph.climbs | graph.stops.any(axis=1)
    alone = graph.carried[np.unique(graph.kind[leads[graph.above]])]
    return _all(np.concatenate([every[None] & 0, alone[(alone != every).any(axis=1)], graph.stops[~graph.climbs]]))


class Ends(NamedTuple):
    """Pairs: a unit, and a body where one of its ways ends."""

    units: Numbers
    bodies: Numbers


def _ends(graph: Graph, family: Numbers, units: Numbers) -> Ends:
    """Every body where a way of some units ends that carries a family: where nothing above it hands it on or stops it.

    A committee that stops it is an end only for a body that nobody else is above. What lies above somebody is few bodies:
    their ends are found first, and whoever lies below them has those of the one or two above him.
    """
    count = len(graph.finals)
    below, above = _usable(graph, family)
    between, wanted = np.zeros(count, bool), np.zeros(count, bool)
    between[above], wanted[units] = True, True
    upper = between[below]
    nodes = _climbed(np.flatnonzero(between), below[upper], above[upper], count)
    first = np.searchsorted(nodes.units, np.arange(count + 1))
    lower = wanted[below] & ~upper
    below, above = below[lower], above[lower]
    fan = np.bincount(below, minlength=count)
    several = fan[below] > 1
    one = _joined(below[~several], above[~several], first, nodes.bodies)
    many = _joined(below[several], above[several], first, nodes.bodies)
    alone = np.flatnonzero(wanted & ~between & (fan == 0))
    on_top = wanted[nodes.units]
    pairs = (
        one,
        _distinct(many.units * count + many.bodies, count),
        Ends(alone, alone),
        Ends(nodes.units[on_top], nodes.bodies[on_top]),
    )
    return Ends(*(np.concatenate([pair[part] for pair in pairs]) for part in (0, 1)))


def _usable(graph: Graph, family: Numbers) -> tuple[Numbers, Numbers]:
    """The lower and upper ends of the edges on which a family goes up, or is stopped by a committee."""
    carries: Flags = np.any(graph.carried & family, axis=1)
    stops: Flags = ~graph.climbs
    stops[stops] = np.any(graph.stops[stops] & family, axis=1)
    carried = carries[graph.kind]
    climbing = carried & graph.climbs[graph.above]
    higher = np.zeros(len(graph.finals), bool)
    higher[graph.below[climbing]] = True
    usable = climbing | carried & stops[graph.above] & ~higher[graph.below]
    return graph.below[usable], graph.above[usable]


def _climbed(bodies: Numbers, below: Numbers, above: Numbers, count: int) -> Ends:
    """Every end of the ways of some bodies, by walking all edges up at once; in the bodies' order."""
    order = np.argsort(below, kind="stable")
    above = above[order]
    first = np.searchsorted(below[order], np.arange(count + 1))
    here, found = Ends(bodies, bodies), [_NOBODY]
    for _ in range(MOST_STEPS):
        ended = first[here.bodies] == first[here.bodies + 1]
        found.append(here.units[ended] * count + here.bodies[ended])
        further = _joined(here.units[~ended], here.bodies[~ended], first, above)
        here = _distinct(further.units * count + further.bodies, count)
        if not len(here.units):
            break
    return _distinct(np.concatenate(found), count)


def _distinct(codes: Numbers, count: int) -> Ends:
    """Pairs told as unit * count + body, in order and each once. (numpy's unique hashes first, which costs ten times a sort.)"""
    codes = np.sort(codes)
    return Ends(*np.divmod(codes[_starts(codes)], count))


def _joined(left: Numbers, right: Numbers, first: Numbers, values: Numbers) -> Ends:
    """Each of `left` with every value of its `right`: those of r are values[first[r]:first[r + 1]]."""
    width = first[right + 1] - first[right]
    step = np.arange(width.sum()) - np.repeat(np.cumsum(width) - width, width)
    return Ends(np.repeat(left, width), values[np.repeat(first[right], width) + step])
