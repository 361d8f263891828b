from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.applications.world import Days, World, build, standing_still


@pytest.fixture
def days() -> Iterator[Days]:
    """A clock that stands at 2026-03-02 10:00 in China until the test moves it."""
    yield from standing_still()


@pytest.fixture
def world(app: Flask, days: Days) -> World:
    return build(days)
