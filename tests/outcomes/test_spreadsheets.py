"""The vote table as a workbook: what comes out, what goes in, and that nothing goes in by halves."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from flask import Flask

from app.core.db import read_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotFound, Refusal
from app.outcomes import queries, spreadsheets
from app.outcomes.services import Votes, record_results
from app.outcomes.spreadsheets import HEAD, Problem
from tests.applications.world import SYSTEM
from tests.http import Doors
from tests.imports.files import workbook
from tests.review_plans.stage import Stage


def test_a_problem_says_row_column_and_reason() -> None:
    assert str(Problem(3, "姓名", "与申报编号不符。")) == "第 3 行“姓名”：与申报编号不符"


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
    rows = spreadsheets.read(content)
    with unit_of_work(stage.committee) as session:
        return spreadsheets.import_results(session, actor=stage.committee, plan_id=plan_id, rows=rows)


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
    rows = [list(row) for row in openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].values]
    numbers = [stage.world.get(key).number for key in keys]
    assert tuple(rows[0]) == HEAD
    assert rows[1] == [numbers[0], "赵敏", "排水事务中心", "工程师", None, None, None, None]
    assert rows[2] == [numbers[1], "钱进", "排水事务中心", "工程师", 9, 3, 0, None]
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
    assert refused.value.fields == {"file": "没有导入，共 1 处不对：第 3 行“赞成票”：请填写整数。"}
    with pytest.raises(Invalid) as refused:
        put(stage, plan_id, filled(stage, plan_id, (9, 3, 0), (9, 4, 0), (9, 1, 0)))
    assert refused.value.fields == {
        "file": "没有导入，共 2 处不对：第 3 行“票数”：赞成、反对、弃权合计 13 票，多于出席评委 12 人；"
        "第 4 行“票数”：赞成、反对、弃权合计 10 票，少于出席评委 12 人，未投票的计入弃权。"
    }
    assert held(plan_id) == []


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (("2026-9",), "第 2 行“申报编号”：这个申报编号不在本方案的参评人员中"),
        ((None, "钱进", None, None, 9, 3, 0), "第 2 行“姓名”：与申报编号不符，应为赵敏"),
        ((None, "#N/A", None, None, 9, 3, 0), "第 2 行“姓名”：单元格是错误值 #N/A，请改正"),
        ((None, None, None, None, 9, 3), "第 2 行“弃权票”：没有的填 0"),
        ((None, None, None, None, None, None, None, "好"), "第 2 行“赞成票”：填了评审意见，没有填票数"),
        ((None, None, None, None, 9.5, 3, 0), "第 2 行“赞成票”：请填写整数"),
        (
            (None, None, None, None, True, 3, 0),
            "第 2 行“赞成票”：单元格是逻辑值 TRUE，请把单元格设为“文本”格式后重新录入",
        ),
        ((), "第 2 行“赞成票”：没有一行填了票数"),
    ],
)
def test_every_wrong_cell_is_named(stage: Stage, cells: tuple[object, ...], problem: str) -> None:
    plan_id = stage.approved_plan(stage.rechecked(1))
    stage.meet(plan_id)
    book = openpyxl.load_workbook(io.BytesIO(filled(stage, plan_id)))
    for column, value in enumerate(cells, 1):
        if value is not None:
            book.worksheets[0].cell(2, column).value = value
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(Invalid) as refused:
        put(stage, plan_id, file.getvalue())
    assert refused.value.fields == {"file": f"没有导入，共 1 处不对：{problem}。"}
    assert held(plan_id) == []


def test_the_same_person_twice_is_named(stage: Stage) -> None:
    plan_id = stage.approved_plan(stage.rechecked(1))
    stage.meet(plan_id)
    book = openpyxl.load_workbook(io.BytesIO(filled(stage, plan_id, (9, 3, 0))))
    sheet = book.worksheets[0]
    for column in range(1, 9):
        sheet.cell(3, column).value = sheet.cell(2, column).value
    file = io.BytesIO()
    book.save(file)
    with pytest.raises(Invalid, match="第 3 行“申报编号”：与第 2 行重复（申报编号相同）"):
        put(stage, plan_id, file.getvalue())


def test_by_the_page(stage: Stage, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    plan_id = stage.approved_plan(stage.rechecked(2))
    stage.meet(plan_id)
    browser = Doors(app, monkeypatch).enter(stage.committee)
    assert "也可以用表格导入" in browser.get(f"/u125/{plan_id}").text
    with browser.get(f"/u125/{plan_id}/template") as answer:
        assert answer.data.startswith(b"PK")

    def hand_in(content: bytes) -> Any:
        file = {"file": (io.BytesIO(content), "评审结果.xlsx")}
        return browser.post(
            f"/u125/{plan_id}/import", data=file, content_type="multipart/form-data", follow_redirects=True
        )

    answer = hand_in(filled(stage, plan_id, (9, 4, 0), (7, 5, 0)))
    assert answer.status_code == 422 and "第 2 行“票数”：赞成、反对、弃权合计 13 票，多于出席评委 12 人" in answer.text
    assert "没有名为“评审结果”的工作表" in hand_in(workbook("committees")).text
    assert held(plan_id) == []
    answer = hand_in(filled(stage, plan_id, (9, 3, 0), (7, 5, 0)))
    assert answer.status_code == 200 and "已导入 2 人的票数" in answer.text
    assert held(plan_id) == [(9, 3, 0, True, ""), (7, 5, 0, False, "")]
    stage.confirm(plan_id)
    assert "也可以用表格导入" not in browser.get(f"/u125/{plan_id}").text


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
    sheet = book.add_worksheet("评审结果")
    sheet.write_row(0, 0, HEAD)
    for row in range(1, 200):
        sheet.write_row(row, 0, (f"没有{row}", "某人"))
    book.close()
    with pytest.raises(Invalid) as refused:
        put(stage, plan_id, file.getvalue())
    assert refused.value.fields["file"].endswith("；另有 149 处。")
