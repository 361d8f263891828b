"""Alembic's entry: runs on a connection that `app.core.schema` hands over, on either database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context

from app.core.db import Model


def render_type(kind: str, item: Any, _autogen: Any) -> str | bool:
    """Write our column types as the plain ones they stand on: a migration must outlive the code's classes."""
    if kind == "type" and isinstance(item, sa.types.TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Model.metadata,
    render_item=render_type,
    render_as_batch=False,
    transactional_ddl=True,
)
context.run_migrations()
