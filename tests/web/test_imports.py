"""The import wizard, one for all: by its page, as a person walks it, on the wizard of A3."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import replace

import openpyxl
import pytest
import python_calamine
import sqlalchemy as sa
import xlsxwriter
from flask import Flask

from app import imports
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance
from app.bodies.spreadsheets import KIND
from app.core import clock, jobs
from app.core.db import read_session, unit_of_work
from app.core.errors import Conflict
from app.formats import sheets
from app.imports import ImportBatch
from tests.http import Browser, Doors
from tests.places import CITY, MONDAY, SYSTEM, make_body

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize("kind", sorted(imports.importers))
def test_template_has_the_columns_an_example_and_rules(kind: str, app: Flask) -> None:
    importer = imports.importers[kind]
    content = sheets.template(importer.title, importer.columns, importer.rules)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert {importer.title, "选项", "填写说明"} == set(book.sheet_names)
    head, example = book.get_sheet_by_name(importer.title).to_python()
    assert sheets.check_head(head, importer.columns) == list(range(len(importer.columns)))
    assert len(example) == len(head)


# -- as a person walks it --------------------------------------------------------------------------------------

HEAD = [column.label for column in imports.importers[KIND].columns]
ROWS = [
    ["OFFICE1", "初定", "助理级", "长沙市人社局", "请准备材料。"],
    ["OFFICE1", "初定", "中级", "长沙市人社局", ""],
    ["NOBODY", "初定", "助理级", "不知何处", ""],
]


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    with clock.at(MONDAY):
        make_body("长沙职改办", NodeType.TITLE_OFFICE, code="OFFICE1")
        yield Doors(app, monkeypatch)


def workbook(rows: list[list[str]], head: list[str] = HEAD) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet(imports.importers[KIND].title)
        for number, row in enumerate((head, *rows)):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def send(browser: Browser, content: bytes) -> str:
    """【浏览文件】 → 【导入】, and the worker's turn: the address of the batch."""
    answer = browser.post(
        "/acceptances/import/upload",
        data={"file": (io.BytesIO(content), "机构.xlsx")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302
    with read_session(SYSTEM) as session:
        waiting = jobs.unfinished(session, all_of_them=True)
    for job in waiting:
        jobs.run(job)
    return str(answer.location)


def acceptances() -> int:
    with read_session(SYSTEM) as session:
        return session.scalar(sa.select(sa.func.count(Acceptance.id))) or 0


def test_template_to_records_with_a_mended_file(doors: Doors) -> None:
    browser = doors.enter(CITY)
    assert "/acceptances/import/" in browser.get("/a3/").text
    page = browser.get("/acceptances/import/").text
    for words in ("下载excel模板", "浏览文件", "导入"):
        assert words in page
    template = browser.get("/acceptances/import/template")
    assert template.data.startswith(b"PK")
    template.close()
    batch = send(browser, workbook(ROWS))
    page = browser.get(batch).text
    assert "成功 2 条，失败 1 条" in page
    assert "没有编码或名称为“NOBODY”的机构，或它已注销。" in page
    assert acceptances() == 0  # nothing before 【提交】
    mending = browser.get(f"{batch}/failures")
    sheet = openpyxl.load_workbook(io.BytesIO(mending.data)).worksheets[0]
    mending.close()
    head, row = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert head[-1] == "失败原因" and "NOBODY" in str(row[-1])
    assert "已提交，导入 2 条。" in browser.post(f"{batch}/submit", follow_redirects=True).text
    assert acceptances() == 2
    page = browser.post(f"{batch}/submit", follow_redirects=True).text
    assert "已经提交或放弃，不能再次提交" in page and acceptances() == 2
    mended = send(browser, workbook([["OFFICE1", "认定", "助理级", "长沙市人社局", "", "改好了"]], [*HEAD, "失败原因"]))
    assert "成功 1 条，失败 0 条" in browser.get(mended).text
    assert batch in browser.get("/acceptances/import/").text  # left and come back to


def test_sixteen_presses_of_submit_write_once(doors: Doors) -> None:
    browser = doors.enter(CITY)
    batch = int(send(browser, workbook(ROWS)).rsplit("/", 1)[1])
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
    assert acceptances() == 2


def test_another_persons_batch_does_not_exist(doors: Doors) -> None:
    batch = send(doors.enter(CITY), workbook(ROWS))
    other = doors.enter(CITY)
    for url in (batch, f"{batch}/failures"):
        assert other.get(url).status_code == 404
    for url in (f"{batch}/submit", f"{batch}/discard"):
        assert other.post(url).status_code == 404
    assert acceptances() == 0


def test_what_changed_since_the_check_is_seen_at_submission(doors: Doors) -> None:
    one, two = doors.enter(CITY), doors.enter(CITY)
    first, second = send(one, workbook(ROWS)), send(two, workbook(ROWS))
    one.post(f"{first}/submit")
    page = two.post(f"{second}/submit", follow_redirects=True).text
    assert "检查之后情况有变，没有提交：第 2 行" in page
    assert acceptances() == 2


def test_a_batch_given_up_makes_nothing(doors: Doors) -> None:
    browser = doors.enter(CITY)
    batch = send(browser, workbook(ROWS))
    assert "已放弃" in browser.post(f"{batch}/discard", follow_redirects=True).text
    assert "不能再次提交" in browser.post(f"{batch}/submit", follow_redirects=True).text
    assert acceptances() == 0


def test_an_empty_choice_says_so(doors: Doors) -> None:
    browser = doors.enter(CITY)
    answer = browser.post(
        "/acceptances/import/upload", data={}, content_type="multipart/form-data", follow_redirects=True
    )
    assert "请先选择文件" in answer.text
