"""The demo province: its world, and about 300 applications lived through day by day."""

from __future__ import annotations

from flask import Flask

from seeds.demo_days import live
from seeds.demo_world import PASSWORD, PEOPLE


def load_demo(app: Flask) -> None:
    """Load everything; call inside an application context, on an empty database."""
    live(app)


def people_table() -> str:
    """The demo people as printed at start."""
    lines = [f"演示账号（密码都是 {PASSWORD}）："]
    lines += [f"  {username:<11} {words}" for username, *_, words in PEOPLE]
    return "\n".join(lines)
