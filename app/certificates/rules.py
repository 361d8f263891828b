"""Rules of certificate numbers and of what a QR code carries."""

from __future__ import annotations

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

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""For serials over 9999; without I and O, which are read as 1 and 0."""
LAST_SERIAL = 9999 + len(_LETTERS) * 1000


def number_prefix(level: TitleLevel, series_number: int, year: int, method: AcquisitionMethod, unit_code: str) -> str:
    """The first 14 of 18 characters: level (1) + series (2) + year (2) + mode (1) + unit code, right-padded (8).

    The province's older rule; ValueError on a series or unit code that does not fit.
    """
    if not 1 <= series_number <= 99 or not 1 <= len(unit_code) <= 8 or not unit_code.isalnum():
        raise ValueError("series number or unit code does not fit the number")
    return f"{LETTER[level]}{series_number:02d}{year % 100:02d}{MODE[method]}{unit_code:0<8}"


def serial_text(serial: int) -> str:
    """The last four characters: 0001 to 9999, then A000 to Z999 without I and O; ValueError after that."""
    if 1 <= serial <= 9999:
        return f"{serial:04d}"
    if 9999 < serial <= LAST_SERIAL:
        letter, rest = divmod(serial - 10_000, 1000)
        return f"{_LETTERS[letter]}{rest:03d}"
    raise ValueError(f"serial {serial} is outside 1..{LAST_SERIAL}")


def certificate_number(prefix: str, serial: int) -> str:
    return prefix + serial_text(serial)


def payload(number: str, issued_on: str) -> str:
    """What the QR code's check is made over."""
    return f"{number}.{issued_on}"


def split_token(token: str) -> tuple[str, str, str] | None:
    """(number, issue day as ISO, check) of a QR token "<number>.<day>.<check>"; None if it is not one."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > 80 or not all(parts):
        return None
    return parts[0], parts[1], parts[2]
