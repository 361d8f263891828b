"""Codes and pinyin initials of bodies by index, for 录入关键字回车查询 (see app.core.search); lists in their order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_search_and_lists"
down_revision = "0015_batch_specialities"
branch_labels = None
depends_on = None

_PLACES = ",".join(map(str, range(1, 120)))
_BYTEWISE = (
    ("bodies", "code"),
    ("bodies", "credit_code"),
    ("bodies", "pinyin"),
    ("bodies", "region_code"),
)
_EDGES = (
    ("ix_path_edges_listed", ("procedure", "id"), None, None),
    ("ix_path_edges_of_level", ("procedure", "level", "id"), None, None),
    ("ix_path_edges_of_series", ("procedure", "series_id", "id"), "series_id IS NOT NULL", "series_id IS NOT NULL"),
    ("ix_path_edges_unconfirmed", ("procedure", "id"), "confirmed_at IS NULL", "confirmed_at IS NULL"),
    ("ix_path_edges_ended", ("procedure", "id"), "active = 0", "NOT active"),
)
"""(name, columns, the rows on SQLite, on PostgreSQL)"""


def _pairs(row: str) -> str:
    """Each two neighbouring letters of row's initials, with spaces between the pairs, for a tokenizer that splits at spaces."""
    return (
        f"(SELECT group_concat(substr({row}.pinyin, place.value, 2), ' ')"
        f" FROM json_each('[{_PLACES}]') AS place WHERE place.value < length({row}.pinyin))"
    )


def upgrade() -> None:
    for name, columns, sqlite, postgresql in _EDGES:
        where = {"sqlite_where": sqlite, "postgresql_where": postgresql}
        op.create_index(name, "path_edges", columns, **{key: sa.text(rows) for key, rows in where.items() if rows})
    committees = sa.text("node_type = 'committee'")
    op.create_index(
        "ix_bodies_committees", "bodies", ["code"], sqlite_where=committees, postgresql_where=committees
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION pairs_of_letters(text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS "
            "$$ SELECT array_agg(DISTINCT substr($1, place, 2)) FROM generate_series(1, length($1) - 1) AS place $$"
        )
        op.execute(
            "CREATE INDEX ix_bodies_pinyin_letters ON bodies USING gin (pairs_of_letters(pinyin)) WITH (fastupdate = off)"
        )
        # levels go with procedures: without knowing that it expects rows where there are none
        op.execute("CREATE STATISTICS path_edges_kinds (mcv) ON procedure, level FROM path_edges")
        for table, column in _BYTEWISE:
            op.execute(f'CREATE INDEX ix_{table}_{column}_bytewise ON {table} ({column} COLLATE "C")')
        return
    op.execute(
        "CREATE VIRTUAL TABLE bodies_pinyin_letters USING fts5(pairs, content='', columnsize=0, detail=none,"
        " tokenize='unicode61 remove_diacritics 0')"
    )
    op.execute(f"INSERT INTO bodies_pinyin_letters (rowid, pairs) SELECT id, {_pairs('bodies')} FROM bodies")
    table = "bodies_pinyin_letters"
    add = f"INSERT INTO {table} (rowid, pairs) VALUES (new.id, {_pairs('new')});"
    drop = f"INSERT INTO {table} ({table}, rowid, pairs) VALUES ('delete', old.id, {_pairs('old')});"
    op.execute(f"CREATE TRIGGER {table}_add AFTER INSERT ON bodies BEGIN {add} END")
    op.execute(f"CREATE TRIGGER {table}_drop AFTER DELETE ON bodies BEGIN {drop} END")
    op.execute(
        f"CREATE TRIGGER {table}_change AFTER UPDATE OF pinyin ON bodies WHEN old.pinyin <> new.pinyin"
        f" BEGIN {drop} {add} END"
    )


def downgrade() -> None:
    op.drop_index("ix_bodies_committees", table_name="bodies")
    for name, *_ in _EDGES:
        op.drop_index(name, table_name="path_edges")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP STATISTICS path_edges_kinds")
        for table, column in _BYTEWISE:
            op.drop_index(f"ix_{table}_{column}_bytewise", table_name=table)
        op.drop_index("ix_bodies_pinyin_letters", table_name="bodies")
        op.execute("DROP FUNCTION pairs_of_letters(text)")
        return
    for event in ("add", "drop", "change"):
        op.execute(f"DROP TRIGGER bodies_pinyin_letters_{event}")
    op.drop_table("bodies_pinyin_letters")
