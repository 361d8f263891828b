"""What a committee charges."""

import sqlalchemy as sa
from alembic import op

revision = "0005_catalog"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fee_standards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("committee_id", sa.Integer(), nullable=False),
        sa.Column("item", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.Numeric(precision=10, scale=2), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_fee_standards_amount_not_negative")),
        sa.CheckConstraint("item IN ('review', 'interview', 'appraisal')", name=op.f("ck_fee_standards_item_known")),
        sa.CheckConstraint(
            "level IN ('clerk', 'assistant', 'intermediate', 'associate_senior', 'full_senior')",
            name=op.f("ck_fee_standards_level_known"),
        ),
        sa.ForeignKeyConstraint(["committee_id"], ["committees.body_id"], name=op.f("fk_fee_standards_committee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_standards")),
        sa.UniqueConstraint("committee_id", "item", "level", name=op.f("uq_fee_standards_committee_id_item_level")),
    )


def downgrade() -> None:
    op.drop_table("fee_standards")
