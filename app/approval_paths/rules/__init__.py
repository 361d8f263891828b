"""Rules of approval paths on plain values: walking one, and checking all of them at once."""

from app.approval_paths.rules.checkup import Finding, Findings, Graph, checkup, stranded
from app.approval_paths.rules.walking import (
    LEVELS,
    MAX_PATHS,
    WITHOUT_COMMITTEE,
    Edges,
    Place,
    Search,
    cycle_with,
    edge_problem,
    layout,
    search,
)

__all__ = [
    "LEVELS",
    "MAX_PATHS",
    "WITHOUT_COMMITTEE",
    "Edges",
    "Finding",
    "Findings",
    "Graph",
    "Place",
    "Search",
    "checkup",
    "cycle_with",
    "edge_problem",
    "layout",
    "search",
    "stranded",
]
