"""Cells of a worksheet as office programs write them, streamed: for the process that reads workbooks (`sheet_child`).

A general reader builds the whole grid before it gives the first row; what people hand in is nearly always rows of shared
strings, and those can be read as they are unpacked, in a third of the time and memory. Everything here is exact: a row, a
string or a style that is not written in the usual way raises `Unusual`, and the general reader takes over from that row.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from math import isfinite
from operator import itemgetter
from typing import Any

Cell = Any
"""str, float, bool, date, datetime, or Error."""
MOST_COLUMNS = 40
LETTERS = [b"%c" % (65 + at) for at in range(26)] + [b"A%c" % (65 + at) for at in range(MOST_COLUMNS - 26)]
_PLACES = {letters: at for at, letters in enumerate(LETTERS)}
_STEP = 1 << 20
_LONGEST_ROW = 16 * _STEP

_STYLE = re.compile(rb' s="\d{1,5}"')
_BLANK = re.compile(rb'<c r="[A-Z]{1,2}\d{1,7}"/>')
_FORMATS = re.compile(rb"<cellXfs[^<>]*>(.*?)</cellXfs>", re.DOTALL)
_FORMAT = re.compile(rb'<xf [^<>]*?numFmtId="(\d{1,5})"')
_OWN_FORMAT = re.compile(rb"<numFmt [^<>]*/>")
_ATTRIBUTE = re.compile(rb' (numFmtId|formatCode)="([^"]*)"')
_CELL = re.compile(
    rb'<c r="([A-Z]{1,2})(\d{1,7})"(?: s="(\d{1,5})")?(?: t="([a-zA-Z]{1,9})")?'
    rb'(?:/>|>(?:<v>([^<]*)</v>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)?</c>)'
)
_ROW = re.compile(rb'<row r="(\d{1,7})"[^<>]*')
_EMPTY_ROWS = re.compile(rb'<row r="\d{1,7}"[^<>]*/>')

_NUMBER = re.compile(rb"-?[0-9.]{1,30}(?:[eE][-+]?[0-9]{1,4})?")
_ESCAPED = re.compile(r"_x[0-9A-Fa-f]{4}_")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_REFERENCE = re.compile(rf"&(?:#(\d{{1,7}})|#x([0-9A-Fa-f]{{1,6}})|({'|'.join(_ENTITIES)}));")
_PLAIN_FORMATS = frozenset({*range(5), 9, 10, 11, 37, 38, 39, 40, 48, 49})
_DAY_FORMATS = frozenset({*range(14, 18), 22, *range(27, 32), 36, *range(50, 55), 57, 58})
_PLAIN_CODE = re.compile(r"(?:General|[0#.,%_()*;@+-]|\[[A-Za-z]+\])*")
_DAY_CODE = re.compile(r"(?:\[\$-[0-9A-Fa-f]+\])?(?:[yYmMdD/.\-\s年月日]|\"[年月日]\"|\\.|;@)*")
_EPOCH = datetime(1899, 12, 30)
_FIRST_DAY = 61
"""1900-03-01: before it, Excel counts a day there never was."""


class Unusual(Exception):
    """Something is not written as office programs write it."""


class Error(str):
    """What a cell says whose formula failed: #N/A."""

    __slots__ = ()


def shared_strings(archive: zipfile.ZipFile) -> list[str]:
    """The words cells refer to by number, without blanks at their ends."""
    words: list[str] = []
    if "xl/sharedStrings.xml" not in archive.namelist():
        return words
    with archive.open("xl/sharedStrings.xml") as stream:
        head, begins, tail = stream.read(_STEP).partition(b"<si>")
        if b"<!" in head or (not begins and b"<si" in head):
            raise Unusual
        tail = begins + tail
        while piece := stream.read(_STEP):
            whole, ends, tail = (tail + piece).rpartition(b"</si>")
            words += _words((whole + ends).decode())
            if len(tail) > _LONGEST_ROW:
                raise Unusual
        whole, ends, tail = tail.rpartition(b"</si>")
        words += _words((whole + ends).decode())
    if begins and tail.strip() != b"</sst>":
        raise Unusual
    return words


def _words(text: str) -> list[str]:
    """What a stretch of whole strings says; rich text, phonetics and comments are unusual."""
    if not text:
        return []
    if 'xml:space="preserve"' in text:
        text = text.replace('<t xml:space="preserve">', "<t>")
    if "<t/>" in text:
        text = text.replace("<t/>", "<t></t>")
    words = text.removeprefix("<si><t>").removesuffix("</t></si>").split("</t></si><si><t>")
    if text.count("<") != 4 * len(words) or not (text.startswith("<si><t>") and text.endswith("</t></si>")):
        raise Unusual
    if _is_escaped(text):
        raise Unusual
    if "&" in text:
        words = [_unescaped(word) if "&" in word else word for word in words]
    return list(map(str.strip, words))


def rows(archive: zipfile.ZipFile, part: str, strings: Sequence[str], styles: Sequence[str]) -> Iterator[list[Cell]]:
    """Every row from the first, blank ones between others too; columns left out at a row's end are not there."""
    number = 1
    for row in _pieces(archive, part):
        start, _, cells = row.partition(b">")
        here = b"%d" % number
        if start.rfind(b"<") or not start.startswith(b'<row r="%b"' % here):
            at = _row_number(start)
            if at < number:
                raise Unusual
            yield from ([] for _ in range(number, at))
            number, here = at, b"%d" % at
        yield _row_of_strings(here, cells, strings) or _row(here, cells, strings, styles)
        number += 1


def _row_number(start: bytes) -> int:
    found = _ROW.fullmatch(start)
    if found is None:
        raise Unusual
    return int(found[1])


def _row_of_strings(number: bytes, cells: bytes, strings: Sequence[str]) -> list[Cell]:
    """A row that holds nothing but shared strings; [] if it holds anything else."""
    if b' s="' in cells:
        cells = _STYLE.sub(b"", cells)
    if b'"/>' in cells:
        cells = _BLANK.sub(b"", cells)
    if not (cells.startswith(b'<c r="') and cells.endswith(b"</v></c>")):
        return []
    flat = cells[6:-8].replace(number + b'" t="s"><v>', b"\t").replace(b'</v></c><c r="', b"\t").split(b"\t")
    letters, values = flat[::2], flat[1::2]
    usual = letters == LETTERS[: len(letters)]
    if not b"".join(values).isdigit() or len(values) != len(letters) or not (usual or _PLACES.keys() >= {*letters}):
        return []
    numbers = list(map(int, values))
    try:
        found = [*itemgetter(*numbers)(strings)] if len(numbers) > 1 else [strings[numbers[0]]]
    except IndexError as error:
        raise Unusual from error
    return found if usual else _spread(list(map(_PLACES.__getitem__, letters)), found)


def _row(number: bytes, cells: bytes, strings: Sequence[str], styles: Sequence[str]) -> list[Cell]:
    """Any row whose every cell is written as office programs write it."""
    found = _CELL.split(cells.replace(b"<t/>", b"<t></t>"))
    if any(found[::7]):
        raise Unusual
    places, values = [], []
    for letters, at, style, kind, value, inline in zip(*(found[n::7] for n in range(1, 7)), strict=True):
        if at != number or letters not in _PLACES:
            raise Unusual
        if value is None and inline is None and kind != b"e":
            continue
        places.append(_PLACES[letters])
        try:
            values.append(_value(style, kind, value, inline, strings, styles))
        except (ValueError, IndexError, OverflowError) as error:
            raise Unusual from error
    return _spread(places, values)


def _value(
    style: bytes | None,
    kind: bytes | None,
    value: bytes | None,
    inline: bytes | None,
    strings: Sequence[str],
    styles: Sequence[str],
) -> Cell:
    if kind == b"e":
        return Error(_text(value or b"") or "#VALUE!")
    if (kind == b"inlineStr") != (inline is not None):
        raise Unusual
    if inline is not None:
        return _text(inline).strip()
    assert value is not None
    if kind == b"s":
        return strings[_whole(value)]
    if kind == b"str":
        return _text(value).strip()
    if kind == b"b":
        return (False, True)[_whole(value)]
    if kind not in (None, b"n"):
        raise Unusual
    if not value:
        return ""
    if not _NUMBER.fullmatch(value):
        raise Unusual
    number = float(value)
    if not isfinite(number):
        return Error("#NUM!")
    look = styles[_whole(style)] if style else "plain"
    if look == "plain":
        return number
    if look != "day" or not _FIRST_DAY <= number < 2_958_466:
        raise Unusual
    moment = _EPOCH + timedelta(days=number)
    return moment.date() if moment.time() == time() else (moment + timedelta(milliseconds=500)).replace(microsecond=0)


def styles(archive: zipfile.ZipFile) -> list[str]:
    """What each style makes of a number: "plain", "day", or "" where that is not certain."""
    try:
        text = archive.read("xl/styles.xml")
    except KeyError:
        return []
    found = _FORMATS.search(text)
    if found is None or b"<!" in text:
        raise Unusual
    own: dict[int, str] = {}
    for element in _OWN_FORMAT.findall(text):
        said = dict(_ATTRIBUTE.findall(element))
        code = _text(said.get(b"formatCode", b"?"))
        own[int(said.get(b"numFmtId", b"0"))] = (
            "plain" if _PLAIN_CODE.fullmatch(code) else "day" if _DAY_CODE.fullmatch(code) else ""
        )
    known = dict.fromkeys(_PLAIN_FORMATS, "plain") | dict.fromkeys(_DAY_FORMATS, "day") | own
    return [known.get(int(number), "") for number in _FORMAT.findall(found[1])]


def _whole(digits: bytes) -> int:
    if not digits.isdigit():
        raise Unusual
    return int(digits)


def _text(raw: bytes) -> str:
    text = raw.decode()
    if _is_escaped(text):
        raise Unusual
    return _unescaped(text) if "&" in text else text


def _is_escaped(text: str) -> bool:
    """Whether characters stand there in the office programs' own way of writing them by number."""
    return "_x" in text and _ESCAPED.search(text) is not None


def _unescaped(text: str) -> str:
    if text.count("&") != len(_REFERENCE.findall(text)):
        raise Unusual
    return _REFERENCE.sub(_referred, text)


def _referred(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if name:
        return _ENTITIES[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    if code < 9 or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        raise Unusual
    return chr(code)


def _spread(places: Sequence[int], values: Sequence[Cell]) -> list[Cell]:
    """Values at their places, with blanks between."""
    if any(after <= before for before, after in pairwise(places)):
        raise Unusual
    row: list[Cell] = [""] * (places[-1] + 1 if places else 0)
    for place, value in zip(places, values, strict=True):
        row[place] = value
    return row


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The rows of a sheet's part as they are unpacked, each from its <row up to its end."""
    with archive.open(part) as stream:
        head = stream.read(_STEP)
        head, begins, tail = head.partition(b"<sheetData>")
        if not begins or b"<!" in head:
            raise Unusual
        while True:
            data, ends, rest = tail.partition(b"</sheetData>")
            whole = data.split(b"</row>")
            left = whole.pop()
            yield from [_EMPTY_ROWS.sub(b"", row) for row in whole] if b"/><row" in data else whole
            if ends:
                tail = rest
                break
            piece = stream.read(_STEP)
            if not piece or len(left) > _LONGEST_ROW:
                raise Unusual
            tail = left + piece
        if _EMPTY_ROWS.sub(b"", left).strip():
            raise Unusual
        while piece := stream.read(_STEP):
            tail += piece
            if len(tail) > 4 * _STEP:
                raise Unusual
    if b"<!" in tail or b"mergeCell" in tail:
        raise Unusual
