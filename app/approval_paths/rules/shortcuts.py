"""Edges that nobody takes: applications go up level by level (逐级上报, Order No. 40; see `search`)."""

from __future__ import annotations

from app.approval_paths.rules.walking import Edges


def shortcuts(above: Edges) -> frozenset[tuple[int, int]]:
    """The edges beside which another way leads from the lower body to the upper, over bodies that they leave out.

    Every path over such an edge is a longer one with bodies left out, and of the others each lies on a path that is not.
    """
    reached: dict[int, frozenset[int]] = {}

    def climbed(body: int) -> frozenset[int]:
        if body not in reached:
            seen, waiting = {body}, [body]
            while waiting:
                fresh = set(above.get(waiting.pop(), ())) - seen
                seen |= fresh
                waiting += fresh
            reached[body] = frozenset(seen)
        return reached[body]

    return frozenset(
        (below, high)
        for below, superiors in above.items()
        if len(superiors) > 1
        for high in superiors
        if any(high in climbed(beside) for beside in superiors if beside != high)
    )
