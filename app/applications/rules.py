"""Rules of an application: what its dossier holds, when it is complete, who is eligible, what may be asked again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from typing import Any

from app.applications.enums import Section
from app.catalog.enums import AcquisitionMethod, Education, TitleLevel
from app.core import clock


class Kind(Enum):
    TEXT = "text"
    LONG = "long"
    DATE = "date"
    NUMBER = "number"
    YEAR = "year"
    CHOICE = "choice"


@dataclass(frozen=True)
class Field:
    """One field of a section. `most`: characters of a text, or the largest number."""

    name: str
    label: str
    kind: Kind = Kind.TEXT
    required: bool = True
    most: int = 100
    choices: tuple[tuple[str, str], ...] = ()
    after: str = ""
    """Name of a date field that must not be later than this one."""
    future: bool = False


@dataclass(frozen=True)
class SectionSchema:
    """A section's fields; `many` sections hold up to `most_records` entries."""

    fields: tuple[Field, ...]
    many: bool = True
    most_records: int = 30


_EDUCATION = tuple((level.value, level.label) for level in Education)
_LEVELS = tuple((level.value, level.label) for level in TitleLevel)
_RATINGS = (("excellent", "优秀"), ("good", "合格"), ("basic", "基本合格"), ("bad", "不合格"))
_POLITICAL = (("party", "中共党员"), ("league", "共青团员"), ("democratic", "民主党派"), ("masses", "群众"))
_MODES = (("full_time", "全日制"), ("part_time", "非全日制"))

SECTIONS: Mapping[Section, SectionSchema] = {
    Section.BASIC: SectionSchema(
        (
            Field("nation", "民族", most=20),
            Field("political_status", "政治面貌", Kind.CHOICE, choices=_POLITICAL),
            Field("work_since", "参加工作时间", Kind.DATE),
            Field("speciality_since", "从事本专业时间", Kind.DATE, after="work_since"),
            Field("duty", "现从事专业技术工作", most=60),
            Field("address", "通信地址", required=False, most=120),
        ),
        many=False,
    ),
    Section.EDUCATION: SectionSchema(
        (
            Field("education", "学历", Kind.CHOICE, choices=_EDUCATION),
            Field("school", "毕业院校", most=80),
            Field("major", "所学专业", most=60),
            Field("mode", "学习形式", Kind.CHOICE, choices=_MODES),
            Field("entered_on", "入学时间", Kind.DATE),
            Field("graduated_on", "毕业时间", Kind.DATE, after="entered_on"),
            Field("degree", "学位", required=False, most=40),
            Field("certificate_number", "毕业证书编号", required=False, most=40),
        ),
        most_records=10,
    ),
    Section.WORK: SectionSchema(
        (
            Field("from_on", "开始时间", Kind.DATE),
            Field("until_on", "结束时间", Kind.DATE, required=False, after="from_on"),
            Field("employer", "工作单位", most=120),
            Field("duty", "从事工作及职务", most=120),
        )
    ),
    Section.PRESENT_TITLE: SectionSchema(
        (
            Field("level", "职称级别", Kind.CHOICE, choices=_LEVELS),
            Field("name", "职称名称", most=40),
            Field("obtained_on", "取得时间", Kind.DATE),
            Field("hired_on", "聘任时间", Kind.DATE, required=False),
            Field("number", "证书编号", required=False, most=40),
        ),
        most_records=10,
    ),
    Section.TRAINING: SectionSchema(
        (
            Field("year", "年度", Kind.YEAR),
            Field("name", "培训内容", most=120),
            Field("hours", "学时", Kind.NUMBER, most=2000),
            Field("organiser", "组织单位", required=False, most=120),
        )
    ),
    Section.PAPERS: SectionSchema(
        (
            Field("name", "题目", most=200),
            Field("journal", "刊物或出版社", most=120),
            Field("published_on", "发表时间", Kind.DATE),
            Field("rank", "本人排名", Kind.NUMBER, most=100),
        )
    ),
    Section.PROJECTS: SectionSchema(
        (
            Field("name", "项目名称", most=200),
            Field("source", "项目来源", required=False, most=120),
            Field("from_on", "开始时间", Kind.DATE),
            Field("until_on", "结束时间", Kind.DATE, required=False, after="from_on"),
            Field("role", "本人作用", most=120),
        )
    ),
    Section.AWARDS: SectionSchema(
        (
            Field("name", "奖项名称", most=120),
            Field("grade", "等级", required=False, most=40),
            Field("awarded_on", "获奖时间", Kind.DATE),
            Field("awarder", "授奖单位", most=120),
            Field("rank", "本人排名", Kind.NUMBER, most=100),
        )
    ),
    Section.PATENTS: SectionSchema(
        (
            Field("name", "专利名称", most=200),
            Field("number", "专利号", most=40),
            Field("granted_on", "授权时间", Kind.DATE),
            Field("rank", "本人排名", Kind.NUMBER, most=100),
        )
    ),
    Section.ACHIEVEMENTS: SectionSchema((Field("summary", "主要业绩", Kind.LONG, most=3000),), many=False),
    Section.APPRAISALS: SectionSchema(
        (
            Field("year", "年度", Kind.YEAR),
            Field("rating", "考核结果", Kind.CHOICE, choices=_RATINGS),
        )
    ),
}


def required_sections(method: AcquisitionMethod, doctor: bool = False) -> tuple[Section, ...]:
    """The sections that must have an entry; everything else may stay empty.

    A review builds on the present title; a doctor may have none yet (law.md, ~: 中级 at once).
    """
    common = (Section.BASIC, Section.EDUCATION, Section.WORK)
    if method is not AcquisitionMethod.REVIEW:
        return (*common, Section.ACHIEVEMENTS)
    present = () if doctor else (Section.PRESENT_TITLE,)
    return (*common, *present, Section.TRAINING, Section.ACHIEVEMENTS, Section.APPRAISALS)


def check_record(
    section: Section, data: Mapping[str, Any], today: date, born: date = date.min
) -> tuple[dict[str, Any], dict[str, str]]:
    """(clean values, what is wrong by field). Dates come out as ISO text, numbers as int, the rest stripped.

    `born`: nothing a person tells of himself happened earlier.
    """
    clean: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for wanted in SECTIONS[section].fields:
        given = data.get(wanted.name)
        raw = "" if given is None else str(given).strip()
        if not raw:
            if wanted.required:
                wrong[wanted.name] = f"请{'选择' if wanted.kind is Kind.CHOICE else '填写'}{wanted.label}。"
            clean[wanted.name] = ""
            continue
        value, problem = _CHECKS[wanted.kind](wanted, raw, today)
        clean[wanted.name] = value
        if problem:
            wrong[wanted.name] = problem
    for wanted in SECTIONS[section].fields:
        value = clean.get(wanted.name)
        if wanted.kind is Kind.DATE and value and wanted.name not in wrong and value <= born.isoformat():
            wrong[wanted.name] = f"{wanted.label}不能早于出生日期（{born:%Y-%m-%d}）。"
    for wanted in SECTIONS[section].fields:
        if wanted.after and wanted.name not in wrong and wanted.after not in wrong:
            first, last = clean.get(wanted.after), clean.get(wanted.name)
            if first and last and last < first:
                label = next(f.label for f in SECTIONS[section].fields if f.name == wanted.after)
                wrong[wanted.name] = f"{wanted.label}不能早于{label}。"
    return clean, wrong


def _text(wanted: Field, raw: str, _today: date) -> tuple[Any, str]:
    if len(raw) > wanted.most:
        return raw[: wanted.most], f"{wanted.label}不超过 {wanted.most} 个字，现有 {len(raw)} 个。"
    if any(ord(char) < 32 and char not in "\r\n\t" for char in raw):
        return raw, f"{wanted.label}中有不可见的控制字符，请删除后重填。"
    return raw, ""


def _date(wanted: Field, raw: str, today: date) -> tuple[Any, str]:
    try:
        value = date.fromisoformat(raw if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", raw) else "")
    except ValueError:
        return raw[:40], f"{wanted.label}应为“年-月-日”，如 2020-07-01。"
    if value.year < 1930:
        return raw, f"{wanted.label}过早，请核对年份。"
    if value > today and not wanted.future:
        return raw, f"{wanted.label}不能晚于今天。"
    return value.isoformat(), ""


def _number(wanted: Field, raw: str, _today: date) -> tuple[Any, str]:
    if not re.fullmatch(r"[0-9]{1,6}", raw):
        return raw[:40], f"{wanted.label}应为数字。"
    if int(raw) > wanted.most:
        return raw, f"{wanted.label}不超过 {wanted.most}。"
    return int(raw), ""


def _year(wanted: Field, raw: str, today: date) -> tuple[Any, str]:
    if not re.fullmatch(r"(19|20)[0-9]{2}", raw):
        return raw[:40], f"{wanted.label}应为四位数字，如 {today.year}。"
    if int(raw) > today.year:
        return raw, f"{wanted.label}不能晚于今年。"
    return int(raw), ""


def _choice(wanted: Field, raw: str, _today: date) -> tuple[Any, str]:
    return (raw, "") if raw in dict(wanted.choices) else ("", f"请选择{wanted.label}。")


_CHECKS = {
    Kind.TEXT: _text,
    Kind.LONG: _text,
    Kind.DATE: _date,
    Kind.NUMBER: _number,
    Kind.YEAR: _year,
    Kind.CHOICE: _choice,
}


def shown(wanted: Field, value: Any) -> str:
    """A field's value as a person reads it."""
    return dict(wanted.choices).get(str(value), str(value)) if wanted.kind is Kind.CHOICE else str(value)


# -- completeness ----------------------------------------------------------------------------------------------


def missing(
    required: Sequence[Section],
    filled: Collection[Section],
    required_materials: Sequence[tuple[str, str]],
    given: Collection[str],
) -> tuple[str, ...]:
    """What is still to be filled in or uploaded. `required_materials`: (code, name); `given`: codes with a file."""
    gaps = [f"“{section.label}”未填写" for section in required if section not in filled]
    gaps += [f"“{name}”未上传" for code, name in required_materials if code not in given]
    return tuple(gaps)


# -- eligibility -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """One row of the table of policy (law.md, ~): years after graduation, or in a title of `present_level`.

    No series means any; `region` is the code of the region whose policy it is; `since` its first year of policy.
    """

    education: Education
    years: int
    clause: str
    present_level: TitleLevel | None = None
    series_id: int | None = None
    region: str = "430000"
    since: int = 2019


@dataclass(frozen=True)
class Evidence:
    """What the dossier says: graduations and titles, each with its day."""

    educations: tuple[tuple[Education, date], ...] = ()
    titles: tuple[tuple[TitleLevel, date], ...] = ()


@dataclass(frozen=True)
class Eligibility:
    """Whether, by which clause, on which evidence; and if not yet, the earliest day."""

    ok: bool
    clause: str = ""
    evidence: str = ""
    earliest: date | None = None
    reason: str = ""


def binding(rules: Iterable[Rule], series_id: int, region: str) -> list[Rule]:
    """The rows that bind an applicant of a series at a unit in `region`; of each kind the most specific only.

    A kind is an education with a present level. A row for the series beats one for any series, then the nearer
    region beats the wider, then the newer policy the older.
    """
    best: dict[tuple[Education, TitleLevel | None], tuple[tuple[bool, int, int], Rule]] = {}
    for rule in rules:
        inside = rule.region.removesuffix("00").removesuffix("00")
        if rule.series_id not in (None, series_id) or not region.startswith(inside):
            continue
        kind, rank = (rule.education, rule.present_level), (rule.series_id is not None, len(inside), rule.since)
        if kind not in best or rank > best[kind][0]:
            best[kind] = (rank, rule)
    return [rule for _, rule in best.values()]


def eligibility(table: Sequence[Rule], evidence: Evidence, today: date) -> Eligibility:
    """What the `binding` rows allow: a clause met today, else the clause met soonest, else none."""
    best: Eligibility | None = None
    for rule in table:
        for education, graduated in evidence.educations:
            if education is not rule.education:
                continue
            for since, words in _since(rule, graduated, evidence):
                day = clock.years_after(since, rule.years)
                found = Eligibility(day <= today, rule.clause, words, day)
                if best is None or (day, rule.years) < (best.earliest or date.max, 99):
                    best = found
    if best is None:
        if not table:
            return Eligibility(False, reason="所选取得方式和等级没有申报条件，请核对后重新选择。")
        wanted = "；".join(rule.clause for rule in table)
        return Eligibility(False, reason=f"现有学历和职称不符合任何一条申报条件：{wanted}。")
    if best.ok:
        return best
    return Eligibility(
        False,
        best.clause,
        best.evidence,
        best.earliest,
        f"按“{best.clause}”（依据：{best.evidence}），最早可于 {best.earliest:%Y-%m-%d} 申报。",
    )


def _since(rule: Rule, graduated: date, evidence: Evidence) -> list[tuple[date, str]]:
    if rule.present_level is None:
        return [(graduated, f"{rule.education.label}，{graduated:%Y-%m-%d} 毕业")]
    return [
        (obtained, f"{rule.education.label}，{obtained:%Y-%m-%d} 取得{level.label}职称")
        for level, obtained in evidence.titles
        if level.rank >= rule.present_level.rank
    ]


def retirement_problem(born: date, male: bool, today: date, male_age: int = 60, female_age: int = 55) -> str | None:
    """The retired may not apply (Order No. 40, art. 12); ages are settings."""
    age = male_age if male else female_age
    if clock.years_after(born, age) <= today:
        return f"已达到退休年龄（{age} 周岁），退休人员不得申报职称"
    return None


# -- returning -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One thing to be mended: `target` is "section:papers" or "material:ID_CARD"."""

    target: str
    note: str = field(default="")


HEAD = "head:application"
"""The target of a return that asks for the head (unit, speciality, final body …) to be mended."""


def targets(materials: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What a return may name, with its words: the head, each section, each of the checklist's (code, name)."""
    return (
        {HEAD: "申报信息"}
        | {f"section:{section.value}": section.label for section in Section}
        | {f"material:{code}": name for code, name in materials}
    )


def asked_again_problem(asked: Collection[str], earlier: Collection[str], changed: Collection[str]) -> str | None:
    """What must be supplemented is told once, completely (Order No. 40, art. 17).

    A second return by the same body may name only what it named before (and is still not right) or what has
    changed since (the head may always be): anything else could have been seen the first time.
    """
    new = [target for target in asked if target != HEAD and target not in earlier and target not in changed]
    if not new:
        return None
    return "补正要求应一次性告知：首次退回时已能发现的问题不能再次要求（" + "、".join(new) + "）"


def correction_due(today: date, days: int) -> date:
    """The last day for correcting; after it the application counts as withdrawn (a setting; no national number)."""
    return today + timedelta(days=days)
