"""Identity numbers, phones, names and passwords, as tables of cases."""

from datetime import date

import pytest

from app.accounts import rules
from app.accounts.enums import Gender

TODAY = date(2026, 3, 2)
SHAPE = "身份证号应为 18 位：前 17 位是数字，末位是数字或 X。"
NO_DAY = "身份证号中的出生日期不存在，请核对第 7 至 14 位。"
ODD_DAY = "身份证号中的出生日期不合理，请核对第 7 至 14 位。"
CHECK = "身份证号的校验位不对，请逐位核对。"


def whole(body: str) -> str:
    """Seventeen digits and their check, stated by powers of two: independent of the weights in the code."""
    return body + "10X98765432"[sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(body)) % 11]


CHILD = "身份证号的主人未满 16 周岁，请核对第 7 至 14 位。"


@pytest.mark.parametrize(
    "number, problem",
    [
        ("11010519491231002X", None),  # law.md, from the standard
        ("440524188001010014", None),  # the standard's other example, born in 1880
        (whole("43112119900307001"), None),  # 祁阳县 is no more; its people keep their numbers
        (whole("99999919900101001"), None),  # no county table is asked
        (whole("11010520100302001"), None),  # sixteen today
        (whole("11010520100303001"), CHILD),  # tomorrow
        (whole("11010520260301001"), CHILD),  # born yesterday
        (whole("11010520260302001"), ODD_DAY),  # today
        (whole("11010520990302001"), ODD_DAY),
        (whole("11010517991231001"), ODD_DAY),
        (whole("11010519900230001"), NO_DAY),
        (whole("11010519901301001"), NO_DAY),
        (whole("11010500000101001"), NO_DAY),
        ("110105194912310021", CHECK),
        ("440524188001010015", CHECK),
        ("11010519491231002x", SHAPE),  # as typed; what is checked has passed normalise_id_number
        ("11010519491231002", SHAPE),
        ("11010519491231002XX", SHAPE),
        ("1101051949123100X2", SHAPE),
        ("１１０１０５１９４９１２３１００２X", SHAPE),
        ("", SHAPE),
    ],
)
def test_id_number(number: str, problem: str | None) -> None:
    assert rules.id_number_problem(number, TODAY) == problem


def test_every_wrong_check_is_found() -> None:
    for check in "0123456789X":
        expected = None if check == "X" else CHECK
        assert rules.id_number_problem("11010519491231002" + check, TODAY) == expected


def test_lower_case_x_passes_once_normalised() -> None:
    assert rules.id_number_problem(rules.normalise_id_number("11010519491231002x"), TODAY) is None


def test_normalised_as_people_type_it() -> None:
    assert rules.normalise_id_number(" 110105 19491231 002x\n") == "11010519491231002X"


def test_gender_and_birthday() -> None:
    assert rules.gender_of("11010519491231002X") is Gender.FEMALE
    assert rules.gender_of("440524188001010014") is Gender.MALE
    assert rules.birthday_of("11010519491231002X") == date(1949, 12, 31)


@pytest.mark.parametrize("phone", ["13812345678", "19912345678"])
def test_good_phone(phone: str) -> None:
    assert rules.phone_problem(phone) is None


@pytest.mark.parametrize("phone", ["12812345678", "1381234567", "138123456789", "1381234567８", "+8613812345678", ""])
def test_bad_phone(phone: str) -> None:
    assert rules.phone_problem(phone) == "手机号应为 11 位数字，以 13 至 19 开头。"


@pytest.mark.parametrize("name", ["王小明", "买买提·艾力", "𬱖龑", "Anna Li"])
def test_good_name(name: str) -> None:
    assert rules.name_problem(name) is None


@pytest.mark.parametrize("name", ["王", "王小明1", "王<b>", "王" * 61, ""])
def test_bad_name(name: str) -> None:
    assert rules.name_problem(name) is not None


COMMON = "密码中含有太常见的组合，请换一个。"
PERSONAL = "密码中不能含有用户名、姓名、生日或身份证号。"
KINDS = "密码要含大写字母、小写字母、数字、符号中的至少三种。"


@pytest.mark.parametrize(
    "password, problem",
    [
        ("Hao-Mima-2026", None),
        ("Zhicheng@2026", None),
        ("HaoMima202", None),  # three kinds, ten characters
        ("HaoMima20", "密码至少 10 位。"),
        ("Aa1-" * 33, "密码不超过 128 位。"),
        ("haomimahaomima", KINDS),
        ("haomima2026haomima", KINDS),
        ("Password-2026", COMMON),
        ("Hao-Mima-123456", COMMON),
        ("Hao-Mima-8888", "密码中不能有四个以上相同的连续字符。"),
        ("Xiaoming-2026", PERSONAL),  # the user name
        ("王小明-Mima-26", PERSONAL),  # the name, though only three characters
        ("Mima-19900307", PERSONAL),  # the birthday
        ("Mima-900307-x", PERSONAL),  # and its short form
        ("Mima-7-070016", PERSONAL),  # the number's end
    ],
)
def test_password(password: str, problem: str | None) -> None:
    found = rules.password_problem(password, username="xiaoming", name="王小明", id_number="431121199003070016")
    assert found == problem


def test_password_of_a_person_not_known_yet() -> None:
    assert rules.password_problem("Hao-Mima-2026") is None
