"""Everything that happens to approval paths: who is below whom, and what is asked where a path breaks."""

from app.approval_paths.services.keeping import (
    LOCK,
    add_subordinate,
    cancel_edge,
    change_edge,
    confirm_edge,
    create_edge,
)
from app.approval_paths.services.mending import ask_to_mend, hindrances, settle_mended, settle_mending

__all__ = [
    "LOCK",
    "add_subordinate",
    "ask_to_mend",
    "cancel_edge",
    "change_edge",
    "confirm_edge",
    "create_edge",
    "hindrances",
    "settle_mended",
    "settle_mending",
]
