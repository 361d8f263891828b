"""Lists of the audit trail by action and by actor, in the order they are shown."""

from __future__ import annotations

from alembic import op

revision = "0010_audit_lists"
down_revision = "0009_exports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_audit_entries_action", table_name="audit_entries")
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "id"])
    op.create_index("ix_audit_entries_actor_name", "audit_entries", ["actor_name", "id"])


def downgrade() -> None:
    op.drop_index("ix_audit_entries_actor_name", table_name="audit_entries")
    op.drop_index("ix_audit_entries_action", table_name="audit_entries")
    op.create_index("ix_audit_entries_action", "audit_entries", ["action"])
