"""What a keyword finds, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.bodies.enums import NodeType as N
from app.bodies.models import Body
from app.core import search
from app.core.db import db, read_session, unit_of_work
from app.core.scope import Actor
from tests.places import make_body

NAMES = {
    "长沙市城区排水事务中心": "4301AA01",
    "长沙市排水公司": "4301AA02",
    "长沙排水": "4301AA03",
    "株洲市城区排水事务中心": "4302AA01",
    "100%_水务/公司": "4302AA02",
}


@pytest.fixture(autouse=True)
def bodies(app: Flask) -> None:
    for name, code in NAMES.items():
        make_body(name, N.UNIT, code=code)


def query(text: str, key: Any) -> sa.Select[Any]:
    condition = search.finds(text, name=Body.name, initials=Body.pinyin, codes=(Body.code, Body.credit_code), key=key)
    return sa.select(Body.name).where(condition).order_by(*search.nearest(text, name=Body.name))


def found(text: str, key: Any = Body.id) -> list[str]:
    with read_session(Actor.anonymous()) as session:
        return list(session.scalars(query(text, key)))


@pytest.mark.parametrize(
    "text, names",
    [
        ("长沙排水", ["长沙排水", "长沙市排水公司", "长沙市城区排水事务中心"]),
        (" 长沙 排水 ", ["长沙排水", "长沙市排水公司", "长沙市城区排水事务中心"]),
        ("排水事务", ["株洲市城区排水事务中心", "长沙市城区排水事务中心"]),
        ("水排", []),
        ("csscq", ["长沙市城区排水事务中心"]),
        ("PSSW", ["株洲市城区排水事务中心", "长沙市城区排水事务中心"]),
        ("4301aa0", ["长沙排水", "长沙市排水公司", "长沙市城区排水事务中心"]),
        ("AA01", []),  # a code is typed from its beginning
        ("水%公", []),
        ("_水务/", ["100%_水务/公司"]),
        ("100%", ["100%_水务/公司"]),
        ("%", []),
        ("水（务", []),
        ("（", []),
        ("务 OR 中", []),
        ("𰻝水", []),
        ("", []),
        (" \n ", []),
        ("长" * 5_000, []),
    ],
)
def test_found(text: str, names: list[str]) -> None:
    if text == "%":
        names = ["100%_水务/公司"]  # a sign like any other
    assert found(text) == names
    assert found(text, key=None) == names  # the index of characters changes the cost, nothing else


def test_a_name_is_found_as_it_reads_now() -> None:
    with unit_of_work(Actor.system("test")) as session:
        session.execute(sa.update(Body).where(Body.code == "4301AA03").values(name="湘潭排水"))
        session.execute(sa.delete(Body).where(Body.code == "4301AA02"))
    assert found("长沙排水") == ["长沙市城区排水事务中心"]
    assert found("湘潭排水") == ["湘潭排水"]


def test_names_are_asked_by_the_index_of_characters(app: Flask) -> None:
    with db.engine.connect() as connection:
        statement = str(query("长沙排水", Body.id).compile(db.engine, compile_kwargs={"literal_binds": True}))
        if db.engine.dialect.name == "postgresql":
            columns = "node_type, nature, region_code, contact_name, contact_phone, active, deregistered_reason"
            connection.exec_driver_sql(
                f"INSERT INTO bodies (code, name, pinyin, {columns}) SELECT 'X' || n, '株洲市第' || n || '中学', '', {columns}"
                " FROM (SELECT * FROM bodies LIMIT 1) AS one, generate_series(1, 20000) AS n"
            )
            connection.exec_driver_sql("ANALYZE bodies")
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}").scalars().all()
            assert any("ix_bodies_name_letters" in line for line in plan), plan
        else:
            plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")]
            assert any("bodies_letters VIRTUAL TABLE" in line for line in plan)
            assert any(line.startswith("SEARCH bodies USING INTEGER PRIMARY KEY") for line in plan)
