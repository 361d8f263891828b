"""Screens of the console, and how they are put together."""

from __future__ import annotations

from typing import Any

from flask import Flask, g
from flask_admin import Admin
from flask_admin.menu import MenuLink

from app.core.db import db
from app.ops.views.console import HomeView
from app.ops.views.dictionaries import DICTIONARIES
from app.ops.views.jobs import JobsView
from app.ops.views.tables import TablesView
from app.ops.views.templates import TemplatesView


def make_console(app: Flask) -> Any:
    """The console at /ops/, its views registered; answers its first page's view for the menu."""
    home = HomeView(name="数据运维", endpoint="ops", url="/ops")
    console = Admin(app, name="数据运维", index_view=home, csp_nonce_generator=lambda: g.csp_nonce)
    for view, model, address, name in DICTIONARIES:
        console.add_view(
            view(model, db, name, category="字典", endpoint=f"ops_{address}", url=f"/ops/dictionaries/{address}")
        )
    console.add_view(TablesView("数据表", endpoint="ops_tables", url="/ops/tables"))
    console.add_link(MenuLink("审计记录", url="/ops/tables/audit_entries/"))
    console.add_view(JobsView("任务", endpoint="ops_jobs", url="/ops/jobs"))
    console.add_view(TemplatesView("模板文件", endpoint="ops_templates", url="/ops/templates"))
    return home
