"""Setting up committees, what belongs to them, and their annual batches."""

from app.committees.services.batches import FIXED, batch_uses, change_batch, close_batch, create_batch, used_by
from app.committees.services.details import (
    add_fee,
    add_founder,
    add_speciality,
    change_fee,
    removal_problem,
    remove_fee,
    remove_founder,
    remove_speciality,
)
from app.committees.services.establishing import (
    Established,
    change_committee,
    create_committee,
    deregister_committee,
    establish,
    reset_operator,
)
from app.committees.services.uses import covered_by, founded, open_batches_of, taken_by

__all__ = [
    "FIXED",
    "Established",
    "add_fee",
    "add_founder",
    "add_speciality",
    "batch_uses",
    "change_batch",
    "change_committee",
    "change_fee",
    "close_batch",
    "covered_by",
    "create_batch",
    "create_committee",
    "deregister_committee",
    "establish",
    "founded",
    "open_batches_of",
    "removal_problem",
    "remove_fee",
    "remove_founder",
    "remove_speciality",
    "reset_operator",
    "taken_by",
    "used_by",
]
