"""A unit that registers, and the office that decides."""

from __future__ import annotations

import pytest

from tests.http import Browser, Doors


@pytest.fixture
def visitor(doors: Doors) -> Browser:
    return Browser(doors.app, doors.app.response_class)
