"""Bodies asked to mend a path."""

import sqlalchemy as sa
from alembic import op

revision = "0008_mending"
down_revision = "0007_staging"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('mending_requests',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('body_id', sa.Integer(), nullable=False),
    sa.Column('procedure', sa.String(40), nullable=False),
    sa.Column('level', sa.String(40), nullable=False),
    sa.Column('text', sa.String(length=600), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_by', sa.String(length=160), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.String(length=160), nullable=False),
    sa.CheckConstraint("level IN ('clerk', 'assistant', 'intermediate', 'associate_senior', 'full_senior')", name=op.f('ck_mending_requests_level_known')),
    sa.CheckConstraint("procedure IN ('initial_determination', 'recognition', 'junior_review', 'intermediate_review', 'senior_review')", name=op.f('ck_mending_requests_procedure_known')),
    sa.ForeignKeyConstraint(['body_id'], ['bodies.id'], name=op.f('fk_mending_requests_body_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mending_requests'))
    )
    op.create_index(op.f('ix_mending_requests_body_id'), 'mending_requests', ['body_id'], unique=False)
    op.create_index('uq_mending_requests_open', 'mending_requests', ['body_id', 'procedure', 'level'], unique=True, sqlite_where=sa.text('settled_at IS NULL'), postgresql_where=sa.text('settled_at IS NULL'))


def downgrade() -> None:
    op.drop_table("mending_requests")
