"""Rules of certificate numbers and of what a QR code carries."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.catalog.enums import AcquisitionMethod, TitleLevel

LETTER = {
    TitleLevel.FULL_SENIOR: "A",
    TitleLevel.ASSOCIATE_SENIOR: "A",
    TitleLevel.INTERMEDIATE: "B",
    TitleLevel.ASSISTANT: "C",
    TitleLevel.CLERK: "C",
}
MODE = {AcquisitionMethod.REVIEW: "1", AcquisitionMethod.INITIAL_DETERMINATION: "3", AcquisitionMethod.RECOGNITION: "3"}
"""1 评审, 2 考试, 3 认定; 初定 is counted with 认定."""

DEFAULT_TEMPLATE = "{level}{series:2}{year:2}{mode}{unit:8}{serial:4}"
"""The province's older rule, 18 characters: the default of the setting `certificate_number_template` (law.md)."""

LONGEST_NUMBER = 24
_WIDTHS = {"level": (1, 1), "series": (2, 2), "year": (2, 4), "mode": (1, 1), "unit": (1, 12), "serial": (3, 6)}
_PART = re.compile(r"\{([a-z]+)(?::(\d{1,2}))?\}|([A-Z0-9-])")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""For serials that need more digits than there are; without I and O, which are read as 1 and 0."""


@dataclass(frozen=True)
class NumberTemplate:
    """How a number is put together: (field, width) parts in order, a literal as ("", …). The serial comes last."""

    parts: tuple[tuple[str, str, int], ...]
    serial_width: int

    @property
    def last_serial(self) -> int:
        """The highest serial there is a text for: all digits, then one letter and the rest digits."""
        return int(10**self.serial_width - 1 + len(_LETTERS) * 10 ** (self.serial_width - 1))

    def prefix(
        self, level: TitleLevel, series_number: int, year: int, method: AcquisitionMethod, unit_code: str
    ) -> str:
        """Everything before the serial; ValueError on a series or unit code that does not fit."""
        if not 1 <= series_number <= 99:
            raise ValueError("series number does not fit the number")
        values = {"level": LETTER[level], "series": f"{series_number:02d}", "mode": MODE[method]}
        text = ""
        for field, literal, width in self.parts:
            if field == "year":
                text += f"{year % 10**width:0{width}d}"
            elif field == "unit":
                if not 1 <= len(unit_code) <= width or not (unit_code.isascii() and unit_code.isalnum()):
                    raise ValueError("unit code does not fit the number")
                text += unit_code.ljust(width, "0")
            else:
                text += values.get(field, literal)
        return text

    def serial_text(self, serial: int) -> str:
        """Four wide: 0001 to 9999, then A000 to Z999 without I and O; ValueError after that."""
        width = self.serial_width
        if 1 <= serial < 10**width:
            return f"{serial:0{width}d}"
        if 10**width <= serial <= self.last_serial:
            letter, rest = divmod(serial - 10**width, 10 ** (width - 1))
            return f"{_LETTERS[letter]}{rest:0{width - 1}d}"
        raise ValueError(f"serial {serial} is outside 1..{self.last_serial}")

    def number(self, prefix: str, serial: int) -> str:
        return prefix + self.serial_text(serial)


def read_template(text: str) -> NumberTemplate:
    """The template `text` describes: fields level, series, year, mode, unit, serial as {name} or {name:width}, and
    capital letters, digits and hyphens as they stand. ValueError with the reason, in the user's words, if a field is
    missing, given twice, too wide or narrow, if the serial is not last, or if numbers would pass LONGEST_NUMBER.
    """
    parts, at = [], 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None:
            raise ValueError(f"编号规则的第 {at + 1} 个字符不能识别")
        field, width, literal = found.group(1) or "", found.group(2), found.group(3) or ""
        if field:
            low, high = _WIDTHS.get(field, (0, 0))
            if not high:
                raise ValueError(f"编号规则中没有“{field}”这一项")
            size = int(width) if width else low
            if not low <= size <= high or (field == "year" and size == 3):
                raise ValueError(f"编号规则中“{field}”的位数不对")
            parts.append((field, "", size))
        else:
            parts.append(("", literal, 1))
        at = found.end()
    named = [field for field, _, _ in parts if field]
    if sorted(named) != sorted(_WIDTHS) or parts[-1][0] != "serial":
        raise ValueError("编号规则应包含等级、系列、年度、取得方式、发证单位各一次，并以序号结尾")
    if sum(width for _, _, width in parts) > LONGEST_NUMBER:
        raise ValueError(f"编号不能超过 {LONGEST_NUMBER} 位")
    return NumberTemplate(tuple(parts[:-1]), parts[-1][2])


def payload(number: str, issued_on: str) -> str:
    """What the QR code's check is made over."""
    return f"{number}.{issued_on}"


def split_token(token: str) -> tuple[str, str, str] | None:
    """(number, issue day as ISO, check) of a QR token "<number>.<day>.<check>"; None if it is not one.

    Anyone may type an address: only ASCII goes on to the comparison of keyed checks, which takes nothing else.
    """
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 80 or not token.isascii() or not all(parts):
        return None
    return parts[0], parts[1], parts[2]
