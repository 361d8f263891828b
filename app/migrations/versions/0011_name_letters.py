"""An index of the characters of bodies' names, for 录入关键字回车查询 (see app.core.search)."""

from __future__ import annotations

from alembic import op

revision = "0011_name_letters"
down_revision = "0010_audit_lists"
branch_labels = None
depends_on = None

_PLACES = ",".join(map(str, range(1, 121)))
"""As many as a name has characters at most."""


def _letters(row: str) -> str:
    """The characters of row's name with spaces between them, for a tokenizer that splits at spaces."""
    return (
        f"(SELECT group_concat(substr({row}.name, place.value, 1), ' ')"
        f" FROM json_each('[{_PLACES}]') AS place WHERE place.value <= length({row}.name))"
    )


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE INDEX ix_bodies_name_letters ON bodies USING gin (string_to_array(name, NULL)) WITH (fastupdate = off)"
        )
        return
    op.execute(
        "CREATE VIRTUAL TABLE bodies_letters USING fts5(letters, content='', columnsize=0, detail=none,"
        " tokenize='unicode61 remove_diacritics 0')"
    )
    op.execute(f"INSERT INTO bodies_letters (rowid, letters) SELECT id, {_letters('bodies')} FROM bodies")
    add = f"INSERT INTO bodies_letters (rowid, letters) VALUES (new.id, {_letters('new')});"
    drop = f"INSERT INTO bodies_letters (bodies_letters, rowid, letters) VALUES ('delete', old.id, {_letters('old')});"
    op.execute(f"CREATE TRIGGER bodies_letters_add AFTER INSERT ON bodies BEGIN {add} END")
    op.execute(f"CREATE TRIGGER bodies_letters_drop AFTER DELETE ON bodies BEGIN {drop} END")
    op.execute(
        f"CREATE TRIGGER bodies_letters_change AFTER UPDATE OF name ON bodies WHEN old.name <> new.name"
        f" BEGIN {drop} {add} END"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_index("ix_bodies_name_letters", table_name="bodies")
        return
    for event in ("add", "drop", "change"):
        op.execute(f"DROP TRIGGER bodies_letters_{event}")
    op.drop_table("bodies_letters")
