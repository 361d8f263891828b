"""Reading the reference data that every database starts with."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.catalog import queries
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.catalog.models import Setting, Speciality
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.scope import Actor
from tests.places import SYSTEM, series, speciality


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """As anyone reads: reference data is public."""
    with read_session(Actor.anonymous()) as session:
        yield session


def test_setting_in_force(app: Flask) -> None:
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    with unit_of_work(SYSTEM) as session:
        session.add(Setting(key="correction_days", value="15", since=moment, set_by="省厅"))
    with read_session(SYSTEM) as session:
        with clock.at(moment - timedelta(seconds=1)):
            assert queries.setting(session, "correction_days", "3") == "10"
        with clock.at(moment):
            assert queries.setting(session, "correction_days", "3") == "15"
        assert queries.setting(session, "never_set", "3") == "3"


def test_checklist_of_a_series_level_and_method(session: Session) -> None:
    def codes(series_name: str, level: L, method: M) -> set[str]:
        found = queries.requirements_for(session, series_id=series(session, series_name), level=level, method=method)
        assert [row.seq for row in found] == sorted(row.seq for row in found)
        return {row.code for row in found}

    always = {"PHOTO", "ID_CARD", "EDUCATION", "CONTRACT", "APPRAISAL"}
    review = always | {"PRESENT_TITLE", "TRAINING", "PAPERS", "ACHIEVEMENTS"}
    assert codes("工程技术人员", L.ASSISTANT, M.INITIAL_DETERMINATION) == always | {"TRIAL"}
    assert codes("工程技术人员", L.INTERMEDIATE, M.REVIEW) == review
    assert codes("工程技术人员", L.FULL_SENIOR, M.REVIEW) == review | {"REPRESENTATIVE_FULL"}
    assert codes("工程技术人员", L.INTERMEDIATE, M.RECOGNITION) == always | {"RECOGNITION_BASIS"}
    assert codes("卫生技术人员", L.ASSOCIATE_SENIOR, M.REVIEW) == review | {
        "REPRESENTATIVE_ASSOCIATE",
        "MEDICAL_LICENCE",
        "RURAL_SERVICE",
    }


def test_eligibility_rules_of_a_year(session: Session) -> None:
    found = queries.eligibility_rules(session, method=M.REVIEW, level=L.FULL_SENIOR, year=2026)
    assert {(row.education.value, row.years) for row in found} == {("doctor", 5), ("master", 5), ("bachelor", 5)}
    assert queries.eligibility_rules(session, method=M.REVIEW, level=L.FULL_SENIOR, year=2018) == []


def test_ancestors_nearest_first(session: Session) -> None:
    leaf = speciality(session, "工程技术人员", "给排水")
    names = [session.get_one(Speciality, key).name for key in queries.speciality_ancestors(session, leaf)]
    assert names == ["给排水", "建设类", "工程技术人员"]
    assert queries.speciality_ancestors(session, 10**9) == []


@pytest.mark.parametrize(
    "text, found",
    [("给排", "给排水"), ("GPS", "给排水"), ("050102", "给排水"), ("给排水", "给排水")],
)
def test_search_specialities(session: Session, text: str, found: str) -> None:
    assert [row.name for row in queries.search_specialities(session, f" {text} ")] == [found]


def test_a_whole_code_is_found_first(session: Session) -> None:
    above = sa.select(Speciality.parent_id).where(Speciality.parent_id.is_not(None))
    branches = session.scalars(sa.select(Speciality.code).where(Speciality.id.in_(above))).all()
    assert [queries.search_specialities(session, f" {code}")[0].code for code in branches] == branches


@pytest.mark.parametrize("text", ["", "  ", "%", "_", "没有这个专业"])
def test_search_finds_nothing(session: Session, text: str) -> None:
    assert queries.search_specialities(session, text) == []


def test_search_within_a_series_and_a_limit(session: Session) -> None:
    school = series(session, "中小学教师")
    assert {row.series_id for row in queries.search_specialities(session, "数学", series_id=school)} == {school}
    assert len(queries.search_specialities(session, "工程", limit=3)) == 3


def test_titles_of_a_level_one_per_branch(session: Session) -> None:
    found = queries.titles_of(session, series(session, "卫生技术人员"), L.FULL_SENIOR)
    assert [(row.branch, row.name) for row in found] == [
        ("医疗", "主任医师"),
        ("药学", "主任药师"),
        ("护理", "主任护师"),
        ("技术", "主任技师"),
    ]
    assert queries.titles_of(session, series(session, "高等学校教师"), L.CLERK) == []


def test_only_leaves_may_be_chosen(session: Session) -> None:
    names = [row.name for row in queries.specialities_of(session, series(session, "公共法律服务专业人员"))]
    assert "国内公证" in names
    assert "公证类" not in names
    assert "公共法律服务专业人员" not in names


@pytest.mark.parametrize(
    "code, day, name",
    [
        ("431121", date(2021, 1, 19), "祁阳县"),
        ("431121", date(2021, 1, 20), None),
        ("431181", date(2021, 1, 19), None),
        ("431181", date(2021, 1, 20), "祁阳市"),
        ("430102", date(2026, 1, 1), "芙蓉区"),
        ("110000", date(2026, 1, 1), None),
    ],
)
def test_region_in_force(session: Session, code: str, day: date, name: str | None) -> None:
    found = queries.region_in_force(session, code, day)
    assert (found and found.name) == name
