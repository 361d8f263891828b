"""Several acts at once, each in a thread with an application context of its own, at the test's time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from flask import Flask

from app.core import clock
from app.core.db import unit_of_work
from app.core.errors import Refusal
from app.core.scope import Actor

Act = Callable[[], object]
LONG_ENOUGH = 0.4
"""Seconds within which an act that nobody holds up is done."""


def at_once(app: Flask, *acts: Act) -> list[object]:
    """What each act answered or raised, all started together."""
    barrier = threading.Barrier(len(acts))
    threads, outcome = _threads(app, acts, barrier.wait)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


def together(app: Flask, moment: datetime, acts: Sequence[Act]) -> list[str]:
    """ "" or the reason it was refused, of each act; all at once, at a time."""
    with clock.at(moment):
        outcome = at_once(app, *acts)
    for answer in outcome:
        if isinstance(answer, Exception) and not isinstance(answer, Refusal):
            raise answer
    return [answer.reason if isinstance(answer, Refusal) else "" for answer in outcome]


@contextmanager
def while_uncommitted(app: Flask, actor: Actor, first: Callable[..., object], second: Act) -> Iterator[list[object]]:
    """`first(session)` is done and not committed yet; `second` starts and has to wait; both are over in the block."""
    threads, outcome = _threads(app, (second,), lambda: 0)
    with unit_of_work(actor) as session:
        first(session)
        session.flush()
        threads[0].start()
        threads[0].join(LONG_ENOUGH)
        assert threads[0].is_alive(), f"it did not wait: {outcome}"
    threads[0].join()
    yield outcome


def _threads(app: Flask, acts: tuple[Act, ...], ready: Act) -> tuple[list[threading.Thread], list[object]]:
    moment: datetime = clock.now()
    outcome: list[object] = [None] * len(acts)

    def run(place: int, act: Act) -> None:
        with app.app_context(), clock.at(moment):
            ready()
            try:
                outcome[place] = act()
            except Exception as error:
                outcome[place] = error

    return [threading.Thread(target=run, args=pair) for pair in enumerate(acts)], outcome
