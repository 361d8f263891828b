"""初定 ends at 中级; issuing codes differ after padding. What stands against that is deregistered, with its reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012_authorising"
down_revision = "0011_name_letters"
branch_labels = None
depends_on = None

_CHECKS = (
    ("method_without_committee", "method IN ('initial_determination', 'recognition')"),
    ("level_known", "level IN ('clerk', 'assistant', 'intermediate', 'associate_senior', 'full_senior')"),
)
_LEVELS = "NOT active OR method <> 'initial_determination' OR level IN ('clerk', 'assistant', 'intermediate')"


def _end(table: str, reason: str, condition: str) -> None:
    op.execute(
        f"UPDATE {table} SET active = false, deregistered_at = CURRENT_TIMESTAMP, deregistered_reason = '{reason}'"
        f" WHERE active AND {condition}"
    )


def upgrade() -> None:
    _end("acceptances", "初定最高到中级", f"NOT ({_LEVELS.removeprefix('NOT active OR ')})")
    _end(
        "issuing_authorities",
        "编码补足位数后与其他发证单位相同",
        "EXISTS (SELECT 1 FROM issuing_authorities AS first WHERE first.active AND first.id < issuing_authorities.id"
        " AND rtrim(first.code, '0') = rtrim(issuing_authorities.code, '0'))",
    )
    # SQLite makes the table anew, and forgets its checks unless they are said again
    kept = [sa.CheckConstraint(text, name=op.f(f"ck_acceptances_{name}")) for name, text in _CHECKS]
    with op.batch_alter_table("acceptances", table_args=kept) as batch:
        batch.create_check_constraint(op.f("ck_acceptances_level_of_method"), _LEVELS)
    op.create_index(
        "uq_issuing_authorities_stem", "issuing_authorities", [sa.text("rtrim(code, '0')")],
        unique=True, sqlite_where=sa.text("active"), postgresql_where=sa.text("active"),
    )


def downgrade() -> None:
    op.drop_index("uq_issuing_authorities_stem", table_name="issuing_authorities")
    op.drop_constraint("ck_acceptances_level_of_method", "acceptances", type_="check")
