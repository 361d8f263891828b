"""The one place that knows every screen: which view stands under which entry, in the guide's order."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import AppBuilder

from app.accounts import views as accounts
from app.home import views as home

INDEX = home.HomeView

HIDDEN: tuple[Any, ...] = (
    accounts.AuthView,
    accounts.PostView,
    accounts.RegistrationView,
    accounts.PasswordView,
)
"""Views without a menu entry."""

MENU: tuple[tuple[str, str, tuple[tuple[str, Any], ...]], ...] = ()
"""(category, icon, ((menu entry by the guide's words, view class), …)) in the guide's order."""


def register(appbuilder: AppBuilder) -> None:
    for view in HIDDEN:
        appbuilder.add_view_no_menu(view)
    for category, icon, entries in MENU:
        for label, view in entries:
            appbuilder.add_view(view, label, category=category, category_icon=icon)
