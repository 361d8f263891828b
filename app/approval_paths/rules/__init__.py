"""Rules of approval paths on plain values: walking one, and checking all of them at once."""

from app.approval_paths.rules.cases import Case, Label, Tree, cases
from app.approval_paths.rules.checkup import WORD, Finding, Findings, Graph, bits_of, checkup, stranded, words
from app.approval_paths.rules.edges import LEVELS, WITHOUT_COMMITTEE, edge_problem, keeping_problem, twice, wider
from app.approval_paths.rules.loops import MOST_LOOPS, Ancestors, Loop, Way, loop_with, loops
from app.approval_paths.rules.shortcuts import shortcuts
from app.approval_paths.rules.walking import (
    MAX_PATHS,
    Edges,
    Place,
    Search,
    cycle_with,
    layout,
    search,
)

__all__ = [
    "LEVELS",
    "MAX_PATHS",
    "MOST_LOOPS",
    "WITHOUT_COMMITTEE",
    "WORD",
    "Ancestors",
    "Case",
    "Edges",
    "Finding",
    "Findings",
    "Graph",
    "Label",
    "Loop",
    "Place",
    "Search",
    "Tree",
    "Way",
    "bits_of",
    "cases",
    "checkup",
    "cycle_with",
    "edge_problem",
    "keeping_problem",
    "layout",
    "loop_with",
    "loops",
    "search",
    "shortcuts",
    "stranded",
    "twice",
    "wider",
    "words",
]
