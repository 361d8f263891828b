"""Imports: what was chosen on the page, the job, the sweep; what people wrote lies encrypted; kept for days that are settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017_imports"
down_revision = "0016_search_and_lists"
branch_labels = None
depends_on = None

OLD = "'uploaded', 'checked', 'refused', 'submitted', 'discarded'"
NEW = "'uploaded', 'checked', 'nothing', 'refused', 'submitting', 'submitted', 'discarded'"
SETTINGS = {"import_done_days": "7", "import_waiting_days": "30"}
AGAIN = "系统升级，检查的结果不再保留，请重新导入。"


def upgrade() -> None:
    op.execute("DELETE FROM staged_blocks")  # in clear until now; a file is imported again in a minute
    op.execute("DELETE FROM failed_rows")
    with op.batch_alter_table("import_batches") as table:
        table.add_column(sa.Column("chosen", sa.Text(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("others", sa.Text(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("job_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True))
        table.alter_column("storage_key", existing_type=sa.String(40), nullable=True)
        table.create_foreign_key(op.f("fk_import_batches_job_id"), "jobs", ["job_id"], ["id"])
        table.create_index(op.f("ix_import_batches_job_id"), ["job_id"])
        table.drop_constraint(op.f("ck_import_batches_state_known"), type_="check")
        table.create_check_constraint(op.f("ck_import_batches_state_known"), f"state IN ({NEW})")
    batches = sa.table("import_batches", *map(sa.column, ("state", "message")))
    waiting = batches.c.state.in_(["uploaded", "checked"])
    op.execute(batches.update().where(waiting).values(state="refused", message=AGAIN))
    for key, value in SETTINGS.items():  # a database without settings gets them with the reference data
        op.execute(
            sa.text(
                "INSERT INTO settings (key, value, since, set_by)"
                " SELECT :key, :value, min(since), '出厂设置' FROM settings HAVING count(*) > 0"
            ).bindparams(key=key, value=value)
        )


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM settings WHERE key IN ('import_done_days', 'import_waiting_days')"))
    op.execute("DELETE FROM staged_blocks")
    op.execute("DELETE FROM failed_rows")
    op.execute("UPDATE import_batches SET state = 'discarded' WHERE state IN ('nothing', 'submitting', 'checked')")
    op.execute("UPDATE import_batches SET storage_key = '' WHERE storage_key IS NULL")
    with op.batch_alter_table("import_batches") as table:
        table.drop_constraint(op.f("ck_import_batches_state_known"), type_="check")
        table.create_check_constraint(op.f("ck_import_batches_state_known"), f"state IN ({OLD})")
        table.drop_index(op.f("ix_import_batches_job_id"))
        table.drop_constraint(op.f("fk_import_batches_job_id"), type_="foreignkey")
        for name in ("chosen", "others", "job_id", "swept_at"):
            table.drop_column(name)
        table.alter_column("storage_key", existing_type=sa.String(40), nullable=False)
