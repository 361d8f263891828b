"""Paths found over real edges; first of all the guide's own example (1.28, note)."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from app.approval_paths import queries, services
from app.approval_paths.enums import Procedure
from app.bodies import services as bodies
from app.bodies.enums import NodeType as N
from app.bodies.models import Body
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.errors import Refusal
from app.core.scope import Actor
from tests.places import (
    CITY,
    DRAINAGE,
    EDUCATION,
    HOUSING,
    OFFICE,
    SYSTEM,
    UPGRADE,
    act,
    guide_example,
    make_body,
    make_committee,
    make_edge,
    series,
    speciality,
)

pytestmark = pytest.mark.usefixtures("app")
BROKEN = f"审核路径断在“{EDUCATION}”：它没有上级机构，也不是终审机构，请它联系上级把它指定为下级机构。"


def question(employer: int, series_name: str = "高等学校教师", name: str = "工学", **changes: Any) -> dict[str, Any]:
    with read_session(SYSTEM) as session:
        return {
            "employer_id": employer,
            "method": M.REVIEW,
            "level": L.ASSOCIATE_SENIOR,
            "series_id": series(session, series_name),
            "speciality_id": speciality(session, series_name, name),
        } | changes


def paths(employer: int, *about: str, **changes: Any) -> list[list[str]]:
    wanted = question(employer, *about, **changes)
    with read_session(Actor.anonymous()) as session:
        return [[node.name for node in path] for path in queries.paths_for(session, **wanted)]


def reach(employer: int, *about: str, **changes: Any) -> queries.Reach:
    wanted = question(employer, *about, **changes)
    with read_session(Actor.anonymous()) as session:
        return queries.reach(session, **wanted)


def test_the_guides_example() -> None:
    keys = guide_example()
    found = reach(keys[DRAINAGE])
    assert [[node.name for node in path] for path in found.paths] == [[DRAINAGE, HOUSING, OFFICE, UPGRADE]]
    assert [(node.is_final, node.covers_speciality) for node in found.paths[0]] == [
        (False, None),
        (False, None),
        (False, None),
        (True, True),
    ]
    assert [(node.name, node.is_final) for node in found.broken] == [(EDUCATION, False)]
    assert queries.explain_break(found) == BROKEN


def test_the_broken_branch_mended() -> None:
    keys = guide_example()
    edge = make_edge(keys[EDUCATION], keys[OFFICE], confirmed=False)
    found = reach(keys[DRAINAGE])
    assert len(found.paths) == 1
    assert queries.explain_break(found) == (
        f"审核路径断在“{EDUCATION}”：“{OFFICE}”已把它指定为下级，请它在“审核层级配置单位确认”中确认。"
    )
    act(SYSTEM, services.confirm_edge, edge_id=edge)
    assert paths(keys[DRAINAGE]) == [
        [DRAINAGE, HOUSING, OFFICE, UPGRADE],
        [DRAINAGE, EDUCATION, OFFICE, UPGRADE],
    ]


def test_path_to_the_chosen_authority() -> None:
    keys = guide_example()
    with read_session(SYSTEM) as session:
        path = queries.path_to(session, **question(keys[DRAINAGE]), final_body_id=keys[UPGRADE])
    assert [node.body_id for node in path] == [keys[name] for name in (DRAINAGE, HOUSING, OFFICE, UPGRADE)]


def test_path_to_an_authority_that_is_not_reached_says_where_it_breaks() -> None:
    keys = guide_example()
    with read_session(SYSTEM) as session, pytest.raises(Refusal) as refused:
        queries.path_to(session, **question(keys[DRAINAGE]), final_body_id=make_committee("别的会"))
    assert refused.value.reason == BROKEN


def test_final_bodies_are_those_really_reached() -> None:
    keys = guide_example()
    near = make_committee("近处的会", series_name="高等学校教师")
    make_edge(keys[HOUSING], near)
    make_committee("够不着的会", series_name="高等学校教师")
    with read_session(SYSTEM) as session:
        found = queries.final_bodies_for(session, **question(keys[DRAINAGE]))
    assert [node.name for node in found] == ["近处的会", UPGRADE]


@pytest.mark.parametrize(
    "about, changes",
    [
        (("工程技术人员", "给排水"), {}),  # the committee reviews another series
        (("高等学校教师", "工学"), {"level": L.FULL_SENIOR}),  # configured for 副高级 alone
        (("高等学校教师", "工学"), {"level": L.INTERMEDIATE}),
        (("高等学校教师", "工学"), {"method": M.RECOGNITION}),
    ],
)
def test_other_applications_have_no_path(about: tuple[str, str], changes: dict[str, Any]) -> None:
    assert paths(guide_example()[DRAINAGE], *about, **changes) == []


def test_a_committee_that_does_not_cover_the_speciality() -> None:
    unit = make_body("排水中心")
    committee = make_committee("建设高评会", covers=("建设类",))
    make_edge(unit, committee)
    assert paths(unit, "工程技术人员", "给排水") == [["排水中心", "建设高评会"]]
    found = reach(unit, "工程技术人员", "计算机软件")
    assert found.paths == ()
    assert [(node.name, node.covers_speciality) for node in found.obstructed] == [("建设高评会", False)]
    assert queries.explain_break(found) == "“建设高评会”未维护该评审专业，请联系人社部门在评委会管理中维护。"


def test_only_confirmed_live_edges_and_bodies_carry() -> None:
    keys = guide_example()
    other = make_body("另一局", N.DEPARTMENT)
    first, second = make_edge(keys[DRAINAGE], other), make_edge(other, keys[OFFICE])
    assert len(paths(keys[DRAINAGE])) == 2
    act(CITY, services.cancel_edge, edge_id=second, reason="调整")
    assert paths(keys[DRAINAGE]) == [[DRAINAGE, HOUSING, OFFICE, UPGRADE]]
    act(CITY, services.cancel_edge, edge_id=first, reason="调整")
    act(CITY, bodies.deregister_body, body_id=other, reason="撤并")
    assert {node.name for node in reach(keys[DRAINAGE]).broken} == {EDUCATION}


def test_nothing_rises_through_a_body_that_is_gone() -> None:
    """However it went (an import, an old database): the edges still there carry nothing, and the screen says why."""
    keys = guide_example()
    with unit_of_work(SYSTEM) as session:
        session.execute(
            sa.update(Body).where(Body.id == keys[OFFICE]).values(active=False, deregistered_at=clock.now())
        )
    found = reach(keys[DRAINAGE])
    assert found.paths == ()
    assert [node.name for node in found.broken] == [HOUSING, EDUCATION]
    assert queries.explain_break(found).startswith(
        f"审核路径断在“{HOUSING}”：它的上级“{OFFICE}”已注销，请它联系人社部门配置新的上级机构；审核路径断在“{EDUCATION}”"
    )


def test_an_employer_that_is_gone_or_never_was() -> None:
    nothing = queries.Reach((), (), ())
    assert reach(10**9) == nothing
    key = make_body("撤并的局")
    act(CITY, bodies.deregister_body, body_id=key, reason="撤并")
    assert reach(key) == nothing
    assert queries.explain_break(nothing) == "该单位不存在或已注销，请核对单位名称。"


def test_initial_determination_ends_at_the_acceptance_agency() -> None:
    unit, office = make_body("排水中心"), make_body("管理处", N.TITLE_OFFICE)
    kind: dict[str, Any] = {"procedure": Procedure.INITIAL_DETERMINATION, "level": L.ASSISTANT}
    make_edge(unit, office, **kind)
    about: dict[str, Any] = {"method": M.INITIAL_DETERMINATION, "level": L.ASSISTANT}
    assert paths(unit, "工程技术人员", "给排水", **about) == []
    accepted = act(
        CITY,
        bodies.add_acceptance,
        body_id=office,
        method=M.INITIAL_DETERMINATION,
        level=L.ASSISTANT,
        printed_name="人社局",
    )
    assert paths(unit, "工程技术人员", "给排水", **about) == [["排水中心", "管理处"]]
    act(CITY, bodies.deregister_acceptance, acceptance_id=accepted, reason="上收")
    assert paths(unit, "工程技术人员", "给排水", **about) == []


def test_an_edge_of_a_series_or_speciality_carries_that_alone() -> None:
    unit, office = make_body("排水中心"), make_body("管理处", N.TITLE_OFFICE)
    committee = make_committee("工程高评会")
    make_edge(office, committee)
    with read_session(SYSTEM) as session:
        engineering, group = series(session, "工程技术人员"), speciality(session, "工程技术人员", "建设类")
    make_edge(unit, office, series_id=engineering, speciality_id=group)
    assert paths(unit, "工程技术人员", "给排水") == [["排水中心", "管理处", "工程高评会"]]
    assert paths(unit, "工程技术人员", "计算机软件") == []


def test_as_many_queries_however_far_the_path() -> None:
    """No walk of the ORM: the count does not grow with the bodies above."""

    def count(employer: int) -> int:
        wanted = question(employer)
        with read_session(SYSTEM) as session:
            seen: list[str] = []
            connection = session.connection()
            sa.event.listen(connection, "before_cursor_execute", lambda *args: seen.append(args[2]))
            queries.paths_for(session, **wanted)
            return len(seen)

    keys = guide_example()
    short = count(keys[HOUSING])
    chain = [make_body(f"第{number}级", N.DEPARTMENT) for number in range(12)]
    for below, above in zip(chain, [*chain[1:], keys[OFFICE]], strict=True):
        make_edge(below, above)
    assert len(paths(chain[0])[0]) == 14
    assert count(chain[0]) == short <= 6
