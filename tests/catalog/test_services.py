"""Keeping the two trees: who may, what is refused, and what the record says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from app.catalog import services
from app.catalog.enums import TitleLevel as L
from app.catalog.models import Speciality, Title
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session
from app.core.errors import Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.places import CITY, COUNTY, MONDAY, PROVINCE, SYSADMIN, SYSTEM, act, make_committee, series, speciality

ENGINEERING = "工程技术人员"


@pytest.fixture(autouse=True)
def monday(app: Flask) -> Iterator[None]:
    with clock.at(MONDAY):
        yield


def node(series_name: str = ENGINEERING, name: str = "") -> int:
    with read_session(SYSTEM) as session:
        return speciality(session, series_name, name)


def add(actor: Actor = PROVINCE, *, parent: int | None = None, code: str = "9901", name: str = "智慧水务") -> int:
    return act(actor, services.create_speciality, parent_id=parent or node(), code=code, name=name)


def entries(table: str, key: int) -> list[tuple[str, object]]:
    with read_session(SYSTEM) as session:
        rows = session.scalars(
            sa.select(AuditEntry)
            .where(AuditEntry.object_type == table, AuditEntry.object_id == str(key))
            .order_by(AuditEntry.id)
        )
        return [(row.action, row.detail) for row in rows]


def test_a_node_is_added_below_another_of_its_series() -> None:
    key = add(code=" gx.01 ", name=" 智慧水务 ")
    with read_session(SYSTEM) as session:
        row = session.get_one(Speciality, key)
        assert (row.code, row.name, row.pinyin) == ("GX.01", "智慧水务", "zhsw")
        assert (row.parent_id, row.series_id) == (node(), series(session, ENGINEERING))
    assert entries("specialities", key) == [
        ("catalog.create_speciality", {"code": "GX.01", "name": "智慧水务", "parent": ENGINEERING})
    ]


@pytest.mark.parametrize("actor", [CITY, COUNTY, Actor.anonymous()])
def test_only_the_province_keeps_the_trees(actor: Actor) -> None:
    key = add()
    for attempt in (
        lambda: add(actor, code="9902", name="海绵城市"),
        lambda: act(actor, services.change_speciality, speciality_id=key, code="9901", name="别名"),
        lambda: act(actor, services.delete_speciality, speciality_id=key),
        lambda: title(actor),
    ):
        with pytest.raises(NotAllowed, match="由省级人社部门维护"):
            attempt()
    assert add(SYSADMIN, code="9903", name="海绵城市")


def test_codes_are_one_of_a_kind_and_names_within_a_parent() -> None:
    add()
    with pytest.raises(Invalid) as refused:
        add()
    assert refused.value.fields == {
        "code": "代码 9901 已由“智慧水务”使用。",
        "name": f"“{ENGINEERING}”下已有“智慧水务”。",
    }
    with pytest.raises(Invalid) as refused:
        add(code="?", name=" ")
    assert set(refused.value.fields) == {"code", "name"}
    assert add(parent=node("经济专业人员"), code="9902")  # the same name elsewhere is another speciality
    with pytest.raises(NotFound):
        add(parent=999_999)


RARE = "\U0003106c"


@pytest.mark.parametrize("name", [f"{RARE}学", "智慧 水务", "智慧\u3000水务"])
def test_a_name_that_would_not_print_is_refused_where_it_is_entered(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(name=name)
    assert set(refused.value.fields) == {"name"}
    with pytest.raises(Invalid) as refused:
        title(name=name, ministry_title=name, branch=name)
    assert set(refused.value.fields) == {"name", "ministry_title", "branch"}


def test_change_is_recorded_with_before_and_after() -> None:
    key = add()
    act(PROVINCE, services.change_speciality, speciality_id=key, code="9905", name="水务信息化")
    act(PROVINCE, services.change_speciality, speciality_id=key, code="9905", name="水务信息化")  # nothing new
    with read_session(SYSTEM) as session:
        row = session.get_one(Speciality, key)
        assert (row.code, row.name, row.pinyin) == ("9905", "水务信息化", "swxxh")
    assert entries("specialities", key)[1:] == [
        ("catalog.change_speciality", {"changes": {"code": ["9901", "9905"], "name": ["智慧水务", "水务信息化"]}})
    ]


def test_top_categories_stay() -> None:
    with pytest.raises(Refusal, match="栏目大类"):
        act(PROVINCE, services.change_speciality, speciality_id=node(), code="99", name="别的")
    with pytest.raises(Refusal, match="栏目大类"):
        act(PROVINCE, services.delete_speciality, speciality_id=node())


def test_a_node_is_deleted_once_nothing_uses_it() -> None:
    key = add()
    below = add(parent=key, code="990101", name="智慧供水")
    with pytest.raises(Refusal, match="下级专业 1 个（智慧供水）"):
        act(PROVINCE, services.delete_speciality, speciality_id=key)
    act(PROVINCE, services.delete_speciality, speciality_id=below)
    act(PROVINCE, services.delete_speciality, speciality_id=key)
    with read_session(SYSTEM) as session:
        assert session.get(Speciality, key) is None
    assert entries("specialities", key)[-1][0] == "catalog.delete_speciality"
    with pytest.raises(NotFound):
        act(PROVINCE, services.delete_speciality, speciality_id=key)


def test_the_refusal_names_the_committee_that_covers_it() -> None:
    make_committee("给排水高评会", covers=("给排水",))
    with pytest.raises(Refusal, match="评审专业包含它的“给排水高评会”"):
        act(PROVINCE, services.delete_speciality, speciality_id=node(name="给排水"))


def test_the_refusal_names_the_edge_that_is_limited_to_it() -> None:
    from app.bodies.enums import NodeType
    from tests.places import make_body, make_edge

    below, above = make_body("某局", NodeType.TITLE_OFFICE), make_committee("工程高评会")
    make_edge(below, above, speciality_id=node(name="给排水"))
    with pytest.raises(Refusal, match="1 条审核路径配置"):
        act(PROVINCE, services.delete_speciality, speciality_id=node(name="给排水"))


def title(actor: Actor = PROVINCE, **changes: object) -> int:
    with read_session(SYSTEM) as session:
        key = series(session, ENGINEERING)
    values = {"series_id": key, "level": L.FULL_SENIOR, "name": "首席工程师"} | changes
    return act(actor, services.create_title, **values)


def test_a_title_is_added_changed_and_deleted() -> None:
    key = title(ministry_title="正高级工程师")
    with pytest.raises(Invalid, match="已有这个级别的“首席工程师”"):
        title()
    assert title(branch="消防")  # in a branch it is another title
    act(
        PROVINCE,
        services.change_title,
        title_id=key,
        level=L.ASSOCIATE_SENIOR,
        name="资深工程师",
        ministry_title="高级工程师",
    )
    with read_session(SYSTEM) as session:
        row = session.get_one(Title, key)
        assert (row.level, row.name, row.ministry_title) == (L.ASSOCIATE_SENIOR, "资深工程师", "高级工程师")
    act(PROVINCE, services.delete_title, title_id=key)
    assert [action for action, _ in entries("titles", key)] == [
        "catalog.create_title",
        "catalog.change_title",
        "catalog.delete_title",
    ]
    with pytest.raises(NotFound):
        act(PROVINCE, services.delete_title, title_id=key)


def test_a_title_tells_everything_wrong_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        title(level=None, name="", ministry_title="长" * 41, branch="类" * 41)
    assert set(refused.value.fields) == {"level", "name", "ministry_title", "branch"}
    with pytest.raises(NotFound):
        title(series_id=999_999)
