import pytest

from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.rules import initials, name_problem


@pytest.mark.parametrize(
    "text, letters",
    [
        ("长沙市", "css"),
        ("给排水", "gps"),
        ("长沙市城区排水事务中心", "csscqpsswzx"),
        ("A2办公室", "a2bgs"),
        ("重庆银行行政处", "cqyhxzc"),  # by words: 重 and 行 have several readings
        ("国际会计", "gjkj"),  # not 际会 of 风云际会
        ("社会计划局", "shjhj"),  # nor 会计 where two words meet
        ("会计核算|国际会计（A类）", "kjhs|gjkj（al）"),
        ("", ""),
    ],
)
def test_initials(text: str, letters: str) -> None:
    assert initials(text) == letters


def test_no_longer_than_its_column() -> None:
    assert initials("长" * 120) == "c" * 80


def test_initial_determination_ends_at_intermediate() -> None:
    initial = AcquisitionMethod.INITIAL_DETERMINATION
    assert initial.levels == {TitleLevel.CLERK, TitleLevel.ASSISTANT, TitleLevel.INTERMEDIATE}
    assert all(method.levels == set(TitleLevel) for method in AcquisitionMethod if method is not initial)


RARE = "\U0003106c"


@pytest.mark.parametrize(
    "name, problem",
    [
        ("长沙市教育局", None),
        ("𬭎鑫公司", None),
        ("Java Web 开发", "名称中“b”之后有空格或换行，请删去。"),
        ("Java Web开发", None),
        (" 长沙市教育局 ", None),
        ("长沙市 教育局", "名称中“市”之后有空格或换行，请删去。"),
        ("长沙市\u3000教育局", "名称中“市”之后有空格或换行，请删去。"),
        ("长沙市\n教育局", "名称中“市”之后有空格或换行，请删去。"),
        ("A  B", "名称中“A”之后有空格或换行，请删去。"),
        ("A\u00a0B", "名称中“A”之后有空格或换行，请删去。"),
        (f"长沙市{RARE}局", f"名称中的“{RARE}”（U+3106C）没有可以打印的字形，印不到证书上，请换用其他字。"),
        ("", "请填写名称。"),
        ("局" * 121, "名称不超过 120 个字。"),
    ],
)
def test_a_name_prints_as_it_stands(name: str, problem: str | None) -> None:
    assert name_problem(name, "名称") == problem
