"""The path search on plain values: bodies are numbers, edges a mapping from a body to those above it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Edges = Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Search:
    """What a walk upwards found: complete paths (shortest first), and the bodies where the others end."""

    paths: tuple[tuple[int, ...], ...]
    broken: tuple[int, ...]
    """Bodies reached that are no final authority and have nobody above them: 路径断在了这里 (guide 1.28)."""


MAX_PATHS = 200


def search(start: int, above: Edges, finals: Collection[int]) -> Search:
    """Every simple path from `start` up to a final authority, shortest first, and every break.

    A final authority ends a path and may also lie on a longer one. At most MAX_PATHS paths are listed.
    """
    paths: list[tuple[int, ...]] = []
    broken: dict[int, None] = {}
    queue: deque[tuple[int, ...]] = deque([(start,)])
    while queue and len(paths) < MAX_PATHS:
        path = queue.popleft()
        here = path[-1]
        if here in finals and len(path) > 1:
            paths.append(path)
        onward = [body for body in above.get(here, ()) if body not in path]
        if not onward and here not in finals:
            broken.setdefault(here)
        queue.extend((*path, body) for body in onward)
    return Search(tuple(paths), tuple(broken))


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
