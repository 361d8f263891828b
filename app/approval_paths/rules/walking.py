"""The path search on plain values: bodies are numbers, edges a mapping from a body to those above it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from app.approval_paths.enums import Procedure
from app.bodies.enums import NodeType
from app.catalog.enums import AcquisitionMethod, TitleLevel

Edges = Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Search:
    """What a walk upwards found: complete paths (shortest first), and the bodies where the others end."""

    paths: tuple[tuple[int, ...], ...]
    broken: tuple[int, ...]
    """Bodies reached that are no final authority and have nobody above them: 路径断在了这里 (guide 1.28)."""
    reached: tuple[int, ...] = ()
    """Every body at or above the start, nearest first."""


MAX_PATHS = 200


def search(start: int, above: Edges, finals: Collection[int]) -> Search:
    """The simple paths from `start` up to a final authority, shortest first (at most MAX_PATHS), and every break.

    A final authority ends a path and may also lie on a longer one. Only branches that lead to one are walked, nearest
    first, so a province of ladders and crossings costs no more than what is listed. Applications go up level by level
    (逐级上报, Order No. 40): a way that leaves out bodies which another way to the same end passes is none.
    """
    reached = _reached(start, above)
    left = _steps_left(reached, above, finals)
    paths: list[tuple[int, ...]] = []
    heap: list[tuple[int, int, tuple[int, ...]]] = [(left[start], -1, (start,))] if start in left else []
    while heap and len(paths) < MAX_PATHS:
        _, _, path = heappop(heap)
        here = path[-1]
        if here in finals and len(path) > 1:
            paths.append(path)
        for body in above.get(here, ()):
            if body in left and body not in path:
                heappush(heap, (len(path) + left[body], -len(path) - 1, (*path, body)))
    broken = tuple(body for body in reached if body not in finals and not above.get(body))
    whole = [path for path in paths if not any(_shortens(path, other) for other in paths)]
    return Search(tuple(sorted(whole, key=lambda path: (len(path), path))), broken, tuple(reached))


def _shortens(path: Sequence[int], other: Sequence[int]) -> bool:
    """Whether `path` is `other` with bodies left out between its ends."""
    if len(path) >= len(other) or path[-1] != other[-1]:
        return False
    rest = iter(other)
    return all(body in rest for body in path)


def _reached(start: int, above: Edges) -> list[int]:
    """Every body at or above `start`, nearest first."""
    seen: dict[int, None] = {start: None}
    queue = deque([start])
    while queue:
        for body in above.get(queue.popleft(), ()):
            if body not in seen:
                seen[body] = None
                queue.append(body)
    return list(seen)


def _steps_left(reached: Sequence[int], above: Edges, finals: Collection[int]) -> dict[int, int]:
    """How many steps from each body to the nearest final authority; bodies that reach none are left out."""
    below: dict[int, list[int]] = {}
    for body in reached:
        for superior in above.get(body, ()):
            below.setdefault(superior, []).append(body)
    left = {body: 0 for body in reached if body in finals}
    queue = deque(left)
    while queue:
        here = queue.popleft()
        for body in below.get(here, ()):
            if body not in left:
                left[body] = left[here] + 1
                queue.append(body)
    return left


def cycle_with(below: int, above: int, edges: Edges) -> tuple[int, ...] | None:
    """The loop that a new edge below -> above would close, as bodies from `below` back to `below`; None if none."""
    if below == above:
        return (below, below)
    came_from: dict[int, int] = {above: below}
    queue = deque([above])
    while queue:
        here = queue.popleft()
        for body in edges.get(here, ()):
            if body == below:
                loop = [below, here]
                while loop[-1] != below:
                    loop.append(came_from[loop[-1]])
                return tuple(reversed(loop))
            if body not in came_from:
                came_from[body] = here
                queue.append(body)
    return None


LEVELS: Mapping[Procedure, frozenset[TitleLevel]] = {
    Procedure.INITIAL_DETERMINATION: AcquisitionMethod.INITIAL_DETERMINATION.levels,
    Procedure.RECOGNITION: AcquisitionMethod.RECOGNITION.levels,
    Procedure.JUNIOR_REVIEW: frozenset({TitleLevel.CLERK, TitleLevel.ASSISTANT}),
    Procedure.INTERMEDIATE_REVIEW: frozenset({TitleLevel.INTERMEDIATE}),
    Procedure.SENIOR_REVIEW: frozenset({TitleLevel.ASSOCIATE_SENIOR, TitleLevel.FULL_SENIOR}),
}
"""The levels an application of a procedure can have (Procedure.of)."""
WITHOUT_COMMITTEE = frozenset({Procedure.INITIAL_DETERMINATION, Procedure.RECOGNITION})


def edge_problem(
    procedure: Procedure, level: TitleLevel | None, below: NodeType | None, above: NodeType | None
) -> dict[str, str]:
    """What is wrong with an edge by the kinds of its ends, by field (guide 1.4 to 1.8): applications rise from units.

    Of what is None, nothing is known.
    """
    fields: dict[str, str] = {}
    if level and level not in LEVELS[procedure]:
        fields["level"] = f"{procedure.label}审核路径不办{level.label}。"
    if below is NodeType.COMMITTEE:
        fields["subordinate_id"] = "评委会是终审机构，不能作为下级。"
    if above is NodeType.UNIT:
        fields["superior_id"] = "所在单位不能作为上级机构。"
    elif above is NodeType.COMMITTEE and procedure in WITHOUT_COMMITTEE:
        fields["superior_id"] = f"{procedure.label}由受理机构终审，不经评委会。"
    return fields


@dataclass(frozen=True)
class Place:
    """Where a body stands in the picture of its paths: how many steps up, and which of those at that height."""

    step: int
    row: int


def layout(start: int, steps: Iterable[tuple[int, int]]) -> dict[int, Place]:
    """The places of everything reached: a body stands above all that lead to it (the longest way up counts)."""
    above: dict[int, list[int]] = {}
    incoming: dict[int, int] = {start: 0}
    for low, high in dict.fromkeys(steps):
        above.setdefault(low, []).append(high)
        incoming[high] = incoming.get(high, 0) + 1
    height = {start: 0}
    ready, rows = deque([start]), dict[int, int]()
    places: dict[int, Place] = {}
    while ready:
        here = ready.popleft()
        step = height[here]
        places[here] = Place(step, rows.get(step, 0))
        rows[step] = rows.get(step, 0) + 1
        for up in above.get(here, ()):
            height[up] = max(height.get(up, 0), step + 1)
            incoming[up] -= 1
            if not incoming[up]:
                ready.append(up)
    return places
