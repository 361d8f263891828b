"""Cells as people fill them in: by columns and by cells the same is wrong, and a template reads back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.formats import sheets
from app.formats.sheets import Column

COLUMNS = (
    Column("name", "姓名", "张三", longest=5),
    Column("remark", "备注", "", required=False, longest=5),
    Column("note", "须知", "", required=False, kind="note", longest=8),
    Column("code", "编码", "A1", kind="code", longest=5),
    Column("level", "级别", "中级", choices=("中级", "副高级")),
    Column("day", "日期", "2026-03-01", required=False, kind="date"),
    Column("count", "人数", "5", required=False, kind="whole"),
)
CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            "中级",
            "副高级",
            "#N/A",
            "#1 楼",
            "2026-03-01",
            "2026/3/1",
            "20260301",
            "2026-W09-7",
            "2026-02-30",
            "12",
            "-1",
            "１２",
        ]
    ),
    st.sampled_from([["date", "2026-03-01"], ["time", "08:00:00"], ["error", "#REF!"], None, 5.0, 5.5, 1e300, True]),
    st.text(max_size=10).map(str.strip),
)


@given(st.sampled_from(COLUMNS), st.lists(CELLS, min_size=1, max_size=8))
def test_a_column_at_once_finds_what_its_cells_find(column: Column, values: list[Any]) -> None:
    texts = sheets.column_texts(values, {})
    assert [*texts] == [sheets.cell_text(value) for value in values]
    one_by_one = [sheets.cell_problem(column, *cell) for cell in zip(values, texts, strict=True)]
    assert sheets.column_problems(column, values, texts) == {
        at: reason for at, reason in enumerate(one_by_one) if reason
    }


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        (0, "", "请填写姓名。"),
        (0, "一二三四五六", "不超过 5 个字。"),
        (0, "张\n三", "有不可见字符 U+000A（换行），请删去后重新录入。"),
        (0, "张\u200b三", "有不可见字符 U+200B（零宽空格），请删去后重新录入。"),
        (0, "张\U0002ebf0", None),
        (2, "一\n二", None),
        (2, "一\x00", "有不可见字符 U+0000，请删去后重新录入。"),
        (0, ["error", "#N/A"], "单元格是错误值 #N/A，请改正。"),
        (1, "#VALUE!", "单元格是错误值 #VALUE!，请改正。"),
        (3, None, "单元格是错误值 #NUM!，请改正。"),
        (4, ["error", "#FOO"], "单元格是错误值 #FOO，请改正。"),
        (1, "#3 楼", None),
        (1, True, "单元格是逻辑值 TRUE，请把单元格设为“文本”格式后重新录入。"),
        (1, ["time", "08:00:00"], "单元格是日期或时间，请把单元格设为“文本”格式后重新录入。"),
        (3, ["date", "2026-01-02"], "单元格是日期或时间，请把单元格设为“文本”格式后重新录入。"),
        (5, ["date", "2026-03-01 10:00:00"], "请填写日期，如 2026-03-01。"),
        (3, 430100.0, "单元格是数值，位数可能已经丢失；请把单元格设为“文本”格式后重新录入。"),
        (4, "高级", "“高级”不在可选范围内，请从下拉列表中选择。"),
        (5, ["date", "2026-03-01"], None),
        (5, "2026.3.1", None),
        (5, "20260301", "请填写日期，如 2026-03-01。"),
        (6, 25.0, None),
        (6, "25人", "请填写整数。"),
    ],
)
def test_what_is_wrong_with_a_cell(column: int, value: Any, reason: str | None) -> None:
    text = sheets.cell_text(value)
    assert sheets.cell_problem(COLUMNS[column], value, text) == reason


def test_a_head_names_all_that_is_wrong_with_it() -> None:
    head = ["姓名*", "备注", "须知", "级别", "级别", "人数", "年龄", sheets.REASONS]
    with pytest.raises(Invalid) as caught:
        sheets.check_head(head, COLUMNS)
    assert caught.value.fields["file"] == (
        "第 1 行表头与模板不符：缺少列“编码”；缺少列“日期”；不认识列“年龄”；列“级别”出现了两次。请用下载的模板填写后再导入。"
    )


def test_columns_may_stand_in_any_order() -> None:
    head = [column.label for column in reversed(COLUMNS)]
    assert sheets.check_head(head, COLUMNS) == [6, 5, 4, 3, 2, 1, 0]
