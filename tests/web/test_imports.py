"""The import wizard, one for all: by its page, as a person walks it, on the wizard of A3."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import openpyxl
import pytest
import python_calamine
import sqlalchemy as sa
from flask import Flask

from app import imports
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance
from app.bodies.spreadsheets import KIND
from app.core import clock, jobs
from app.core.db import read_session, unit_of_work
from app.core.errors import Conflict
from app.core.jobs import Job
from app.formats import sheets
from app.imports import FailedRow, ImportBatch
from tests.http import Browser, Doors, opened
from tests.imports.files import workbook
from tests.places import CITY, MONDAY, SYSADMIN, SYSTEM, make_body

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize("kind", sorted(imports.importers))
def test_template_has_the_columns_an_example_and_rules(kind: str, app: Flask) -> None:
    importer = imports.importers[kind]
    with read_session(SYSTEM) as session:
        content = imports.template(session, importer)
        lists = importer.lists(session)
    columns = importer.filled_columns
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert {importer.title, "填写说明"} <= set(book.sheet_names) <= {importer.title, "选项", "填写说明"}
    head, example = book.get_sheet_by_name(importer.title).to_python()
    assert sheets.check_head(head, importer.columns, importer.asked) == [
        None if column.key in importer.asked else columns.index(column) for column in importer.columns
    ]
    for column, text in zip(columns, example, strict=True):
        assert sheets.cell_problem(column, text, text) is None
        offered = lists.get(column.key, column.choices)
        assert not offered or column.several or text in ("", *offered), f"{column.label}: {text} is not offered"


def test_regions_are_offered_wherever_they_are_asked_for(app: Flask) -> None:
    with read_session(SYSTEM) as session:
        offered = {kind: importer.lists(session) for kind, importer in imports.importers.items()}
    asking = [kind for kind, importer in imports.importers.items() if "region" in importer.places]
    assert asking == ["bodies", "committees"] or asking == ["committees", "bodies"]
    assert all("430100 长沙市" in offered[kind]["region"] for kind in asking)


def test_coded_columns_have_drop_downs_of_what_the_database_knows(app: Flask) -> None:
    importer = imports.importers["committees"]
    with read_session(SYSTEM) as session:
        book = openpyxl.load_workbook(io.BytesIO(imports.template(session, importer)))
    offered: dict[str, int] = {}
    sheet, hidden = book["评委会"], book["选项"]
    assert hidden.sheet_state == "hidden"
    for rule in sheet.data_validations.dataValidation:
        label = str(sheet.cell(1, next(iter(rule.sqref.ranges)).min_col).value).rstrip("*")
        cells = hidden[rule.formula1.removeprefix("选项!").replace("$", "")]
        offered[label] = sum(bool(row[0].value) for row in cells)
        assert rule.showErrorMessage is not (label == "评审专业编码")  # several may be listed there
    assert offered["系列"] == 27 and offered["评委会级别"] == 3
    assert offered["行政区划代码"] > 100 and offered["评审专业编码"] > 300


# -- as a person walks it --------------------------------------------------------------------------------------

ROWS = [
    ["OFFICE1", "长沙市人社局", "请准备材料。"],
    ["OFFICE2", "长沙市人才中心", ""],
    ["NOBODY", "不知何处", ""],
]
ASKED = {"method": "初定", "level": "助理级"}


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    with clock.at(MONDAY):
        make_body("长沙职改办", NodeType.TITLE_OFFICE, code="OFFICE1")
        make_body("长沙人才中心", NodeType.TITLE_OFFICE, code="OFFICE2")
        yield Doors(app, monkeypatch)


def work() -> None:
    """The worker's turn."""
    with read_session(SYSTEM) as session:
        waiting = jobs.unfinished(session, all_of_them=True)
    for job in waiting:
        jobs.run(job)


def hand_in(browser: Browser, content: bytes | None, **chosen: str) -> Any:
    file = {"file": (io.BytesIO(content), "机构.xlsx")} if content is not None else {}
    return browser.post("/acceptances/import/upload", data=chosen | file, content_type="multipart/form-data")


def send(browser: Browser, *rows: list[Any]) -> str:
    """【浏览文件】 → 【导入】, and the worker's turn: the address of the batch."""
    answer = hand_in(browser, workbook(KIND, *(rows or ROWS)), **ASKED)
    assert answer.status_code == 302
    assert "正在检查" in browser.get(answer.location).text
    work()
    return str(answer.location)


def acceptances() -> int:
    with read_session(SYSTEM) as session:
        return session.scalar(sa.select(sa.func.count(Acceptance.id))) or 0


def test_template_to_records_with_a_mended_file(doors: Doors) -> None:
    browser = doors.enter(CITY)
    assert "/acceptances/import/" in browser.get("/a3/").text
    page = browser.get("/acceptances/import/").text
    for words in ("下载excel模板", "职称等级", "取得方式", "浏览文件", "导入", "职称初定/认定受理机构管理"):
        assert words in page
    template = browser.get("/acceptances/import/template")
    assert template.data.startswith(b"PK")
    template.close()
    batch = send(browser)
    page = browser.get(batch).text
    assert "成功 2 条，失败 1 条" in page and "职称等级：助理级。取得方式：初定。" in page
    assert "没有编码或名称为“NOBODY”的机构，或它已注销。" in page
    assert acceptances() == 0  # nothing before 【提交】
    mending = browser.get(f"{batch}/failures")
    sheet = openpyxl.load_workbook(io.BytesIO(mending.data)).worksheets[0]
    mending.close()
    head, row = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert head[-2:] == ["原行号", "失败原因"] and row[-2] == 4 and "NOBODY" in str(row[-1])
    assert "正在提交 2 条" in browser.post(f"{batch}/submit", follow_redirects=True).text
    assert acceptances() == 0  # that is the worker's
    work()
    page = browser.get(batch).text
    assert "成功 2 条，失败 1 条" in page and "已成为正式记录" in page and "state--ok" in page
    assert acceptances() == 2
    page = browser.post(f"{batch}/submit", follow_redirects=True).text
    assert "已经提交或放弃，不能再次提交" in page and acceptances() == 2
    sheet.cell(2, 1).value = "OFFICE1"
    sheet.cell(2, 3).value = "中级"
    file = io.BytesIO()
    assert sheet.parent is not None
    sheet.parent.save(file)
    answer = hand_in(browser, file.getvalue(), method="初定", level="中级")
    work()
    assert "成功 1 条，失败 0 条" in browser.get(answer.location).text
    assert batch in browser.get("/acceptances/import/").text  # left and come back to


def test_the_job_leads_to_its_batch_and_says_how_it_stands(doors: Doors) -> None:
    browser = doors.enter(CITY)
    batch = send(browser)
    browser.post(f"{batch}/submit")
    work()
    with read_session(SYSTEM) as session:
        wrote, checked = session.scalars(sa.select(Job.id).order_by(Job.id.desc()).limit(2))
    for job in (checked, wrote):
        page = browser.get(f"/job/{job}").text
        assert "成功 2 条，失败 1 条" in page and "已提交" in page
        assert f'href="{batch}"' in page and ">返回</a>" in page and "100 / 100" not in page


def test_the_lists_of_jobs_say_which_file_and_how_many_of_its_rows(doors: Doors) -> None:
    browser, desk = doors.enter(CITY), doors.enter(SYSADMIN)
    browser.post(f"{send(browser)}/submit")
    hand_in(browser, b"PK", **ASKED)
    work()
    title = "导入受理机构：机构.xlsx"
    for page in (browser.get("/jobs/").text, desk.get("/ops/jobs/").text):
        rows = [re.sub(r"<[^>]*>|\s", " ", row).split() for row in page.split("<tr")[2:]]
        mine = [
            (row[0], [cell for cell in row[1:] if cell.isdigit() or cell in ("已完成", "完成，有失败")]) for row in rows
        ]
        assert [cells[:4] for _, cells in mine] == [
            ["完成，有失败", "1", "0", "1"],
            ["已完成", "2", "2", "0"],
            ["完成，有失败", "3", "2", "1"],
        ]
        assert page.count(title) >= 2 and page.count("提交导入的受理机构：机构.xlsx") >= 1
    assert "不是可以读取的" in page and "重试" not in page.partition("<tbody>")[2]


def test_what_waits_for_its_submission_stands_first_and_the_rest_is_reached_by_pages(doors: Doors) -> None:
    browser = doors.enter(CITY)
    waiting = send(browser)
    for _ in range(12):
        browser.post(f"{send(browser, ROWS[2])}/discard")
    first = browser.get("/acceptances/import/").text
    found = re.findall(r'href="(/acceptances/import/\d+)[?"]', first)
    assert len(found) == 10 and found[0] == waiting and "共 13 条" in first and "上一页" not in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = browser.get(unescape(following[1])).text
    rest = re.findall(r'href="(/acceptances/import/\d+)[?"]', second)
    assert len(rest) == 3 and not {*rest} & {*found} and "首页" in second and "上一页" in second


def test_failed_rows_are_paged_there_and_back(doors: Doors) -> None:
    browser = doors.enter(CITY)
    batch = send(browser, *[["NOBODY", "不知何处", ""]] * 120)
    first = browser.get(batch).text
    assert first.count("第 ") == 50 and "第 2 行" in first and "首页" not in first.partition("失败的数据")[2]
    links = {label: unescape(url) for url, label in re.findall(r'href="([^"]+)">(下一页|末页)</a>', first)}
    second, last = browser.get(links["下一页"]).text, browser.get(links["末页"]).text
    assert "第 52 行" in second and "上一页" in second and "第 121 行" in last and "下一页" not in last
    assert "第 2 行" in browser.get(f"{batch}?after=99999").text
    following = unescape(re.findall(r'href="([^"]+)">末页', second)[0])
    with unit_of_work(SYSTEM) as session:
        session.execute(sa.delete(FailedRow).where(FailedRow.number > 60))
    assert "第 2 行" in browser.get(links["下一页"].replace("after=", "after=x")).text
    assert "第 " in browser.get(following).text


def test_sixteen_presses_of_submit_write_once(doors: Doors) -> None:
    browser = doors.enter(CITY)
    batch = int(send(browser).rsplit("/", 1)[1])
    with read_session(SYSTEM) as session:
        owner = session.get_one(ImportBatch, batch).user_id
    actor = replace(CITY, user_id=owner)
    told: list[str] = []

    def press() -> None:
        with doors.app.app_context(), clock.at(MONDAY):
            gate.wait()
            try:
                with unit_of_work(actor) as session:
                    imports.submit(session, actor=actor, kind=KIND, batch_id=batch)
                told.append("")
            except Conflict as refused:
                told.append(refused.reason)

    gate = threading.Barrier(16)
    threads = [threading.Thread(target=press) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["", *["这批数据已经提交或放弃，不能再次提交。"] * 15]
    work()
    assert acceptances() == 2


def test_another_persons_batch_does_not_exist(doors: Doors) -> None:
    batch = send(doors.enter(CITY))
    other = doors.enter(CITY)
    for url in (batch, f"{batch}/failures"):
        assert other.get(url).status_code == 404
    for url in (f"{batch}/submit", f"{batch}/discard"):
        assert other.post(url).status_code == 404
    assert acceptances() == 0


def test_what_changed_since_the_check_is_listed_and_to_be_downloaded(doors: Doors) -> None:
    one, two = doors.enter(CITY), doors.enter(CITY)
    first, second = send(one), send(two)
    one.post(f"{first}/submit")
    work()
    two.post(f"{second}/submit")
    work()
    page = two.get(second).text
    assert "检查之后情况有变，没有提交：2 行已列入失败的数据。" in page
    assert "成功 0 条，失败 3 条" in page and f"{second}/submit" not in page
    mending = two.get(f"{second}/failures")
    assert len(list(openpyxl.load_workbook(io.BytesIO(mending.data)).worksheets[0].rows)) == 4
    mending.close()
    assert acceptances() == 2


def test_a_batch_given_up_makes_nothing(doors: Doors) -> None:
    browser = doors.enter(CITY)
    batch = send(browser)
    assert "data-confirm=" in browser.get(batch).text
    assert "已放弃" in browser.post(f"{batch}/discard", follow_redirects=True).text
    assert "不能再次提交" in browser.post(f"{batch}/submit", follow_redirects=True).text
    assert acceptances() == 0


def test_a_file_without_a_good_row_is_not_offered_for_submission(doors: Doors) -> None:
    browser = doors.enter(CITY)
    batch = send(browser, ROWS[2])
    page = browser.get(batch).text
    assert "没有可导入的数据" in page and "成功 0 条，失败 1 条" in page and f"{batch}/submit" not in page
    assert "不能再次提交" in browser.post(f"{batch}/submit", follow_redirects=True).text


@pytest.mark.parametrize(
    ("content", "chosen", "said"),
    [
        (None, ASKED, "请选择文件。"),
        (b"", ASKED, "请先选择文件，文件不能是空的。"),
        (b"PK", {"method": "初定"}, "请选择。"),
        (b"PK", {"method": "评审", "level": "助理级"}, "不是有效的选择"),
    ],
)
def test_what_is_missing_is_said_beside_the_field(
    doors: Doors, content: bytes | None, chosen: dict[str, str], said: str
) -> None:
    answer = hand_in(doors.enter(CITY), content, **chosen)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="初定"' in answer.text
    assert re.search(r'<form [^>]*enctype="multipart/form-data" novalidate', answer.text), (
        "the browser's own words, elsewhere"
    )


def test_a_reason_that_quotes_an_identity_number_masks_it_on_the_page_alone(doors: Doors) -> None:
    browser = doors.enter(CITY)
    batch = send(browser, ["11010519491231002X", "甲", ""], ["13800001234", "乙", ""])
    page = browser.get(batch).text
    assert "11010519491231002X" not in page and "110105********002X" in page
    assert "13800001234" not in page and "138****1234" in page
    mending = browser.get(f"{batch}/failures")
    assert openpyxl.load_workbook(io.BytesIO(mending.data)).worksheets[0]["A2"].value == "11010519491231002X"
    mending.close()


def test_columns_chosen_on_the_page_hold_for_every_row(doors: Doors) -> None:
    browser = doors.enter(CITY)
    file = io.BytesIO()
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "受理机构"
    for line in (
        ("受理机构", "职称等级", "打印在证书上的机构名称", "申报须知"),
        ("OFFICE1", None, "空着就是所选的", None),
        ("OFFICE2", "助理级", "一致", None),
        ("OFFICE2", "中级", "不一致", None),
    ):
        sheet.append(line)
    book.save(file)
    answer = hand_in(browser, file.getvalue(), **ASKED)
    work()
    page = browser.get(answer.location).text
    assert "成功 2 条，失败 1 条" in page and "与页面上选择的“助理级”不一致。" in page


def test_the_mending_workbook_keeps_what_was_no_text(doors: Doors) -> None:
    """A number typed where a code belongs comes back as the number it was: as text it would pass unmended."""
    browser = doors.enter(CITY)
    batch = send(browser, [4301, "甲", ""], ["OFFICE1", True, ""], ["OFFICE2", "#REF!", ""])
    mending = browser.get(f"{batch}/failures")
    book = openpyxl.load_workbook(io.BytesIO(mending.data))
    mending.close()
    sheet = book.worksheets[0]
    assert (sheet["A2"].value, sheet["D3"].value, sheet["D4"].value) == (4301, True, "#REF!")
    assert sheet["A2"].fill.fgColor.rgb == "FFFDE8E6" and sheet["A3"].fill.fgColor.rgb != "FFFDE8E6"
    notes = [row[0].value for row in book["填写说明"].iter_rows()]
    assert "示例" not in "".join(map(str, notes)) and "从第 2 行起都是检查没有通过的数据" in str(notes[0])
    again = hand_in(browser, mending.data, **ASKED)
    work()
    assert "成功 0 条，失败 3 条" in browser.get(again.location).text


def test_the_history_of_what_came_by_workbook_is_told_in_our_words(doors: Doors) -> None:
    browser = doors.enter(CITY)
    browser.post(f"{send(browser, ROWS[0])}/submit")
    work()
    assert "申报须知：请准备材料。" in browser.get("/a3/show/1").text
    typed = {"reason": "撤并"} | opened(browser, "/a3/retire/1")
    assert browser.post("/a3/retire/1", data=typed).status_code == 302
    browser.post(f"{send(browser, ['OFFICE1', '长沙市人社局', ''])}/submit")
    work()
    page = browser.get("/a3/show/1").text
    assert "有效：否 → 是" in page and "申报须知：请准备材料。 → —" in page and "Active" not in page


def test_a_workbook_of_another_kind_is_refused_by_name(doors: Doors) -> None:
    browser = doors.enter(CITY)
    answer = hand_in(browser, workbook("committees"), **ASKED)
    work()
    page = browser.get(answer.location).text
    assert "没有名为“受理机构”的工作表，只有“评委会”" in page and "文件不能导入" in page


def test_sheets_that_were_not_read_are_named(doors: Doors) -> None:
    browser = doors.enter(CITY)
    book = openpyxl.load_workbook(io.BytesIO(workbook(KIND, ROWS[0])))
    book.create_sheet("补充")
    file = io.BytesIO()
    book.save(file)
    answer = hand_in(browser, file.getvalue(), **ASKED)
    work()
    assert "读取的工作表：“受理机构”；没有读取：“补充”。" in browser.get(answer.location).text
