"""Several people at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Flask

from app.core import clock
from app.core.errors import Refusal


def together(app: Flask, moment: datetime, acts: Sequence[Callable[[], object]]) -> list[str]:
    """Each act in its own thread, all at once: "" or the reason it was refused."""
    gate, outcome = threading.Barrier(len(acts)), [""] * len(acts)

    def press(place: int) -> None:
        with app.app_context(), clock.at(moment):
            gate.wait()
            try:
                acts[place]()
            except Refusal as refused:
                outcome[place] = refused.reason

    threads = [threading.Thread(target=press, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome
