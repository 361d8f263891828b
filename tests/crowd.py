"""Several people at once: what each answers is told apart."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from flask import Flask

from app.core import clock


def at_once(app: Flask, *acts: Callable[[], object]) -> list[object]:
    """What each act answered or raised, all started together."""
    moment: datetime = clock.now()
    barrier = threading.Barrier(len(acts))
    outcome: list[object] = [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        with app.app_context(), clock.at(moment):
            barrier.wait()
            try:
                outcome[place] = act()
            except Exception as error:
                outcome[place] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome
