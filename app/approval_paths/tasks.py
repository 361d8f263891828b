"""Work nobody asks for: what was asked to be mended, and is."""

from __future__ import annotations

from app.approval_paths import services
from app.core.db import unit_of_work
from app.core.scope import Actor


def settle_mended() -> int:
    """Requests whose path breaks there no more are closed; how many."""
    system = Actor.system("nightly")
    with unit_of_work(system) as session:
        return services.settle_mended(session, actor=system)
