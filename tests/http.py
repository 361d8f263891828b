"""Doors for tests over HTTP: a client signed in as an actor, in a context of its own for each request."""

from __future__ import annotations

import contextvars
import re
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts import services as accounts
from app.accounts.models import Account
from app.bodies.enums import NodeType
from app.core import clock
from app.core.db import unit_of_work
from app.core.scope import Actor
from app.web.identity import TOKEN
from tests.people import make_actor
from tests.places import SYSTEM, make_body


def opened(browser: FlaskClient, address: str) -> dict[str, str]:
    """What the form of a record sends unseen when somebody opens it: the stamp of app.web.stamps."""
    found = re.search(r'name="stamp" value="([0-9a-f.]+)"', browser.get(address).text)
    assert found, f"{address} has no stamp"
    return {"stamp": found[1]}


OFFICERS = ("hr_officer", "special_plan_officer", "title_office")


class Browser(FlaskClient):
    """The test's own application context, and its database session, are not the request's."""

    def open(self, *args: Any, **options: Any) -> TestResponse:
        moment, ask = clock.now(), super().open

        def at_the_tests_time() -> TestResponse:
            with clock.at(moment):
                return ask(*args, **(options | {"buffered": True}))

        return contextvars.Context().run(at_the_tests_time)


class Doors:
    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app = app
        monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)

    def enter(self, actor: Actor) -> Browser:
        """A browser in which somebody of the actor's role, body and region has signed in."""
        body_id = actor.body_id
        if body_id is None and actor.role in OFFICERS:
            body_id = make_body("经办部门", NodeType.TITLE_OFFICE, region_code=actor.region_code)
        person = make_actor(actor.role, name="经办人", body_id=body_id, region_code=actor.region_code)
        return self.sign_in(person.user_id or 0)

    def sign_in(self, user_id: int) -> Browser:
        with unit_of_work(SYSTEM) as session:
            account = session.get_one(Account, user_id)
            opened = accounts.open_session(session, account=account, ip="127.0.0.1", agent="test")
        browser = Browser(self.app, self.app.response_class)
        signer = SecureCookieSessionInterface().get_signing_serializer(self.app)
        assert signer is not None
        browser.set_cookie(self.app.config["SESSION_COOKIE_NAME"], str(signer.dumps({TOKEN: opened.token})))
        return browser
