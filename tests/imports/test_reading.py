"""A workbook's rows before the database is asked: blank ones left out, the head in any order, too much that is wrong."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from app.core.errors import Invalid
from app.formats.sheets import Column
from app.imports import Importer, reading
from app.imports.importer import importers
from tests.imports.files import workbook

KIND = "test.reading"
IMPORTER = Importer(
    kind=KIND,
    title="人员",
    columns=(
        Column("number", "档案号", "A1", kind="code"),
        Column("name", "姓名", "张三"),
        Column("level", "职称等级", "中级", choices=("中级", "正高级")),
        Column("years", "年限", "", required=False, kind="whole"),
    ),
    identity=("number",),
    check=lambda *_: None,
    write=lambda *_: None,
    asked=("level",),
)


def twins(monkeypatch: pytest.MonkeyPatch, *rows: list[object]) -> list[dict[str, str]]:
    """What is wrong with rows once those that are the same were looked for."""
    monkeypatch.setitem(importers, KIND, IMPORTER)
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(workbook(KIND, *rows))
        file.flush()
        read = reading.read(IMPORTER, Path(file.name), {"level": "中级"})
    reading.find_twins(read.rows, IMPORTER)
    return [dict(row.problems) for row in read.rows]


def test_rows_are_compared_with_those_that_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = ["A1", "李四", "x"], ["A1", "李四", "3"]
    wrong, twin = {"years": "请填写整数。"}, {"number": "与第 3 行重复（档案号相同）。"}
    assert twins(monkeypatch, bad, good, good, bad) == [wrong, {}, twin, wrong | twin]


def found(monkeypatch: pytest.MonkeyPatch, *rows: list[object]) -> list[tuple[int, dict[str, object], dict[str, str]]]:
    monkeypatch.setitem(importers, KIND, IMPORTER)
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(workbook(KIND, *rows))
        file.flush()
        read = reading.read(IMPORTER, Path(file.name), {"level": "中级"})
    return [(row.number, row.given, dict(row.problems)) for row in read.rows]


def test_rows_keep_their_numbers_and_blank_ones_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = found(monkeypatch, ["A1", "李四", "3"], [], ["", " ", ""], ["A2", "王五", 4], ["", "", 0])
    chosen = {"level": "中级"}
    assert rows == [
        (2, {"number": "A1", "name": "李四", "years": "3"} | chosen, {}),
        (5, {"number": "A2", "name": "王五", "years": "4"} | chosen, {}),
        (6, {"number": "", "name": "", "years": "0"} | chosen, {"number": "请填写档案号。", "name": "请填写姓名。"}),
    ]


def test_what_was_no_text_is_given_back_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    [(_, given, problems)] = found(monkeypatch, [4301, True, 2.5])
    assert (given["number"], given["name"], given["years"]) == (4301.0, True, 2.5)
    assert set(problems) == {"number", "name", "years"}


def test_the_example_alone_is_refused_and_only_where_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = found(monkeypatch, ["A1", "张三", ""], ["A2", "张三", ""])
    assert [set(problems) for _, _, problems in rows] == [{"number"}, set()]
    assert found(monkeypatch, ["A3", "张三", ""], ["A1", "张三", ""])[1][2] == {}


def test_a_file_with_more_faults_than_anybody_mends_is_refused_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_PROBLEMS", 5)
    with pytest.raises(Invalid, match="文件中超过 5 处不符合要求，请按模板核对。例如第 2 行“档案号”：请填写档案号。"):
        found(monkeypatch, *[["", "", "x"]] * 2)
