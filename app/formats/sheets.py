"""Sheets people fill in: the template, reading one in a limited process, and the workbook of what must be mended."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

MOST_ROWS = 100_001
MOST_COLUMNS = 40
SECONDS = 30
_BREAKS = str.maketrans("", "", "\r\n\t")
REASONS = "失败原因"
_ROOT = Path(__file__).parents[2]
_TEXT = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
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


@contextmanager
def reading(path: Path, sheet: str) -> Iterator[Iterator[list[list[Any]]]]:
    """The rows of an .xlsx from row 1, in blocks, read by a process that can't hurt this one.

    Raises Invalid({"file": …}) if the file can't be taken; the process is gone at the end of the block.
    """
    command = [sys.executable, "-m", "app.formats.sheet_child", str(path), str(MOST_ROWS), str(MOST_COLUMNS), sheet]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    ) as child:
        timer = Timer(SECONDS, child.kill)
        timer.start()
        try:
            assert child.stdout is not None
            head = child.stdout.readline()
            if not head:
                raise Invalid({"file": _KILLED})
            if reason := json.loads(head).get("refused"):
                raise Invalid({"file": reason})
            yield _lines(child, child.stdout)
        finally:
            timer.cancel()
            child.kill()


def _lines(child: subprocess.Popen[bytes], stream: IO[bytes]) -> Iterator[list[list[Any]]]:
    for line in stream:
        if not line.endswith(b"\n"):
            break
        yield orjson.loads(line)
    if child.wait() != 0:
        raise Invalid({"file": _KILLED})


def check_head(head: Sequence[Any], columns: Sequence[Column]) -> list[int]:
    """Where each column stands; Invalid naming those missing, unknown or twice."""
    labels = [str(cell).strip().rstrip("*").strip() for cell in head]
    given = [label for label in labels if label and label != REASONS]
    known = {column.label for column in columns}
    problems = [f"缺少列“{column.label}”" for column in columns if column.label not in given]
    problems += [f"不认识列“{label[:30]}”" for label in dict.fromkeys(given) if label not in known]
    problems += [f"列“{label}”出现了两次" for label in sorted(known) if given.count(label) > 1]
    if problems:
        raise Invalid({"file": "第 1 行表头与模板不符：" + "；".join(problems[:10]) + "。请用下载的模板填写后再导入。"})
    return [labels.index(column.label) for column in columns]


def column_texts(values: Sequence[Any], known: dict[str, str]) -> list[str]:
    """What the cells of one column say, as text. Words that come often are held once: `known` of the whole file."""
    texts = list(map(str.strip if set(map(type, values)) == {str} else cell_text, values))
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
    if column.choices:
        return {*texts}.issubset((*column.choices, ""))
    if column.kind == "date":
        return all(map(_iso_date, texts))
    if column.kind == "whole":
        digits = "".join(texts)
        return digits.isascii() and (digits or "0").isdigit() and max(map(len, texts)) < 10
    return (
        (column.kind != "code" or set(map(type, values)) == {str})
        and max(map(len, texts)) <= column.longest
        and _one_line(column, "".join(texts)).isprintable()
    )


@lru_cache(maxsize=1 << 16)
def _iso_date(text: str) -> bool:
    """Whether a cell is empty or a day written 2026-03-01; `fromisoformat` takes weeks and days without hyphens, too."""
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _one_line(column: Column, text: str) -> str:
    return text.translate(_BREAKS) if column.kind == "note" else text


def cell_text(value: Any) -> str:
    """What a cell says, as text."""
    if type(value) is str:
        return value.strip()
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    return str(value[1]) if isinstance(value, list) else str(value)


def cell_problem(column: Column, value: Any, text: str) -> str | None:
    """What is wrong with one cell by itself."""
    if not text:
        return f"请填写{column.label}。" if column.required else None
    if column.kind == "code" and type(value) is not str:
        return "单元格是数值，位数可能已经丢失；请把单元格设为“文本”格式后重新录入。"
    if column.choices:
        return None if text in column.choices else f"“{text[:30]}”不在可选范围内，请从下拉列表中选择。"
    if column.kind == "date":
        return None if as_date(text) else "请填写日期，如 2026-03-01。"
    if column.kind == "whole":
        return None if text.isascii() and text.isdigit() and len(text) < 10 else "请填写整数。"
    if len(text) > column.longest:
        return f"不超过 {column.longest} 个字。"
    return None if _one_line(column, text).isprintable() else "有换行或不可见字符，请重新录入。"


def as_date(text: str) -> date | None:
    """A day written 2026-03-01, 2026/3/1 or 2026.3.1."""
    parts = text.replace("/", "-").replace(".", "-").split("-")
    try:
        return date(*map(int, parts)) if len(parts) == 3 else None
    except (ValueError, OverflowError):
        return None


def template(title: str, columns: Sequence[Column], rules: Sequence[str]) -> bytes:
    """【下载excel模板】: drop-downs, an example row that must be overwritten, a page of rules."""
    return _workbook(title, columns, [({column.key: column.example for column in columns}, {})], rules)


def mending(
    title: str, columns: Sequence[Column], rows: Iterable[tuple[Mapping[str, str], Mapping[str, str]]]
) -> bytes:
    """The failed rows as they were, with their reasons in a last column; to be imported again once mended."""
    return _workbook(title, columns, rows, (), reasons=True)


def _workbook(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[tuple[Mapping[str, str], Mapping[str, str]]],
    rules: Sequence[str],
    *,
    reasons: bool = False,
) -> bytes:
    file = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        book = xlsxwriter.Workbook(file, _TEXT | {"tmpdir": folder})
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF5", "border": 1})
        red = book.add_format({"font_color": "#B42318"})
        sheet = book.add_worksheet(title)
        sheet.freeze_panes(1, 0)
        for index, column in enumerate(columns):
            sheet.set_column(index, index, max(16, 2 * len(column.label) + 4), text)
            sheet.write_string(0, index, column.label + ("*" if column.required else ""), bold)
        if reasons:
            sheet.set_column(len(columns), len(columns), 60, red)
            sheet.write_string(0, len(columns), REASONS, bold)
        for number, (texts, problems) in enumerate(rows, 1):
            for index, column in enumerate(columns):
                sheet.write_string(number, index, texts.get(column.key, ""), text)
            if reasons:
                said = "；".join(f"{label}：{reason.rstrip('。')}" for label, reason in problems.items())
                sheet.write_string(number, len(columns), said, red)
        listed = [(index, column.choices) for index, column in enumerate(columns) if column.choices]
        for place, (index, _) in enumerate(listed):
            letter = chr(65 + place)
            source = f"=选项!${letter}$1:${letter}${len(columns[index].choices)}"
            sheet.data_validation(1, index, MOST_ROWS - 1, index, {"validate": "list", "source": source})
        if listed:
            hidden = book.add_worksheet("选项")
            hidden.hide()
            for number in range(max(len(choices) for _, choices in listed)):
                for place, (_, choices) in enumerate(listed):
                    if number < len(choices):
                        hidden.write_string(number, place, choices[number])
        notes = book.add_worksheet("填写说明")
        notes.set_column(0, 0, 100)
        lines = [
            *rules,
            *(f"{column.label}{'（必填）' if column.required else ''}：{column.help}" for column in columns),
        ]
        lines.append("第 2 行是示例，请改成自己的内容。不要改动表头，不要使用公式和合并单元格。")
        for number, line in enumerate(lines):
            notes.write_string(number, 0, line)
        book.close()
    return file.getvalue()
