"""Questions about approval paths: one applicant's ways up, and the province's."""

from app.approval_paths.queries.graphs import KINDS
from app.approval_paths.queries.mending import answered, mended_by, mends
from app.approval_paths.queries.province import (
    Breakage,
    Breakages,
    Checkup,
    Loss,
    broken_at,
    checkup_all,
    without_acceptance,
    without_body,
    without_coverage,
    without_edge,
)
from app.approval_paths.queries.reaching import (
    PathNode,
    Reach,
    edges_above,
    explain_break,
    final_bodies_for,
    loop_closed_by,
    mending,
    path_to,
    paths_for,
    reach,
)

__all__ = [
    "KINDS",
    "Breakage",
    "Breakages",
    "Checkup",
    "Loss",
    "PathNode",
    "Reach",
    "answered",
    "broken_at",
    "checkup_all",
    "edges_above",
    "explain_break",
    "final_bodies_for",
    "loop_closed_by",
    "mended_by",
    "mending",
    "mends",
    "path_to",
    "paths_for",
    "reach",
    "without_acceptance",
    "without_body",
    "without_coverage",
    "without_edge",
]
