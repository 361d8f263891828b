"""Reading an .xlsx somebody handed in: the first sheet's cells, within limits that are checked before it is opened.

The reader lays a sheet out as one full rectangle, so a file of two cells in opposite corners would take all the
memory there is. What a workbook says of itself is therefore read first, in bounded steps.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Any

import python_calamine

from app.core.errors import Invalid

MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 60 * 1024 * 1024
MOST_PARTS = 300
_STEP = 1024 * 1024
_TAG = re.compile(rb"<(?:[^\s<>/:]+:)?(c|row)(?=[\s/>])([^<]*)")
_PLACE = re.compile(rb"""[\s:"']r\s*=\s*["']([^"'<]*)["']""")
_CELL = re.compile(rb"([A-Z]{1,3})([1-9][0-9]{0,6})")
_ROW = re.compile(rb"()([1-9][0-9]{0,6})")

Cell = Any
"""str, float, bool, or a date, time or duration."""


def read_first_sheet(content: bytes, *, most_rows: int, most_columns: int) -> list[list[Cell]]:
    """The first sheet's rows from row 1, column A; an empty cell is "".

    Raises Invalid({"file": …}) if it is no .xlsx, is damaged, or is larger than the limits.
    """
    if len(content) > MOST_BYTES:
        raise _bad(f"文件超过 {MOST_BYTES // 1024 // 1024} MB，请删去多余的内容后再导入。")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_parts(archive, most_rows, most_columns)
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            sheet = book.get_sheet_by_index(0)
            first_row, first_column = sheet.start or (0, 0)
            rows = [[""] * first_column + list(row) for row in sheet.to_python(skip_empty_area=True)]
    except Invalid:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        python_calamine.CalamineError,
        EOFError,
        IndexError,
        KeyError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        raise _bad("这不是可以读取的 Excel 工作簿（.xlsx），请用下载的模板填写后再导入。") from error
    return [[""] for _ in range(first_row)] + rows


def _bad(reason: str) -> Invalid:
    return Invalid({"file": reason})


def _check_parts(archive: zipfile.ZipFile, most_rows: int, most_columns: int) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names or names & {"xl/workbook.bin", "content.xml"}:
        raise _bad("只接受 .xlsx 工作簿，请用下载的模板填写后再导入。")
    if len(parts) > MOST_PARTS or len(names) < len(parts):
        raise _bad("工作簿的内容过多，请用下载的模板填写后再导入。")
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise _bad("工作簿解压后过大，请删去图片和多余的工作表后再导入。")
    for part in parts:  # reading stops at the size a part declares
        tail, rows = b"", 0
        with archive.open(part) as stream:
            while piece := stream.read(_STEP):
                tail += piece
                whole, bracket, rest = tail.rpartition(b"<")
                if len(rest) > 2 * _STEP:
                    raise _bad("工作簿中有过长的内容，请用下载的模板填写后再导入。")
                rows += _check_places(whole, most_rows, most_columns)
                tail = bracket + rest
        rows += _check_places(tail, most_rows, most_columns)
        if rows > most_rows:
            raise _too_far(most_rows, most_columns)


def _too_far(most_rows: int, most_columns: int) -> Invalid:
    return _bad(f"工作簿最多 {most_rows} 行、{most_columns} 列，请用下载的模板填写后再导入。")


def _check_places(text: bytes, most_rows: int, most_columns: int) -> int:
    """How many rows begin in a piece of a part. Every cell says plainly where it is, and that lies within the limits."""
    if text[:2] in (b"\xff\xfe", b"\xfe\xff") or (b"<" in text and b"\x00" in text):
        raise _bad("工作簿的编码不能识别，请用下载的模板填写后再导入。")
    rows = 0
    for kind, attributes in _TAG.findall(text):
        places = _PLACE.findall(attributes)
        rows += kind == b"row"
        if kind == b"c" and not places:
            raise _bad("工作簿的单元格位置不能识别，请用下载的模板填写后再导入。")
        for place in places:
            found = (_CELL if kind == b"c" else _ROW).fullmatch(place)
            if found is None:
                raise _bad("工作簿的单元格位置不能识别，请用下载的模板填写后再导入。")
            column = 0
            for letter in found.group(1):
                column = column * 26 + letter - 64
            if int(found.group(2)) > most_rows or column > most_columns:
                raise _too_far(most_rows, most_columns)
    return rows
