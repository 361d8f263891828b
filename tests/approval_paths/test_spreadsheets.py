"""A4–A8 批量导入: what the form refuses of an edge, the workbook refuses by row and column."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from app.approval_paths import services, spreadsheets
from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.catalog.enums import TitleLevel
from app.catalog.models import Speciality
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.scope import Actor
from app.imports import BatchState
from tests.imports.files import problems, submit, take, told
from tests.people import make_actor
from tests.places import SYSTEM, act, make_body, make_committee, make_edge, speciality

KIND = spreadsheets.kind(Procedure.SENIOR_REVIEW)
FULL, ASSOCIATE = "正高级", "副高级"
pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def officer() -> Actor:
    return make_actor(Role.HR_OFFICER, body_id=make_body("人社局", NodeType.TITLE_OFFICE), region_code="430100")


@pytest.fixture
def bodies() -> dict[str, int]:
    """UNIT1, and departments DEPT2 to DEPT5, all of Changsha."""
    made = {"UNIT1": make_body("单位甲", code="UNIT1")}
    for number, name in enumerate("乙丙丁戊", 2):
        made[f"DEPT{number}"] = make_body(f"主管{name}", NodeType.DEPARTMENT, code=f"DEPT{number}")
    return made


def code(name: str, series: str = "工程技术人员") -> str:
    with read_session(SYSTEM) as session:
        return session.get_one(Speciality, speciality(session, series, name)).code


@pytest.mark.parametrize("region, confirmed", [("430000", True), ("430100", False)])
def test_a_loop_within_the_file_is_shown_and_the_province_confirms(
    region: str, confirmed: bool, bodies: dict[str, int]
) -> None:
    actor = make_actor(Role.HR_OFFICER, body_id=make_body("人社局", NodeType.TITLE_OFFICE), region_code=region)
    rows = (("UNIT1", "主管乙"), ("DEPT2", "DEPT3"), ("DEPT3", "DEPT2"), ("主管丁", "主管乙"))
    batch = take(actor, KIND, *rows, level=ASSOCIATE)
    assert problems(actor, batch) == {4: {"上级机构": "会形成循环：主管丙 → 主管乙 → 主管丙。"}}
    assert submit(actor, KIND, batch) is BatchState.SUBMITTED
    with read_session(actor) as session:
        edges = session.scalars(sa.select(PathEdge)).all()
        assert [(edge.confirmed_at is not None) for edge in edges] == [confirmed] * 3
        assert {edge.level for edge in edges} == {TitleLevel.ASSOCIATE_SENIOR}


def test_a_loop_with_edges_there_are_is_found_per_series_and_speciality(officer: Actor, bodies: dict[str, int]) -> None:
    two, three, four = (bodies[f"DEPT{number}"] for number in (2, 3, 4))
    with read_session(SYSTEM) as session:
        water, engineering = speciality(session, "工程技术人员", "给排水"), speciality(session, "工程技术人员")
        series = session.get_one(Speciality, engineering).series_id
    make_edge(two, three, speciality_id=water, series_id=series)
    make_edge(three, four)
    batch = take(
        officer,
        KIND,
        ("DEPT3", "DEPT2", "高等学校教师", ""),  # another series
        ("DEPT3", "DEPT2", "", code("建筑工程")),  # another speciality of the same
        ("DEPT3", "DEPT2", "", code("给排水")),
        ("DEPT4", "DEPT3", "工程技术人员", ""),
        ("DEPT3", "DEPT2", "工程技术人员", ""),  # covers 给排水, too
        level=ASSOCIATE,
    )
    assert problems(officer, batch) == {
        4: {"上级机构": "会形成循环：主管丙 → 主管乙 → 主管丙。"},
        5: {"上级机构": "会形成循环：主管丁 → 主管丙 → 主管丁。"},
        6: {"上级机构": "会形成循环：主管丙 → 主管乙 → 主管丙。"},
    }


def test_a_committee_takes_its_own_series_level_and_specialities_only(officer: Actor, bodies: dict[str, int]) -> None:
    make_committee("工程高评会", code="CMT1", series_name="工程技术人员")
    rows = (
        ("UNIT1", "CMT1", "", ""),
        ("DEPT2", "CMT1", "高等学校教师", ""),
        ("DEPT3", "CMT1", "", code("", "高等学校教师")),
        ("DEPT4", "CMT1", "工程技术人员", code("给排水")),
        ("DEPT5", "CMT1", "高等学校教师", code("给排水")),
        ("CMT1", "DEPT2", "", ""),
        ("DEPT2", "UNIT1", "", ""),
    )
    batch = take(officer, KIND, *rows, level=FULL)
    assert problems(officer, batch) == {
        3: {"系列": "“工程高评会”不评审该系列。"},
        4: {"专业编码": "“工程高评会”不评审该系列。"},
        6: {"专业编码": "专业“给排水”不在该系列下。"},
        7: {"下级机构": "评委会是终审机构，不能作为下级。"},
        8: {"上级机构": "所在单位不能作为上级机构。"},
    }
    lower = spreadsheets.kind(Procedure.JUNIOR_REVIEW)
    batch = take(officer, lower, ("UNIT1", "CMT1", "", ""), level="助理级")
    assert problems(officer, batch) == {2: {"上级机构": "“工程高评会”不评审助理级。"}}


def test_only_bodies_of_the_region_rise_and_only_to_regions_around_it(officer: Actor, bodies: dict[str, int]) -> None:
    make_body("省厅", NodeType.DEPARTMENT, code="PROV1", region_code="430000")
    make_body("株洲局", NodeType.DEPARTMENT, code="FAR1", region_code="430200")
    make_body("芙蓉局", NodeType.DEPARTMENT, code="NEAR1", region_code="430102")
    rows = (("UNIT1", "PROV1"), ("UNIT1", "FAR1"), ("FAR1", "DEPT2"), ("UNIT1", "NEAR1"))
    batch = take(officer, KIND, *rows, level=FULL)
    assert problems(officer, batch) == {
        3: {"上级机构": "上级机构应在本统筹区内，或是上一级统筹区的；其他的路径由上级人社部门配置。"},
        4: {"下级机构": "只能维护本统筹区内的机构。"},
    }


def test_duplicates_in_the_file_and_with_what_there_is(officer: Actor, bodies: dict[str, int]) -> None:
    make_edge(bodies["UNIT1"], bodies["DEPT2"], level=TitleLevel.FULL_SENIOR)
    rows = (("UNIT1", "DEPT2"), ("UNIT1", "DEPT3"), ("单位甲", "主管丙"), ("UNIT1", "DEPT4"), ("UNIT1", "DEPT4"))
    batch = take(officer, KIND, *rows, level=FULL)
    assert problems(officer, batch) == {
        2: {"下级机构": "“单位甲”已经是“主管乙”的下级，无需重复配置。"},
        4: {"下级机构": "与第 3 行是同一条路径。"},
        6: {"下级机构": "与第 5 行是同一条路径。"},
    }


def test_rows_the_same_as_one_at_fault_share_its_fault_or_are_good(officer: Actor, bodies: dict[str, int]) -> None:
    make_edge(bodies["DEPT3"], bodies["DEPT2"], level=TitleLevel.FULL_SENIOR)
    rows = (("DEPT2", "DEPT3"), ("DEPT2", "DEPT3"), ("UNIT1", "DEPT2", "没有"), ("UNIT1", "DEPT2"))
    batch = take(officer, KIND, *rows, level=FULL)
    loop = {"上级机构": "会形成循环：主管乙 → 主管丙 → 主管乙。"}
    assert problems(officer, batch) == {2: loop, 3: loop, 4: {"系列": "没有名为“没有”的系列。"}}


def test_a_cell_at_fault_hides_nothing_of_the_others(officer: Actor, bodies: dict[str, int]) -> None:
    make_committee("工程高评会", code="CMT1", series_name="工程技术人员")
    rows = (("NOBODY", "UNIT1", "没有"), (4301, "CMT1", "高等学校教师"), ("CMT1", "NOBODY", "", "0000"))
    batch = take(officer, KIND, *rows, level=FULL)
    assert {number: set(said) for number, said in problems(officer, batch).items()} == {
        2: {"下级机构", "上级机构", "系列"},
        3: {"下级机构", "系列"},
        4: {"下级机构", "上级机构", "专业编码"},
    }


def test_a_code_counted_up_is_found_by_its_name(officer: Actor, bodies: dict[str, int]) -> None:
    water = code("给排水")
    rows = (
        ("UNIT1", "DEPT2", "", f"{water} 建筑 工程"),
        ("UNIT1", "DEPT3", "", f"{water}　给 排水"),
        ("UNIT1", "DEPT4", "", water),
    )
    batch = take(officer, KIND, *rows, level=FULL)
    assert problems(officer, batch) == {2: {"专业编码": f"编码与名称不一致：{water} 是“给排水”，请核对。"}}


def test_a_speciality_brings_its_series_and_each_edge_its_history(officer: Actor, bodies: dict[str, int]) -> None:
    water = code("给排水")
    batch = take(officer, KIND, ("UNIT1", "DEPT2", "", f"{water} 给排水"), ("UNIT1", "DEPT3", "", ""), level=FULL)
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED
    with read_session(SYSTEM) as session:
        first, second = session.scalars(sa.select(PathEdge).order_by(PathEdge.id))
        assert first.speciality is not None and first.series_id == first.speciality.series_id
        assert (second.speciality_id, second.series_id) == (None, None)
        entries = session.execute(
            sa.select(AuditEntry.object_id, AuditEntry.detail).where(AuditEntry.action == "approval_paths.import")
        ).all()
    same = {"subordinate_id": "单位甲", "level": "full_senior", "confirmed": False}
    assert entries == [
        (str(first.id), same | {"superior_id": "主管乙", "speciality_id": "给排水"}),
        (str(second.id), same | {"superior_id": "主管丙"}),
    ]


def test_what_was_ended_since_the_check_is_listed_row_by_row(officer: Actor, bodies: dict[str, int]) -> None:
    batch = take(officer, KIND, ("UNIT1", "DEPT2"), ("UNIT1", "DEPT3"), ("UNIT1", "DEPT4"), level=FULL)
    make_edge(bodies["UNIT1"], bodies["DEPT2"], level=TitleLevel.FULL_SENIOR)
    make_edge(bodies["DEPT3"], bodies["DEPT2"], level=TitleLevel.FULL_SENIOR)
    make_edge(bodies["DEPT4"], bodies["DEPT5"], level=TitleLevel.FULL_SENIOR)
    make_edge(bodies["DEPT5"], bodies["DEPT3"], level=TitleLevel.FULL_SENIOR)
    assert submit(officer, KIND, batch) is BatchState.CHECKED
    assert told(officer, batch) == (
        BatchState.CHECKED, 2, 1, "检查之后情况有变，没有提交：1 行已列入失败的数据。其余 2 行可以再次提交。",
    )  # fmt: skip
    assert list(problems(officer, batch)) == [2]
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(PathEdge.id))) == 6


def test_two_files_that_tie_a_loop_together_do_not_both_come_in(officer: Actor, bodies: dict[str, int]) -> None:
    first = take(officer, KIND, ("DEPT2", "DEPT3"), level=FULL)
    second = take(officer, KIND, ("DEPT3", "DEPT2"), level=FULL)
    assert submit(officer, KIND, first) is BatchState.SUBMITTED
    assert submit(officer, KIND, second) is BatchState.NOTHING
    assert problems(officer, second) == {2: {"上级机构": "会形成循环：主管丙 → 主管乙 → 主管丙。"}}


def test_a_chain_of_thousands_is_checked_in_seconds(officer: Actor) -> None:
    with unit_of_work(SYSTEM) as session:
        session.execute(
            sa.insert(Body),
            [
                {
                    "code": f"CHAIN{number:05d}", "name": f"链{number}", "pinyin": "", "node_type": NodeType.DEPARTMENT,
                    "nature": "government", "region_code": "430100", "active": True, "deregistered_reason": "",
                }
                for number in range(20_001)
            ],
        )  # fmt: skip
    rows = [(f"CHAIN{number + 1:05d}", f"CHAIN{number:05d}") for number in reversed(range(20_000))]
    started = time.process_time()
    batch = take(officer, KIND, *rows, ("CHAIN00000", "CHAIN20000"), level=FULL)
    assert time.process_time() - started < 15
    [(number, reasons)] = problems(officer, batch).items()
    assert number == 20_002 and reasons["上级机构"].startswith("会形成循环：链0 → 链20000 → 链19999")


def test_a_confirmed_or_cancelled_edge_may_come_again(officer: Actor, bodies: dict[str, int]) -> None:
    key = make_edge(bodies["UNIT1"], bodies["DEPT2"], level=TitleLevel.FULL_SENIOR)
    act(SYSTEM, services.cancel_edge, edge_id=key, reason="调整")
    batch = take(officer, KIND, ("UNIT1", "DEPT2"), level=FULL)
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED
