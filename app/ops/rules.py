"""What an entry of a dictionary must satisfy beyond what the database checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Number:
    """A setting: what people call it, and the numbers it may have."""

    label: str
    lowest: int
    highest: int


SETTINGS = {
    "correction_days": Number("补正期限（日）", 1, 60),
    "notice_working_days": Number("公示期限（工作日）", 5, 60),
    "retirement_age_male": Number("法定退休年龄（男）", 60, 70),
    "retirement_age_female": Number("法定退休年龄（女）", 50, 70),
    "blacklist_years": Number("黑名单最长期限（年）", 1, 10),
    "number_pool_block": Number("每批生成的证书编号数", 1, 10_000),
    "import_done_days": Number("已提交、已放弃的导入数据保留天数", 1, 90),
    "import_waiting_days": Number("待提交的导入数据保留天数", 1, 365),
}


def setting_problem(key: str, value: str) -> str | None:
    """Why `value` can't be the number `key` has from now on; None if it can."""
    allowed = SETTINGS.get(key)
    if allowed is None:
        return "这个参数不在这里维护。"
    if not re.fullmatch(r"-?[0-9]{1,6}", value):
        return "请填写整数。"
    if not allowed.lowest <= int(value) <= allowed.highest:
        return f"“{allowed.label}”应在 {allowed.lowest} 到 {allowed.highest} 之间。"
    return None


def region_problems(values: Mapping[str, Any]) -> dict[str, str]:
    """A region's: a code of six digits below its parent's, days in order."""
    problems = {}
    code, parent = values["code"], values["parent_code"]
    if not re.fullmatch(r"[1-9][0-9]{5}", code):
        problems["code"] = "行政区划代码是 6 位数字（GB/T 2260）。"
    elif parent and not code.startswith(parent[:2] if parent.endswith("0000") else parent[:4]):
        problems["parent_code"] = "上级代码与本级代码的前几位不一致。"
    since, until = values["valid_from"], values["valid_until"]
    if isinstance(since, date) and isinstance(until, date) and until < since:
        problems["valid_until"] = "停用日期不能早于启用日期。"
    return problems


def kept_problem(values: Mapping[str, Any]) -> str | None:
    """Why an entry may not be deleted though nothing refers to it: a code that was in force stands in numbers and papers
    beyond our tables, and is kept with its days.
    """
    if values.get("valid_until") is None:
        return None
    return f"“{values['name']}”（{values['code']}）已填写停用日期；停用的代码要予以保留，旧的编号和材料仍在用它，不能删除。"


def eligibility_problems(values: Mapping[str, Any]) -> dict[str, str]:
    """A rule of eligibility's: years as the law may ask them, the last year of policy not before the first."""
    problems = {}
    if not 0 <= values["years"] <= 40:
        problems["years"] = "年限应在 0 到 40 之间。"
    if not 1990 <= values["year_from"] <= 2100:
        problems["year_from"] = "请填写四位年份。"
    elif values["year_until"] is not None and not values["year_from"] <= values["year_until"] <= 2100:
        problems["year_until"] = "截止年份不能早于起始年份。"
    return problems


def requirement_problems(values: Mapping[str, Any]) -> dict[str, str]:
    """A line of the checklist's: at least one file, and no more than a person can look through."""
    problems = {}
    if not re.fullmatch(r"[A-Z][A-Z0-9_]{1,29}", values["code"]):
        problems["code"] = "编码用大写字母、数字和下划线，以字母开头。"
    if not 1 <= values["max_files"] <= 20:
        problems["max_files"] = "文件数应在 1 到 20 之间。"
    return problems
