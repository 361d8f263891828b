from __future__ import annotations

from datetime import date

import pytest

from app.applications.enums import Section
from app.applications.rules import (
    HEAD,
    SECTIONS,
    Evidence,
    Kind,
    Rule,
    asked_again_problem,
    binding,
    check_record,
    correction_due,
    eligibility,
    missing,
    required_sections,
    retirement_problem,
    shown,
    targets,
)
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import Education as Edu
from app.catalog.enums import TitleLevel as L
from tests.applications.world import BASIC, SCHOOL
from tests.applications.world import SECTIONS as FILLED

TODAY = date(2026, 3, 2)


def problems(section: Section, data: dict[str, object]) -> dict[str, str]:
    return check_record(section, data, TODAY)[1]


# -- sections --------------------------------------------------------------------------------------------------


def test_every_section_has_its_schema_in_the_guides_order() -> None:
    assert list(SECTIONS) == list(Section)
    assert [section for section, schema in SECTIONS.items() if not schema.many] == [Section.BASIC, Section.ACHIEVEMENTS]


def test_no_section_asks_for_what_the_identity_number_says() -> None:
    asked = {field.label for schema in SECTIONS.values() for field in schema.fields}
    assert asked.isdisjoint({"身份证号", "性别", "出生日期", "出生年月", "姓名", "手机号"})


def test_what_a_section_names_exists() -> None:
    for schema in SECTIONS.values():
        names = [field.name for field in schema.fields]
        assert len(names) == len(set(names))
        assert {field.after for field in schema.fields if field.after} <= set(names)
        assert all(field.choices for field in schema.fields if field.kind is Kind.CHOICE)


@pytest.mark.parametrize("section", list(FILLED))
def test_a_good_record_has_no_problem(section: Section) -> None:
    assert problems(section, FILLED[section][0]) == {}


def test_an_empty_record_names_every_required_field() -> None:
    assert problems(Section.BASIC, {}) == {
        "nation": "请填写民族。",
        "political_status": "请选择政治面貌。",
        "work_since": "请填写参加工作时间。",
        "speciality_since": "请填写从事本专业时间。",
        "duty": "请填写现从事专业技术工作。",
    }


@pytest.mark.parametrize(
    ("section", "changes", "expected"),
    [
        (Section.BASIC, {"nation": "族" * 21}, {"nation": "民族不超过 20 个字，现有 21 个。"}),
        (Section.BASIC, {"nation": "汉\x00族"}, {"nation": "民族中有不可见的控制字符，请删除后重填。"}),
        (Section.BASIC, {"nation": "  "}, {"nation": "请填写民族。"}),
        (Section.BASIC, {"political_status": "king"}, {"political_status": "请选择政治面貌。"}),
        (Section.BASIC, {"work_since": "2020.7.15"}, {"work_since": "参加工作时间应为“年-月-日”，如 2020-07-01。"}),
        (Section.BASIC, {"work_since": "20200715"}, {"work_since": "参加工作时间应为“年-月-日”，如 2020-07-01。"}),
        (Section.BASIC, {"work_since": "2020-02-30"}, {"work_since": "参加工作时间应为“年-月-日”，如 2020-07-01。"}),
        (
            Section.BASIC,
            {"work_since": "２０２０-07-15"},
            {"work_since": "参加工作时间应为“年-月-日”，如 2020-07-01。"},
        ),
        (Section.BASIC, {"work_since": "2026-03-03"}, {"work_since": "参加工作时间不能晚于今天。"}),
        (Section.BASIC, {"work_since": "1929-12-31"}, {"work_since": "参加工作时间过早，请核对年份。"}),
        (
            Section.BASIC,
            {"speciality_since": "2019-01-01"},
            {"speciality_since": "从事本专业时间不能早于参加工作时间。"},
        ),
        (Section.EDUCATION, {"graduated_on": "2016-08-31"}, {"graduated_on": "毕业时间不能早于入学时间。"}),
        (Section.EDUCATION, {"education": ""}, {"education": "请选择学历。"}),
        (Section.TRAINING, {"hours": "九十"}, {"hours": "学时应为数字。"}),
        (Section.TRAINING, {"hours": "-1"}, {"hours": "学时应为数字。"}),
        (Section.TRAINING, {"hours": "1e3"}, {"hours": "学时应为数字。"}),
        (Section.TRAINING, {"hours": "2001"}, {"hours": "学时不超过 2000。"}),
        (Section.TRAINING, {"hours": 0}, {}),
        (Section.TRAINING, {"year": "2027"}, {"year": "年度不能晚于今年。"}),
        (Section.TRAINING, {"year": "25"}, {"year": "年度应为四位数字，如 2026。"}),
        (Section.APPRAISALS, {"rating": "super"}, {"rating": "请选择考核结果。"}),
        (
            Section.ACHIEVEMENTS,
            {"summary": "长" * 5_000_000},
            {"summary": "主要业绩不超过 3000 个字，现有 5000000 个。"},
        ),
        (Section.ACHIEVEMENTS, {"summary": "一\r\n二\t三"}, {}),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    section: Section, changes: dict[str, object], expected: dict[str, str]
) -> None:
    assert problems(section, FILLED[section][0] | changes) == expected


def test_values_come_out_clean() -> None:
    clean, wrong = check_record(
        Section.TRAINING, {"year": " 2025 ", "name": " 专业科目 ", "hours": 90, "x": "y"}, TODAY
    )
    assert (clean, wrong) == ({"year": 2025, "name": "专业科目", "hours": 90, "organiser": ""}, {})
    clean, _ = check_record(Section.EDUCATION, SCHOOL, TODAY)
    assert clean["graduated_on"] == "2020-06-30"
    assert shown(SECTIONS[Section.EDUCATION].fields[0], clean["education"]) == "本科"
    assert check_record(Section.BASIC, BASIC | {"address": None}, TODAY)[0]["address"] == ""


def test_a_wrong_value_is_kept_short() -> None:
    clean, wrong = check_record(Section.BASIC, BASIC | {"work_since": "9" * 5_000_000}, TODAY)
    assert (len(clean["work_since"]), set(wrong)) == (40, {"work_since"})


# -- completeness ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "doctor", "expected"),
    [
        (M.INITIAL_DETERMINATION, False, "basic education work achievements"),
        (M.RECOGNITION, False, "basic education work achievements"),
        (M.REVIEW, False, "basic education work present_title training achievements appraisals"),
        (M.REVIEW, True, "basic education work training achievements appraisals"),
    ],
)
def test_required_sections(method: M, doctor: bool, expected: str) -> None:
    assert " ".join(required_sections(method, doctor)) == expected


def test_missing_lists_sections_then_materials() -> None:
    found = missing(
        required_sections(M.INITIAL_DETERMINATION),
        {Section.BASIC, Section.WORK},
        [("PHOTO", "证件照"), ("ID_CARD", "身份证")],
        {"PHOTO"},
    )
    assert found == ("“学历学位”未填写", "“主要业绩”未填写", "“身份证”未上传")
    assert missing(required_sections(M.INITIAL_DETERMINATION), set(Section), [], []) == ()


# -- eligibility -----------------------------------------------------------------------------------------------


INITIAL = {  # law.md: 初定, years in the speciality after graduation
    L.CLERK: [(Edu.SECONDARY, None, 1), (Edu.JUNIOR_COLLEGE, None, 1)],
    L.ASSISTANT: [
        (Edu.SECONDARY, L.CLERK, 4),
        (Edu.JUNIOR_COLLEGE, None, 3),
        (Edu.JUNIOR_COLLEGE, L.CLERK, 2),
        (Edu.BACHELOR, None, 1),
        (Edu.MASTER, None, 0),
    ],
    L.INTERMEDIATE: [(Edu.MASTER, None, 3), (Edu.DOCTOR, None, 0)],
}


def table(level: L) -> list[Rule]:
    return [Rule(education, years, f"{education}-{years}", present) for education, present, years in INITIAL[level]]


def judged(level: L, education: Edu, graduated: date, *titles: tuple[L, date]) -> tuple[bool, date | None]:
    found = eligibility(table(level), Evidence(((education, graduated),), titles), TODAY)
    return found.ok, found.earliest


@pytest.mark.parametrize(
    ("level", "education", "graduated", "titles", "expected"),
    [
        (L.CLERK, Edu.SECONDARY, date(2025, 3, 2), (), (True, date(2026, 3, 2))),
        (L.CLERK, Edu.SECONDARY, date(2025, 3, 3), (), (False, date(2026, 3, 3))),
        (L.CLERK, Edu.BACHELOR, date(2010, 1, 1), (), (False, None)),
        (L.ASSISTANT, Edu.SECONDARY, date(2010, 1, 1), (), (False, None)),
        (L.ASSISTANT, Edu.SECONDARY, date(2010, 1, 1), ((L.CLERK, date(2022, 3, 2)),), (True, date(2026, 3, 2))),
        (L.ASSISTANT, Edu.JUNIOR_COLLEGE, date(2024, 1, 1), (), (False, date(2027, 1, 1))),
        # either clause may be met first
        (L.ASSISTANT, Edu.JUNIOR_COLLEGE, date(2022, 7, 1), ((L.CLERK, date(2024, 2, 1)),), (True, date(2025, 7, 1))),
        (L.ASSISTANT, Edu.JUNIOR_COLLEGE, date(2024, 1, 1), ((L.CLERK, date(2024, 2, 1)),), (True, date(2026, 2, 1))),
        (L.ASSISTANT, Edu.BACHELOR, date(2025, 7, 1), (), (False, date(2026, 7, 1))),
        (L.ASSISTANT, Edu.MASTER, date(2026, 3, 2), (), (True, date(2026, 3, 2))),
        (L.INTERMEDIATE, Edu.MASTER, date(2023, 7, 1), (), (False, date(2026, 7, 1))),
        (L.INTERMEDIATE, Edu.DOCTOR, date(2026, 1, 1), (), (True, date(2026, 1, 1))),
        (L.INTERMEDIATE, Edu.BACHELOR, date(2000, 1, 1), (), (False, None)),
    ],
)
def test_initial_determination_by_the_table(
    level: L, education: Edu, graduated: date, titles: tuple[tuple[L, date], ...], expected: tuple[bool, date | None]
) -> None:
    assert judged(level, education, graduated, *titles) == expected


def test_review_counts_years_in_the_present_title_or_a_higher_one() -> None:
    rule = [Rule(Edu.BACHELOR, 5, "本科五年", L.INTERMEDIATE)]
    school = ((Edu.BACHELOR, date(2010, 6, 30)),)
    lower = eligibility(rule, Evidence(school, ((L.ASSISTANT, date(2012, 1, 1)),)), TODAY)
    assert (lower.ok, lower.reason) == (False, "现有学历和职称不符合任何一条申报条件：本科五年。")
    higher = eligibility(rule, Evidence(school, ((L.ASSOCIATE_SENIOR, date(2021, 3, 2)),)), TODAY)
    assert (higher.ok, higher.clause, higher.evidence) == (True, "本科五年", "本科，2021-03-02 取得副高级职称")


def test_the_answer_says_clause_evidence_and_day() -> None:
    found = eligibility(
        [Rule(Edu.BACHELOR, 1, "本科满一年"), Rule(Edu.MASTER, 0, "硕士直接")],
        Evidence(((Edu.BACHELOR, date(2025, 7, 1)),)),
        TODAY,
    )
    assert found.reason == "按“本科满一年”（依据：本科，2025-07-01 毕业），最早可于 2026-07-01 申报。"
    empty = eligibility([], Evidence(), TODAY)
    assert empty.reason == "所选取得方式和等级没有申报条件，请核对后重新选择。"


BASE = Rule(Edu.BACHELOR, 4, "全省")


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((), "全省"),
        ((Rule(Edu.BACHELOR, 3, "本系列", series_id=5),), "本系列"),
        ((Rule(Edu.BACHELOR, 3, "别的系列", series_id=6),), "全省"),
        ((Rule(Edu.BACHELOR, 3, "本市", region="430100"),), "本市"),
        ((Rule(Edu.BACHELOR, 3, "外市", region="430200"),), "全省"),
        ((Rule(Edu.BACHELOR, 3, "本县", region="430102"), Rule(Edu.BACHELOR, 3, "本市", region="430100")), "本县"),
        ((Rule(Edu.BACHELOR, 3, "本县", region="430102"), Rule(Edu.BACHELOR, 3, "本系列", series_id=5)), "本系列"),
        ((Rule(Edu.BACHELOR, 3, "新政策", since=2025),), "新政策"),
    ],
)
def test_the_most_specific_rule_binds(others: tuple[Rule, ...], expected: str) -> None:
    for given in ([BASE, *others], [*others, BASE]):
        assert [rule.clause for rule in binding(given, 5, "430102")] == [expected]


def test_rules_of_different_kinds_stand_side_by_side() -> None:
    titled = Rule(Edu.BACHELOR, 2, "有职称", present_level=L.CLERK, series_id=5)
    assert {rule.clause for rule in binding([BASE, titled], 5, "430100")} == {"全省", "有职称"}


@pytest.mark.parametrize(
    ("born", "male", "retired"),
    [
        (date(1966, 3, 2), True, True),
        (date(1966, 3, 3), True, False),
        (date(1971, 3, 2), False, True),
        (date(1971, 3, 3), False, False),
        (date(1966, 3, 3), False, True),
    ],
)
def test_retirement(born: date, male: bool, retired: bool) -> None:
    assert (retirement_problem(born, male, TODAY) is not None) is retired


def test_retirement_ages_are_settings() -> None:
    assert retirement_problem(date(1966, 3, 2), True, TODAY, male_age=63) is None


# -- returning -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "earlier", "changed", "refused"),
    [
        (("a",), (), (), "a"),
        (("a",), ("a",), (), ""),
        (("a",), (), ("a",), ""),
        (("a", "b", "c"), ("a",), ("b",), "c"),
        ((HEAD,), ("a",), (), ""),
        ((), ("a",), (), ""),
    ],
)
def test_what_may_be_asked_a_second_time(
    asked: tuple[str, ...], earlier: tuple[str, ...], changed: tuple[str, ...], refused: str
) -> None:
    found = asked_again_problem(asked, earlier, changed)
    assert found == (f"补正要求应一次性告知：首次退回时已能发现的问题不能再次要求（{refused}）" if refused else None)


def test_targets_are_the_head_the_sections_and_the_checklist() -> None:
    found = targets([("PHOTO", "证件照")])
    assert (found[HEAD], found["section:work"], found["material:PHOTO"]) == ("申报信息", "工作经历", "证件照")
    assert len(found) == 2 + len(Section)


def test_the_last_day_for_correcting() -> None:
    assert correction_due(date(2026, 2, 25), 10) == date(2026, 3, 7)


def test_nothing_happened_before_birth() -> None:
    """What a person tells is held against the birthday of his identity number; a date that is wrong anyway keeps its reason."""
    _, wrong = check_record(Section.EDUCATION, SCHOOL | {"entered_on": "1990-09-01"}, TODAY, date(1999, 3, 12))
    assert wrong == {"entered_on": "入学时间不能早于出生日期（1999-03-12）。"}
    _, wrong = check_record(Section.BASIC, BASIC | {"work_since": "明天"}, TODAY, date(1999, 3, 12))
    assert wrong["work_since"].endswith("应为“年-月-日”，如 2020-07-01。")
    assert check_record(Section.EDUCATION, SCHOOL, TODAY, date(1980, 3, 12))[1] == {}
