"""A process of its own that does something to the database and is killed -9 at a chosen write or commit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from app.core.db import db

WRITES = ("INSERT", "UPDATE", "DELETE")
NEVER = 1_000_000


def killed_at(point: int, act: Callable[[], object]) -> tuple[bool, int]:
    """(whether `act` was acknowledged, points passed): `act` runs in a child killed at its `point`-th write or commit.

    A point lies before each INSERT, UPDATE, DELETE and COMMIT, and one after the last commit, before the answer is given.
    The pool's connections belong to the parent: the child opens its own.
    """
    said, says = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(said)
            db.engine.dispose(close=False)
            counter = _Counter(point, says)
            event.listen(db.engine, "before_cursor_execute", counter.statement)
            event.listen(db.engine, "commit", counter.commit)
            act()
            counter.step()
            os.write(says, b"!")
        except BaseException as error:
            os.write(says, f"?{error!r}".encode())
        finally:
            os._exit(0)
    os.close(says)
    with os.fdopen(said, "rb") as answer:
        told = answer.read()
    os.waitpid(child, 0)
    assert b"?" not in told, told.decode()
    return told.endswith(b"!"), told.count(b".")


class _Counter:
    def __init__(self, point: int, says: int) -> None:
        self.left, self.says = point, says

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(self.says, b".")

    def statement(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip()[:6].upper() in WRITES:
            self.step()

    def commit(self, _connection: Any) -> None:
        self.step()
