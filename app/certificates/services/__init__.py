"""Numbers, issuing, rendering, revoking. Every one leaves an entry in the chained certificate log."""

from app.certificates.services.issuing import issue, issue_many, revoke
from app.certificates.services.numbers import generate_numbers, take_number
from app.certificates.services.rendering import keep_rendered, photo_of, start_rendering, to_render

__all__ = [
    "generate_numbers",
    "issue",
    "issue_many",
    "keep_rendered",
    "photo_of",
    "revoke",
    "start_rendering",
    "take_number",
    "to_render",
]
