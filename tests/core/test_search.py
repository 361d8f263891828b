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
        ("排水 长沙", ["长沙排水", "长沙市排水公司", "长沙市城区排水事务中心"]),  # each word, in any order
        ("事务 csscq", ["长沙市城区排水事务中心"]),
        ("排水 湘潭", []),
        ("4301 ps", ["长沙排水", "长沙市排水公司", "长沙市城区排水事务中心"]),
        ("ＣＳＳＣＱ", ["长沙市城区排水事务中心"]),
        ("４３０１ＡＡ０３", ["长沙排水"]),
        ("csscq", ["长沙市城区排水事务中心"]),
        ("PSSW", ["株洲市城区排水事务中心", "长沙市城区排水事务中心"]),
        ("4301aa0", ["长沙排水", "长沙市排水公司", "长沙市城区排水事务中心"]),
        ("AA01", []),  # a code is typed from its beginning
        ("4301AA0", ["长沙排水", "长沙市排水公司", "长沙市城区排水事务中心"]),
        ("4302aa02", ["100%_水务/公司"]),
        ("430", ["长沙排水", "长沙市排水公司", "100%_水务/公司", "株洲市城区排水事务中心", "长沙市城区排水事务中心"]),
        ("psgs", ["长沙市排水公司"]),
        ("ps", ["长沙排水", "长沙市排水公司", "株洲市城区排水事务中心", "长沙市城区排水事务中心"]),
        ("z", ["株洲市城区排水事务中心"]),  # a single letter where the initials begin
        ("pc", []),  # in their order
        ("ps_", []),
        ("p%s", []),
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
    with read_session(Actor.anonymous()) as session:
        rows = session.execute(sa.select(Body.name, Body.pinyin, Body.code)).all()
    alike = {row.name for row in rows if search.found_in(text, name=row.name, initials=row.pinyin, code=row.code)}
    assert alike == set(names)


def test_a_name_is_found_as_it_reads_now() -> None:
    with unit_of_work(Actor.system("test")) as session:
        session.execute(sa.update(Body).where(Body.code == "4301AA03").values(name="湘潭排水"))
        session.execute(sa.delete(Body).where(Body.code == "4301AA02"))
    assert found("长沙排水") == ["长沙市城区排水事务中心"]
    assert found("湘潭排水") == ["湘潭排水"]


def test_initials_are_found_as_they_read_now() -> None:
    with unit_of_work(Actor.system("test")) as session:
        session.execute(sa.update(Body).where(Body.code == "4301AA03").values(pinyin="xtps"))
        session.execute(sa.delete(Body).where(Body.code == "4301AA02"))
    assert found("csps") == [] and found("psgs") == []
    assert found("xtps") == ["长沙排水"]


INDEXED = {
    "长沙排水": ({"bodies_letters"}, {"ix_bodies_name_letters"}),
    "psgs": (
        {"bodies_pinyin_letters", "sqlite_autoindex_bodies_1", "sqlite_autoindex_bodies_2"},
        {"ix_bodies_pinyin_letters", "ix_bodies_code_bytewise", "ix_bodies_credit_code_bytewise"},
    ),
    "长沙 排水": ({"bodies_letters"}, {"ix_bodies_name_letters"}),
    "z": ({"ix_bodies_pinyin"}, {"ix_bodies_pinyin_bytewise"}),
}
"""By what is asked for: the indexes that answer on SQLite, and on PostgreSQL."""


@pytest.mark.parametrize("text", INDEXED)
def test_whatever_is_asked_for_an_index_answers(app: Flask, text: str) -> None:
    with db.engine.connect() as connection:
        statement = str(query(text, Body.id).compile(db.engine, compile_kwargs={"literal_binds": True}))
        statement = statement.replace("%", "%%")
        if db.engine.dialect.name == "postgresql":
            columns = "node_type, nature, region_code, contact_name, contact_phone, active, deregistered_reason"
            connection.exec_driver_sql(
                f"INSERT INTO bodies (code, name, pinyin, {columns}) SELECT 'X' || n, '株洲市第' || n || '中学', 'q' || n, {columns}"
                " FROM (SELECT * FROM bodies LIMIT 1) AS one, generate_series(1, 20000) AS n"
            )
            connection.exec_driver_sql("ANALYZE bodies")
            plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", ()).scalars())
            assert {index for index in INDEXED[text][1] if index in plan} == INDEXED[text][1], plan
        else:
            plan = "\n".join(row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ()))
            assert {index for index in INDEXED[text][0] if index in plan} == INDEXED[text][0], plan
            assert "SEARCH bodies USING INTEGER PRIMARY KEY" in plan and "SCAN bodies\n" not in plan, plan
