"""U1.2.5, 线下评审: the vote table as a workbook. A template with the plan's people, and its import: all or nothing."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
from sqlalchemy.orm import Session

from app import imports
from app.core.errors import Invalid, NotFound
from app.core.scope import Actor
from app.formats.sheets import Column
from app.imports import Importer, Row
from app.outcomes import queries, services
from app.outcomes.models import ReviewResult
from app.review_plans.models import ReviewPlan
from app.review_plans.queries import plan_page

VOTES = {"in_favour": "赞成票", "against": "反对票", "abstained": "弃权票"}
TABLE = Importer(
    kind="outcomes.results",
    title="评审结果",
    columns=(
        Column("number", "申报编号", "", kind="code"),
        Column("name", "姓名", ""),
        Column("employer", "单位", "", required=False),
        Column("title", "申报职称", "", required=False),
        *(Column(key, label, "", required=False, kind="whole") for key, label in VOTES.items()),
        Column("opinion", "评审意见", "", required=False, kind="note", longest=1000),
    ),
    identity=("number",),
    check=lambda *_: None,
    write=lambda *_: None,
)
"""Few rows, entered at once or not at all: they are read as every workbook is, and neither staged nor submitted."""
HEAD = tuple(column.label for column in TABLE.columns)
WIDTHS = (24, 12, 30, 20, 9, 9, 9, 50)
SHOWN = 50
RULES = (
    "只填写赞成票、反对票、弃权票和评审意见，不要改动前四列，不要增加列，不要改动工作表的名称。",
    "三种票数合计应等于出席评委人数；未投票的计入弃权。没有的填 0。",
    "是否通过由系统按出席评委的三分之二计算，不在表中填写。",
    "三种票数都空着的一行不导入，可以以后再录入。有一行不对，整个文件都不导入。",
)


@dataclass(frozen=True)
class Person:
    """A candidate as the workbook knows him."""

    candidate_id: int
    name: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell: the sheet's row (from 1), the column's name, the reason in the user's words."""

    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"第 {self.row} 行“{self.column}”：{self.reason.rstrip('。')}"


def template(session: Session, plan_id: int) -> bytes:
    """【下载excel模板】 an .xlsx with the plan's candidates, and what has been entered of their votes so far."""
    plan = _plan(session, plan_id)
    meeting = queries.meeting_of(session, plan_id)
    held = queries.results_of(session, plan_id)
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet(TABLE.title)
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
    if result.opinion:
        sheet.write_string(row, 7, result.opinion)


def read(content: bytes) -> list[Row]:
    """The rows of a filled-in template; Invalid({"file": …}) if it can't be taken. Takes a moment: hold no lock meanwhile."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        rows = imports.read(TABLE, Path(file.name)).rows
    imports.find_twins(rows, TABLE)
    return rows


def import_results(session: Session, *, actor: Actor, plan_id: int, rows: Sequence[Row]) -> int:
    """【导入】 what `read` found; for how many people. Invalid({"file": …}) names every wrong cell; then none is kept."""
    plan = _plan(session, plan_id)
    people = {
        candidate.application.number: Person(candidate.id, candidate.application.applicant_name)
        for candidate in plan.candidates
    }
    votes: dict[int, services.Votes] = {}
    problems: list[Problem] = []
    for row in rows:
        found = list(_problems(row, people))
        problems += found
        if not found and any(row[key] for key in VOTES):
            counts = {key: int(row[key]) for key in VOTES}
            key = people[row["number"]].candidate_id
            votes[row.number] = services.Votes(key, **counts, opinion=row["opinion"])
    if not votes and not problems:
        problems.append(Problem(2, VOTES["in_favour"], "没有一行填了票数"))
    if problems:
        raise _refused(problems)
    try:
        services.record_results(session, actor=actor, plan_id=plan_id, votes=list(votes.values()))
    except Invalid as invalid:
        numbers = {vote.candidate_id: number for number, vote in votes.items()}
        raise _refused([Problem(numbers[int(key)], "票数", said) for key, said in invalid.fields.items()]) from None
    return len(votes)


def _problems(row: Row, people: Mapping[str, Person]) -> Iterator[Problem]:
    """What is wrong with a row: its cells, whose it is, and its votes, all or none."""
    for key, reason in row.problems.items():
        yield Problem(row.number, TABLE.labels[key], reason)
    person = people.get(row["number"])
    if "number" not in row.problems and person is None:
        yield Problem(row.number, HEAD[0], "这个申报编号不在本方案的参评人员中")
    elif person is not None and row["name"] != person.name and "name" not in row.problems:
        yield Problem(row.number, HEAD[1], f"与申报编号不符，应为{person.name}")
    given = [key for key in VOTES if row[key]]
    if not given and row["opinion"]:
        yield Problem(row.number, VOTES["in_favour"], "填了评审意见，没有填票数")
    elif given:
        yield from (Problem(row.number, VOTES[key], "没有的填 0") for key in VOTES if not row[key])


def _refused(problems: Sequence[Problem]) -> Invalid:
    shown = "；".join(map(str, problems[:SHOWN]))
    more = f"；另有 {len(problems) - SHOWN} 处" if len(problems) > SHOWN else ""
    return Invalid({"file": f"没有导入，共 {len(problems)} 处不对：{shown}{more}。"})


def _plan(session: Session, plan_id: int) -> ReviewPlan:
    plan = plan_page(session, plan_id)
    if plan is None:
        raise NotFound
    return plan
