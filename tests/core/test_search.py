"""What a keyword finds, on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from app.bodies.enums import NodeType as N
from app.bodies.models import Body
from app.core import search
from app.core.db import read_session
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


def found(text: str) -> list[str]:
    condition = search.finds(text, name=Body.name, initials=Body.pinyin, codes=(Body.code, Body.credit_code))
    with read_session(Actor.anonymous()) as session:
        query = sa.select(Body.name).where(condition).order_by(*search.nearest(text, name=Body.name))
        return list(session.scalars(query))


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
        ("", []),
        (" \n ", []),
        ("长" * 5_000, []),
    ],
)
def test_found(text: str, names: list[str]) -> None:
    if text == "%":
        names = ["100%_水务/公司"]  # a sign like any other
    assert found(text) == names
