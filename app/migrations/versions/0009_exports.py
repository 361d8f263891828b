"""Query results exported by a job."""

import sqlalchemy as sa
from alembic import op

revision = "0009_exports"
down_revision = "0008_mending"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "query_exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("storage_key", sa.String(length=40), nullable=True),
        sa.Column("byte_size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_query_exports_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_exports")),
        sa.UniqueConstraint("job_id", name=op.f("uq_query_exports_job_id")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_query_exports_storage_key")),
    )
    op.create_index(op.f("ix_query_exports_user_id"), "query_exports", ["user_id"], unique=False)
    op.create_index(op.f("ix_query_exports_made_at"), "query_exports", ["made_at"], unique=False)


def downgrade() -> None:
    op.drop_table("query_exports")
