"""Pinyin initials as they are spelt now: 国际会计 was read 国|际会|计."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.catalog.rules import initials

revision = "0018_initials"
down_revision = "0017_imports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    for name in ("specialities", "bodies"):
        table = sa.table(name, *map(sa.column, ("id", "name", "pinyin")))
        spelt = [(row.id, initials(row.name), row.pinyin) for row in bind.execute(sa.select(table))]
        changed = [{"key": key, "now": now} for key, now, before in spelt if now != before]
        if changed:
            this = table.c.id == sa.bindparam("key")
            bind.execute(table.update().where(this).values(pinyin=sa.bindparam("now")), changed)


def downgrade() -> None:
    """Letters by which a name is found: those of before would find it less."""
