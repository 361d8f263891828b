"""The way back: a page opened out of a list leads back to that list, under its conditions and on its page.

A list hands its own address on as `from`, with every link and button that stands on it; the pages below pass it on among
themselves, and a redirect to the list leads to it as it was left. What arrives is resolved to a registered list that the
acting post may open, and its address is put together anew from the parameters which that list knows.

A page of a view that is no list itself says below which lists it may hang, the likeliest first: `hangs_below = ("TrailView", …)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from flask import Flask, Response, current_app, g, has_request_context, request, url_for
from werkzeug.exceptions import HTTPException

from app.core.scope import Actor
from app.web.access import allowed, view_of, views

if TYPE_CHECKING:
    from app.web.lists import Button

FROM = "from"
VIA = "via"
"""Says of a form that it was opened from its record's page."""
LONGEST = 2_000
"""Characters of an address that is handed on."""


@dataclass(frozen=True)
class Origin:
    """The list that a page is, or hangs below: its view's name and title, and its address as it was left."""

    screen: str
    title: str
    url: str

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]


def origin() -> Origin | None:
    """Where the request's page stands; found once a request."""
    if not has_request_context():
        return None
    if "origin" not in g:
        g.origin = _origin()
    found: Origin | None = g.origin
    return found


def above() -> Origin | None:
    """The list that the request's page hangs below, None for the list itself."""
    here = origin()
    return None if here is None or request.endpoint == f"{here.screen}.list" else here


def carried(url: str) -> str:
    """`url` as a link of this page: a list that the page hangs below as it was left, a page with the way back.

    Other lists are places of their own and stay as they are.
    """
    here = origin()
    if here is None or not url.startswith("/"):
        return url
    path, asked, _ = url.partition("?")
    if path in _lists():
        return here.url if not asked and path in _places() else url
    own = path.startswith(here.path)
    if (own and here.url == here.path) or len(here.url) > LONGEST or f"{FROM}=" in url:
        return url
    head, mark, anchor = url.partition("#")
    return f"{head}{'&' if asked else '?'}{FROM}={quote(here.url, safe='/')}{mark}{anchor}"


def from_page(buttons: Sequence[Button]) -> list[Button]:
    """The buttons of a record's page: what they open says so, and its 【返回】 leads back there and not to the list."""
    return [
        button
        if button.method == "post"
        else replace(button, url=f"{button.url}{'&' if '?' in button.url else '?'}{VIA}=page")
        for button in buttons
    ]


def came_from_page() -> bool:
    """Whether the request's form was opened from its record's page."""
    return request.args.get(VIA) == "page"


def register(app: Flask) -> None:
    """Give templates `above()` and `url | carried`, and redirects the way back."""
    app.jinja_env.filters["carried"] = carried

    @app.after_request
    def lead_back(response: Response) -> Response:
        if response.location and FROM in request.args:
            response.location = carried(response.location)
        return response


def _origin() -> Origin | None:
    view, method = view_of(request.endpoint or "") or (None, "")
    if view is None:
        return None
    if _is_list(view):
        if method in ("list", "bulk", "export"):
            return Origin(view.endpoint, view.title, view.here())
        came = _resolve(request.args.get(FROM, ""))
        return came if came and came.screen == view.endpoint else _bare(view.endpoint)
    names = getattr(view, "hangs_below", ())
    if not names:
        return None
    return _resolve(request.args.get(FROM, "")) or next(filter(None, map(_bare, names)), None)


def _resolve(text: str) -> Origin | None:
    """The list of an address, in its own words; None for anything but a list that the acting post may open."""
    sent = urlsplit(text if len(text) <= LONGEST else "")
    path = sent.path.removeprefix(request.script_root)
    if sent.scheme or sent.netloc or not path.startswith("/"):
        return None
    try:
        endpoint, place = current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return None
    view, method = view_of(endpoint) or (None, "")
    if view is None or method != "list" or not _is_list(view) or not _open(endpoint):
        return None
    kept: dict[str, Any] = {name: values for name, values in parse_qs(sent.query).items() if name in view.known()}
    return Origin(view.endpoint, view.title, url_for(endpoint, **place, **kept))


def _bare(screen: str) -> Origin | None:
    """A list without conditions, where it is registered and the acting post may open it."""
    endpoint = f"{screen}.list"
    view, _ = view_of(endpoint) or (None, "")
    if view is None or not _open(endpoint):
        return None
    place = next(current_app.url_map.iter_rules(endpoint)).arguments & set(request.view_args or {})
    return Origin(screen, view.title, url_for(endpoint, **{name: (request.view_args or {})[name] for name in place}))


def _open(endpoint: str) -> bool:
    actor: Actor = g.get("actor") or Actor.anonymous()
    return allowed(endpoint, actor.role)


def _is_list(view: Any) -> bool:
    return hasattr(view, "known")


def _lists() -> frozenset[str]:
    """The paths of all lists, under the request's script root."""
    drawn: dict[str, frozenset[str]] = current_app.extensions.setdefault("zhicheng.lists", {})
    if request.script_root not in drawn:
        names = {f"{view.endpoint}.list" for view in views() if _is_list(view)}
        rules = current_app.url_map.iter_rules()
        drawn[request.script_root] = frozenset(
            request.script_root + rule.rule for rule in rules if rule.endpoint in names and not rule.arguments
        )
    return drawn[request.script_root]


def _places() -> frozenset[str]:
    """The paths of the lists that the request's page may hang below."""
    if "places" not in g:
        view, _ = view_of(request.endpoint or "") or (None, "")
        screens = (view.endpoint,) if view and _is_list(view) else getattr(view, "hangs_below", ())
        found = (_bare(screen) for screen in screens)
        g.places = frozenset(one.path for one in found if one)
    places: frozenset[str] = g.places
    return places
