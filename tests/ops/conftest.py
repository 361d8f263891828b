"""Doors to the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from app.core import clock
from app.core.enums import Role
from app.core.scope import Actor
from tests.http import Browser, Doors
from tests.places import MONDAY


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    with clock.at(MONDAY):
        yield Doors(app, monkeypatch)


@pytest.fixture
def desk(doors: Doors) -> Browser:
    """The administrator's."""
    return doors.enter(Actor(Role.SYSADMIN))
