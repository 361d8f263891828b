"""Keeping the register of bodies, and saying what each may decide and issue."""

from app.bodies.services.authorising import (
    add_acceptance,
    add_issuing_authority,
    change_acceptance,
    change_issuing_authority,
    code_uses,
    deregister_acceptance,
    deregister_issuing_authority,
    set_guideline,
)
from app.bodies.services.keeping import (
    change_body,
    create_body,
    deregister_body,
    ending_problem,
    endings,
    hold,
    require_keeper,
    restore_body,
    take_registration,
    uses,
)

__all__ = [
    "add_acceptance",
    "add_issuing_authority",
    "change_acceptance",
    "change_body",
    "change_issuing_authority",
    "code_uses",
    "create_body",
    "deregister_acceptance",
    "deregister_body",
    "deregister_issuing_authority",
    "ending_problem",
    "endings",
    "hold",
    "require_keeper",
    "restore_body",
    "set_guideline",
    "take_registration",
    "uses",
]
