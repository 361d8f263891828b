"""Run in a process of its own, with little memory and time: looks a workbook over, then writes its rows.

`python -m app.formats.sheet_child FILE MOST_ROWS SHEET`. Lines of JSON: {"others": [visible sheets that are not read]}, or
{"refused": reason}; then blocks of up to BLOCK rows of equal width, texts without blanks at their ends; at last {}, or
{"refused": reason} after all. Without that last line the process was stopped.
"""

from __future__ import annotations

import gc
import io
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from posixpath import join, normpath
from typing import Any
from xml.etree import ElementTree

import orjson

from app.formats import sheet_cells
from app.formats.sheet_cells import LETTERS, MOST_COLUMNS, Cell, Error, Unusual

MEMORY = 500 * 1024 * 1024
SECONDS = 28
MOST_UNPACKED = 400 * 1024 * 1024
MOST_PARTS = 200
MOST_SHARED = 64 * 1024 * 1024
MOST_TEXT = 64 * 1024 * 1024
"""Of all rows together, as JSON: what the process that asked must hold."""
BLOCK = 1000
OWN_SHEETS = frozenset({"选项", "填写说明"})
"""Sheets our templates bring along."""
_STEP = 1024 * 1024
_TAG = re.compile(rb"<(?:[^\s<>/:]+:)?(c|row)(?=[\s/>])([^<>]*)")
_ROUTINE = re.compile(rb'<c(?=[\s/>])(?! r="(?:[A-Z]|A[A-N])(?:[1-9]\d{0,4}|10000[01])"[\s/>])')
"""A cell that does not say in the usual words that it lies within 40 columns and 100,001 rows."""
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})?([1-9][0-9]{0,6})["']""")
_FORMULA = re.compile(rb"<(?:[^\s<>/:]+:)?f[\s/>]")
_MERGED = re.compile(rb"""<(?:[^\s<>/:]+:)?mergeCell\s[^>]*ref\s*=\s*["']([^"']{1,30})["']""")
_FAILED = re.compile(rb"""<(?:[^\s<>/:]+:)?c(?=\s)[^<>]*\st\s*=\s*["']e["'][^<>]*>""")
_NO_INDEX = re.compile(rb"""\st\s*=\s*["']s["'][^<>]*>\s*<(?:[^\s<>/:]+:)?v[^<>]*>(?!\s*\d+\s*<)""")
_CELL_BEFORE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_PREFIXED = re.compile(rb":(?:c|row|f)[\s/>]")
"""A tag with a namespace's prefix, which no office program writes and every reader takes."""
_FOREIGN = re.compile(rb"<!(?:DOCTYPE|ENTITY|\[CDATA\[)")
"""What no office program writes: definitions may grow without bound, and some readers take CDATA for nothing."""
_NOT_XLSX = "这不是可以读取的 Excel 工作簿（.xlsx）。.xls、.csv 等文件改后缀无效，请用下载的模板填写后再导入。"
_NO_HEAD = "表头应在第 1 行、从 A 列开始，请用下载的模板填写后再导入。"
_BROKEN = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, KeyError,
    ElementTree.ParseError,
)  # fmt: skip
_JSON = orjson.OPT_APPEND_NEWLINE | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS


class Refused(Exception):
    """The file can't be taken; the text is for the person."""


@dataclass(frozen=True)
class Sheet:
    """A worksheet as the workbook names it, and the part that holds it."""

    name: str
    visible: bool
    part: str


def main(path: str, most_rows: int, wanted: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # nothing here is made in circles
    said: dict[str, Any] = {}
    try:
        with open(path, "rb") as file:
            content = file.read()
        _write(content, most_rows, wanted)
    except Refused as refused:
        said = {"refused": str(refused)}
    except MemoryError:
        said = {"refused": "工作簿太大，读取时超过了内存限制，请拆成几个文件后再导入。"}
    _put(said)
    sys.stdout.buffer.flush()


def _put(value: Any) -> int:
    line = orjson.dumps(value, default=_plain, option=_JSON)
    return sys.stdout.buffer.write(line)


def _plain(value: Any) -> Any:
    if isinstance(value, Error):
        return ["error", str(value)]
    if isinstance(value, datetime):
        return ["date", value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, time | timedelta):
        return ["time", str(value)]
    raise TypeError(type(value).__name__)


def _write(content: bytes, most_rows: int, wanted: str) -> None:
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Refused("这是加密的工作簿或旧版 .xls 文件，请去掉密码、另存为 .xlsx 后再导入。")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _look_at_container(archive)
            sheets = _sheets(archive)
            sheet = _choose(sheets, wanted)
            rows = _even(_rows(archive, content, sheet, most_rows), most_rows)
            first = list(islice(rows, BLOCK))  # most of what is wrong with a file is known by now
            _put({"others": [one.name for one in sheets if one.visible and one.name not in {wanted, *OWN_SHEETS}]})
            left = MOST_TEXT
            for block in chain([first], iter(lambda: list(islice(rows, BLOCK)), [])):
                left -= _put(block)
                if left < 0:
                    raise Refused("工作簿中的文字过多，请拆成几个文件后再导入。")
    except _BROKEN as error:
        raise Refused(_NOT_XLSX) from error


def _look_at_container(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names or names & {"xl/workbook.bin", "content.xml"}:
        raise Refused(_NOT_XLSX)
    if len(parts) > MOST_PARTS or len(names) < len(parts):
        raise Refused("工作簿的内容过多，请用下载的模板填写后再导入。")
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Refused("工作簿解压后过大，请删去图片和多余的工作表，或拆成几个文件后再导入。")
    if any(part.flag_bits & 1 for part in parts):
        raise Refused("工作簿带有密码，请去掉密码后再导入。")
    if any(part.filename == "xl/sharedStrings.xml" and part.file_size > MOST_SHARED for part in parts):
        raise Refused("工作簿中的文字过多，请拆成几个文件后再导入。")


def _sheets(archive: zipfile.ZipFile) -> list[Sheet]:
    """The worksheets in the workbook's order."""
    parts = {}
    for link in _tree(archive, "xl/_rels/workbook.xml.rels"):
        parts[link.get("Id", "")] = normpath(join("/xl", link.get("Target", ""))).lstrip("/")
    found = []
    for element in _tree(archive, "xl/workbook.xml").iter():
        if element.tag.rpartition("}")[2] != "sheet":
            continue
        key = next((value for name, value in element.attrib.items() if name.endswith("}id")), "")
        visible = element.get("state", "visible") == "visible"
        found.append(Sheet(element.get("name", ""), visible, parts.get(key, "")))
    return found


def _tree(archive: zipfile.ZipFile, part: str) -> ElementTree.Element:
    if archive.getinfo(part).file_size > _STEP:
        raise Refused(_NOT_XLSX)
    text = archive.read(part)
    _refuse_foreign(text)
    return ElementTree.fromstring(text)


def _choose(sheets: Sequence[Sheet], wanted: str) -> Sheet:
    """The sheet of that name; never another, never one the person doesn't see."""
    sheet = next((one for one in sheets if one.name == wanted), None)
    if sheet is None:
        named = "、".join(f"“{one.name[:31]}”" for one in sheets[:5] if one.visible)
        raise Refused(
            f"工作簿中没有名为“{wanted}”的工作表，只有{named or '隐藏的工作表'}。"
            "请用本页下载的模板填写，不要改动工作表的名称。"
        )
    if not sheet.visible:
        raise Refused(f"工作表“{wanted}”是隐藏的，请取消隐藏、核对内容后再导入。")
    return sheet


def _rows(archive: zipfile.ZipFile, content: bytes, sheet: Sheet, most_rows: int) -> Iterator[list[Cell]]:
    """The sheet's rows from the first: read as they are unpacked, and by the general reader from the first unusual one."""
    done = 0
    try:
        if sheet.part not in archive.namelist() or _counts_from_1904(archive):
            raise Unusual
        strings, styles = sheet_cells.shared_strings(archive), sheet_cells.styles(archive)
        for row in sheet_cells.rows(archive, sheet.part, strings, styles):
            yield row
            done += 1
        return
    except (Unusual, UnicodeDecodeError):
        strings = styles = []
    for part in archive.infolist():
        if part.filename.lower().endswith((".xml", ".rels")):
            _look_at(archive, part, part.filename == sheet.part or not sheet.part, most_rows)
    yield from islice(_general(content, sheet.name), done, None)


def _counts_from_1904(archive: zipfile.ZipFile) -> bool:
    return b"date1904" in archive.read("xl/workbook.xml")


def _general(content: bytes, name: str) -> Iterator[list[Cell]]:
    import python_calamine

    try:
        sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name)
    except (python_calamine.CalamineError, IndexError) as error:
        raise Refused(_NOT_XLSX) from error
    if any(sheet.start or (0, 0)):
        raise Refused(_NO_HEAD)
    for row in sheet.iter_rows():
        yield [value.strip() if type(value) is str else value for value in row]


def _even(rows: Iterator[list[Cell]], most_rows: int) -> Iterator[list[Cell]]:
    """Rows as wide as the first; refused where one says something beyond, or there are too many."""
    width = filled = 0
    for number, row in enumerate(rows, 1):
        if number > most_rows:
            _refuse_far(number, row, filled, most_rows)
            continue
        if number == 1:
            width = max((at for at, value in enumerate(row, 1) if value != ""), default=0)
            if not width or row[0] == "":
                raise Refused(_NO_HEAD)
        filled += any(value != "" for value in row)
        if len(row) < width:
            row += [""] * (width - len(row))
        elif len(row) > width:
            if any(value != "" for value in row[width:]):
                raise Refused(f"第 {number} 行的内容超出了表头的 {width} 列，请删去没有表头的列后再导入。")
            row = row[:width]
        yield row


def _refuse_far(number: int, row: list[Cell], filled: int, most_rows: int) -> None:
    """A row below the last there may be: one too many, or a stray cell, which is told by its place. Blank, it is none."""
    letters = next((name.decode() for name, value in zip(LETTERS, row, strict=False) if value != ""), "")
    if letters and filled >= most_rows:
        raise Refused(f"工作表超过 {most_rows - 1:,} 条，请拆成几个文件后再导入。")
    if letters:
        raise Refused(
            f"单元格 {letters}{number}（第 {number} 行 {letters} 列）有内容，离其他数据很远：表头以下只填了 {filled - 1:,} 行，"
            f"而最多 {most_rows - 1:,} 条。请删去这个单元格所在的行，以及中间的空行，再导入。"
        )


def _look_at(archive: zipfile.ZipFile, part: zipfile.ZipInfo, read: bool, most_rows: int) -> None:
    """Stream one XML part: no DTD, one encoding; of the sheet to be `read`, every cell as it may be."""
    tail = b""
    with archive.open(part) as stream:
        while piece := stream.read(_STEP):
            if b"\x00" in piece or (not tail and piece[:2] in (b"\xff\xfe", b"\xfe\xff")):
                raise Refused("工作簿的编码不能识别，请用下载的模板填写后再导入。")
            tail += piece
            whole, bracket, rest = tail.rpartition(b"<c ")
            if len(rest) > 4 * _STEP:
                whole, bracket, rest = tail, b"", b""
            _check(whole, read, most_rows)
            tail = bracket + rest
    _check(tail, read, most_rows)


def _refuse_foreign(text: bytes) -> None:
    if _FOREIGN.search(text):
        raise Refused("工作簿中有不允许的内容（DTD 或 CDATA），请用下载的模板填写后再导入。")


def _check(text: bytes, read: bool, most_rows: int) -> None:
    _refuse_foreign(text)
    if not read:
        return
    prefixed = _PREFIXED.search(text)
    if prefixed or _ROUTINE.search(text):
        _check_slowly(text, most_rows)
    if (prefixed or b"<f" in text) and (found := _FORMULA.search(text)):
        where = _where(text[max(0, found.start() - 200) : found.start()])
        raise Refused(f"{where}有公式。请复制后用“选择性粘贴—数值”去掉所有公式再导入。")
    if failed := _FAILED.findall(text):
        where = "、".join(_where(cell) for cell in failed[:5])
        raise Refused(f"{where}是错误值（如 #N/A），请改正后再导入。")
    if _NO_INDEX.search(text):
        raise Refused(_NOT_XLSX)
    if b"mergeCell" in text and (merged := _MERGED.search(text)):
        raise Refused(f"{merged.group(1).decode('ascii', 'replace')} 是合并的单元格，请取消合并、逐行填写后再导入。")


def _where(text: bytes) -> str:
    """The last place that is named in a piece of a sheet."""
    before = _CELL_BEFORE.findall(text)
    return f"第 {before[-1][1].decode()} 行 {before[-1][0].decode()} 列" if before else "工作表中"


def _check_slowly(text: bytes, most_rows: int) -> None:
    for kind, attributes in _TAG.findall(text):
        place = _PLACE.search(attributes)
        if place is None or (kind == b"c") != bool(place.group(1)):
            if kind == b"row" and b"r=" not in attributes:
                continue
            raise Refused("工作簿的单元格位置不能识别，请用下载的模板填写后再导入。")
        column = 0
        for letter in place.group(1) or b"":
            column = column * 26 + letter - 64
        if int(place.group(2)) > most_rows or column > MOST_COLUMNS:
            raise Refused(
                f"第 {place.group(2).decode()} 行 {(place.group(1) or b'').decode()} 列超出范围："
                f"最多 {most_rows - 1:,} 条、{MOST_COLUMNS} 列。请删去多余的行列（包括只有格式的空行）后再导入。"
            )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
