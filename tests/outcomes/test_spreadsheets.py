"""The vote table as a workbook: what comes out, what goes in, and that nothing goes in by halves."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound, Refusal
from app.formats.workbooks import read_first_sheet
from app.outcomes import queries, spreadsheets
from app.outcomes.services import Votes, record_results
from app.outcomes.spreadsheets import HEAD, Person, Problem, read
from tests.applications.world import SYSTEM
from tests.review_plans.stage import Stage

PEOPLE = {"2026-1": Person(11, "2026-1", "赵敏"), "2026-2": Person(12, "2026-2", "钱进")}
ONE = ("2026-1", "赵敏", "某单位", "工程师")
TWO = ("2026-2", "钱进", "某单位", "工程师")


def test_numbers_are_read_however_they_were_typed() -> None:
    votes, problems, rows = read([HEAD, (*ONE, 9.0, "3", " ０ ", " 业绩突出。 "), (*TWO, 0.0, 12, 0)], PEOPLE)
    assert votes == [Votes(11, 9, 3, 0, "业绩突出。"), Votes(12, 0, 12, 0, "")]
    assert (problems, rows) == ([], {11: 2, 12: 3})


def test_rows_without_votes_wait() -> None:
    votes, problems, _ = read([HEAD, (*ONE, "", "", "", ""), (), ("",) * 8, (*TWO, 9, 3, 0, "")], PEOPLE)
    assert (votes, problems) == ([Votes(12, 9, 3, 0, "")], [])


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        ([], [Problem(1, "表头", "应依次为" + "、".join(HEAD))]),
        ([HEAD[1:]], [Problem(1, "表头", "应依次为" + "、".join(HEAD))]),
        ([HEAD], [Problem(2, "赞成票", "没有一行填了票数")]),
        ([HEAD, ("2026-9", "赵敏", "", "", 9, 3, 0)], [Problem(2, "申报编号", "这个申报编号不在本方案的参评人员中")]),
        ([HEAD, ("2026-1", "钱进", "", "", 9, 3, 0)], [Problem(2, "姓名", "与申报编号不符，应为赵敏")]),
        ([HEAD, (*ONE, 9, 3, 0), (*ONE, 9, 3, 0)], [Problem(3, "申报编号", "与第 2 行重复")]),
        ([HEAD, (*ONE, "", "", "", "好")], [Problem(2, "赞成票", "填了评审意见，没有填票数")]),
        (
            [HEAD, (*ONE, 9.5, -1, "三"), (*TWO, True, "", 10000)],
            [
                *(Problem(2, name, "应为 0 至 9999 的整数，没有的填 0") for name in HEAD[4:7]),
                *(Problem(3, name, "应为 0 至 9999 的整数，没有的填 0") for name in HEAD[4:7]),
            ],
        ),
        (
            [HEAD, (*ONE, clock.now(), 3, 0)],
            [Problem(2, "赞成票", "应为 0 至 9999 的整数，没有的填 0")],
        ),
    ],
)
def test_every_wrong_cell_is_named(rows: list[Any], problems: list[Problem]) -> None:
    assert read(rows, PEOPLE)[1] == problems


def test_a_problem_says_row_column_and_reason() -> None:
    assert str(Problem(3, "姓名", "与申报编号不符")) == "第 3 行“姓名”：与申报编号不符"


# -- with a plan -----------------------------------------------------------------------------------------------


def filled(stage: Stage, plan_id: int, *votes: tuple[object, ...]) -> bytes:
    """The plan's template with columns 赞成票 and after filled in, row by row."""
    with read_session(stage.committee) as session:
        book = openpyxl.load_workbook(io.BytesIO(spreadsheets.template(session, plan_id)))
    sheet = book.worksheets[0]
    for row, values in enumerate(votes, 2):
        for column, value in enumerate(values, 5):
            sheet.cell(row, column).value = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def put(stage: Stage, plan_id: int, content: bytes) -> int:
    with unit_of_work(stage.committee) as session:
        return spreadsheets.import_results(session, actor=stage.committee, plan_id=plan_id, content=content)


def held(plan_id: int) -> list[tuple[int, int, int, bool, str]]:
    with read_session(SYSTEM) as session:
        return [
            (r.in_favour, r.against, r.abstained, r.passed, r.opinion)
            for r in sorted(queries.results_of(session, plan_id).values(), key=lambda r: r.candidate_id)
        ]


def test_the_template_holds_the_plans_people_and_their_votes_so_far(stage: Stage) -> None:
    keys = stage.rechecked(2)
    plan_id = stage.approved_plan(keys)
    stage.meet(plan_id)
    stage.vote(plan_id, {keys[1]: (9, 3, 0)})
    with read_session(stage.committee) as session:
        content = spreadsheets.template(session, plan_id)
    rows = read_first_sheet(content, most_rows=10, most_columns=8)
    numbers = [stage.world.get(key).number for key in keys]
    assert tuple(rows[0]) == HEAD
    assert rows[1] == [numbers[0], "赵敏", "排水事务中心", "工程师", "", "", "", ""]
    assert rows[2] == [numbers[1], "钱进", "排水事务中心", "工程师", 9.0, 3.0, 0.0, ""]
    assert len(rows) == 3


def test_a_filled_in_template_is_imported(stage: Stage) -> None:
    plan_id = stage.approved_plan(stage.rechecked(2))
    stage.meet(plan_id)
    assert put(stage, plan_id, filled(stage, plan_id, (9, 3, 0, "同意。"), ("7", "5", "0"))) == 2
    assert held(plan_id) == [(9, 3, 0, True, "同意。"), (7, 5, 0, False, "")]
    assert put(stage, plan_id, filled(stage, plan_id, (8, 4, 0, "改正。"))) == 2  # what was there comes along
    assert held(plan_id) == [(8, 4, 0, True, "改正。"), (7, 5, 0, False, "")]


def test_one_wrong_row_and_nothing_is_imported(stage: Stage) -> None:
    plan_id = stage.approved_plan(stage.rechecked(3))
    stage.meet(plan_id)
    with pytest.raises(Invalid) as refused:
        put(stage, plan_id, filled(stage, plan_id, (9, 3, 0), ("九", 3, 0), (9, 3, 0)))
    assert refused.value.fields == {
        "file": "没有导入，共 1 处不对：第 3 行“赞成票”：应为 0 至 9999 的整数，没有的填 0。"
    }
    with pytest.raises(Invalid) as refused:
        put(stage, plan_id, filled(stage, plan_id, (9, 3, 0), (9, 4, 0), (9, 1, 0)))
    assert refused.value.fields == {
        "file": "没有导入，共 2 处不对：第 3 行“票数”：赞成、反对、弃权合计 13 票，多于出席评委 12 人；"
        "第 4 行“票数”：赞成、反对、弃权合计 10 票，少于出席评委 12 人，未投票的计入弃权。"
    }
    assert held(plan_id) == []


def test_a_formula_in_a_name_stays_text(stage: Stage) -> None:
    keys = stage.rechecked(1)
    plan_id = stage.approved_plan(keys)
    stage.meet(plan_id)
    candidates = stage.candidates(plan_id)
    with unit_of_work(stage.committee) as session:
        vote = Votes(candidates[keys[0]], 9, 3, 0, '=HYPERLINK("http://x","y")')
        record_results(session, actor=stage.committee, plan_id=plan_id, votes=[vote])
    with read_session(stage.committee) as session:
        sheet = openpyxl.load_workbook(io.BytesIO(spreadsheets.template(session, plan_id))).worksheets[0]
    assert (sheet["H2"].data_type, sheet["H2"].value) == ("s", '=HYPERLINK("http://x","y")')


def test_before_the_meeting_and_after_confirming_nothing_is_imported(stage: Stage) -> None:
    plan_id = stage.approved_plan(stage.rechecked(1))
    content = filled(stage, plan_id, (9, 3, 0))
    with pytest.raises(Refusal, match="请先录入评审会议"):
        put(stage, plan_id, content)
    stage.meet(plan_id)
    put(stage, plan_id, content)
    stage.confirm(plan_id)
    with pytest.raises(Conflict, match="评审结果已确认"):
        put(stage, plan_id, content)


def test_another_committees_plan_is_not_found(stage: Stage) -> None:
    plan_id = stage.approved_plan(stage.rechecked(1))
    for by in ("unit", "office", "far_hr", "judge"):
        with read_session(stage.world.actors[by]) as session, pytest.raises(NotFound):
            spreadsheets.template(session, plan_id)


def test_a_long_list_of_problems_is_cut(stage: Stage) -> None:
    plan_id = stage.approved_plan(stage.rechecked(1))
    stage.meet(plan_id)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEAD)
    for row in range(1, 200):
        sheet.write_row(row, 0, ("没有", "某人"))
    book.close()
    with pytest.raises(Invalid) as refused:
        put(stage, plan_id, file.getvalue())
    assert refused.value.fields["file"].endswith("；另有 149 处。")
