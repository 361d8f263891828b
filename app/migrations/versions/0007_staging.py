"""Rows of imported files, between the check and the submission."""

import sqlalchemy as sa
from alembic import op

revision = "0007_staging"
down_revision = "0006_registrations"
branch_labels = None
depends_on = None

STATES = "'uploaded', 'checked', 'refused', 'submitted', 'discarded'"


def upgrade() -> None:
    op.create_table(
        "import_batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("storage_key", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("bad", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_import_batches_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
    )
    op.create_index(op.f("ix_import_batches_user_id"), "import_batches", ["user_id"])
    op.create_table(
        "staged_blocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], name=op.f("fk_staged_blocks_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staged_blocks")),
    )
    op.create_index(op.f("ix_staged_blocks_batch_id"), "staged_blocks", ["batch_id"])
    op.create_table(
        "failed_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batches.id"], name=op.f("fk_failed_rows_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_rows")),
    )
    op.create_index("ix_failed_rows_batch", "failed_rows", ["batch_id", "number"])


def downgrade() -> None:
    op.drop_table("failed_rows")
    op.drop_table("staged_blocks")
    op.drop_table("import_batches")
