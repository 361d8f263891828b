from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.db import db
from tests.web import bed


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Flask]:
    """The small application of `bed`."""
    app = bed.make(tmp_path)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def http(web: Flask) -> FlaskClient:
    return web.test_client()
