"""Four processes that start together on an empty database: one prepares it, all come up."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import sqlalchemy as sa

from app.catalog.models import Region, TitleSeries
from app.cli import prepare
from app.core.db import read_session
from app.core.scope import Actor
from app.factory import create_app
from tests.conftest import Backend


def _init(url: str, folder: Path) -> None:
    """What `run.py init` does, in a process that has its modules already."""
    prepare(create_app(SQLALCHEMY_DATABASE_URI=url, INSTANCE=folder, REDIS_URL=""), with_demo=False)


def test_four_inits_at_once(app: object, database: Backend, tmp_path: Path) -> None:
    with read_session(Actor.system("test")) as session:
        expected = [session.scalar(sa.select(sa.func.count()).select_from(model)) for model in (Region, TitleSeries)]
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    if database.kind == "postgresql":
        database.admin(
            f"DROP DATABASE IF EXISTS {database.name}_empty WITH (FORCE)", f"CREATE DATABASE {database.name}_empty"
        )
        url = f"{database.server}/{database.name}_empty"
    here = multiprocessing.get_context("fork")
    starts = [here.Process(target=_init, args=(url, tmp_path)) for _ in range(4)]
    for process in starts:
        process.start()
    for process in starts:
        process.join(120)
    assert [process.exitcode for process in starts] == [0, 0, 0, 0]
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = [
            connection.scalar(sa.select(sa.func.count()).select_from(table))
            for table in (Region.__table__, TitleSeries.__table__)
        ]
    engine.dispose()
    assert found == expected
    if database.kind == "postgresql":
        database.admin(f"DROP DATABASE {database.name}_empty WITH (FORCE)")
