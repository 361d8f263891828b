"""Units that ask for an account."""

import sqlalchemy as sa
from alembic import op

revision = "0006_registrations"
down_revision = "0005_catalog"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('unit_registrations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('credit_code', sa.String(length=18), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('nature', sa.String(40), nullable=False),
    sa.Column('region_code', sa.String(length=6), nullable=False),
    sa.Column('contact_name', sa.String(length=60), nullable=False),
    sa.Column('contact_id_number', sa.Text(), nullable=False),
    sa.Column('contact_id_masked', sa.String(length=18), nullable=False),
    sa.Column('contact_phone', sa.String(length=20), nullable=False),
    sa.Column('username', sa.String(length=32), nullable=False),
    sa.Column('password', sa.String(length=200), nullable=False),
    sa.Column('status', sa.String(40), nullable=False),
    sa.Column('opinion', sa.String(length=300), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('body_id', sa.Integer(), nullable=True),
    sa.Column('storage_key', sa.String(length=40), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=40), nullable=False),
    sa.Column('byte_size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.CheckConstraint("(status = 'approved') = (body_id IS NOT NULL)", name=op.f('ck_unit_registrations_approved_is_a_body')),
    sa.CheckConstraint("nature IN ('public_institution', 'government', 'state_enterprise', 'private_firm', 'personnel_agency', 'committee')", name=op.f('ck_unit_registrations_nature_known')),
    sa.CheckConstraint("status IN ('submitted', 'approved', 'refused')", name=op.f('ck_unit_registrations_status_known')),
    sa.ForeignKeyConstraint(['body_id'], ['bodies.id'], name=op.f('fk_unit_registrations_body_id')),
    sa.ForeignKeyConstraint(['region_code'], ['regions.code'], name=op.f('fk_unit_registrations_region_code')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit_registrations')),
    sa.UniqueConstraint('credit_code', name=op.f('uq_unit_registrations_credit_code')),
    sa.UniqueConstraint('storage_key', name=op.f('uq_unit_registrations_storage_key'))
    )
    op.create_index(op.f('ix_unit_registrations_region_code'), 'unit_registrations', ['region_code'], unique=False)
    op.create_index(op.f('ix_unit_registrations_status'), 'unit_registrations', ['status'], unique=False)


def downgrade() -> None:
    op.drop_table("unit_registrations")
