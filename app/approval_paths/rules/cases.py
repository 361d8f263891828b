"""What can be applied for, told apart as far as edges and committees do: a series, or some of its specialities."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

Label = int
"""What decides a speciality because it covers a node above it: a committee, or one line of its 评审专业."""


@dataclass(frozen=True)
class Tree:
    """The specialities somebody may apply for (leaves), by series, and of each the nodes above it, itself first."""

    leaves: Mapping[int, Sequence[int]]
    above: Mapping[int, Sequence[int]]

    @cached_property
    def _sizes(self) -> Counter[int]:
        return Counter(node for leaves in self.leaves.values() for leaf in leaves for node in self.above[leaf])

    def summed(self, leaves: Collection[int]) -> list[int]:
        """The fewest nodes with exactly these leaves below them, in the leaves' order."""
        inside = Counter(node for leaf in leaves for node in self.above[leaf])
        tops = (
            next(node for node in reversed(self.above[leaf]) if inside[node] == self._sizes[node]) for leaf in leaves
        )
        return list(dict.fromkeys(tops))


@dataclass(frozen=True)
class Case:
    """Specialities (leaves) of a series that the same edges carry and the same labels decide; none: a series without any."""

    series: int
    leaves: tuple[int, ...]
    marks: frozenset[int]
    """The nodes above them that some edge names."""
    labels: frozenset[Label]


def cases(
    series: Iterable[int], tree: Tree, marks: Collection[int], coverage: Mapping[int, Collection[Label]]
) -> list[Case]:
    """All of them; those that the same edges carry stand together. `coverage`: node -> what decides all below it."""
    found = []
    for number in series:
        parts: dict[tuple[frozenset[int], frozenset[Label]], list[int]] = defaultdict(list)
        for leaf in tree.leaves.get(number, ()):
            nodes = tree.above[leaf]
            labels = [label for node in nodes if node in coverage for label in coverage[node]]
            parts[frozenset(nodes).intersection(marks), frozenset(labels)].append(leaf)
        if not parts:
            parts[frozenset(), frozenset()] = []
        found += [
            Case(number, tuple(leaves), *key)
            for key, leaves in sorted(parts.items(), key=lambda part: (sorted(part[0][0]), part[1]))
        ]
    return found
