"""U1.2.5, 线下评审: the vote table as a workbook. A template with the plan's people, and its import: all or nothing."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import xlsxwriter
from sqlalchemy.orm import Session

from app.core.errors import Invalid, NotFound
from app.core.scope import Actor
from app.formats.workbooks import Cell, read_first_sheet
from app.outcomes import queries, services
from app.outcomes.models import ReviewResult
from app.review_plans.models import ReviewPlan
from app.review_plans.queries import plan_page

HEAD = ("申报编号", "姓名", "单位", "申报职称", "赞成票", "反对票", "弃权票", "评审意见")
WIDTHS = (24, 12, 30, 20, 9, 9, 9, 50)
VOTES = HEAD[4:7]
MOST_ROWS = 5_000
SHOWN = 50
RULES = (
    "只填写赞成票、反对票、弃权票和评审意见，不要改动前四列，不要增加或移动列。",
    "三种票数合计应等于出席评委人数；未投票的计入弃权。没有的填 0。",
    "是否通过由系统按出席评委的三分之二计算，不在表中填写。",
    "三种票数都空着的一行不导入，可以以后再录入。有一行不对，整个文件都不导入。",
)


@dataclass(frozen=True)
class Person:
    """A candidate as the workbook knows him: `number` is 申报编号."""

    candidate_id: int
    number: str
    name: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell: the sheet's row (from 1), the column's name, the reason in the user's words."""

    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"第 {self.row} 行“{self.column}”：{self.reason}"


def template(session: Session, plan_id: int) -> bytes:
    """【下载excel模板】 an .xlsx with the plan's candidates, and what has been entered of their votes so far."""
    plan = _plan(session, plan_id)
    meeting = queries.meeting_of(session, plan_id)
    held = queries.results_of(session, plan_id)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet("评审结果")
    bold = book.add_format({"bold": True, "bg_color": "#F2F2F2", "border": 1})
    for column, (name, width) in enumerate(zip(HEAD, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, bold)
    for row, candidate in enumerate(plan.candidates, 1):
        application = candidate.application
        known = (application.number, application.applicant_name, application.employer.name, application.title.name)
        for column, text in enumerate(known):
            sheet.write_string(row, column, text)
        _write_result(sheet, row, held.get(candidate.id))
    most = meeting.attending if meeting else plan.committee.member_count
    whole = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": most}
    sheet.data_validation(1, 4, max(len(plan.candidates), 1), 6, whole | {"error_message": f"请填 0 至 {most} 的整数"})
    sheet.freeze_panes(1, 2)
    notes = book.add_worksheet("填写说明")
    notes.set_column(0, 0, 90)
    for row, text in enumerate(RULES):
        notes.write_string(row, 0, text)
    book.close()
    return file.getvalue()


def _write_result(sheet: xlsxwriter.worksheet.Worksheet, row: int, result: ReviewResult | None) -> None:
    if result is None:
        return
    for column, votes in enumerate((result.in_favour, result.against, result.abstained), 4):
        sheet.write_number(row, column, votes)
    sheet.write_string(row, 7, result.opinion)


def import_results(session: Session, *, actor: Actor, plan_id: int, content: bytes) -> int:
    """【导入】 a filled-in template; for how many people. Invalid({"file": …}) names every wrong cell; then none is kept."""
    plan = _plan(session, plan_id)
    people = {
        candidate.application.number: Person(
            candidate.id, candidate.application.number, candidate.application.applicant_name
        )
        for candidate in plan.candidates
    }
    votes, problems, rows = read(read_first_sheet(content, most_rows=MOST_ROWS, most_columns=50), people)
    if problems:
        raise _refused(problems)
    try:
        services.record_results(session, actor=actor, plan_id=plan_id, votes=votes)
    except Invalid as invalid:
        raise _refused([Problem(rows[int(key)], "票数", reason) for key, reason in invalid.fields.items()]) from None
    return len(votes)


def _refused(problems: Sequence[Problem]) -> Invalid:
    shown = "；".join(str(problem).rstrip("。") for problem in problems[:SHOWN])
    more = f"；另有 {len(problems) - SHOWN} 处" if len(problems) > SHOWN else ""
    return Invalid({"file": f"没有导入，共 {len(problems)} 处不对：{shown}{more}。"})


def read(
    rows: Sequence[Sequence[Cell]], people: Mapping[str, Person]
) -> tuple[list[services.Votes], list[Problem], dict[int, int]]:
    """(votes, problems, row of each candidate id) of a sheet's cells. `people`: 申报编号 -> who."""
    votes: list[services.Votes] = []
    problems: list[Problem] = []
    at: dict[int, int] = {}
    head = tuple(_text(cell) for cell in rows[0][: len(HEAD)]) if rows else ()
    if head != HEAD:
        return [], [Problem(1, "表头", "应依次为" + "、".join(HEAD))], {}
    for number, row in enumerate(rows[1:], 2):
        cells = [*row, *[""] * len(HEAD)][: len(HEAD)]
        if not any(_text(cell) for cell in cells):
            continue
        person = people.get(_text(cells[0]))
        if person is None:
            problems.append(Problem(number, HEAD[0], "这个申报编号不在本方案的参评人员中"))
            continue
        if _text(cells[1]) != person.name:
            problems.append(Problem(number, HEAD[1], f"与申报编号不符，应为{person.name}"))
            continue
        if person.candidate_id in at:
            problems.append(Problem(number, HEAD[0], f"与第 {at[person.candidate_id]} 行重复"))
            continue
        at[person.candidate_id] = number
        if not any(_text(cell) for cell in cells[4:7]):
            if _text(cells[7]):
                problems.append(Problem(number, VOTES[0], "填了评审意见，没有填票数"))
            continue
        counts = [_whole(cell) for cell in cells[4:7]]
        wrong = [name for name, count in zip(VOTES, counts, strict=True) if count is None]
        problems += [Problem(number, name, "应为 0 至 9999 的整数，没有的填 0") for name in wrong]
        in_favour, against, abstained = (count or 0 for count in counts)
        if not wrong:
            opinion = _text(cells[7])
            votes.append(services.Votes(person.candidate_id, in_favour, against, abstained, opinion))
    if not votes and not problems:
        problems.append(Problem(2, VOTES[0], "没有一行填了票数"))
    return votes, problems, at


def _text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _whole(cell: Cell) -> int | None:
    """A count of votes, as a number or as text (full-width digits too); None if it is none."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str):
        return None
    text = unicodedata.normalize("NFKC", _text(cell))
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None


def _plan(session: Session, plan_id: int) -> ReviewPlan:
    plan = plan_page(session, plan_id)
    if plan is None:
        raise NotFound
    return plan
