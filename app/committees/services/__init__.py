"""Setting up committees, what belongs to them, and their annual batches."""

from app.committees.services.batches import batch_uses, change_batch, close_batch, create_batch
from app.committees.services.details import (
    add_founder,
    add_speciality,
    remove_fee,
    remove_founder,
    remove_speciality,
    set_fee,
)
from app.committees.services.establishing import (
    Established,
    change_committee,
    create_committee,
    deregister_committee,
    establish,
)
from app.committees.services.uses import covered_by, founded, open_batches_of

__all__ = [
    "Established",
    "add_founder",
    "add_speciality",
    "batch_uses",
    "change_batch",
    "change_committee",
    "close_batch",
    "covered_by",
    "create_batch",
    "create_committee",
    "deregister_committee",
    "establish",
    "founded",
    "open_batches_of",
    "remove_fee",
    "remove_founder",
    "remove_speciality",
    "set_fee",
]
