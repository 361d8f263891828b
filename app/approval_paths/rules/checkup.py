"""全省路径体检 (design §5.1): every unit and series that reaches no final body, and where its way ends, in whole arrays.

What a body can reach is a set of series, held as the bits of one number; it flows down the edges until nothing changes.
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
_NONE = np.zeros(0, dtype=np.int64)
MOST_STEPS = 64
"""No way up is longer; edges never close a loop, so this only bounds a damaged table."""


@dataclass(frozen=True)
class Graph:
    """The edges of one procedure and level between bodies numbered from 0, and what lies at their ends.

    `series[i]`: the bits of the series edge i carries. `finals[b]`: the bits of the series body b takes as final authority.
    `units`: the bodies asked about. `climbable`: bodies an application passes through (committees end a way).
    """

    below: Numbers
    above: Numbers
    series: Numbers
    finals: Numbers
    units: Flags
    climbable: Flags


class Finding(NamedTuple):
    """The ways of `units` end at body `end`; `lacking[i]`: the series (bits) unit i cannot apply for, because of that."""

    end: int
    units: tuple[int, ...]
    lacking: tuple[int, ...]

    @property
    def series(self) -> int:
        """The bits of every series some unit lacks."""
        return reduce(or_, self.lacking)


class Findings(Sequence[Finding]):
    """Each end once, the most units first. Kept as arrays: a province may have a hundred thousand, and a page shows few."""

    def __init__(self, ends: Numbers, units: Numbers, lacking: Numbers) -> None:
        """Row by row: the way of a unit ends there, for the series in `lacking`."""
        order = np.lexsort((units, ends))
        ends, units, lacking = ends[order], units[order], lacking[order]
        own = _starts(ends, units)  # a unit may end at one body for several series
        ends, self.units, self._lacking = ends[own], units[own], _joined(lacking, own)
        first = _starts(ends)
        last = np.r_[first[1:], len(ends)]
        heaviest = np.argsort(first - last, kind="stable")
        self._ends, self._first, self._last = ends[first][heaviest], first[heaviest], last[heaviest]

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Finding]: ...
    def __getitem__(self, index: int | slice) -> Finding | Sequence[Finding]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        rows = slice(self._first[index], self._last[index])
        return Finding(int(self._ends[index]), tuple(self.units[rows].tolist()), tuple(self._lacking[rows].tolist()))


def checkup(graph: Graph, every: int) -> tuple[Findings, int]:
    """(findings; the bits of series that nobody takes at all). `every`: the bits of all series.

    A series without any final body is one finding of its own: no path can be mended for it.
    """
    taken = int(np.bitwise_or.reduce(graph.finals)) & every if len(graph.finals) else 0
    missing = np.where(graph.units, ~_reached(graph) & taken, 0)
    specific = _specific(graph, every) & taken
    pieces = [(_NONE, _NONE, _NONE)]
    for bits in (taken & ~specific, *_bits(specific)):
        lacking = missing & bits
        units = np.flatnonzero(lacking)
        if len(units):
            pieces.append((_ends(graph, bits)[units], units, lacking[units]))
    return Findings(*map(np.concatenate, zip(*pieces, strict=True))), every & ~taken


def stranded(before: Graph, after: Graph) -> Numbers:
    """For each unit of `after` the series (bits) it reached a final body for, and no longer does."""
    return np.where(after.units, _reached(before) & ~_reached(after), 0)


def _starts(*keys: Numbers) -> Numbers:
    """Where a new run of equal keys begins; the rows are sorted by them."""
    if not len(keys[0]):
        return _NONE
    changes = [key[1:] != key[:-1] for key in keys]
    return np.flatnonzero(np.r_[True, np.logical_or.reduce(changes)])


def _joined(bits: Numbers, starts: Numbers) -> Numbers:
    """The bits of each run together."""
    return np.bitwise_or.reduceat(bits, starts) if len(starts) else _NONE


def _reached(graph: Graph) -> Numbers:
    """For each body the series for which some way leads to a final body; an end of a way counts itself."""
    reached = graph.finals.copy()
    if not len(graph.below):
        return reached
    order = np.argsort(graph.below, kind="stable")
    below, above, series = graph.below[order], graph.above[order], graph.series[order]
    starts = _starts(below)
    owners = below[starts]
    for _ in range(MOST_STEPS):
        flowing = _joined(reached[above] & series, starts) | reached[owners]
        if np.array_equal(flowing, reached[owners]):
            break
        reached[owners] = flowing
    return reached


def _specific(graph: Graph, every: int) -> int:
    """The series for which some way up is a series' own, so that ends differ by series."""
    own = graph.series[graph.climbable[graph.above]]
    own = own[own != every] if len(own) else own
    return int(np.bitwise_or.reduce(own)) if len(own) else 0


def _ends(graph: Graph, bits: int) -> Numbers:
    """For each body where its first way ends that carries `bits`: itself, where nothing lies above it but committees."""
    usable = ((graph.series & bits) != 0) & graph.climbable[graph.above]
    up = np.arange(len(graph.finals), dtype=np.int64)
    up[graph.below[usable][::-1]] = graph.above[usable][::-1]  # the first edge wins
    for _ in range(MOST_STEPS):
        further = up[up]
        if np.array_equal(further, up):
            break
        up = further
    return up


def _bits(mask: int) -> Sequence[int]:
    return [1 << place for place in range(mask.bit_length()) if mask >> place & 1]
