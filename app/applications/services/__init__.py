"""Everything that happens to an application. `move` is the one function that changes its state."""

from app.applications.services.applying import (
    eligibility_of,
    lapse,
    required_sections,
    save_draft,
    save_section,
    submission_facts,
    submit,
    withdraw,
)
from app.applications.services.deciding import (
    DECISIONS,
    HOLDER_ROLES,
    advance,
    decide,
    explain,
    forward,
    forward_many,
    upward_facts,
)
from app.applications.services.materials import attach_material, checklist, remove_material, reuse_material
from app.applications.services.moving import load, move
from app.applications.services.uses import batch_in_use, speciality_in_use, title_in_use
from app.approval_paths.queries import final_bodies_for

__all__ = [
    "DECISIONS",
    "HOLDER_ROLES",
    "advance",
    "attach_material",
    "batch_in_use",
    "checklist",
    "decide",
    "eligibility_of",
    "explain",
    "final_bodies_for",
    "forward",
    "forward_many",
    "lapse",
    "load",
    "move",
    "remove_material",
    "required_sections",
    "reuse_material",
    "save_draft",
    "save_section",
    "speciality_in_use",
    "submission_facts",
    "submit",
    "title_in_use",
    "upward_facts",
    "withdraw",
]
