"""A secret that was just made for somebody, shown to whoever made it: after the redirect, for some minutes, nowhere else.

It waits in the maker's own browser, in the session's cookie, encrypted by the server's key and bound to the maker and to
what it opens; nothing of it is kept on the server.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from flask import session

from app.core import clock, crypto
from app.web.identity import current_actor

MINUTES = 10
_KEY = "handing"


@dataclass(frozen=True)
class Kept:
    """Whose secret, and the secret."""

    name: str
    secret: str


def keep(what: str, name: str, secret: str) -> None:
    """Keep the secret of `name` that opens `what` for the next page; an earlier one is forgotten."""
    plain = orjson.dumps([what, current_actor().user_id, clock.now().isoformat(), name, secret]).decode()
    session[_KEY] = crypto.keys().encrypt(plain)


def kept(what: str) -> Kept | None:
    """The secret that the acting user has just made for `what`; None where there is none, or no longer."""
    stored = session.get(_KEY)
    if not stored:
        return None
    opens, user_id, moment, name, secret = orjson.loads(crypto.keys().decrypt(stored))
    fresh = clock.now() - datetime.fromisoformat(moment) <= timedelta(minutes=MINUTES)
    return Kept(name, secret) if fresh and (opens, user_id) == (what, current_actor().user_id) else None


def forget() -> None:
    session.pop(_KEY, None)
