"""A job's number really travels: through SQLite, and through a real Redis."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from huey import RedisHuey, SqliteHuey

from app.core.queue import make_queue
from tests import parts


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_a_number_put_in_comes_out_once(kind: str, tmp_path: Path) -> None:
    address = os.environ.get("ZC_REDIS", "")
    if kind == "redis":
        parts.need("Redis", bool(address))
    queue = make_queue(address if kind == "redis" else "", tmp_path)
    assert isinstance(queue, RedisHuey if kind == "redis" else SqliteHuey)
    arrived: list[int] = []

    @queue.task(name=f"arrive_{kind}")
    def arrive(job_id: int) -> None:
        arrived.append(job_id)

    arrive(7)
    queue.execute(queue.dequeue())
    assert arrived == [7]
    assert queue.dequeue() is None
