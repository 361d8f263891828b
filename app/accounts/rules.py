"""Rules of identity numbers, phones and passwords."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, timedelta

from app.accounts.enums import Gender
from app.bodies.enums import NodeType
from app.core import clock
from app.core.enums import Role
from app.core.text import is_ideograph

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECK = "10X98765432"
COMMON_PASSWORDS = ("password", "qwerty", "123456", "abc123", "admin", "111111", "zxcvbn", "iloveyou", "woaini")
PASSWORD_LENGTH = 10
EARLIEST_BIRTHDAY = date(1800, 1, 1)
"""The standard's own example was born in 1880: only what no number can mean is refused."""


def normalise_id_number(text: str) -> str:
    """As it is stored: half-width digits, no spaces wherever they stand, the check letter in upper case."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()


def not_found_words(text: str) -> str:
    """What to say when 回车查询 of a person finds nobody. Whether somebody out of reach is there is not told."""
    text = unicodedata.normalize("NFKC", text).strip()
    number = normalise_id_number(text)
    if len(text) < 2:
        return "请至少录入两个字。"
    if re.fullmatch(r"[0-9]{6,}X?", number):
        if len(number) != 18:
            return f"身份证号应为 18 位，录入了 {len(number)} 位。"
        return "没有找到这个身份证号：没有登记，或不在您的管理范围内。"
    return "没有找到：请录入姓名的开头两个字以上，或完整的身份证号；不在您管理范围内的人员查不到。"


WORKING_AGE = 16
"""劳动法 art. 15: nobody younger is employed, so nobody younger has an account here."""


def id_number_problem(text: str, today: date) -> str | None:
    """What is wrong with the identity number (GB 11643-1999) of somebody who works, or None.

    The first six digits are not looked up: a person keeps the number of a county that is no more.
    """
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        return "身份证号应为 18 位：前 17 位是数字，末位是数字或 X。"
    try:
        born = birthday_of(text)
    except ValueError:
        return "身份证号中的出生日期不存在，请核对第 7 至 14 位。"
    if not EARLIEST_BIRTHDAY <= born < today:
        return "身份证号中的出生日期不合理，请核对第 7 至 14 位。"
    if (today.year - born.year, today.month, today.day) < (WORKING_AGE, born.month, born.day):
        return f"身份证号的主人未满 {WORKING_AGE} 周岁，请核对第 7 至 14 位。"
    total = sum(int(digit) * weight for digit, weight in zip(text, ID_WEIGHTS, strict=False))
    if ID_CHECK[total % 11] != text[17]:
        return "身份证号的校验位不对，请逐位核对。"
    return None


def birthday_of(id_number: str) -> date:
    """Digits 7 to 14; ValueError if there is no such day."""
    return date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))


def gender_of(id_number: str) -> Gender:
    """Digit 17: odd is male (GB 11643)."""
    return Gender.MALE if int(id_number[16]) % 2 else Gender.FEMALE


def name_problem(name: str) -> str | None:
    """A person's name: 2 to 60 characters, Chinese (rare characters too), Latin or a middle dot; no digits."""
    if not 2 <= len(name) <= 60:
        return "姓名应为 2 至 60 个字。"
    if not all(char.isalpha() or is_ideograph(char) or char in "·•. -" for char in name):
        return "姓名中只能有汉字、字母和间隔号。"
    return None


def phone_problem(phone: str) -> str | None:
    """A mainland mobile number: eleven digits from 13 to 19."""
    return None if re.fullmatch(r"1[3-9][0-9]{9}", phone) else "手机号应为 11 位数字，以 13 至 19 开头。"


def password_problem(password: str, *, username: str = "", name: str = "", id_number: str = "") -> str | None:
    """What is wrong with a password, or None: length, three of four kinds, nothing of the person, nothing common."""
    if len(password) < PASSWORD_LENGTH:
        return f"密码至少 {PASSWORD_LENGTH} 位。"
    if len(password) > 128:
        return "密码不超过 128 位。"
    kinds = sum(bool(re.search(pattern, password)) for pattern in (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]"))
    if kinds < 3:
        return "密码要含大写字母、小写字母、数字、符号中的至少三种。"
    lowered = password.lower()
    if any(word in lowered for word in COMMON_PASSWORDS):
        return "密码中含有太常见的组合，请换一个。"
    if re.search(r"(.)\1{3}", password):
        return "密码中不能有四个以上相同的连续字符。"
    personal = [username, name, id_number[6:14], id_number[8:14], id_number[-6:]]
    if any(len(part) >= (4 if part.isascii() else 2) and part.lower() in lowered for part in personal):
        return "密码中不能含有用户名、姓名、生日或身份证号。"
    return None


RECORD_YEARS = 3
"""How long an integrity record lasts (Order No. 40, art. 41), where the setting `blacklist_years` says nothing else."""


def integrity_record_ends(starts_on: date, years: int = RECORD_YEARS) -> date:
    """The last day of a record of whole years of which `starts_on` is the first day."""
    return clock.years_after(starts_on, years) - timedelta(days=1)


def blacklist_problem(
    reason: str, source_document: str, starts_on: date, ends_on: date, years: int = RECORD_YEARS
) -> dict[str, str]:
    """What is wrong with a blacklist entry, by field: it says why and on what document, and lasts no longer than may be."""
    fields: dict[str, str] = {}
    if not reason.strip():
        fields["reason"] = "请填写加入黑名单的原因。"
    if not source_document.strip():
        fields["source_document"] = "请填写依据的文件（名称或文号）。"
    if not 2000 <= starts_on.year <= 2099:
        fields["starts_on"] = "请核对起始日期的年份。"
    elif ends_on < starts_on:
        fields["ends_on"] = "截止日期不能早于起始日期。"
    elif ends_on > (latest := integrity_record_ends(starts_on, years)):
        fields["ends_on"] = f"最长 {years} 年，截止日期不能晚于 {latest}。"
    return fields


ROLE_OF_REGISTERED = {NodeType.UNIT: Role.UNIT, NodeType.DEPARTMENT: Role.DEPARTMENT}
"""As what the contact of a registration acts, by what its body is on a path; others get their posts from administrators."""

REGISTRATION_WAITS = timedelta(days=15)


def waited_too_long(submitted_at: datetime, now: datetime) -> bool:
    """Whether a registration nobody has decided no longer keeps the unit from handing in another."""
    return now - submitted_at > REGISTRATION_WAITS


def username_problem(username: str) -> str | None:
    """What is wrong with a user name, or None."""
    if re.fullmatch(r"[a-z][a-z0-9_.-]{1,31}", username):
        return None
    return "用户名以小写字母开头，只含小写字母、数字、点、下划线和短横，2 至 32 位。"
