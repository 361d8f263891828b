"""Sheets people fill in: the template, reading one in a limited process, and the workbook of what must be mended."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from threading import Timer
from typing import IO, Any

import orjson
import xlsxwriter

from app.core.errors import Invalid
from app.core.text import BREAKS, called, shapeless

MOST_ROWS = 100_001
"""Of a sheet, its head among them."""
SECONDS = 30
ORIGIN, REASONS = "原行号", "失败原因"
"""What the workbook of failed rows says of each; read again, they are no columns."""
_ROOT = Path(__file__).parents[2]
_TEXT = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_ERROR = re.compile(r"#[A-Z][A-Z0-9/_]*[!?]?")
_KILLED = "读取这个工作簿超过了时间或内存限制，已停止。请删去多余的内容或拆成几个文件后再导入。"


@dataclass(frozen=True)
class Column:
    """A column by its heading. `kind`: text, note (with line breaks), code (never a number cell: its digits would be
    lost), date or whole."""

    key: str
    label: str
    example: str
    required: bool = True
    kind: str = "text"
    choices: tuple[str, ...] = ()
    longest: int = 120
    help: str = ""
    several: bool = False
    """Whether a cell may list several of what its drop-down offers."""


@dataclass(frozen=True)
class Reading:
    """A workbook being read: its rows from row 1, in blocks, and the visible sheets that are not read."""

    blocks: Iterator[list[list[Any]]]
    others: list[str]


@contextmanager
def reading(path: Path, sheet: str) -> Iterator[Reading]:
    """The rows of the sheet of that name in an .xlsx, read by a process that can't hurt this one.

    A cell is a str without blanks at its ends, a float, a bool, ["date", …], ["time", …] or ["error", …]; None is a number
    that is none. Raises Invalid({"file": …}) if the file can't be taken, at the end of the blocks too; the process is gone
    at the end of the block.
    """
    command = [sys.executable, "-m", "app.formats.sheet_child", str(path), str(MOST_ROWS), sheet]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    ) as child:
        timer = Timer(SECONDS, child.kill)
        timer.start()
        try:
            assert child.stdout is not None
            yield Reading(_blocks(child.stdout), _told(child.stdout.readline())["others"])
        finally:
            timer.cancel()
            child.kill()


def _blocks(stream: IO[bytes]) -> Iterator[list[list[Any]]]:
    for line in stream:
        if line.startswith(b"{"):
            _told(line)
            return
        if line.endswith(b"\n"):
            yield orjson.loads(line)
    _told(b"")


def _told(line: bytes) -> dict[str, Any]:
    """What the process said of the file; nothing, if it was stopped before."""
    if not line.endswith(b"\n"):
        raise Invalid({"file": _KILLED})
    said: dict[str, Any] = orjson.loads(line)
    if reason := said.get("refused"):
        raise Invalid({"file": reason})
    return said


def check_head(head: Sequence[Any], columns: Sequence[Column], spare: Collection[str] = ()) -> list[int | None]:
    """Where each column stands; None for one of `spare` (keys) that is not there.

    Invalid naming those missing, unknown or twice.
    """
    labels = [str(cell).strip().rstrip("*").strip() for cell in head]
    given = [label for label in labels if label and label not in (ORIGIN, REASONS)]
    known = {column.label for column in columns}
    problems = [
        f"缺少列“{column.label}”" for column in columns if column.label not in given and column.key not in spare
    ]
    problems += [f"不认识列“{label[:30]}”" for label in dict.fromkeys(given) if label not in known]
    problems += [f"列“{label}”出现了两次" for label in sorted(known) if given.count(label) > 1]
    problems += [f"第 {at} 列没有表头" for at, label in enumerate(labels, 1) if not label]
    if problems:
        raise Invalid({"file": "第 1 行表头与模板不符：" + "；".join(problems[:10]) + "。请用下载的模板填写后再导入。"})
    return [labels.index(column.label) if column.label in given else None for column in columns]


def column_texts(values: Sequence[Any], known: dict[str, str]) -> Sequence[str]:
    """What the cells of one column say, as text. Words that come often are held once: `known` of the whole file."""
    texts = values if set(map(type, values)) == {str} else list(map(cell_text, values))
    often = len({*texts}) * 2 < len(texts)
    return list(map(known.setdefault, texts, texts)) if often else texts


def column_problems(column: Column, values: Sequence[Any], texts: Sequence[str]) -> dict[int, str]:
    """What is wrong with cells of one column by themselves, by their place in it."""
    if _sound(column, values, texts):
        return {}
    found = ((at, cell_problem(column, *cell)) for at, cell in enumerate(zip(values, texts, strict=True)))
    return {at: reason for at, reason in found if reason}


def _sound(column: Column, values: Sequence[Any], texts: Sequence[str]) -> bool:
    """Whether nothing is wrong with a column, told quickly; False may mean that one must look closer."""
    if column.required and not all(texts):
        return False
    kinds = set(map(type, values))
    if not kinds <= {str, float} or (column.kind == "code" and float in kinds):
        return False
    if column.choices:
        return {*texts}.issubset((*column.choices, ""))
    if column.kind == "date":
        return all(map(_iso_date, texts))
    joined = "".join(texts)
    if column.kind == "whole":
        return joined.isascii() and (joined or "0").isdigit() and max(map(len, texts)) < 10
    return "#" not in joined and joined.isprintable() and max(map(len, texts)) <= column.longest


@lru_cache(maxsize=1 << 16)
def _iso_date(text: str) -> bool:
    """Whether a cell is empty or a day written 2026-03-01; `fromisoformat` takes weeks and days without hyphens, too."""
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def cell_text(value: Any) -> str:
    """What a cell says, as text, as the person saw it."""
    if type(value) is str:
        return value
    if value is None:
        return "#NUM!"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    return str(value[1]) if isinstance(value, list) else str(value)


def cell_problem(column: Column, value: Any, text: str) -> str | None:
    """What is wrong with one cell by itself."""
    if not text:
        return f"请填写{column.label}。" if column.required else None
    if wrong := _kind_problem(column, value, text):
        return wrong
    if column.choices:
        return None if text in column.choices else f"“{text[:30]}”不在可选范围内，请从下拉列表中选择。"
    if column.kind == "date":
        return None if as_date(text) else "请填写日期，如 2026-03-01。"
    if column.kind == "whole":
        return None if text.isascii() and text.isdigit() and len(text) < 10 else "请填写整数。"
    if len(text) > column.longest:
        return f"不超过 {column.longest} 个字。"
    hidden = shapeless(text, keep=BREAKS if column.kind == "note" else "")
    return f"有不可见字符 {called(hidden[0])}，请删去后重新录入。" if hidden else None


def _kind_problem(column: Column, value: Any, text: str) -> str | None:
    """What is wrong with a cell that is none of words, or says that its formula failed."""
    kind = value[0] if isinstance(value, list) else "error" if value is None else ""
    if kind == "error" or _ERROR.fullmatch(text):
        return f"单元格是错误值 {text[:20]}，请改正。"
    if isinstance(value, bool):
        return f"单元格是逻辑值 {text}，请把单元格设为“文本”格式后重新录入。"
    if kind == "time" or (kind == "date" and column.kind != "date"):
        return "单元格是日期或时间，请把单元格设为“文本”格式后重新录入。"
    if column.kind == "code" and type(value) is not str:
        return "单元格是数值，位数可能已经丢失；请把单元格设为“文本”格式后重新录入。"
    return None


def as_date(text: str) -> date | None:
    """A day written 2026-03-01, 2026/3/1 or 2026.3.1."""
    parts = text.replace("/", "-").replace(".", "-").split("-")
    try:
        return date(*map(int, parts)) if len(parts) == 3 else None
    except (ValueError, OverflowError):
        return None


def template(
    title: str, columns: Sequence[Column], rules: Sequence[str], lists: Mapping[str, Sequence[str]] | None = None
) -> bytes:
    """【下载excel模板】: drop-downs, an example row that must be overwritten, a page of rules.

    `lists`: what drop-downs offer in columns whose choices the database knows, by column key.
    """
    notes = [*rules, "第 2 行是示例，请改成自己的内容，照样导入会被拒绝。", *_help(columns)]
    example = {column.key: column.example for column in columns}
    return _workbook(title, columns, [(2, example, {})], notes, lists or {})


def mending(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[tuple[int, Mapping[str, Any], Mapping[str, str]]],
    lists: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    """The failed rows (number, cells, reasons) as they were, with number and reasons in last columns; to be imported
    again once mended.

    A cell that was no text is none here either, or nobody would notice that it has to be written anew.
    """
    notes = [
        "从第 2 行起都是检查没有通过的数据，最后两列写明了在原文件中的行号和原因，有错的单元格是红色的。",
        "改好以后可以直接再导入；“原行号”“失败原因”两列不必删除。",
        "原来是数值、日期的单元格仍是数值、日期：请把单元格设为“文本”格式后重新录入，只改格式不够。",
        *_help(columns),
    ]
    return _workbook(title, columns, rows, notes, lists or {}, reasons=True)


def _help(columns: Sequence[Column]) -> Iterator[str]:
    yield from (f"{column.label}{'（必填）' if column.required else ''}：{column.help}" for column in columns)
    yield "不要改动表头和工作表的名称，不要使用公式和合并单元格。"


def _workbook(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[tuple[int, Mapping[str, Any], Mapping[str, str]]],
    notes: Sequence[str],
    lists: Mapping[str, Sequence[str]],
    *,
    reasons: bool = False,
) -> bytes:
    file = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, xlsxwriter.Workbook(file, _TEXT | {"tmpdir": folder}) as book:
        text, wrong = book.add_format({"num_format": "@"}), {"bg_color": "#FDE8E6", "font_color": "#B42318"}
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF5", "border": 1})
        red, bad = book.add_format({"font_color": "#B42318"}), book.add_format(wrong | {"num_format": "@"})
        looks = {number: book.add_format(wrong | {"num_format": number}) for number in ("0", "yyyy-mm-dd", "hh:mm")}
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for index, column in enumerate(columns):
            sheet.set_column(index, index, max(16, 2 * len(column.label) + 4), text)
            sheet.write_string(0, index, column.label + ("*" if column.required else ""), bold)
        if reasons:
            sheet.set_column(len(columns), len(columns), 10)
            sheet.write_string(0, len(columns), ORIGIN, bold)
            sheet.set_column(len(columns) + 1, len(columns) + 1, 60, red)
            sheet.write_string(0, len(columns) + 1, REASONS, bold)
        for number, (origin, cells, problems) in enumerate(rows, 1):
            for index, column in enumerate(columns):
                look = bad if column.label in problems else text
                _write_cell(sheet, number, index, cells.get(column.key, ""), look, looks)
            if reasons:
                said = "；".join(f"{label}：{reason.rstrip('。')}" for label, reason in problems.items())
                sheet.write_number(number, len(columns), origin)
                sheet.write_string(number, len(columns) + 1, said, red)
        _offer(book, sheet, [(at, column, lists.get(column.key, column.choices)) for at, column in enumerate(columns)])
        page = book.add_worksheet("填写说明")
        page.set_column(0, 0, 100)
        for number, line in enumerate(notes):
            page.write_string(number, 0, line)
    return file.getvalue()


def _write_cell(sheet: Any, row: int, column: int, value: Any, look: Any, looks: Mapping[str, Any]) -> None:
    """A cell as it came: text as text, a number, a day or a truth value as what it was."""
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value, look)
    elif isinstance(value, float):
        sheet.write_number(row, column, value, looks["0"])
    elif isinstance(value, list) and value[0] == "date" and (day := as_date(str(value[1])[:10])):
        sheet.write_datetime(row, column, day, looks["yyyy-mm-dd"])
    elif isinstance(value, list) and value[0] == "time":
        sheet.write_number(row, column, 0.5, looks["hh:mm"])  # no column takes a time: it must be written anew
    else:
        sheet.write_string(row, column, value if type(value) is str else cell_text(value), look)


def _offer(book: Any, sheet: Any, columns: Sequence[tuple[int, Column, Sequence[str]]]) -> None:
    """Drop-downs from a hidden sheet, which takes lists of any length."""
    listed = [(at, column, words) for at, column, words in columns if words]
    if not listed:
        return
    hidden = book.add_worksheet("选项")
    hidden.hide()
    for place, (at, column, words) in enumerate(listed):
        letter = chr(65 + place)
        source = f"=选项!${letter}$1:${letter}${len(words)}"
        rule = {"validate": "list", "source": source, "show_error": not column.several}
        sheet.data_validation(1, at, MOST_ROWS - 1, at, rule)
    for number in range(max(len(words) for _, _, words in listed)):
        for place, (_, _, words) in enumerate(listed):
            if number < len(words):
                hidden.write_string(number, place, words[number])
