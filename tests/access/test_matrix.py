"""Every route, every method, every role, every kind of row: who gets in, who does not, and that nothing moves."""

from __future__ import annotations

import contextvars
import io
import os
import re
import time
import zipfile
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.accounts import services as accounts
from app.accounts.models import Account
from app.core.db import Model, db, unit_of_work
from app.core.enums import Role
from app.core.scope import Actor
from app.web.access import undeclared
from app.web.identity import TOKEN
from tests.access.expectations import ALL, APPLICATION_ROWS, CERTIFICATE_ROWS, EXPECTED, PERSONS, Expect
from tests.access.world import Rows, build
from tests.conftest import DATABASES, Backend

SYSTEM = Actor.system("access matrix")
MISSING = 999_999
LONG = bool(os.environ.get("LONG"))
FINE = {200, 302, 304, 400, 409, 422}
"""How an allowed person may be answered: 400, 409 and 422 are answers to an empty or untimely form."""
POSTS_A_LOOK = 8
"""After so many refused forms every row is looked at."""
SECOND = {"changsha", "furong", "sibling", "far_agency", "far_committee", "applicant2"}
"""Persons whose role somebody else has too: they differ in the rows they see, not in the routes they open."""
PUBLISHED = {"NoticeView.show", "NoticeView.list", "CheckView.scan"}
"""Pages on which anybody may read names."""


@dataclass(frozen=True)
class Cell:
    endpoint: str
    method: str
    person: str
    row: str
    url: str
    allowed: bool

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint} [{self.row or '-'}] by {self.person} ({self.url})"


class Site:
    """The application with its world, and its doors."""

    def __init__(self, app: Flask, rows: Rows) -> None:
        self.app, self.rows, self.tokens = app, rows, dict[str, str]()
        self.problems: list[str] = []
        self.cookies = 0

    def token(self, person: str) -> str:
        with unit_of_work(SYSTEM) as session:
            account = session.get_one(Account, self.rows.users[person])
            opened = accounts.open_session(session, account=account, ip="127.0.0.1", agent="matrix")
        return opened.token

    def ask(self, cell: Cell, *, fresh: bool = False, briefly: bool = False) -> TestResponse:
        """`briefly`: an error is told in JSON, without a page to draw."""
        token = None
        if cell.person != "anonymous":
            token = self.token(cell.person) if fresh else self.tokens[cell.person]
        # in a context of its own: the fixture's application context, and its session, are not this person's
        response = contextvars.Context().run(self._open, cell, token, briefly)
        self._headers(cell, response)
        if response.status_code >= 500:
            self.wrong(cell, response, "broke")
        return response

    def _open(self, cell: Cell, token: str | None, briefly: bool) -> TestResponse:
        client = self.app.test_client()
        signer = SecureCookieSessionInterface().get_signing_serializer(self.app)
        if token and signer:
            client.set_cookie(self.app.config["SESSION_COOKIE_NAME"], str(signer.dumps({TOKEN: token})))
        data = {"post_id": str(self.rows.ids["post"].get(cell.person, 0))} if cell.endpoint == "PostView.choose" else {}
        sent = data if cell.method == "POST" else None
        wanted = {"Accept": "application/json"} if briefly else None
        return client.open(cell.url, method=cell.method, data=sent, headers=wanted, buffered=True)

    def wrong(self, cell: Cell, response: TestResponse, what: str) -> None:
        to = f" -> {response.location}" if response.location else ""
        self.problems.append(f"{what}: {cell} answered {response.status_code}{to}")

    def _headers(self, cell: Cell, response: TestResponse) -> None:
        policy = response.headers.get("Content-Security-Policy", "")
        safe = (
            "default-src" in policy
            and "unsafe-eval" not in policy
            and not re.search(r"script-src[^;]*unsafe-inline", policy)
            and (response.mimetype != "text/html" or re.search(r"script-src 'self' 'nonce-[\w-]{16,}'", policy))
            and response.headers.get("X-Content-Type-Options") == "nosniff"
            and response.headers.get("X-Frame-Options") == "SAMEORIGIN"
            and response.headers.get("Referrer-Policy") == "same-origin"
        )
        if not safe:
            self.wrong(cell, response, "security headers")
        for cookie in response.headers.getlist("Set-Cookie"):
            self.cookies += 1
            if "HttpOnly" not in cookie or "SameSite=Lax" not in cookie:
                self.wrong(cell, response, f"cookie {cookie.split('=')[0]}")

    def digest(self) -> dict[str, int]:
        """Of every row of every table but the record of the refusals themselves and when a session was last seen."""
        content: dict[str, int] = {}
        with db.engine.connect() as connection:
            for table in Model.metadata.sorted_tables:
                if table.name == "chain_heads":  # moves with the record of a refusal; entries are compared themselves
                    continue
                columns = [c.name for c in table.c if (table.name, c.name) != ("login_sessions", "seen_at")]
                # as the database holds them: what a column's type makes of it may be new each time
                names = ", ".join(f'"{name}"' for name in columns)
                but = " WHERE action <> 'access.refused'" if table.name == "audit_entries" else ""
                rows = connection.execute(sa.text(f'SELECT {names} FROM "{table.name}"{but}')).all()
                content[table.name] = hash(tuple(sorted(map(repr, map(tuple, rows)))))
        return content

    def unmoved(self, before: dict[str, int], since: list[str]) -> dict[str, int]:
        """Whether the refused posts to `since` left every row as it was; how the rows are now."""
        after = self.digest()
        if changed := [name for name in after if after[name] != before[name]]:
            self.problems.append(f"changed: one of the refused posts to {since} left something behind in {changed}")
        return after

    def hidden_names(self, person: str) -> list[bytes]:
        """Names of applicants none of whose rows this person may see."""
        seen: dict[str, bool] = {}
        for rows in (APPLICATION_ROWS, CERTIFICATE_ROWS):
            for row, people in rows.items():
                name = self.rows.names[row]
                seen[name] = seen.get(name, False) or person in people
        return [name.encode() for name, visible in seen.items() if not visible and name.startswith("访乙")]


@pytest.fixture
def site(app: Flask, database: Backend, monkeypatch: pytest.MonkeyPatch) -> Site:
    rows = database.lived("the world of the matrix", lambda: build(app))
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    return Site(app, rows)


def routes(app: Flask) -> list[tuple[Rule, str]]:
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append((rule, method))
    return sorted(found, key=lambda pair: (pair[0].endpoint, pair[0].rule, pair[1]))


def _address(rows: Rows, rule: Rule, expect: Expect, row: str) -> str:
    values: dict[str, Any] = dict(expect.values)
    if expect.table == "token":
        values["token"] = rows.token if row == "good" else rows.token[:-4] + "AAAA"
    elif expect.table:
        values["pk"] = rows.ids[expect.table].get(row, MISSING)
    if "candidate_id" in rule.arguments:
        values["candidate_id"] = rows.ids["candidate"].get(row, MISSING)
    return url_for(rule.endpoint, **values)


def _whole() -> bool:
    return LONG or db.engine.dialect.name == DATABASES[0]


def cells(app: Flask, rows: Rows) -> dict[tuple[str, str], list[Cell]]:
    """(endpoint, method) -> its cells. Whose role may not open the route at all is asked once, for one row.

    That answer is given before any row is looked for: in the short programme one database is enough for it, and of
    the others the second asks every third.
    """
    whole = _whole()
    table: dict[tuple[str, str], list[Cell]] = {}
    with app.test_request_context():
        for rule, method in routes(app):
            expect = EXPECTED[rule.endpoint]
            names = [*expect.rows, "missing"] if expect.table and expect.table != "token" else [*expect.rows] or [""]
            for row in names:
                url = _address(rows, rule, expect, row)
                sees = expect.rows.get(row, frozenset()) if expect.table else ALL
                table.setdefault((rule.endpoint, method), []).extend(
                    Cell(rule.endpoint, method, person, row, url, person in expect.who & sees)
                    for person in PERSONS
                    if person in expect.who
                    or (whole and row == names[0] and person not in SECOND)
                    or (person == "anonymous" and row == names[0])
                )
    return table


def _refused(site: Site, cell: Cell) -> None:
    response = site.ask(cell, briefly=not LONG and cell.person != "anonymous")
    turned_away = cell.person == "anonymous" and response.status_code == 302 and "/login/" in (response.location or "")
    who = EXPECTED[cell.endpoint].who
    # a role's own answer is 403, before any row is looked for; a row that is not seen does not exist
    wanted = (403,) if who and cell.person not in who and cell.person != "anonymous" else (403, 404)
    if not (turned_away or response.status_code in wanted):
        site.wrong(cell, response, "got in")


def _text(response: TestResponse) -> bytes:
    body = response.get_data()
    if not body.startswith(b"PK"):
        return body
    with zipfile.ZipFile(io.BytesIO(body)) as workbook:
        return b"".join(workbook.read(name) for name in workbook.namelist())


def _allowed(site: Site, cell: Cell) -> None:
    signing = cell.endpoint.startswith(("AuthView", "PostView"))
    response = site.ask(cell, fresh=signing)
    to_login = "/login/" in (response.location or "") and not signing
    if response.status_code not in FINE or to_login:
        site.wrong(cell, response, "kept out")
    if cell.method == "GET" and response.status_code not in (200, 302):
        site.wrong(cell, response, "no page")
    if cell.endpoint not in PUBLISHED and cell.person != "sysadmin":
        text = _text(response)
        for name in site.hidden_names(cell.person):
            if name in text:
                site.wrong(cell, response, f"shows {name.decode()}")


def test_every_route_is_expected(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints == set(EXPECTED)


def test_every_endpoint_is_declared(app: Flask) -> None:
    with app.test_request_context():
        assert undeclared(rule.endpoint for rule in app.url_map.iter_rules()) == []
        assert undeclared(["HomeView.index", "NobodysView.list"]) == ["NobodysView.list"]


@pytest.mark.timeout(900)  # one world, some thousand requests
def test_the_matrix(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused cells first: not one of them may change a row. Then the allowed ones, pages before forms."""
    started = time.monotonic()
    table = cells(site.app, site.rows)
    if not _whole():
        table = {route: asked[turn % 3 :: 3] for turn, (route, asked) in enumerate(table.items())}
    for person in PERSONS[1:]:
        site.tokens[person] = site.token(person)
    before, since = site.digest(), list[str]()
    for (endpoint, method), asked in table.items():
        for cell in asked:
            if not cell.allowed:
                _refused(site, cell)
        since += [endpoint] if method == "POST" else []
        if len(since) == POSTS_A_LOOK:
            before, since = site.unmoved(before, since), []
    site.unmoved(before, since)
    for wanted in ("GET", "POST"):
        for (_, method), asked in table.items():
            for cell in asked:
                if cell.allowed and method == wanted:
                    _allowed(site, cell)
    assert site.cookies > len(PERSONS)
    every = [cell for asked in table.values() for cell in asked]
    count = Counter(cell.allowed for cell in every)
    with capsys.disabled():
        print(
            f"\naccess matrix: {len(table)} routes, {len(every)} cells ({count[True]} allowed, {count[False]} refused) "
            f"in {time.monotonic() - started:.0f} s"
        )
    assert not site.problems, "\n".join(site.problems)


def test_a_person_who_has_not_chosen_a_post_opens_nothing(site: Site) -> None:
    with unit_of_work(SYSTEM) as session:
        accounts.grant_post(
            session,
            actor=SYSTEM,
            user_id=site.rows.users["judge2"],
            role=Role.UNIT,
            body_id=_body_of_unit(session),
        )
    site.tokens["judge2"] = site.token("judge2")
    open_to_all = {"AuthView", "PostView", "PasswordView", "DemoClockView", "static", "appbuilder"}
    for (endpoint, _), asked in cells(site.app, site.rows).items():
        if endpoint.split(".")[0] in open_to_all:
            continue
        cell = asked[0]
        cell = Cell(cell.endpoint, cell.method, "judge2", cell.row, cell.url, False)
        response = site.ask(cell)
        if response.status_code != 302 or response.location != "/post/":
            site.wrong(cell, response, "got in without a post")
    assert not site.problems, "\n".join(site.problems)


def _body_of_unit(session: Any) -> int:
    from app.bodies.models import Body
    from seeds.demo_world import DRAINAGE

    return int(session.scalars(sa.select(Body.id).where(Body.name == DRAINAGE)).one())


def test_no_form_is_taken_without_its_token(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(site.app.config, "WTF_CSRF_ENABLED", True)
    table = cells(site.app, site.rows)
    site.tokens = {person: site.token(person) for person in PERSONS[1:]}
    before = site.digest()
    asked = 0
    for (_, method), every in table.items():
        if method != "POST":
            continue
        chosen = [next((c for c in every if c.allowed), every[0]), next(c for c in every if c.person == "anonymous")]
        for cell in chosen:
            asked += 1
            response = site.ask(cell)
            if response.status_code != 400:
                site.wrong(cell, response, "taken without a token")
    assert not site.problems, "\n".join(site.problems)
    assert asked > 100
    assert site.digest() == before
