"""Migrations that meet rows which stand against what they bring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from app.core.db import prepare_engine
from app.core.schema import alembic_config
from tests.conftest import Backend


@pytest.fixture
def empty(database: Backend, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database of its own, without a table."""
    name = f"{database.name}_migrated"
    if database.kind == "postgresql":
        database.admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    url = f"{database.server}/{name}" if database.kind == "postgresql" else f"sqlite:///{tmp_path / 'old.db'}"
    engine = sa.create_engine(url)
    prepare_engine(engine)
    yield engine
    engine.dispose()
    if database.kind == "postgresql":
        database.admin(f"DROP DATABASE {name} WITH (FORCE)")


def test_what_cannot_work_any_more_is_deregistered_with_its_reason(app: object, empty: sa.Engine) -> None:
    with empty.begin() as connection:
        command.upgrade(alembic_config(connection), "0011_name_letters")
        run = connection.exec_driver_sql
        run("INSERT INTO regions (code, name, level) VALUES ('430000', '湖南省', 'province')")
        for key in (1, 2, 3):
            run(
                "INSERT INTO bodies (id, code, name, pinyin, node_type, nature, region_code, contact_name, contact_phone,"
                f" active, deregistered_reason) VALUES ({key}, 'B{key}', '国际会计局', 'gjhjj', 'title_office', 'government', '430000',"
                " '', '', true, '')"
            )
            code = {1: "43", 2: "4301", 3: "4300"}[key]
            run(
                "INSERT INTO issuing_authorities (id, body_id, code, printed_name, active, deregistered_reason)"
                f" VALUES ({key}, {key}, '{code}', '局', true, '')"
            )
        for key, method, level in (
            (1, "initial_determination", "intermediate"),
            (2, "initial_determination", "full_senior"),
            (3, "recognition", "full_senior"),
        ):
            run(
                "INSERT INTO acceptances (id, body_id, method, level, printed_name, guideline, active, deregistered_reason)"
                f" VALUES ({key}, {key}, '{method}', '{level}', '局', '', true, '')"
            )
    with empty.begin() as connection:
        command.upgrade(alembic_config(connection), "head")

        def ended(table: str) -> list[tuple[int, bool, str]]:
            rows = connection.exec_driver_sql(
                f"SELECT id, deregistered_at IS NOT NULL, deregistered_reason FROM {table} WHERE NOT active ORDER BY id"
            )
            return [(key, bool(told), reason) for key, told, reason in rows]

        spelt = connection.exec_driver_sql("SELECT pinyin FROM bodies ORDER BY id").scalars().all()
        assert spelt == ["gjkjj", "gjkjj", "gjkjj"]
        assert ended("acceptances") == [(2, True, "初定最高到中级")]
        assert ended("issuing_authorities") == [(3, True, "编码补足位数后与其他发证单位相同")]
    for wrong in (
        "UPDATE acceptances SET active = true WHERE id = 2",
        "UPDATE acceptances SET method = 'review' WHERE id = 1",
        "UPDATE acceptances SET level = 'none' WHERE id = 1",
        "UPDATE issuing_authorities SET active = true WHERE id = 3",
    ):
        with pytest.raises(sa.exc.IntegrityError), empty.begin() as connection:
            connection.exec_driver_sql(wrong)
