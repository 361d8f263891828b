"""The queue that wakes workers: SqliteHuey beside the database, RedisHuey when REDIS_URL says so."""

from __future__ import annotations

from pathlib import Path

from huey import Huey, RedisHuey, SqliteHuey


def make_queue(redis_url: str, instance: Path) -> Huey:
    """A Huey by configuration. Results are not kept: progress stands in the database."""
    if redis_url:
        return RedisHuey("zhicheng", url=redis_url, results=False)
    instance.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("zhicheng", filename=str(instance / "queue.db"), results=False, fsync=True)
