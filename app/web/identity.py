"""Who is asking: the request's actor, its reading session, and the unit of work for a command."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from flask import Flask, g, request, session
from flask_login import current_user
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core.db import db, unit_of_work
from app.core.errors import Conflict
from app.core.scope import Actor, bind_scope

log = logging.getLogger(__name__)

DUPLICATE = "与已有记录重复，或正被其他记录使用，没有保存。"
TOKEN = "sid"
Resume = Callable[[str, str], Actor | None]
"""(session token, address) -> the actor of a live login session; an actor of role ANONYMOUS with a user id has
signed in but not chosen a post."""


def current_actor() -> Actor:
    return cast(Actor, g.actor)


def read() -> Session:
    """The request's session, scoped to its actor. For reading: commands use `command()`."""
    return cast(Session, db.session())


@contextmanager
def command() -> Iterator[Session]:
    """One unit of work as the request's actor; a Refusal raised inside rolls it back and passes on.

    What the database refuses in a race, where the service saw nothing wrong a moment before, is a Conflict too.
    What the request has read before is expired afterwards, and its snapshot dropped (a default of FAB's user model
    reads through the request's session in the middle), so that the page shows the new state.
    """
    read().rollback()  # on SQLite an open read transaction would hold an old snapshot
    try:
        with unit_of_work(current_actor()) as work:
            yield work
    except IntegrityError as error:
        log.warning("%s: %s", request.endpoint, type(error.orig).__name__)
        raise Conflict(DUPLICATE) from error
    read().rollback()


def client_address() -> str:
    return (request.remote_addr or "")[:45]


def register(app: Flask, resume: Resume) -> None:
    """Give every request its actor, before anything else runs."""

    def identify() -> None:
        actor = None
        if request.endpoint not in ("static", "appbuilder.static") and (token := session.get(TOKEN)):
            actor = resume(token, client_address())
            if actor is None:
                session.clear()
        g.actor = actor or Actor.anonymous(client_address())
        bind_scope(read(), g.actor)
        g.user = current_user

    app.before_request_funcs.setdefault(None, []).insert(0, identify)
