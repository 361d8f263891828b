"""Run in a process of its own, with little memory and time: looks a workbook over, then writes its rows.

`python -m app.formats.sheet_child FILE MOST_ROWS MOST_COLUMNS SHEET`. Lines of JSON: first {"refused": reason} or {},
then blocks of up to BLOCK rows of equal width.
"""

from __future__ import annotations

import io
import json
import re
import resource
import sys
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import orjson

MEMORY = 500 * 1024 * 1024
SECONDS = 28
MOST_UNPACKED = 400 * 1024 * 1024
MOST_PARTS = 200
MOST_SHARED = 64 * 1024 * 1024
BLOCK = 1000
_STEP = 1024 * 1024
_TAG = re.compile(rb"<(?:[^\s<>/:]+:)?(c|row)(?=[\s/>])([^<>]*)")
_ROUTINE = re.compile(rb'<c(?=[\s/>])(?! r="(?:[A-Z]|A[A-N])(?:[1-9]\d{0,4}|100\d{3})"[\s/>])')
"""A cell that does not say in the usual words that it lies within 40 columns and 101,000 rows."""
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})?([1-9][0-9]{0,6})["']""")
_FORMULA = re.compile(rb"<(?:[^\s<>/:]+:)?f[\s/>]")
_MERGED = re.compile(rb"""<(?:[^\s<>/:]+:)?mergeCell\s[^>]*ref\s*=\s*["']([^"']{1,30})["']""")
_CELL_BEFORE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_PREFIXED = re.compile(rb":(?:c|row|f)[\s/>]")
"""A tag with a namespace's prefix, which no office program writes and every reader takes."""
_DEFINITION = re.compile(rb"!(?:DOCTYPE|ENTITY)")
_NOT_XLSX = "这不是可以读取的 Excel 工作簿（.xlsx）。.xls、.csv 等文件改后缀无效，请用下载的模板填写后再导入。"


class Refused(Exception):
    """The file can't be taken; the text is for the person."""


def main(path: str, most_rows: int, most_columns: int, wanted: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with open(path, "rb") as file:
            content = file.read()
        _look_over(content, most_rows, most_columns)
        rows = _rows(content, wanted)
        print("{}", flush=True)
    except Refused as refused:
        print(json.dumps({"refused": str(refused)}))
        return
    except MemoryError:
        print(json.dumps({"refused": "工作簿太大，读取时超过了内存限制，请拆成几个文件后再导入。"}))
        return
    style = orjson.OPT_APPEND_NEWLINE | orjson.OPT_PASSTHROUGH_DATETIME
    while block := list(islice(rows, BLOCK)):
        sys.stdout.buffer.write(orjson.dumps(block, default=_plain, option=style))
    sys.stdout.buffer.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return ["date", value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    if isinstance(value, time | timedelta):
        return ["time", str(value)]
    raise TypeError(type(value).__name__)


def _look_over(content: bytes, most_rows: int, most_columns: int) -> None:
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise Refused("这是加密的工作簿或旧版 .xls 文件，请去掉密码、另存为 .xlsx 后再导入。")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if "xl/workbook.xml" not in names or names & {"xl/workbook.bin", "content.xml"}:
                raise Refused(_NOT_XLSX)
            if len(parts) > MOST_PARTS or len(names) < len(parts):
                raise Refused("工作簿的内容过多，请用下载的模板填写后再导入。")
            if sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise Refused("工作簿解压后过大，请删去图片和多余的工作表，或拆成几个文件后再导入。")
            for part in parts:
                if part.flag_bits & 1:
                    raise Refused("工作簿带有密码，请去掉密码后再导入。")
                if part.filename.lower().endswith((".xml", ".rels")):
                    _look_at(archive, part, most_rows, most_columns)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise Refused(_NOT_XLSX) from error


def _look_at(archive: zipfile.ZipFile, part: zipfile.ZipInfo, most_rows: int, most_columns: int) -> None:
    """Stream one XML part: no DTD, one encoding, every cell within the limits, no formula, nothing merged."""
    if part.filename == "xl/sharedStrings.xml" and part.file_size > MOST_SHARED:
        raise Refused("工作簿中的文字过多，请拆成几个文件后再导入。")
    sheet = "worksheets/" in part.filename
    tail = b""
    with archive.open(part) as stream:
        while piece := stream.read(_STEP):
            if b"\x00" in piece or (not tail and piece[:2] in (b"\xff\xfe", b"\xfe\xff")):
                raise Refused("工作簿的编码不能识别，请用下载的模板填写后再导入。")
            tail += piece
            whole, bracket, rest = tail.rpartition(b"<c ")
            if len(rest) > 4 * _STEP:
                whole, bracket, rest = tail, b"", b""
            _check(whole, sheet, most_rows, most_columns)
            tail = bracket + rest
    _check(tail, sheet, most_rows, most_columns)


def _check(text: bytes, sheet: bool, most_rows: int, most_columns: int) -> None:
    if _DEFINITION.search(text):
        raise Refused("工作簿中有不允许的定义（DTD），请用下载的模板填写后再导入。")
    if not sheet:
        return
    prefixed = _PREFIXED.search(text)
    if prefixed or _ROUTINE.search(text):
        _check_slowly(text, most_rows, most_columns)
    if (prefixed or b"<f" in text) and (found := _FORMULA.search(text)):
        before = _CELL_BEFORE.findall(text, max(0, found.start() - 200), found.start())
        where = f"第 {before[-1][1].decode()} 行 {before[-1][0].decode()} 列" if before else "工作表中"
        raise Refused(f"{where}有公式。请复制后用“选择性粘贴—数值”去掉所有公式再导入。")
    if b"mergeCell" in text and (merged := _MERGED.search(text)):
        raise Refused(f"{merged.group(1).decode('ascii', 'replace')} 是合并的单元格，请取消合并、逐行填写后再导入。")


def _check_slowly(text: bytes, most_rows: int, most_columns: int) -> None:
    for kind, attributes in _TAG.findall(text):
        place = _PLACE.search(attributes)
        if place is None or (kind == b"c") != bool(place.group(1)):
            if kind == b"row" and b"r=" not in attributes:
                continue
            raise Refused("工作簿的单元格位置不能识别，请用下载的模板填写后再导入。")
        column = 0
        for letter in place.group(1) or b"":
            column = column * 26 + letter - 64
        if int(place.group(2)) > most_rows or column > most_columns:
            raise Refused(
                f"第 {place.group(2).decode()} 行 {(place.group(1) or b'').decode()} 列超出范围："
                f"最多 {most_rows - 1:,} 条、{most_columns} 列。请删去多余的行列（包括只有格式的空行）后再导入。"
            )


def _rows(content: bytes, wanted: str) -> Any:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = book.sheet_names
        sheet = book.get_sheet_by_name(wanted if wanted in names else names[0])
    except (python_calamine.CalamineError, IndexError, ValueError, OSError, KeyError) as error:
        raise Refused(_NOT_XLSX) from error
    first_row, first_column = sheet.start or (0, 0)
    if first_row or first_column:
        raise Refused("表头应在第 1 行、从 A 列开始，请用下载的模板填写后再导入。")
    return iter(sheet.iter_rows())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
