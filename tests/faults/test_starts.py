"""Four processes that start together on an empty database: one prepares it, all come up. And the demo's own processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.catalog.models import Region, TitleSeries
from app.cli import prepare, supervise
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


# -- the demo's processes ------------------------------------------------------------------------------------------


def _demo(folder: Path, dies: bool) -> None:
    """`supervise` with a worker that notes its start, and waits or dies; and a server that waits."""
    sys.stderr = open(folder / "stderr", "w", buffering=1)  # noqa: SIM115  (until the process ends)

    def work() -> None:
        with open(folder / "workers", "a") as file:
            file.write(f"{os.getpid()}\n")
        if not dies:
            time.sleep(60)

    def answer() -> None:
        (folder / "server").write_text(str(os.getpid()))
        time.sleep(60)

    supervise(work, answer)


def _lines(path: Path, count: int) -> list[str]:
    """The lines of a file once it has so many."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        lines = path.read_text().splitlines() if path.exists() else []
        if len(lines) >= count:
            return lines
        time.sleep(0.05)
    raise AssertionError(f"{path.name}: {lines}")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[[bool], multiprocessing.Process]]:
    started: list[Any] = []

    def start(dies: bool) -> Any:
        process = multiprocessing.get_context("fork").Process(target=_demo, args=(tmp_path, dies))
        process.start()
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.join(20)


def test_a_killed_worker_is_started_anew_and_the_server_goes_on(demo: Any, tmp_path: Path) -> None:
    process = demo(False)
    [first] = _lines(tmp_path / "workers", 1)
    os.kill(int(first), signal.SIGKILL)
    _, second = _lines(tmp_path / "workers", 2)
    assert _lines(tmp_path / "stderr", 1) == ["任务进程意外结束（退出码 -9），正在重新启动。"]
    assert process.is_alive() and second != first
    process.terminate()
    process.join(20)
    assert process.exitcode == 0
    assert [path for path in (first, second, (tmp_path / "server").read_text()) if Path(f"/proc/{path}").exists()] == []


def test_a_worker_that_dies_again_and_again_is_left_alone(demo: Any, tmp_path: Path) -> None:
    process = demo(True)
    told = _lines(tmp_path / "stderr", 5)
    assert told[:4] == ["任务进程意外结束（退出码 0），正在重新启动。"] * 4
    assert told[4] == "任务进程反复意外结束（退出码 0），不再启动；网页服务继续。"
    assert process.is_alive() and len(_lines(tmp_path / "workers", 5)) == 5


def test_the_servers_end_ends_the_demo(demo: Any, tmp_path: Path) -> None:
    process = demo(False)
    [worker] = _lines(tmp_path / "workers", 1)
    os.kill(int(_lines(tmp_path / "server", 1)[0]), signal.SIGKILL)
    process.join(20)
    assert process.exitcode == 0 and not Path(f"/proc/{worker}").exists()
