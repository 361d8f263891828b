"""Workbooks handed in: what is read, and every file that must not be opened."""

from __future__ import annotations

import io
import zipfile

import pytest
import xlsxwriter

from app.core.errors import Invalid
from app.formats.workbooks import read_first_sheet


def workbook(*rows: tuple[object, ...], at: tuple[int, int] = (0, 0)) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(at[0] + number, at[1], row)
    book.close()
    return file.getvalue()


def repacked(content: bytes, **parts: bytes) -> bytes:
    """A workbook with some parts replaced or added; "sheet" stands for the first sheet's."""
    file = io.BytesIO()
    names = {"sheet": "xl/worksheets/sheet1.xml", "binary": "xl/workbook.bin"}
    new = {names.get(name, name): part for name, part in parts.items()}
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for part in old.namelist():
            made.writestr(part, new.pop(part, None) or old.read(part))
        for name, part in new.items():
            made.writestr(name, part)
    return file.getvalue()


def sheet_of(cells: str, rows: str = "1") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData><row r="{rows}">{cells}</row></sheetData></worksheet>'.encode()


def reason(content: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        read_first_sheet(content, most_rows=100, most_columns=20)
    assert list(refused.value.fields) == ["file"]
    return refused.value.reason


def test_cells_come_as_they_stand() -> None:
    content = workbook(("甲", 1, 2.5), ("乙", "", "x"))
    assert read_first_sheet(content, most_rows=100, most_columns=20) == [["甲", 1.0, 2.5], ["乙", "", "x"]]


def test_a_sheet_that_begins_further_down_keeps_its_row_and_column_numbers() -> None:
    content = workbook(("甲",), at=(3, 2))
    assert read_first_sheet(content, most_rows=100, most_columns=20) == [[""], [""], [""], ["", "", "甲"]]


def test_an_empty_sheet_has_no_rows() -> None:
    assert read_first_sheet(workbook(), most_rows=100, most_columns=20) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"%PDF-1.4", "姓名,票数\n".encode(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600],
)
def test_what_is_no_workbook(content: bytes) -> None:
    assert reason(content) == "这不是可以读取的 Excel 工作簿（.xlsx），请用下载的模板填写后再导入。"


def test_another_archive_or_a_binary_workbook() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "x")
    assert "只接受 .xlsx" in reason(file.getvalue())
    assert "只接受 .xlsx" in reason(repacked(workbook(("x",)), binary=b"x"))


@pytest.mark.parametrize("cell", ["XFD1048576", "A101", "U1"])
@pytest.mark.parametrize("quote", ['"', "'"])
def test_two_cells_far_apart_are_refused_before_they_are_laid_out(cell: str, quote: str) -> None:
    cells = f"<c r={quote}A1{quote}><v>1</v></c><c  r = {quote}{cell}{quote}><v>2</v></c>"
    assert reason(repacked(workbook(("x",)), sheet=sheet_of(cells))).startswith("工作簿最多 100 行、20 列")


def test_a_row_far_down_is_refused() -> None:
    content = repacked(workbook(("x",)), sheet=sheet_of('<c r="A1"><v>1</v></c>', rows="1048576"))
    assert reason(content).startswith("工作簿最多 100 行、20 列")


def test_rows_that_do_not_say_where_they_are_are_counted() -> None:
    sheet = sheet_of('<c r="A1"/></row>' + "<row></row>" * 101 + "<row>")
    assert reason(repacked(workbook(("x",)), sheet=sheet)).startswith("工作簿最多 100 行、20 列")


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="&#88;FD1048576"><v>1</v></c>',
        '<c r="xfd1048576"><v>1</v></c>',
        "<c><v>1</v></c>",
        "<c/>",
        '<c t="<" r="XFD1048576"/>',
        '<x:c r=""/>',
        '<c r="A1" r="xfd9"/>',
    ],
)
def test_a_cell_that_does_not_say_plainly_where_it_is_is_refused(cell: str) -> None:
    hidden = repacked(workbook(("x",)), sheet=sheet_of(cell))
    assert reason(hidden).startswith("工作簿的单元格位置不能识别")


def test_another_encoding_is_refused() -> None:
    wide = repacked(workbook(("x",)), sheet=sheet_of('<c r="XFD1048576"/>').decode().encode("utf-16"))
    assert reason(wide).startswith("工作簿的编码不能识别")


def test_a_place_across_two_pieces_is_seen() -> None:
    cells = f'<c r="A1"><v>{"1" * (1024 * 1024 - 140)}</v></c>' + '<c r="XFD1048576"/>' * 3
    assert reason(repacked(workbook(("x",)), sheet=sheet_of(cells))).startswith("工作簿最多 100 行、20 列")


def test_a_bomb_is_refused() -> None:
    bomb = repacked(workbook(("x",)), sheet=sheet_of("<!-- " + "0" * 70_000_000 + " -->"))
    assert len(bomb) < 200_000
    assert reason(bomb) == "工作簿解压后过大，请删去图片和多余的工作表后再导入。"


def test_a_large_file_is_refused() -> None:
    assert reason(b"PK" + b"0" * 5 * 1024 * 1024) == "文件超过 5 MB，请删去多余的内容后再导入。"


def test_a_damaged_workbook_is_refused() -> None:
    whole = workbook(("x",) * 5)
    broken = repacked(whole, sheet=b'<worksheet><sheetData><row r="1"><c r="A1"><v></row>')
    assert reason(broken).startswith("这不是可以读取的")
    assert reason(whole[: len(whole) // 2]).startswith("这不是可以读取的")
