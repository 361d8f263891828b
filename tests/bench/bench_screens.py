"""Every list screen at province scale: its first page, the next, the last, each condition alone; the slowest first.

    .venv/bin/python -m tests.bench.bench_screens [INSTANCE URL]

Walks the menu as every role that may open a list, on the database of `bench_lists` or on the one named, and prints the
statements' time of each page, the slowest of the roles'. What is asked for by a condition is taken from the form itself.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from tests.bench import bench_lists

ROUNDS, WHO, BORN = 3, "基准员", date(1985, 5, 5)
ROLES = ("sysadmin", "hr_officer", "title_office", "department", "unit", "committee")
TEXTS = {"q": "长沙", "name": "长沙", "title": "长沙", "username": "scale", "action": "bodies", "actor_name": "周建国"}


@dataclass(frozen=True)
class Asked:
    """One page: `ms` of its statements, the least of some rounds; `slowest` of them alone."""

    screen: str
    page: str
    role: str
    ms: float
    slowest: float
    statement: str


class Watch:
    """How long the statements of a request take, one by one."""

    def __init__(self, engine: sa.Engine) -> None:
        self.took: list[tuple[float, str]] = []
        sa.event.listen(engine, "before_cursor_execute", self._begin)
        sa.event.listen(engine, "after_cursor_execute", self._end)

    def _begin(self, _connection: Any, _cursor: Any, _statement: str, _values: Any, context: Any, _many: bool) -> None:
        context.started = time.perf_counter()

    def _end(self, _connection: Any, _cursor: Any, statement: str, _values: Any, context: Any, _many: bool) -> None:
        if statement.startswith("SELECT"):
            self.took.append((1000 * (time.perf_counter() - context.started), statement))


def people(app: Flask) -> dict[str, FlaskClient]:
    """A browser for each role: officers of the province, the others of bodies that have something to see."""
    from app.accounts import services as accounts
    from app.accounts.models import Account, Post
    from app.approval_paths.models import PathEdge
    from app.bodies.enums import NodeType
    from app.bodies.models import Body
    from app.core.db import read_session, unit_of_work
    from app.core.enums import Role
    from app.core.scope import Actor
    from app.web.identity import TOKEN
    from tests import people as made

    system = Actor.system("bench")
    kinds = {
        "title_office": NodeType.TITLE_OFFICE,
        "department": NodeType.DEPARTMENT,
        "unit": NodeType.UNIT,
        "committee": NodeType.COMMITTEE,
    }
    browsers = {}
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    for name in ROLES:
        with read_session(system) as session:
            kind = kinds.get(name, NodeType.TITLE_OFFICE)
            ends = PathEdge.superior_id if kind is NodeType.COMMITTEE else PathEdge.subordinate_id
            busy = sa.select(ends).join(Body, Body.id == ends).where(Body.node_type == kind).group_by(ends)
            body = session.scalar(busy.order_by(sa.func.count().desc()).limit(1))
            here = sa.select(Post.user_id).join(Account, Account.id == Post.user_id).where(Post.role == Role(name))
            user_id = session.scalar(here.where(Account.first_name == WHO).limit(1))
            made._count = session.scalar(sa.select(sa.func.count(Account.id))) or 0
        if user_id is None:
            region = "430000" if name == "hr_officer" else ""
            body = None if name == "sysadmin" else body
            user_id = made.make_actor(Role(name), name=WHO, body_id=body, region_code=region, born=BORN).user_id
        with unit_of_work(system) as session:
            account = session.get_one(Account, user_id)
            opened = accounts.open_session(session, account=account, ip="127.0.0.1", agent="bench")
            accounts.resume(session, token=opened.token, idle=timedelta(hours=1))
        browser = app.test_client()
        browser.set_cookie(app.config["SESSION_COOKIE_NAME"], str(signer.dumps({TOKEN: opened.token})))
        browsers[name] = browser
    return browsers


def addresses(page: str, path: str) -> Iterator[tuple[str, str]]:
    """(what it is, address) of what a list's first page offers: next, last, and each condition alone."""
    for label, words in (("下一页", "下一页"), ("末页", "末页")):
        found = re.search(rf'href="([^"]+)">{words}</a>', page)
        if found:
            yield label, unescape(found[1])
    form = re.search(r'<form class="conditions".*?</form>', page, re.S)
    for select in re.findall(r"<select.*?</select>", form[0] if form else "", re.S):
        name = re.search(r'name="([^"]+)"', select)
        values = re.findall(r'<option[^>]*value="([^"]+)"', select)
        for value in values[:2]:
            yield f"{name[1] if name else ''}={value}", f"{path}?{name[1] if name else ''}={value}"
    for name in re.findall(r'<input[^>]*name="([^"]+)"[^>]*type="text"', form[0] if form else ""):
        if not name.endswith("__text"):
            yield f"{name}=…", f"{path}?{name}={TEXTS.get(name, '长沙')}"


def walk(app: Flask, browsers: dict[str, FlaskClient], rounds: int = ROUNDS) -> Iterator[Asked]:
    """Every page of every list, as each role that may open it."""
    from app.core.db import db
    from app.core.enums import Role
    from app.web.access import roles_for, views
    from app.web.lists import ListScreen

    with app.app_context():  # left again: each request has one of its own
        watch, screens = (
            Watch(db.engine),
            [view for view in views() if isinstance(view, ListScreen) and "<" not in view.route_base],
        )

    def ask(browser: FlaskClient, address: str) -> tuple[str, list[tuple[float, str]]]:
        best: list[tuple[float, str]] = []
        for _ in range(rounds):
            watch.took.clear()
            answer = browser.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            if not best or sum(ms for ms, _ in watch.took) < sum(ms for ms, _ in best):
                best = list(watch.took)
        return answer.text, best

    for view in screens:
        for name, browser in browsers.items():
            if Role(name) not in roles_for(view, "list"):
                continue
            path = f"{view.route_base}/"
            first, took = ask(browser, path)
            for label, address in (("第一页", path), *addresses(first, path)):
                if address != path:
                    _, took = ask(browser, address)
                slowest, statement = max(took)
                yield Asked(view.title, label, name, sum(ms for ms, _ in took), slowest, statement)


def main() -> None:
    from app.core import schema
    from app.core.db import db
    from app.factory import create_app

    with tempfile.TemporaryDirectory() as folder:
        instance = Path(sys.argv[1] if len(sys.argv) > 1 else folder)
        url = sys.argv[2] if len(sys.argv) > 2 else bench_lists.province(instance, bench_lists.WHOLE)
        app = create_app(INSTANCE=instance, SQLALCHEMY_DATABASE_URI=url, REDIS_URL="")
        with app.app_context():
            schema.upgrade(db.engine)
            browsers = people(app)
        asked = list(walk(app, browsers))
    worst: dict[tuple[str, str], Asked] = {}
    for one in sorted(asked, key=lambda one: one.ms):
        worst[one.screen, one.page] = one
    print(f"{'ms':>8} {'of it':>8}  screen · page (role)")
    for one in sorted(worst.values(), key=lambda one: -one.ms)[:40]:
        print(f"{one.ms:8.1f} {one.slowest:8.1f}  {one.screen} · {one.page}（{one.role}）")
    print(f"{len(asked)} pages of {len({one.screen for one in asked})} screens; the slowest statement:")
    print(max(asked, key=lambda one: one.slowest).statement)


if __name__ == "__main__":
    main()
