"""The specialities that a year's batch takes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015_batch_specialities"
down_revision = "0014_quotas"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch_specialities",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("speciality_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["annual_batches.id"], name=op.f("fk_batch_specialities_batch_id")),
        sa.ForeignKeyConstraint(["speciality_id"], ["specialities.id"], name=op.f("fk_batch_specialities_speciality_id")),
        sa.PrimaryKeyConstraint("batch_id", "speciality_id", name=op.f("pk_batch_specialities")),
    )
    op.create_index(op.f("ix_batch_specialities_speciality_id"), "batch_specialities", ["speciality_id"])


def downgrade() -> None:
    op.drop_table("batch_specialities")
