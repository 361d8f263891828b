"""Tables that only grow: the database itself refuses UPDATE and DELETE, and the chains get their heads."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_entries", "certificate_log", "application_steps", "plan_steps")
CHAINED = ("audit_entries", "certificate_log")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'append-only table %', TG_TABLE_NAME; END $$"
        )
        for table in APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
    else:
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'append-only table {table}'); END"
                )
    op.create_index(  # by hand: Alembic does not compare indexes over expressions
        "uq_path_edges_live", "path_edges",
        ["procedure", "level", "subordinate_id", "superior_id", sa.text("coalesce(series_id, 0)"), sa.text("coalesce(speciality_id, 0)")],
        unique=True, sqlite_where=sa.text("active"), postgresql_where=sa.text("active"),
    )
    heads = sa.table("chain_heads", sa.column("chain"), sa.column("last_id"), sa.column("last_hash"))
    op.bulk_insert(heads, [{"chain": table, "last_id": 0, "last_hash": "0" * 64} for table in CHAINED])


def downgrade() -> None:
    raise NotImplementedError("a trail that only grows is not taken back")
