"""The history of a record in the words of its screen."""

from __future__ import annotations

from flask import Flask

from app.catalog.enums import TitleLevel
from app.core import audit
from app.core.db import read_session, unit_of_work
from app.web import history
from app.web.history import Words
from tests.places import PROVINCE, SYSTEM

WORDS = Words(
    {"name": "名称", "level": ("级别", TitleLevel), "levels": ("等级", TitleLevel), "contact": "联系人证件号"},
    {"things.weigh": "过磅"},
)


def told(*details: tuple[str, dict[str, object]]) -> list[tuple[str, str]]:
    with unit_of_work(SYSTEM) as session:
        for action, detail in details:
            audit.record(session, PROVINCE, action, ("things", 7), **detail)
        audit.record(session, PROVINCE, "things.create", ("things", 70), name="别的")
    with read_session(PROVINCE) as session:
        return [(step["title"], step["text"]) for step in history.steps(session, ("things", 7), words=WORDS)]


def test_newest_first_in_the_screens_words(app: Flask) -> None:
    assert told(
        ("things.create", {"name": "甲", "secret": "x"}),
        ("things.change_more", {"changes": {"name": ["甲", "乙"], "level": ["clerk", None], "secret": [1, 2]}}),
        ("things.weigh", {"levels": ["clerk", "assistant"]}),
        ("things.deregister", {"name": ""}),
        ("things.unheard_of", {}),
    ) == [
        ("处理", ""),
        ("注销", "名称：—"),
        ("过磅", "等级：员级、助理级"),
        ("修改", "名称：甲 → 乙\n级别：员级 → —"),
        ("新增", "名称：甲"),
    ]


def test_identity_numbers_are_masked_wherever_they_stand(app: Flask) -> None:
    whole = "11010519491231002X"
    assert told(
        ("things.create", {"contact": whole, "name": f"张三（{whole}）"}),
        ("things.create", {"name": "123456789012345678"}),  # no birthday in it: not one
    ) == [
        ("新增", "名称：123456789012345678"),
        ("新增", "名称：张三（110***********002X）\n联系人证件号：110***********002X"),
    ]


def test_who_and_in_which_capacity(app: Flask) -> None:
    with unit_of_work(SYSTEM) as session:
        audit.record(session, PROVINCE, "things.create", ("things", 8))
        audit.record(session, SYSTEM, "things.delete", ("things", 9))
    with read_session(PROVINCE) as session:
        steps = history.steps(session, ("things", 8), ("things", 9), words=WORDS)
    assert [(step["who"], step["tone"]) for step in steps] == [
        ("系统 · 系统", "bad"),
        ("省厅经办人 · 人社部门经办人", "ok"),
    ]
