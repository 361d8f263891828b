"""全省路径体检 (design §5.1): every unit and series that reaches no final body, and where its way ends, in whole arrays.

What a body can reach is a set of series, held as the bits of one number; it flows down the edges until nothing changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]
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


def checkup(graph: Graph, every: int) -> tuple[list[Finding], int]:
    """(findings, the most units first; the bits of series that nobody takes at all). `every`: the bits of all series.

    A series without any final body is one finding of its own: no path can be mended for it.
    """
    taken = int(np.bitwise_or.reduce(graph.finals)) & every if len(graph.finals) else 0
    missing = np.where(graph.units, ~_reached(graph) & taken, 0)
    if not missing.any():
        return [], every & ~taken
    specific = _specific(graph, every) & taken
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for bits in (taken & ~specific, *_bits(specific)):
        lacking = missing & bits
        units = np.flatnonzero(lacking)
        if not len(units):
            continue
        ends = _ends(graph, bits)[units]
        for end, unit, lacks in zip(ends.tolist(), units.tolist(), lacking[units].tolist(), strict=True):
            known = found[end]
            known[unit] = known.get(unit, 0) | lacks
    findings = [Finding(end, *zip(*sorted(known.items()), strict=True)) for end, known in found.items()]
    return sorted(findings, key=lambda finding: (-len(finding.units), finding.end)), every & ~taken


def stranded(before: Graph, after: Graph) -> Numbers:
    """For each unit of `after` the series (bits) it reached a final body for, and no longer does."""
    return np.where(after.units, _reached(before) & ~_reached(after), 0)


def _reached(graph: Graph) -> Numbers:
    """For each body the series for which some way leads to a final body; an end of a way counts itself."""
    reached = graph.finals.copy()
    if not len(graph.below):
        return reached
    order = np.argsort(graph.below, kind="stable")
    below, above, series = graph.below[order], graph.above[order], graph.series[order]
    starts = np.flatnonzero(np.r_[True, below[1:] != below[:-1]])
    owners = below[starts]
    for _ in range(MOST_STEPS):
        flowing = np.bitwise_or.reduceat(reached[above] & series, starts) | reached[owners]
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
