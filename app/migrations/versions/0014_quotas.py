"""Quotas: who decided on which declaration, and when; what was granted lies within what was asked, that within what is vacant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014_quotas"
down_revision = "0013_claims"
branch_labels = None
depends_on = None

_NEW = (
    ("asked_within_vacant", "asked = 0 OR asked <= posts - occupied"),
    ("granted_within_asked", "granted BETWEEN 0 AND asked"),
)


def upgrade() -> None:
    for column in (
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=201), nullable=False, server_default=""),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    ):
        op.add_column("post_quotas", column)
    op.execute(
        "UPDATE post_quotas SET declared_at = coalesce((SELECT max(entry.at) FROM audit_entries AS entry"
        " WHERE entry.object_type = 'post_quotas' AND entry.object_id = CAST(post_quotas.id AS VARCHAR(60))"
        " AND entry.action = 'quotas.declare'), decided_at, CURRENT_TIMESTAMP)"
    )
    with op.batch_alter_table("post_quotas") as batch:
        batch.alter_column("declared_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch.alter_column("decided_by", existing_type=sa.String(length=201), server_default=None)
        batch.alter_column("version", existing_type=sa.Integer(), server_default=None)
        for name, text in _NEW:
            batch.create_check_constraint(op.f(f"ck_post_quotas_{name}"), text)


def downgrade() -> None:
    with op.batch_alter_table("post_quotas") as batch:
        for name, _ in _NEW:
            batch.drop_constraint(op.f(f"ck_post_quotas_{name}"), type_="check")
        for column in ("declared_at", "decided_by", "version"):
            batch.drop_column(column)
