"""Reading a workbook in its own process: what is written in the usual way reads as the general reader has it, whatever else
is named or refused; no odd cell passes for an empty one.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest
import python_calamine
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.formats import sheet_cells, sheet_child, sheets
from tests.imports.files import ERRORS

SHEET = "xl/worksheets/sheet1.xml"
TITLE = "表"
HEAD = ["甲", "乙", "丙"]


def workbook(
    *rows: list[Any], title: str = TITLE, options: dict[str, Any] | None = None, stray: str = "", said: str = "x"
) -> bytes:
    """`stray`: a cell anywhere that says `said`, or has but a format."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_numbers": False} | (options or {})) as book:
        sheet = book.add_worksheet(title)
        for number, row in enumerate((HEAD, *rows)):
            sheet.write_row(number, 0, row)
        if stray:
            sheet.write(stray, said or None, book.add_format({"bold": True}))
    return file.getvalue()


def changed(content: bytes, change: Callable[[bytes], bytes], part: str = SHEET) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                assert change(data) != data
                data = change(data)
            new.writestr(name, data)
    return made.getvalue()


def read(content: bytes, title: str = TITLE) -> tuple[list[list[Any]], list[str]]:
    """The rows below the head as they come out of the process, and the sheets not read."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        with sheets.reading(Path(file.name), title) as book:
            return [row for block in book.blocks for row in block][1:], book.others


def refused(content: bytes, title: str = TITLE) -> str:
    with pytest.raises(Invalid) as caught:
        read(content, title)
    return caught.value.fields["file"]


# -- the usual way -------------------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.text(max_size=12).map(lambda text: "".join(char for char in text if char.isprintable() or char == "\n")),
    st.sampled_from(["", "a & b <c>", "_x0041_", " 两端 ", "第一行\n第二行", "&amp;", "'=1+1", "_x", "长" * 300]),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    st.dates(date(1900, 3, 1), date(2200, 1, 1)),
    st.datetimes(datetime(1950, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
    st.none(),
)


def _filled(rows: list[list[Any]], inline: bool, gap: int) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": inline, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(TITLE)
        text, day = book.add_format({"num_format": "@"}), book.add_format({"num_format": "yyyy\\-mm\\-dd"})
        moment = book.add_format({"num_format": 22})
        sheet.write_row(0, 0, HEAD)
        for number, row in enumerate(rows, 1 + gap):
            for column, value in enumerate(row):
                look = (
                    moment if type(value) is datetime else day if type(value) is date else text if column == 1 else None
                )
                if value is None:
                    sheet.write_blank(number, column, None, look)
                else:
                    sheet.write(number, column, value, look)
    return file.getvalue()


@settings(deadline=None)
@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=6), st.booleans(), st.integers(0, 2))
def test_what_office_programs_write_is_read_as_the_general_reader_reads_it(
    rows: list[list[Any]], inline: bool, gap: int
) -> None:
    content = _filled(rows, inline, gap)
    archive = zipfile.ZipFile(io.BytesIO(content))
    try:
        strings, styles = sheet_cells.shared_strings(archive), sheet_cells.styles(archive)
        mine = list(sheet_cells.rows(archive, SHEET, strings, styles))
    except sheet_cells.Unusual:
        assert any("_x" in str(value) for row in rows for value in row), "what is usual was not taken for it"
        return
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    theirs = [
        [value.strip() if type(value) is str else value for value in row]
        for row in book.get_sheet_by_index(0).iter_rows()
    ]
    width = len(HEAD)
    padded = [row + [""] * (width - len(row)) for row in mine]
    while len(padded) > len(theirs):
        assert not any(value != "" for value in padded.pop())
    assert [[plain(value) for value in row] for row in padded] == [[plain(value) for value in row] for row in theirs]


def plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, default=sheet_child._plain, option=sheet_child._JSON))


def test_a_hundred_thousand_rows_of_words_never_meet_the_general_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zipfile.ZipFile(io.BytesIO(workbook(*[[f"甲{n}", "乙", ""] for n in range(5000)])))
    rows = sheet_cells.rows(archive, SHEET, sheet_cells.shared_strings(archive), sheet_cells.styles(archive))
    assert sum(1 for _ in rows) == 5001


@pytest.mark.parametrize("writer", ["xlsxwriter", "xlsxwriter inline", "openpyxl"])
def test_each_writers_rows_come_out_alike(writer: str) -> None:
    rows = [["一", "二", "三"], ["", "两 & 三", ""], ["四", "", "五"]]
    if writer == "openpyxl":
        made = openpyxl.Workbook()
        page = made.active
        assert page is not None
        page.title = TITLE
        for row in (HEAD, *rows):
            page.append([value or None for value in row])
        file = io.BytesIO()
        made.save(file)
        content = file.getvalue()
    else:
        content = workbook(*rows, options={"constant_memory": writer.endswith("inline")})
    assert read(content) == (rows, [])


# -- odd cells -----------------------------------------------------------------------------------------------------

USUAL = b'<c r="A2" t="s"><v>3</v></c>'
GOOD = workbook(["一", "二", "三"])


def odd(cell: bytes) -> bytes:
    return changed(GOOD, lambda data: data.replace(USUAL, cell))


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_told_as_one(error: str) -> None:
    rows, _ = read(odd(f'<c r="A2" t="e"><v>{error}</v></c>'.encode()))
    assert rows == [[["error", error], "二", "三"]]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_among_cells_only_the_general_reader_takes_refuses_the_file_and_says_where(error: str) -> None:
    content = odd(f'<c t="e" r="A2"><v>{error}</v></c>'.encode())
    assert refused(content) == "第 2 行 A 列是错误值（如 #N/A），请改正后再导入。"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (b'<c r="A2" t="e"></c>', ["error", "#VALUE!"]),
        (b'<c r="A2"><v>1e999</v></c>', ["error", "#NUM!"]),
        (b'<c r="A2"><v>-1E+999</v></c>', ["error", "#NUM!"]),
        (b'<c r="A2"><v>NaN</v></c>', None),
        (b'<c r="A2"><v>INF</v></c>', None),
        (b'<c r="A2" t="n"><v>12</v></c>', 12.0),
        (b'<c r="A2"><v>1.50</v></c>', 1.5),
        (b'<c r="A2"><v></v></c>', ""),
        (b'<c r="A2"/>', ""),
        (b'<c r="A2" s="0"/>', ""),
        (b'<c r="A2" t="s"></c>', ""),
        (b'<c r="A2" t="b"><v>1</v></c>', True),
        (b'<c r="A2" t="b"><v>0</v></c>', False),
        (b'<c r="A2" t="d"><v>2026-03-01</v></c>', ["date", "2026-03-01"]),
        (b'<c r="A2" t="d"><v>2026-03-01T10:00:00</v></c>', ["date", "2026-03-01 10:00:00"]),
        (b'<c r="A2" t="d"><v>rubbish</v></c>', "rubbish"),
        (b'<c r="A2"><v>abc</v></c>', "abc"),
        ("<c r=\"A2\" t=\"str\"><v> 字 </v></c>".encode(), "字"),
        (b"<c r=\"A2\" t=\"str\"><v>a_x0041_&#66;&lt;</v></c>", "aAB<"),
        ("<c r=\"A2\" t=\"inlineStr\"><is><t>行内</t></is></c>".encode(), "行内"),
        (b'<c r="A2" t="inlineStr"><is><t/></is></c>', ""),
        ("<c r=\"A2\" t=\"inlineStr\"><is><r><t>富</t></r><r><t>文本</t></r></is></c>".encode(), "富文本"),
    ],
)  # fmt: skip
def test_every_kind_of_cell_says_what_it_is(cell: bytes, told: Any) -> None:
    rows, _ = read(odd(cell))
    assert rows == [[told, "二", "三"]]


@pytest.mark.parametrize(
    "cell",
    [
        b'<c r="A2" t="s"><v>99</v></c>',
        b'<c r="A2" t="s"><v>-1</v></c>',
        b'<c r="A2" t="s"><v>x</v></c>',
        b'<c r="A2" t="s"><v>1.0</v></c>',
        b'<c r="A2" t="b"><v>7</v></c>',
        b'<c r="A2" t="foo"><v>12</v></c>',
    ],
)
def test_a_cell_that_can_mean_nothing_refuses_the_file(cell: bytes) -> None:
    assert "不是可以读取的" in refused(odd(cell))


def test_what_a_reader_might_take_for_nothing_is_refused() -> None:
    assert "CDATA" in refused(odd(b'<c r="A2" t="str"><v><![CDATA[x]]></v></c>'))


def test_what_lies_beyond_the_head_is_not_left_out_in_silence() -> None:
    assert "第 2 行的内容超出了表头的 3 列" in refused(workbook(["一", "二", "三", "四"]))


def test_formulas_and_merged_cells_are_refused_by_place() -> None:
    assert refused(odd(b'<c r="A2"><f>1+1</f><v>2</v></c>')).startswith("第 2 行 A 列有公式。")
    merged = changed(
        GOOD,
        lambda data: data.replace(
            b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A1:A2"/></mergeCells>'
        ),
    )
    assert refused(merged).startswith("A1:A2 是合并的单元格")


def test_rows_may_leave_gaps_and_no_more_than_there_may_be() -> None:
    gap = changed(GOOD, lambda data: data.replace(b'<row r="2"', b'<row r="5"').replace(b'2" t=', b'5" t='))
    assert read(gap)[0] == [["", "", ""]] * 3 + [["一", "二", "三"]]
    far = changed(GOOD, lambda data: data.replace(b'<row r="2"', b'<row r="100002"').replace(b'2" t=', b'100002" t='))
    assert refused(far).startswith("单元格 A100002（第 100002 行 A 列）有内容，离其他数据很远：表头以下只填了 0 行，")
    last = changed(GOOD, lambda data: data.replace(b'<row r="2"', b'<row r="100001"').replace(b'2" t=', b'100001" t='))
    assert len(read(last)[0]) == 100_000


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (
            "A1000001",
            "单元格 A1000001（第 1000001 行 A 列）有内容，离其他数据很远：表头以下只填了 1 行，而最多 100,000 条。",
        ),
        ("XFD1048576", "第 1048576 行 XFD 列超出范围：最多 100,000 条、40 列。"),
    ],
)
def test_a_stray_cell_far_below_is_named(cell: str, said: str) -> None:
    assert refused(workbook(["一", "二", "三"], stray=cell)).startswith(said)


def test_rows_too_many_are_to_be_split_and_blank_ones_at_the_end_are_none() -> None:
    many = workbook(*[["一", "二", "三"]] * 100_001)
    assert refused(many) == "工作表超过 100,000 条，请拆成几个文件后再导入。"
    rows = read(workbook(["一", "二", "三"], stray="A1048576", said=""))[0]
    assert [row for row in rows if any(row)] == [["一", "二", "三"]]


# -- which sheet ---------------------------------------------------------------------------------------------------


def book_of(*names: str, hidden: str = "") -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        made = {name: book.add_worksheet(name) for name in names}
        for name, sheet in made.items():
            sheet.write_row(0, 0, HEAD)
            sheet.write_row(1, 0, [name] * 3)
        next(sheet for name, sheet in made.items() if name != hidden).activate()
        if hidden:
            made[hidden].hide()
    return file.getvalue()


def test_the_sheet_is_found_by_its_name_and_the_others_are_named() -> None:
    rows, others = read(book_of("草稿", TITLE, "选项", "填写说明", "藏着", hidden="藏着"))
    assert (rows, others) == ([[TITLE] * 3], ["草稿"])


def test_another_sheet_is_never_read_instead() -> None:
    assert refused(book_of("职称认定审核路径", "填写说明"), "职称初定审核路径") == (
        "工作簿中没有名为“职称初定审核路径”的工作表，只有“职称认定审核路径”、“填写说明”。"
        "请用本页下载的模板填写，不要改动工作表的名称。"
    )


def test_a_hidden_sheet_is_not_read() -> None:
    assert refused(book_of(TITLE, "别的", hidden=TITLE)) == f"工作表“{TITLE}”是隐藏的，请取消隐藏、核对内容后再导入。"


# -- limits --------------------------------------------------------------------------------------------------------


def test_the_text_of_all_rows_is_bounded() -> None:
    content = workbook(*[["长" * 3700, str(number), ""] for number in range(10_000)])
    assert refused(content) == "工作簿中的文字过多，请拆成几个文件后再导入。"


MEASURED = """
import resource, sys
from pathlib import Path
from app.formats import sheets
with sheets.reading(Path(sys.argv[1]), sys.argv[2]) as book:
    rows = sum(map(len, book.blocks))
print(rows, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_the_process_stays_within_its_memory() -> None:
    """Asked by a small process of its own: a child's mark begins with the memory of whoever started it."""
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(workbook(*[[f"{number}甲", f"{number}乙", f"{number}丙"] for number in range(60_000)]))
        file.flush()
        told = subprocess.run(
            [sys.executable, "-c", MEASURED, file.name, TITLE], check=True, capture_output=True, text=True
        )
    rows, most = map(int, told.stdout.split())
    assert rows == 60_001
    assert most >> 10 < 512
