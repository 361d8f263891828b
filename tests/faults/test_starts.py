"""Four processes that start together on an empty database: one prepares it, all come up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from app.catalog.models import Region, TitleSeries
from app.core.db import read_session
from app.core.scope import Actor
from tests.conftest import Backend

ROOT = Path(__file__).resolve().parents[2]


def test_four_inits_at_once(app: object, database: Backend, tmp_path: Path) -> None:
    with read_session(Actor.system("test")) as session:
        expected = [session.scalar(sa.select(sa.func.count()).select_from(model)) for model in (Region, TitleSeries)]
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    if database.kind == "postgresql":
        database.admin(
            f"DROP DATABASE IF EXISTS {database.name}_empty WITH (FORCE)", f"CREATE DATABASE {database.name}_empty"
        )
        url = f"{database.server}/{database.name}_empty"
    environment = os.environ | {"DATABASE_URL": url, "INSTANCE": str(tmp_path), "REDIS_URL": ""}
    starts = [
        subprocess.Popen(
            [sys.executable, "run.py", "init"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(4)
    ]
    told = [process.communicate(timeout=120)[0].decode() for process in starts]
    assert [process.returncode for process in starts] == [0, 0, 0, 0], told
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
