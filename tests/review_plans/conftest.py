from __future__ import annotations

import pytest

from tests.applications.conftest import days, world
from tests.applications.world import World
from tests.review_plans.stage import Stage

__all__ = ["days", "stage", "world"]


@pytest.fixture
def stage(world: World) -> Stage:
    return Stage(world)
