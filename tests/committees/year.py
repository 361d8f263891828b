"""A year's batch of a committee, for the tests of both."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.catalog.enums import TitleLevel as L
from app.committees import services
from app.core.enums import Role
from app.core.scope import Actor
from tests.places import act, actor_of

BATCH: dict[str, Any] = {
    "year": 2026,
    "name": "年度评审",
    "levels": [L.FULL_SENIOR, L.ASSOCIATE_SENIOR],
    "opens_on": date(2026, 3, 1),
    "closes_on": date(2026, 5, 31),
    "review_from": date(2026, 6, 1),
    "review_until": date(2026, 12, 31),
}
"""As its form asks for it; open on the tests' Monday."""


def batch(committee_id: int, actor: Actor | None = None, **changes: Any) -> int:
    actor = actor or actor_of(committee_id, Role.COMMITTEE)
    return act(actor, services.create_batch, committee_id=committee_id, **(BATCH | changes))
