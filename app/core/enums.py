"""The base of every enumeration that people see: a stored code and its Chinese label, side by side."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Labelled(StrEnum):
    """An enum whose member carries the word shown to people: `DRAFT = "draft", "草稿"`."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """(stored value, label) pairs in declaration order, as a select field wants them."""
        return [(member.value, member.label) for member in cls]


class Role(Labelled):
    """In which capacity a post acts. What a role may do is declared beside each view and policy."""

    SYSADMIN = "sysadmin", "系统管理员"
    HR_OFFICER = "hr_officer", "人社部门经办人"
    SPECIAL_PLAN_OFFICER = "special_plan_officer", "特殊方案审核人"
    TITLE_OFFICE = "title_office", "专技机构经办人"
    DEPARTMENT = "department", "主管单位经办人"
    UNIT = "unit", "单位经办人"
    COMMITTEE = "committee", "评委会操作员"
    JUDGE = "judge", "评委"
    APPLICANT = "applicant", "申报人"
    ANONYMOUS = "anonymous", "访客"
    SYSTEM = "system", "系统"
