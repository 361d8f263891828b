"""One migrated template database per kind, copied for each test; one application per worker process.

DATABASES=sqlite,postgresql (the default of tests/run.sh) runs every test that touches a database on both.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.core import clock, schema
from app.core.db import db, read_session, unit_of_work
from app.core.scope import Actor
from app.factory import configure_process, create_app
from seeds.demo_world import build_world
from seeds.reference import load_reference
from tests import parts
from tests.http import Doors
from tests.places import MONDAY

T = TypeVar("T")
DATABASES = os.environ.get("DATABASES", "sqlite").split(",")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    if "TMPDIR" not in os.environ and (folder := parts.in_memory()):
        os.environ["TMPDIR"] = tempfile.tempdir = folder
    os.environ.setdefault("ZC_TEST_FOLDER", tempfile.mkdtemp(prefix="zc-test-"))
    if "postgresql" in DATABASES and "ZC_POSTGRES" not in os.environ:
        os.environ["ZC_POSTGRES"] = parts.start_postgres() or ""
    if "ZC_REDIS" not in os.environ:
        os.environ["ZC_REDIS"] = parts.start_redis() or ""


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.get("ZC_TEST_FOLDER", ""), ignore_errors=True)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        once = metafunc.definition.get_closest_marker("one_database")
        short = metafunc.definition.get_closest_marker("one_database_when_short")
        kinds = DATABASES[:1] if once else DATABASES
        if short and not os.environ.get("LONG"):
            kinds = [DATABASES[short.kwargs["place"]]]
        metafunc.parametrize("database", kinds, indirect=True, scope="session")


class Backend:
    """A kind of database: how its template is made, and how a fresh copy is put under the application."""

    def __init__(self, kind: str, worker: str) -> None:
        self.kind = kind
        self.folder = Path(os.environ["ZC_TEST_FOLDER"])
        self.instance = self.folder / f"{kind}-{worker}"
        self.instance.mkdir(parents=True, exist_ok=True)
        self.server = os.environ.get("ZC_POSTGRES", "")
        self.name = f"zc_{worker}"
        if kind == "postgresql":
            parts.need("PostgreSQL", bool(self.server))
        self.url = (
            f"{self.server}/{self.name}" if kind == "postgresql" else f"sqlite:///{self.instance / 'zhicheng.db'}"
        )

    @cached_property
    def _server(self) -> sa.Engine:
        return sa.create_engine(f"{self.server}/postgres", isolation_level="AUTOCOMMIT", pool_size=1)

    def admin(self, *statements: str) -> None:
        with self._server.connect() as connection:
            for statement in statements:
                connection.execute(sa.text(statement))

    def close(self) -> None:
        if self.kind == "postgresql":
            self._server.dispose()

    def make_template(self) -> None:
        """Once for all workers: migrations and reference data."""
        ready = self.folder / f"{self.kind}.ready"
        with open(self.folder / f"{self.kind}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if ready.exists():
                return
            if self.kind == "postgresql":
                self.admin("CREATE DATABASE zc_template")
                url = f"{self.server}/zc_template"
            else:
                url = f"sqlite:///{self.folder / 'template.db'}"
            app = create_app(SQLALCHEMY_DATABASE_URI=url, INSTANCE=self.folder / "template", TESTING=True)
            with app.app_context():
                schema.upgrade(db.engine)
                with unit_of_work(Actor.system("reference data")) as session:
                    load_reference(session)
                if self.kind == "sqlite":
                    with db.engine.connect() as connection:
                        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                db.engine.dispose()
            ready.touch()

    def copy(self, of: str = "template") -> None:
        """Put a copy of a stored database under the application; files need no copying, they go by their content."""
        if self.kind == "postgresql":
            self._postgres(f"zc_{of}", self.name)
            return
        for leftover in self.instance.glob("zhicheng.db*"):
            leftover.unlink()
        shutil.copyfile(self.folder / f"{of}.db", self.instance / "zhicheng.db")

    def _postgres(self, of: str, name: str) -> None:
        # copying files is a third faster than the log, on a server that never syncs
        self.admin(
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {of} STRATEGY FILE_COPY"
        )

    def lived(self, story: str, live: Callable[[], T]) -> T:
        """What `live` returns, with the database as it leaves a fresh copy: lived through once by each worker, then copied.

        `story` names everything the outcome depends on. The result must survive pickling.
        """
        name = f"{self.name}_{sha256(story.encode()).hexdigest()[:12]}"
        result = self.instance / f"{name}.pickle"
        db.session.remove()
        db.engine.dispose()
        if result.exists():
            self.copy(name.removeprefix("zc_"))
            return cast(T, pickle.loads(result.read_bytes()))
        told = live()
        db.session.remove()
        if self.kind == "sqlite":
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
            shutil.copyfile(self.instance / "zhicheng.db", self.folder / f"{name.removeprefix('zc_')}.db")
        else:
            db.engine.dispose()
            self._postgres(self.name, name)
        result.write_bytes(pickle.dumps(told))
        return told


@pytest.fixture(scope="session")
def worker_name() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, worker_name: str) -> Iterator[Backend]:
    backend = Backend(request.param, worker_name)
    backend.make_template()
    yield backend
    backend.close()


_apps: dict[str, Flask] = {}


@pytest.fixture
def app(database: Backend) -> Iterator[Flask]:
    """The application on a fresh copy of the template, its context pushed."""
    database.copy()
    app = _apps.get(database.url)
    if app is None:
        app = _apps[database.url] = create_app(
            SQLALCHEMY_DATABASE_URI=database.url,
            INSTANCE=database.instance,
            TESTING=True,
            REDIS_URL="",
            SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 20},
        )
    configure_process(app)  # another test's application may have set its own keys
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def demo_world(app: Flask, database: Backend) -> Flask:
    """The application with the demo's bodies, paths, committees and people."""

    def live() -> None:
        with unit_of_work(Actor.system("demo province")) as session:
            build_world(session, clock.today().year)

    database.lived("the demo's world", live)
    return app


Work = Callable[[Actor], AbstractContextManager[Session]]


@pytest.fixture
def work(app: Flask) -> Work:
    """`with work(actor) as session:` one committed unit of work."""
    return unit_of_work


@pytest.fixture
def look(app: Flask) -> Work:
    """`with look(actor) as session:` a reading session."""
    return read_session


@pytest.fixture
def system() -> Actor:
    return Actor.system("test")


@pytest.fixture
def client(app: Flask) -> Any:
    return app.test_client()


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    """The application's doors, on a Monday."""
    with clock.at(MONDAY):
        yield Doors(app, monkeypatch)
