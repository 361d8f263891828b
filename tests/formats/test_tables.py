from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from app.formats import tables
from app.formats.tables import CELL_LIMIT, TableBook, sheet_name


@pytest.mark.parametrize(
    ("title", "number", "name"),
    [
        ("用户管理", 1, "用户管理"),
        ("用户管理", 2, "用户管理（2）"),
        ("[a]:b*?/\\'c", 1, "abc"),
        ("[]", 1, "Sheet"),
        ("长" * 40, 1, "长" * 31),
        ("长" * 40, 12, "长" * 27 + "（12）"),
    ],
)
def test_a_sheet_has_a_name_excel_takes(title: str, number: int, name: str) -> None:
    assert sheet_name(title, number) == name
    assert len(name) <= 31


def _book(rows: Sequence[Sequence[Any]], heads: Sequence[tuple[str, int]]) -> openpyxl.Workbook:
    file = io.BytesIO()
    book = TableBook(file, "机构", heads)
    for row in rows:
        book.add(row)
    book.close()
    return openpyxl.load_workbook(io.BytesIO(file.getvalue()))


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("长沙", "长沙"),
        ("=1+1", "=1+1"),
        ('<a href="x">&amp;</a>', '<a href="x">&amp;</a>'),
        ("]]>", "]]>"),
        ("  两头 ", "  两头 "),
        ("\u3000缩进", "\u3000缩进"),
        ("一\n二", "一\n二"),
        ("a\x00b\x1b\ud800\u202ec\ufffe", "abc"),
        ("_x0041_", "_x005F_x0041_"),  # as Excel has it written; openpyxl leaves inline text as it stands
        ("长" * (CELL_LIMIT + 5), "长" * CELL_LIMIT),
        (0, 0),
        (-12, -12),
        (0.25, 0.25),
        (Decimal("1234567.80"), 1234567.8),
        (Decimal("1E+3"), 1000),
        (date(2026, 11, 23), datetime(2026, 11, 23)),
        (datetime(2026, 11, 23, 23, 59, 59), datetime(2026, 11, 23, 23, 59, 59)),
        (datetime(2026, 2, 28, 0, 0, 0), datetime(2026, 2, 28)),
        (None, None),
    ],
)
def test_a_cell_is_read_back_as_it_was(value: Any, read: Any) -> None:
    sheet = _book([(value, "后")], [("甲", 10), ("乙", 16)]).worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [["甲", "乙"], [read, "后"]]
    assert sheet["A2"].data_type != "f"


def test_the_styles_are_those_meant() -> None:
    rows = [(datetime(2026, 1, 2, 3, 4, 5), date(2026, 1, 2), Decimal("3.50"), 7)]
    sheet = _book(rows, [("时", 20), ("日", 20), ("钱", 10), ("数", 10)]).worksheets[0]
    assert [cell.number_format for cell in sheet[2]] == ["yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd", "#,##0.00", "General"]
    assert [cell.font.bold for cell in sheet[1]] == [True] * 4
    assert sheet.freeze_panes == "A2"
    assert round(sheet.column_dimensions["C"].width) == 11  # as asked, and the margin xlsxwriter adds


@pytest.mark.parametrize("rows", [0, 4, 5, 6, 1007])
def test_a_full_sheet_is_followed_by_another(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "SHEET_ROWS", 5)
    book = _book([(number,) for number in range(rows)], [("序号", 10)])
    told = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets]
    assert [sheet.title for sheet in book.worksheets] == [sheet_name("机构", 1 + n) for n in range(len(told))]
    assert all(one[0] == "序号" and len(one) <= 6 for one in told)
    assert [number for one in told for number in one[1:]] == list(range(rows))
    assert len(told) == max(1, -(-rows // 5))


def test_the_columns_past_z_have_two_letters() -> None:
    sheet = _book([tuple(range(60))], [(str(n), 8) for n in range(60)]).worksheets[0]
    assert (sheet["Z2"].value, sheet["AA2"].value, sheet["BH2"].value) == (25, 26, 59)


def test_a_value_no_cell_holds_is_refused() -> None:
    book = TableBook(io.BytesIO(), "机构", [("甲", 10)])
    with pytest.raises(TypeError, match="no cell for dict"):
        book.add([{}])
    book.abandon()
