"""What every page needs around its content: who acts, the sidebar of that post, which layout it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, g, request, url_for

from app.core import clock
from app.core.enums import Role
from app.core.scope import Actor
from app.web import ways
from app.web.access import allowed, roles_for

OFFICE, MOBILE = "appbuilder/baselayout.html", "layout_public.html"
SELF_SERVICE = frozenset({Role.ANONYMOUS, Role.APPLICANT})
"""Roles that work mostly on a phone and get the mobile layout."""


@dataclass(frozen=True)
class Entry:
    """One line of the sidebar."""

    label: str
    url: str
    active: bool


@dataclass(frozen=True)
class Group:
    """One category of the sidebar with the entries the acting post may open."""

    label: str
    icon: str
    entries: tuple[Entry, ...]

    @property
    def active(self) -> bool:
        return any(entry.active for entry in self.entries)


def context() -> dict[str, Any]:
    """The variables every template has: actor, sidebar(), page_layout, demo, app_name, may(), above()."""
    actor: Actor = g.get("actor") or Actor.anonymous()
    mobile = actor.role in SELF_SERVICE
    return {
        "actor": actor,
        "sidebar": sidebar,
        "mobile": mobile,
        "page_layout": MOBILE if mobile else OFFICE,
        "demo": bool(current_app.config.get("DEMO")),
        "app_name": current_app.config.get("APP_NAME", ""),
        "may": may,
        "route": route,
        "above": ways.above,
        "today": clock.today,
    }


def may(endpoint: str) -> bool:
    """Whether the acting post may open `endpoint`: for links that would otherwise lead to a refusal."""
    actor: Actor = g.get("actor") or Actor.anonymous()
    return allowed(endpoint, actor.role)


def route(endpoint: str, **values: Any) -> str | None:
    """The address of `endpoint`, or None where no such screen is registered."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


def screen_url(name: str) -> str | None:
    """The address of a view class's first page, or None where it isn't registered or the post may not open it."""
    for view in current_app.extensions["appbuilder"].baseviews:
        if view.endpoint == name and may(f"{name}.{view.default_view}"):
            return url_for(f"{name}.{view.default_view}")
    return None


def sidebar() -> list[Group]:
    """The menu's categories and entries that the acting post may open, in the menu's order; a page that hangs below a
    screen stands under that screen's entry."""
    actor: Actor = g.get("actor") or Actor.anonymous()
    groups, blueprint, origin = _openable(actor.role, request.script_root), f"{request.blueprint}_", ways.origin()
    screens = [screen for _, _, entries in groups for _, _, screen in entries]
    own = [
        screen for screen in screens if blueprint.startswith(f"{screen}_")
    ]  # the console's pages have its name first
    here = own[0] if own else origin.screen if origin else ""
    return [
        Group(label, icon, tuple(Entry(text, url, screen == here) for text, url, screen in entries))
        for label, icon, entries in groups
    ]


def _openable(role: Role, root: str) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """(category, icon, [(entry, address under `root`, endpoint)]) of a role: the menu stands still, so it's drawn up once."""
    drawn: dict[tuple[Role, str], Any] = current_app.extensions.setdefault("zhicheng.sidebar", {})
    if (role, root) not in drawn:
        appbuilder = current_app.extensions.get("appbuilder")
        groups = []
        for category in appbuilder.menu.get_list() if appbuilder else ():
            entries = [
                (str(item.label), item.get_url(), item.baseview.endpoint)
                for item in (category.childs or [category])
                if item.baseview is not None and role in roles_for(item.baseview, item.baseview.default_view)
            ]
            if entries:
                groups.append((str(category.label) if category.childs else "", category.icon or "", entries))
        drawn[role, root] = groups
    found: list[tuple[str, str, list[tuple[str, str, str]]]] = drawn[role, root]
    return found
