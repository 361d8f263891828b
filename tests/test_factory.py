"""The application as a whole: what it refuses to start with, and what every answer carries."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app import factory
from app.core import clock, schema
from app.core.db import db, unit_of_work
from app.core.scope import Actor
from seeds.demo_world import build_world
from seeds.reference import load_reference


def production_on(database_url: str, monkeypatch: pytest.MonkeyPatch, **environment: str) -> Flask:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("INSTANCE", tempfile.mkdtemp(prefix="zc-production-"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return factory.production()


SECRETS = {"SECRET_KEY": "s" * 40, "DATA_KEY": "d" * 40}


def test_production_refuses_default_secrets(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(factory.UnsafeProductionError, match="SECRET_KEY and DATA_KEY must be set"):
        production_on(app.config["SQLALCHEMY_DATABASE_URI"], monkeypatch)


def test_production_refuses_demo_accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'p.db'}"
    site = factory.create_app(SQLALCHEMY_DATABASE_URI=url, INSTANCE=tmp_path, TESTING=True)
    with site.app_context():
        schema.upgrade(db.engine)
        with unit_of_work(Actor.system("test")) as session:
            load_reference(session)
        assert production_on(url, monkeypatch, **SECRETS).config["SESSION_COOKIE_SECURE"] is True
        with unit_of_work(Actor.system("test")) as session:
            build_world(session, 2026)
    with pytest.raises(factory.UnsafeProductionError, match="20 demo accounts exist"):
        production_on(url, monkeypatch, **SECRETS)


def test_production_has_no_demo_doors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    site = factory.create_app(
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path / 'p.db'}",
        INSTANCE=tmp_path,
        PRODUCTION=True,
        DEMO=False,
        WTF_CSRF_ENABLED=False,
    )
    with site.app_context():
        schema.upgrade(db.engine)
    client = site.test_client()
    assert client.post("/demo/sign-in/province").status_code == 404
    assert client.post("/demo/clock/", data={"days": "7"}).status_code == 404
    page = client.get("/")
    assert "Zhicheng@2026" not in page.text
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_every_page_carries_the_headers_and_a_fresh_nonce(app: Flask) -> None:
    client = app.test_client()
    nonces = set()
    for _ in range(2):
        page = client.get("/login/")
        policy = page.headers["Content-Security-Policy"]
        nonces.update(re.findall(r"'nonce-([^']+)'", policy))
        assert "unsafe" not in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.headers["Cache-Control"] == "no-store"
    assert len(nonces) == 2


def test_a_post_without_a_token_changes_nothing(app: Flask) -> None:
    assert app.test_client().post("/logout/").status_code == 400


def test_the_nightly_task_runs_at_ten_past_one_in_china(app: Flask) -> None:
    queue = app.extensions["queue"]
    nightly = next(task for task in queue._registry.periodic_tasks if type(task).__name__ == "nightly")
    midnight = datetime(2026, 3, 2, tzinfo=clock.CHINA)
    minutes = (midnight + timedelta(minutes=minute) for minute in range(24 * 60))
    due = [m for m in minutes if nightly.validate_datetime(m.astimezone(UTC).replace(tzinfo=None))]  # the queue's clock
    assert queue.utc and [f"{moment:%H:%M}" for moment in due] == ["01:10"]
