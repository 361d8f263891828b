import pytest

from app.bodies import rules
from app.bodies.enums import BodyNature as B
from app.bodies.enums import NodeType as N
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L

CHECK = "统一社会信用代码的校验位不对，请逐位核对。"


def whole(body: str) -> str:
    """Seventeen characters and their check, counted step by step."""
    alphabet, total, weight = "0123456789ABCDEFGHJKLMNPQRTUWXY", 0, 1
    for char in body:
        total, weight = total + alphabet.index(char) * weight, weight * 3 % 31
    return body + alphabet[-total % 31]


@pytest.mark.parametrize(
    "code, problem",
    [
        ("91350100M000100Y43", None),  # law.md
        (whole("N2430100MA4L00000"), None),  # a rural collective; a well-known library refuses it
        (whole("A1430100MA4L00001"), None),
        (whole("Y1430100MA4L00002"), None),
        (whole("12430100444880000"), None),
        ("91310115MA1H8R7C6D", CHECK),  # law.md
        ("91350100M000100Y44", CHECK),
        ("91350100M000100Y4", "统一社会信用代码应为 18 位。"),
        ("", "统一社会信用代码应为 18 位。"),
        ("91350100M000100O4S", "统一社会信用代码中不能有“O、S”（不使用 I、O、S、V、Z）。"),
        ("91350100m000100Y43", "统一社会信用代码中不能有“m”（不使用 I、O、S、V、Z）。"),
        ("9135O100M000100Y43", "统一社会信用代码中不能有“O”（不使用 I、O、S、V、Z）。"),
        (whole("91A50100M000100Y4"), "统一社会信用代码第 3 至 8 位是行政区划，应为数字。"),
    ],
)
def test_credit_code(code: str, problem: str | None) -> None:
    assert rules.credit_code_problem(code) == problem


def test_every_single_slip_is_found() -> None:
    """The check is over a prime: no single wrong character passes."""
    good = "91350100M000100Y43"
    for place in range(8, 18):
        for char in rules.CREDIT_ALPHABET:
            if char != good[place]:
                assert rules.credit_code_problem(good[:place] + char + good[place + 1 :]) == CHECK


@pytest.mark.parametrize(
    "node_type, nature, good",
    [
        (N.COMMITTEE, B.COMMITTEE, True),
        (N.COMMITTEE, B.GOVERNMENT, False),
        (N.UNIT, B.COMMITTEE, False),
        (N.UNIT, B.PERSONNEL_AGENCY, True),
        (N.DEPARTMENT, B.STATE_ENTERPRISE, True),
        (N.TITLE_OFFICE, B.GOVERNMENT, True),
        (N.TITLE_OFFICE, B.PUBLIC_INSTITUTION, True),
        (N.TITLE_OFFICE, B.PRIVATE_FIRM, False),
    ],
)
def test_nature_of_a_node(node_type: N, nature: B, good: bool) -> None:
    assert (rules.nature_problem(node_type, nature) is None) is good


@pytest.mark.parametrize(
    "code, good", [("4301000001", True), ("AB12", True), ("A1", False), ("43 01", False), ("ａ１２３", False)]
)
def test_code(code: str, good: bool) -> None:
    assert (rules.code_problem(code) is None) is good


@pytest.mark.parametrize(
    "text, problem",
    [
        ("长沙市教育局", None),
        (" \n", "请填写机构名称。"),
        ("局" * 121, "机构名称不超过 120 个字。"),
        ("教育\n局", "机构名称中有不可见字符 U+000A（换行），请删去后重新录入。"),
    ],
)
def test_text(text: str, problem: str | None) -> None:
    assert rules.text_problem(text, "机构名称") == problem


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("长沙市城区排水事务中心", "长沙市城区排水事务中心", True),
        ("长沙市城区排水事务中心", "长沙市 城区排水事务中心 ", True),
        ("长沙新设计院（湖南）有限公司", "长沙新设计院(湖南)有限责任公司", True),
        ("长沙市城区排水事务中心", "长沙市城区排水中心", True),  # a word left out
        ("长沙市城区排水事务中心", "长沙城区排水事务中心", True),
        ("长沙市城区排水事务中心", "长沙市城区排水服务中心", True),  # a character exchanged
        ("长沙市城区排水事务中心", "湖南省长沙市城区排水事务中心", True),
        ("长沙市第一中学", "长沙市第二中学", False),
        ("长沙市雨花区砂子塘第一小学", "长沙市雨花区砂子塘第二小学", False),
        ("长沙市第一中学", "长沙市第十一中学", False),
        ("长沙市雨花区环境卫生中心", "长沙市天心区环境卫生中心", False),
        ("长沙市城区排水事务中心", "株洲市给排水工程中心", False),
        ("长沙市城区排水事务中心", "长沙市", False),
        ("甲所", "乙所", False),
    ],
)
def test_names_that_may_be_one_bodys(one: str, other: str, same: bool) -> None:
    assert rules.nearly_same(one, other) is rules.nearly_same(other, one) is same


@pytest.mark.parametrize(
    "node_type, method, level, wrong",
    [
        (N.TITLE_OFFICE, M.INITIAL_DETERMINATION, L.INTERMEDIATE, {}),
        (N.DEPARTMENT, M.RECOGNITION, L.FULL_SENIOR, {}),
        (N.TITLE_OFFICE, M.INITIAL_DETERMINATION, L.ASSOCIATE_SENIOR, {"level": "初定最高到中级，不能受理副高级。"}),
        (N.TITLE_OFFICE, M.REVIEW, L.INTERMEDIATE, {"method": "评审由评委会决定，受理机构只办初定和认定。"}),
        (
            N.UNIT,
            M.RECOGNITION,
            L.CLERK,
            {"body_id": "单位不能作为初定、认定的受理机构，受理机构只能是主管单位、经办机构。"},
        ),
        (
            N.COMMITTEE,
            M.INITIAL_DETERMINATION,
            L.FULL_SENIOR,
            {
                "level": "初定最高到中级，不能受理正高级。",
                "body_id": "评委会不能作为初定、认定的受理机构，受理机构只能是主管单位、经办机构。",
            },
        ),
    ],
)
def test_who_decides_what(node_type: N, method: M, level: L, wrong: dict[str, str]) -> None:
    assert rules.acceptance_problem(node_type, method, level) == wrong


@pytest.mark.parametrize(
    "one, other, same",
    [("43", "430", True), ("43", "4300", True), ("0100", "01", True), ("0", "0000", True), ("0100", "0010", False)],
)
def test_codes_that_numbers_pad_alike(one: str, other: str, same: bool) -> None:
    assert (one.ljust(8, "0") == other.ljust(8, "0")) is same
    assert (rules.stem(one) == rules.stem(other)) is same


@pytest.mark.parametrize(
    "code, good",
    [
        ("0100", True),
        ("01A0FFFF", True),
        ("", False),
        ("010", False),
        ("01a0", False),  # the service has made it upper case
        ("01-0", False),
        ("０１００", False),
        ("0" * 9, False),
        ("零一", False),
    ],
)
def test_issuing_code(code: str, good: bool) -> None:
    assert (rules.issuing_code_problem(code) is None) is good


@pytest.mark.parametrize(
    "text, good",
    [
        ("13812345678", True),
        ("0731-84900000", True),
        ("073184900000", True),
        ("010-88881111-8012", True),
        ("0745-2712345", True),
        ("12812345678", False),
        ("84900000", False),  # without its area code
        ("abc", False),
        ("无", False),
        ("１３８１２３４５６７８", False),
        ("13812345678 ", False),
    ],
)
def test_telephone(text: str, good: bool) -> None:
    assert (rules.telephone_problem(text) is None) is good


@pytest.mark.parametrize(
    "name, good",
    [("李四", True), ("人事科", True), ("阿依古丽·买买提", True), ("𠮷", True), ("李四<b>", False), ("李4", False)],
)
def test_contact(name: str, good: bool) -> None:
    assert (rules.contact_problem(name) is None) is good


def test_a_guideline_may_be_long() -> None:
    assert rules.guideline_problem("知" * rules.GUIDELINE_LENGTH) is None
    assert rules.guideline_problem("知" * rules.GUIDELINE_LENGTH + "\n ") is None
    assert rules.guideline_problem("知" * (rules.GUIDELINE_LENGTH + 1)) == "申报须知不超过 5000 个字。"
