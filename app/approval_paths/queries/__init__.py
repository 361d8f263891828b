"""Questions about approval paths: one applicant's ways up, and the province's."""

from app.approval_paths.queries.province import (
    Breakage,
    Checkup,
    Loss,
    checkup_all,
    without_acceptance,
    without_body,
    without_edge,
    without_speciality,
)
from app.approval_paths.queries.reaching import (
    PathNode,
    Reach,
    edges_above,
    explain_break,
    final_bodies_for,
    path_to,
    paths_for,
    reach,
)

__all__ = [
    "Breakage",
    "Checkup",
    "Loss",
    "PathNode",
    "Reach",
    "checkup_all",
    "edges_above",
    "explain_break",
    "final_bodies_for",
    "path_to",
    "paths_for",
    "reach",
    "without_acceptance",
    "without_body",
    "without_edge",
    "without_speciality",
]
