"""Registrations of a credit code over the years, the contact's phone encrypted, one applicant's post a person."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from app.core import crypto

revision = "0013_claims"
down_revision = "0012_authorising"
branch_labels = None
depends_on = None

STATUSES = "'submitted', 'approved', 'refused'"


def upgrade() -> None:
    with op.batch_alter_table("unit_registrations") as table:
        table.drop_constraint(op.f("uq_unit_registrations_credit_code"), type_="unique")
        table.drop_constraint(op.f("ck_unit_registrations_status_known"), type_="check")
        table.create_check_constraint(op.f("ck_unit_registrations_status_known"), f"status IN ({STATUSES}, 'replaced')")
        table.alter_column("contact_phone", type_=sa.Text(), existing_type=sa.String(20), existing_nullable=False)
        table.add_column(sa.Column("contact_phone_masked", sa.String(20), nullable=False, server_default=""))
        table.add_column(sa.Column("consented_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("consent_version", sa.String(20), nullable=False, server_default=""))
    with op.batch_alter_table("unit_registrations") as table:
        table.alter_column("contact_phone_masked", server_default=None)
        table.alter_column("consent_version", server_default=None)
        table.create_index("ix_unit_registrations_credit_code", ["credit_code"])
    _rewrite_phones(lambda phone: (crypto.keys().encrypt(phone), crypto.mask_phone(phone)))
    op.execute(  # of two that wait for one name the later is sent back
        "UPDATE unit_registrations SET status = 'refused', opinion = '登录用户名与另一单位重复，请更换后重新提交。'"
        " WHERE status = 'submitted' AND EXISTS (SELECT 1 FROM unit_registrations AS earlier WHERE earlier.status ="
        " 'submitted' AND earlier.username = unit_registrations.username AND earlier.id < unit_registrations.id)"
    )
    waiting = sa.text("status = 'submitted'")
    for column in ("credit_code", "username"):
        op.create_index(
            f"uq_unit_registrations_waiting_{column}", "unit_registrations", [column], unique=True,
            sqlite_where=waiting, postgresql_where=waiting,
        )
    with op.batch_alter_table("unmask_log") as table:
        table.alter_column("person_id", nullable=True, existing_type=sa.Integer())
        table.add_column(sa.Column("registration_id", sa.Integer(), nullable=True))
        table.create_foreign_key(op.f("fk_unmask_log_registration_id"), "unit_registrations", ["registration_id"], ["id"])
        table.create_check_constraint(op.f("ck_unmask_log_of_somebody"), "person_id IS NOT NULL OR registration_id IS NOT NULL")
        table.create_index("ix_unmask_log_registration_id", ["registration_id"])
    alone = sa.text("body_id IS NULL")
    op.create_index(
        "uq_posts_without_body", "posts", ["user_id", "role"], unique=True, sqlite_where=alone, postgresql_where=alone
    )
    _add_setting("blacklist_years", "3")


def _rewrite_phones(written) -> None:
    table = sa.table("unit_registrations", *map(sa.column, ("id", "contact_phone", "contact_phone_masked")))
    connection = op.get_bind()
    for key, phone in connection.execute(sa.select(table.c.id, table.c.contact_phone)).all():
        stored, masked = written(phone)
        row = sa.update(table).where(table.c.id == key)
        connection.execute(row.values(contact_phone=stored, contact_phone_masked=masked))


def _add_setting(key: str, value: str) -> None:
    """Where reference data has been loaded; a new database gets it from there."""
    table = sa.table("settings", sa.column("key"), sa.column("value"), sa.column("since", sa.DateTime(timezone=True)),
                     sa.column("set_by"))
    connection = op.get_bind()
    if connection.execute(sa.select(table.c.key).limit(1)).first() is not None:
        since = datetime(2020, 1, 1, tzinfo=UTC)
        connection.execute(sa.insert(table).values(key=key, value=value, since=since, set_by="出厂设置"))


def downgrade() -> None:
    raise NotImplementedError("several registrations of one credit code can't be made one again")
