"""FAB's security manager, asking our declarations: no permission rows, no API logins, no user registration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, g
from flask_appbuilder import AppBuilder
from flask_appbuilder.security.sqla.manager import SecurityManager
from flask_login import LoginManager, UserMixin

from app.core.enums import Role
from app.core.scope import Actor
from app.web.access import roles_for


@dataclass(frozen=True)
class SignedIn(UserMixin):  # type: ignore[misc]
    """Who flask-login and FAB's columns of authorship take for the user: the actor's number, without asking the database."""

    id: int


class GuardedSecurityManager(SecurityManager):
    """`has_access` is answered from each view's `access`; who the user is, from the login session alone."""

    def register_views(self) -> None:
        """FAB's own sign-in, user and role screens and their APIs are not registered: ours replace them."""

    def create_db(self) -> None:
        """Tables come from the migrations."""

    def create_login_manager(self, app: Any) -> LoginManager:
        manager = LoginManager(app)
        manager.request_loader(lambda _request: self._current())
        manager.session_protection = None
        return manager

    def _current(self) -> SignedIn | None:
        actor: Actor | None = g.get("actor")
        return SignedIn(actor.user_id) if actor is not None and actor.user_id else None

    def has_access(self, permission_name: str, view_name: str) -> bool:
        actor: Actor | None = g.get("actor")
        role = actor.role if actor else Role.ANONYMOUS
        if permission_name == "menu_access":
            return view_name in self.get_user_menu_access([view_name])
        view = next(
            (v for v in current_app.extensions["appbuilder"].baseviews if v.__class__.__name__ == view_name), None
        )
        return view is not None and role in roles_for(view, permission_name.removeprefix("can_"))

    def get_user_menu_access(self, menu_names: list[str]) -> set[str]:
        """Menu entries whose view the acting post may open, and the categories that hold one."""
        actor: Actor | None = g.get("actor")
        role = actor.role if actor else Role.ANONYMOUS
        wanted, seen = set(menu_names), set()
        for category in current_app.extensions["appbuilder"].menu.get_list():
            for item in [*category.childs, category]:
                if item.baseview is not None and role in roles_for(item.baseview, item.baseview.default_view):
                    seen.update({item.name, category.name})
        return seen & wanted

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        return False


class GuardedAppBuilder(AppBuilder):
    """An AppBuilder that registers nothing of its own but the index: no back link, locale, OpenAPI or menu API."""

    def _add_admin_views(self) -> None:
        if self.indexview:
            self._indexview = self.add_view_no_menu(self.indexview)
