"""Who may open which route: declared on the view class, denied otherwise.

FAB decorates some of its routes and leaves others open (`action`, `action_post`, `download`); Flask-Admin opens
every one it has. So the check does not sit in decorators: one guard runs before every request and looks up the
endpoint. An endpoint no view class declared answers 404 to everybody, and `undeclared()` names it for the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.core import audit
from app.core.db import unit_of_work
from app.core.enums import Role
from app.core.scope import Actor

Access = Mapping[str, frozenset[Role]]
"""Method name of a view class -> roles; "*" stands for every method not named."""

EVERYONE = frozenset(set(Role) - {Role.SYSTEM})
SIGNED_IN = EVERYONE - {Role.ANONYMOUS}
LARGEST_ID = 2**31 - 1
"""No row has a larger number; the databases answer with an error rather than with nothing."""
OPEN_ENDPOINTS = {"static", "appbuilder.static"}
CHOOSING = "choosing"
"""Attribute of a view class that a person may open who has signed in and not yet chosen a post."""


def only(*roles: Role) -> Access:
    """Every method of the view is for `roles`."""
    return {"*": frozenset(roles)}


def roles_for(view: Any, method: str) -> frozenset[Role]:
    """The roles declared for `method` of a view (class or instance); none if it declares nothing."""
    access: Access | None = getattr(view, "access", None)
    if access is None:
        return frozenset()
    return access.get(method, access.get("*", frozenset()))


def views() -> Iterator[Any]:
    """Every registered view: Flask-AppBuilder's, then those of a Flask-Admin console."""
    yield from current_app.extensions["appbuilder"].baseviews
    for console in current_app.extensions.get("admin", ()):
        yield from console._views


def view_of(endpoint: str) -> tuple[Any, str] | None:
    """The view instance and method behind an endpoint (`Blueprint.method`), if it is one."""
    blueprint, _, method = endpoint.rpartition(".")
    for view in views():
        if getattr(view, "endpoint", None) == blueprint:
            return view, method
    return None


def allowed(endpoint: str, role: Role) -> bool:
    """Whether `role` may open `endpoint` at all; which rows it finds there is the scope's business."""
    if endpoint in OPEN_ENDPOINTS:
        return True
    found = view_of(endpoint)
    return found is not None and role in roles_for(*found)


def undeclared(endpoints: Iterable[str]) -> list[str]:
    """Endpoints without a declaration: always a defect."""
    return [
        endpoint
        for endpoint in endpoints
        if endpoint not in OPEN_ENDPOINTS
        and ((found := view_of(endpoint)) is None or getattr(found[0], "access", None) is None)
    ]


def guard() -> ResponseReturnValue | None:
    """Run before every request, after the actor is known."""
    endpoint = request.endpoint
    if endpoint is None or endpoint in OPEN_ENDPOINTS:
        return None
    actor: Actor = g.actor
    found = view_of(endpoint)
    if found is None or any(isinstance(part, int) and part > LARGEST_ID for part in (request.view_args or {}).values()):
        abort(404)
    if actor.role is Role.ANONYMOUS and actor.user_id and not getattr(found[0], CHOOSING, False):
        return redirect(url_for("PostView.choose"))
    if actor.role in roles_for(*found):
        return None
    if actor.role is Role.ANONYMOUS:
        if not roles_for(*found):
            abort(404)
        wanted = request.full_path if request.method == "GET" else None
        return redirect(url_for("AuthView.login", next=wanted))
    _record_refusal(actor, endpoint)
    return abort(403)


def _record_refusal(actor: Actor, endpoint: str) -> None:
    """A post that tries a screen of another role is worth a line in the trail."""
    with unit_of_work(Actor.system("refusal")) as session:
        audit.record(
            session, actor, "access.refused", None, endpoint=endpoint, address=f"{request.method} {request.path}"[:200]
        )


def register(app: Flask) -> None:
    app.before_request(guard)
