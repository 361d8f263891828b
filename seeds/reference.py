"""Reference data from the CSV files beside this one: loaded once, into empty tables, in a few statements."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.catalog.enums import AcquisitionMethod, Education, RegionLevel, TitleLevel
from app.catalog.models import (
    EligibilityRule,
    MaterialRequirement,
    Region,
    Setting,
    Speciality,
    Title,
    TitleSeries,
)
from app.catalog.rules import initials

FOLDER = Path(__file__).resolve().parent
LEVEL_COLUMNS = (
    ("full_senior", TitleLevel.FULL_SENIOR),
    ("associate_senior", TitleLevel.ASSOCIATE_SENIOR),
    ("intermediate", TitleLevel.INTERMEDIATE),
    ("assistant", TitleLevel.ASSISTANT),
    ("clerk", TitleLevel.CLERK),
)
SETTINGS = {
    "correction_days": "10",
    "notice_working_days": "5",
    "retirement_age_male": "60",
    "retirement_age_female": "55",
    "blacklist_years": "3",
    "number_pool_block": "50",
    "import_done_days": "7",
    "import_waiting_days": "30",
}
# GB/T 2260 over time: a county that became a city keeps its old code for the papers of that time.
FORMER_REGIONS = ({"code": "431121", "name": "祁阳县", "parent_code": "431100", "valid_until": date(2021, 1, 19)},)
# 民政部 approved the city of 祁阳 on this day
NEW_REGIONS = {"431181": date(2021, 1, 20)}


def _rows(name: str) -> list[dict[str, str]]:
    with open(FOLDER / name, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def load_reference(session: Session) -> None:
    """Fill the catalogue's empty tables; tables that have rows are left as they are. `session` is the system's."""
    for model, load in (
        (Region, _regions),
        (TitleSeries, _series),
        (Speciality, _specialities),
        (MaterialRequirement, _materials),
        (EligibilityRule, _eligibility),
        (Setting, _settings),
    ):
        if session.execute(sa.select(sa.literal(1)).select_from(model).limit(1)).first() is None:
            load(session)


def _insert(session: Session, model: type, rows: list[dict[str, Any]]) -> None:
    session.execute(sa.insert(model), rows)


def _regions(session: Session) -> None:
    rows: list[dict[str, Any]] = [
        {
            "code": row["code"],
            "name": row["name"],
            "level": RegionLevel(row["level"]),
            "parent_code": row["parent_code"] or None,
            "valid_from": NEW_REGIONS.get(row["code"]),
            "valid_until": None,
        }
        for row in _rows("regions.csv")
    ]
    rows += [{"level": RegionLevel.COUNTY, "valid_from": None} | former for former in FORMER_REGIONS]
    for level in RegionLevel:  # parents first
        _insert(session, Region, [row for row in rows if row["level"] is level])


def _series(session: Session) -> None:
    table = _rows("title_levels.csv")
    names = {int(row["series_no"]): row["series"] for row in table}
    _insert(session, TitleSeries, [{"number": number, "name": name} for number, name in names.items()])
    ids = {number: key for key, number in session.execute(sa.select(TitleSeries.id, TitleSeries.number))}
    _insert(
        session,
        Title,
        [
            {
                "series_id": ids[int(row["series_no"])],
                "branch": row["branch"],
                "level": level,
                "name": row[column],
                "ministry_title": row[column],
                "active": True,
            }
            for row in table
            for column, level in LEVEL_COLUMNS
            if row[column]
        ],
    )


def _specialities(session: Session) -> None:
    """Top nodes are the series (栏目大类); a branch, where there is one, groups the specialities below it.

    Codes are two digits a step: series, branch, leaf. One insert for each depth of the tree.
    """
    series = {
        number: (key, name)
        for key, number, name in session.execute(sa.select(TitleSeries.id, TitleSeries.number, TitleSeries.name))
    }
    tops, branches, leaves = [], [], []
    for row in _rows("specialities.csv"):
        series_id, series_name = series[int(row["series_no"])]
        top = f"{int(row['series_no']):02d}"
        tops.append((top, series_name, series_id))
        for place, group in enumerate(row["branches"].split(";"), 1):
            branch, colon, names = group.partition(":")
            code = f"{top}{place:02d}" if colon else top
            if colon:
                branches.append((code, f"{branch}类", series_id))
            leaves += [
                (f"{code}{seq:02d}", name, series_id) for seq, name in enumerate((names or branch).split("|"), 1)
            ]
    for nodes in (tops, branches, leaves):
        ids = {code: key for key, code in session.execute(sa.select(Speciality.id, Speciality.code))}
        _insert(
            session,
            Speciality,
            [
                {
                    "code": code,
                    "name": name,
                    "pinyin": initials(name),
                    "parent_id": ids.get(code[:-2]),
                    "series_id": series_id,
                    "active": True,
                }
                for code, name, series_id in nodes
            ],
        )


def _materials(session: Session) -> None:
    """The checklist; an empty series, level or method means any. What the system itself holds is not on it."""
    series = {number: key for key, number in session.execute(sa.select(TitleSeries.id, TitleSeries.number))}
    _insert(
        session,
        MaterialRequirement,
        [
            {
                "code": row["code"],
                "name": row["name"],
                "hint": row["hint"],
                "series_id": series[int(row["series_no"])] if row["series_no"] else None,
                "level": TitleLevel(row["level"]) if row["level"] else None,
                "method": AcquisitionMethod(row["method"]) if row["method"] else None,
                "required": row["required"] == "1",
                "max_files": int(row["max_files"]),
                "images_only": row["images_only"] == "1",
                "seq": seq,
            }
            for seq, row in enumerate(_rows("material_requirements.csv"), 1)
        ],
    )


def _eligibility(session: Session) -> None:
    _insert(
        session,
        EligibilityRule,
        [
            {
                "method": AcquisitionMethod(row["method"]),
                "level": TitleLevel(row["level"]),
                "education": Education(row["education"]),
                "present_level": TitleLevel(row["present_level"]) if row["present_level"] else None,
                "series_id": None,
                "years": int(row["years"]),
                "region_code": "430000",
                "year_from": 2019,
                "year_until": None,
                "clause": row["clause"],
            }
            for row in _rows("eligibility_rules.csv")
        ],
    )


def _settings(session: Session) -> None:
    since = datetime(2020, 1, 1, tzinfo=UTC)
    _insert(
        session, Setting, [{"key": k, "value": v, "since": since, "set_by": "出厂设置"} for k, v in SETTINGS.items()]
    )
