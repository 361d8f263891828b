"""The same lists by others and by us, each in a process of its own: `python -m tests.bench.peers NAME INSTANCE URL`.

Prints {line: [median ms, bytes of the answer]} as JSON: CPU time on SQLite; on PostgreSQL, half of whose work is done by
another process, wall time. Stock means: as its manual begins, twenty rows a page, nothing tuned. The longest list is the
audit trail; the fuzzy search asks the register of bodies by Chinese, by code, and by initials, which the others don't know.
Lines that begin with "rows:" ask for the rows alone: for the bare query its execution, for us what a list does before
anything is rendered.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

SIZE, ROUNDS = 20, 9
WHO, WHAT, WORD, CODE, INITIALS = "刘志强", "applications.submit", "长沙文化馆", "SCALE00012", "csxd1"
COLUMNS = ("id", "at", "actor_name", "role", "action", "object_type", "object_id", "ip")
Lines = dict[str, Callable[[], int]]


def extent(url: str) -> tuple[int, int]:
    """(rows of the trail, highest id)."""
    with sa.create_engine(url).connect() as connection:
        return tuple(connection.execute(sa.text("SELECT count(*), max(id) FROM audit_entries")).one())  # type: ignore[return-value]


# -- the floor -------------------------------------------------------------------------------------------------


def bare(instance: Path, url: str) -> Lines:
    """Keyset queries by SQLAlchemy Core, told by the plainest of pages."""
    from jinja2 import Environment

    engine = sa.create_engine(url)
    trail = sa.Table("audit_entries", sa.MetaData(), autoload_with=engine)
    bodies = sa.Table("bodies", sa.MetaData(), autoload_with=engine)
    page = Environment(autoescape=True).from_string(
        "<table>{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>{% endfor %}</table>"
    )
    columns = [trail.c[name] for name in COLUMNS]
    count, highest = extent(url)

    def show(statement: sa.Select[Any]) -> Callable[[], int]:
        def ask() -> int:
            with engine.connect() as connection:
                return len(page.render(rows=connection.execute(statement).all()).encode())

        return ask

    def rows(statement: sa.Select[Any]) -> Callable[[], int]:
        def ask() -> int:
            with engine.connect() as connection:
                return len(connection.execute(statement).all())

        return ask

    newest = sa.select(*columns).order_by(trail.c.id.desc()).limit(SIZE)
    found = sa.select(*columns).where(trail.c.actor_name == WHO)
    shown = sa.select(bodies.c.id, bodies.c.name, bodies.c.code).limit(SIZE)
    named = bodies.c.name.like(f"%{'%'.join(WORD)}%")
    everything = found.where(trail.c.action == WHAT).order_by(trail.c.id.desc())

    def export() -> int:
        import csv
        import io

        file = io.StringIO()
        with engine.connect() as connection:
            csv.writer(file).writerows(connection.execute(everything))
        return file.tell()

    asked = {
        "first": newest,
        "last": sa.select(*columns).order_by(trail.c.id).limit(SIZE),
        "deep": newest.where(trail.c.id < highest - count // 2),
        "filtered": found.order_by(trail.c.id.desc()).limit(SIZE),
        "fuzzy": shown.where(named),
        "code": shown.where(bodies.c.code >= CODE, bodies.c.code < CODE[:-1] + chr(ord(CODE[-1]) + 1)),
        "initials": shown.where(bodies.c.pinyin.like(f"%{INITIALS}%")),
    }
    alone = {f"rows:{line}": rows(statement) for line, statement in asked.items()}
    return {line: show(statement) for line, statement in asked.items()} | alone | {"export": export}


# -- ours ------------------------------------------------------------------------------------------------------


def ours(instance: Path, url: str) -> Lines:
    from flask import g
    from flask.sessions import SecureCookieSessionInterface

    from app.accounts import services as accounts
    from app.accounts.models import Account
    from app.accounts.views.administration import AuditView
    from app.bodies.queries import search_bodies
    from app.core.db import read_session, unit_of_work
    from app.core.enums import Role
    from app.core.scope import Actor
    from app.factory import create_app
    from app.web.identity import TOKEN
    from app.web.lists import counted_for
    from app.web.paging import Cursor, encode, fetch
    from tests.people import make_actor

    app = create_app(INSTANCE=instance, SQLALCHEMY_DATABASE_URI=url, REDIS_URL="")
    with app.app_context():
        with read_session(Actor.system("bench")) as session:
            known_already = session.scalar(sa.select(Account.id).limit(1))
        user = known_already or make_actor(Role.SYSADMIN, name="基准员").user_id
        with unit_of_work(Actor.system("bench")) as session:
            account = session.get_one(Account, user)
            token = accounts.open_session(session, account=account, ip="127.0.0.1", agent="bench").token
            actor = accounts.resume(session, token=token, idle=timedelta(hours=1))[0]  # type: ignore[index]
    client = app.test_client()
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], str(signer.dumps({TOKEN: token})))
    count, highest = extent(url)
    assert [str(key.column) for key in AuditView.key] == ["AuditEntry.id"]

    def get(address: str, **arguments: Any) -> Callable[[], int]:
        def ask() -> int:
            answer = client.get(address, query_string=arguments)
            assert answer.status_code == 200, (address, answer.status_code)
            return len(answer.get_data())

        return ask

    def rows(cursor: Cursor | None = None, **asked: str) -> Callable[[], int]:
        def ask() -> int:
            with app.app_context(), read_session(actor) as session:
                statement = screen.select(session, dict.fromkeys(("action", "actor_name", "since", "until")) | asked)
                return len(fetch(session, statement, screen.key, cursor, SIZE).rows)

        return ask

    def names(word: str) -> Callable[[], int]:
        def ask() -> int:
            with app.app_context(), read_session(actor) as session:
                return len(search_bodies(session, word))

        return ask

    screen, known = AuditView(), {"count": 10_001}
    last, deep = Cursor((), back=True, **known), Cursor((highest - count // 2,), **known)
    with app.test_request_context("/audit/"):
        g.actor = actor
        whose = counted_for()
    return {
        "rows:first": rows(),
        "rows:last": rows(last),
        "rows:deep": rows(deep),
        "rows:filtered": rows(actor_name=WHO),
        "rows:fuzzy": names(WORD),
        "rows:code": names(CODE),
        "rows:initials": names(INITIALS),
        "first": get("/audit/"),
        "last": get("/audit/", after=encode(last, whose)),
        "deep": get("/audit/", after=encode(deep, whose)),
        "filtered": get("/audit/", actor_name=WHO),
        "fuzzy": get("/search/bodies", q=WORD),
        "code": get("/search/bodies", q=CODE),
        "initials": get("/search/bodies", q=INITIALS),
        "export": get("/audit/export", actor_name=WHO, action=WHAT),
    }


# -- the others ------------------------------------------------------------------------------------------------


def _mapped(base: Any, column: Any, text: Any, whole: Any, moment: Any) -> tuple[Any, Any]:
    """The two tables as anybody would map them."""

    class Trail(base):
        __tablename__ = "audit_entries"
        id = column(whole, primary_key=True)
        at = column(moment)
        actor_name, role, action = column(text(80)), column(text(40)), column(text(80))
        object_type, object_id, ip = column(text(60)), column(text(60)), column(text(45))

    class Body(base):
        __tablename__ = "bodies"
        id = column(whole, primary_key=True)
        code, name, pinyin = column(text(30)), column(text(120)), column(text(120))

    return Trail, Body


def fab(instance: Path, url: str) -> Lines:
    from flask import Flask
    from flask_appbuilder import AppBuilder, Model, ModelView
    from flask_appbuilder.models.sqla.interface import SQLAInterface
    from flask_appbuilder.utils.legacy import get_sqla_class

    app = Flask("stock_fab", root_path=str(instance))
    app.config |= {
        "SQLALCHEMY_DATABASE_URI": url,
        "SECRET_KEY": "bench",
        "WTF_CSRF_ENABLED": False,
        "AUTH_ROLE_PUBLIC": "Public",
    }
    db = get_sqla_class()()
    trail, body = _mapped(Model, sa.Column, sa.String, sa.Integer, sa.DateTime)

    class TrailView(ModelView):
        datamodel = SQLAInterface(trail)
        list_columns = list(COLUMNS)
        page_size = SIZE
        base_order = ("id", "desc")

    class BodyView(ModelView):
        datamodel = SQLAInterface(body)
        list_columns = ["id", "name", "code"]
        page_size = SIZE

    with app.app_context():
        db.init_app(app)
        builder = AppBuilder(app, db.session)
        builder.add_view(TrailView, "Trail")
        builder.add_view(BodyView, "Body")
        builder.sm.has_access = lambda *_: True  # no time is spent on who asks
    client = app.test_client()
    count, _ = extent(url)

    def get(address: str, **arguments: Any) -> Callable[[], int]:
        def ask() -> int:
            answer = client.get(address, query_string=arguments)
            assert answer.status_code == 200, (address, answer.status_code, answer.location)
            return len(answer.get_data())

        return ask

    return {
        "first": get("/trailview/list/"),
        "last": get("/trailview/list/", page_TrailView=(count - 1) // SIZE),
        "deep": get("/trailview/list/", page_TrailView=count // 2 // SIZE),
        "filtered": get("/trailview/list/", _flt_3_actor_name=WHO),
        "fuzzy": get("/bodyview/list/", _flt_2_name=WORD[2:]),
        "code": get("/bodyview/list/", _flt_0_code=CODE),
    }


def flask_admin(instance: Path, url: str) -> Lines:
    from flask import Flask
    from flask_admin import Admin
    from flask_admin.contrib.sqla import ModelView
    from flask_babel import Babel
    from sqlalchemy.orm import DeclarativeBase, scoped_session, sessionmaker

    class Base(DeclarativeBase):
        __allow_unmapped__ = True

    trail, body = _mapped(Base, sa.Column, sa.String, sa.Integer, sa.DateTime)
    session = scoped_session(sessionmaker(sa.create_engine(url)))
    app = Flask("stock_flask_admin", root_path=str(instance))
    app.config["SECRET_KEY"] = "bench"
    Babel(app)

    class TrailView(ModelView):
        column_list = COLUMNS
        column_filters = ("actor_name", "action")
        column_default_sort = ("id", True)
        page_size = SIZE
        can_export = True
        export_max_rows = 0

    class BodyView(ModelView):
        column_list = ("id", "name", "code")
        column_searchable_list = ("name", "code")
        page_size = SIZE

    admin = Admin(app)
    admin.add_view(TrailView(trail, session))
    admin.add_view(BodyView(body, session))
    client = app.test_client()
    count, _ = extent(url)

    def get(address: str, **arguments: Any) -> Callable[[], int]:
        def ask() -> int:
            answer = client.get(address + "?" + urlencode(arguments))
            assert answer.status_code == 200, (address, answer.status_code, answer.location)
            session.remove()
            return len(answer.get_data())

        return ask

    return {
        "first": get("/admin/trail/"),
        "last": get("/admin/trail/", page=(count - 1) // SIZE),
        "deep": get("/admin/trail/", page=count // 2 // SIZE),
        "filtered": get("/admin/trail/", flt0_0=WHO),
        "fuzzy": get("/admin/body/", search=WORD[2:]),
        "code": get("/admin/body/", search=CODE),
        "export": get("/admin/trail/export/csv/", flt0_0=WHO, flt1_7=WHAT),
    }


def django(instance: Path, url: str) -> Lines:
    import django as product
    from django.conf import settings

    place = sa.make_url(url)
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": f"django.db.backends.{'sqlite3' if place.get_backend_name() == 'sqlite' else 'postgresql'}",
                "NAME": place.database,
                "USER": place.username or "",
                "HOST": place.host or "",
                "PORT": place.port or "",
                "CONN_MAX_AGE": None,
            }
        },
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["*"],
        STATIC_URL="/static/",
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    )
    product.setup()
    from django.contrib import admin
    from django.contrib.auth.models import User
    from django.db import models
    from django.test import RequestFactory

    text = models.TextField

    class Trail(models.Model):
        at = models.DateTimeField()
        actor_name, role, action, object_type, object_id, ip = text(), text(), text(), text(), text(), text()

        class Meta:
            app_label, managed, db_table = "admin", False, "audit_entries"

    class Body(models.Model):
        code, name, pinyin = text(), text(), text()

        class Meta:
            app_label, managed, db_table = "admin", False, "bodies"

    class TrailAdmin(admin.ModelAdmin):
        list_display, list_per_page, ordering = COLUMNS, SIZE, ("-id",)
        list_filter = ()

        def lookup_allowed(self, *_: Any) -> bool:
            return True

    class BodyAdmin(admin.ModelAdmin):
        list_display, list_per_page, search_fields = ("id", "name", "code"), SIZE, ("name", "code")

    site = admin.site
    site.register(Trail, TrailAdmin)
    site.register(Body, BodyAdmin)
    global urlpatterns
    from django.urls import path

    urlpatterns = [path("admin/", site.urls)]
    factory, count = RequestFactory(), extent(url)[0]

    class Everybody(User):
        class Meta:
            proxy, app_label = True, "admin"

        is_active = is_staff = is_superuser = True

        def has_perm(self, *_: Any) -> bool:
            return True

        has_module_perms = has_perm

    def get(model: Any, view: Any, **arguments: Any) -> Callable[[], int]:
        def ask() -> int:
            request = factory.get("/", arguments)
            request.user, request.session, request._messages = Everybody(username="bench"), {}, []
            answer = view(model, site).changelist_view(request)
            return len(answer.render().content)

        return ask

    return {
        "first": get(Trail, TrailAdmin),
        "last": get(Trail, TrailAdmin, p=(count - 1) // SIZE + 1),
        "deep": get(Trail, TrailAdmin, p=count // 2 // SIZE),
        "filtered": get(Trail, TrailAdmin, actor_name=WHO),
        "fuzzy": get(Body, BodyAdmin, q=WORD[2:]),
        "code": get(Body, BodyAdmin, q=CODE),
    }


urlpatterns: list[Any] = []
PEERS: dict[str, Callable[[Path, str], Lines]] = {
    "bare": bare,
    "ours": ours,
    "FAB": fab,
    "Flask-Admin": flask_admin,
    "Django": django,
}


def measured(lines: Lines, rounds: int, now: Callable[[], float]) -> Iterator[tuple[str, list[float]]]:
    for name, ask in lines.items():
        size = ask()
        times = []
        gc.collect()
        gc.freeze()  # what was loaded stays, as in a server: the collections below leave it, and the caches, alone
        for _ in range(rounds if name == "export" else 3 * rounds):
            gc.collect()
            started = now()
            ask()
            times.append(1000 * (now() - started))
            if sum(times) > 6_000 and len(times) >= 3:
                break
        yield name, [statistics.median(times), size]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    peer, folder, where = sys.argv[1:4]
    now = time.process_time if where.startswith("sqlite") else time.perf_counter
    told = measured(PEERS[peer](Path(folder), where), int(os.environ.get("ROUNDS", ROUNDS)), now)
    print(json.dumps(dict(told)))
