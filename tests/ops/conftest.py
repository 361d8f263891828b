"""Doors to the console."""

from __future__ import annotations

import pytest

from app.core.enums import Role
from app.core.scope import Actor
from tests.http import Browser, Doors


@pytest.fixture
def desk(doors: Doors) -> Browser:
    """The administrator's."""
    return doors.enter(Actor(Role.SYSADMIN))
