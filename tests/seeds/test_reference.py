"""The reference data every installation starts with."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import Education as Edu
from app.catalog.enums import TitleLevel as L
from app.catalog.models import (
    EligibilityRule,
    MaterialRequirement,
    Region,
    Setting,
    Speciality,
    Title,
    TitleSeries,
)
from app.core.db import read_session, unit_of_work
from app.core.scope import elevated
from seeds import reference
from tests.places import SYSTEM

pytestmark = pytest.mark.usefixtures("app")
SHARED = Path(reference.__file__).parent


def rows(name: str) -> list[dict[str, str]]:
    with open(SHARED / name, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_regions_and_the_county_that_became_a_city() -> None:
    with read_session(SYSTEM) as session:
        regions = {row.code: row for row in session.scalars(sa.select(Region))}
    assert len(regions) == len(rows("regions.csv")) + 1
    for row in rows("regions.csv"):
        found = regions[row["code"]]
        assert (found.name, found.level.value, found.parent_code or "") == (
            row["name"],
            row["level"],
            row["parent_code"],
        )
    assert (regions["431121"].name, str(regions["431121"].valid_until)) == ("祁阳县", "2021-01-19")
    assert (regions["431181"].name, str(regions["431181"].valid_from)) == ("祁阳市", "2021-01-20")


def test_27_series_with_every_level_and_branch() -> None:
    with read_session(SYSTEM) as session:
        found = {
            (row.series.number, row.series.name, row.branch, row.level, row.name)
            for row in session.scalars(sa.select(Title).options(sa.orm.joinedload(Title.series)))
        }
        assert [
            number for (number,) in session.execute(sa.select(TitleSeries.number).order_by(TitleSeries.number))
        ] == [*range(1, 28)]
        assert session.scalar(sa.select(sa.func.count()).select_from(Title).where(Title.ministry_title == "")) == 0
    assert found == {
        (int(row["series_no"]), row["series"], row["branch"], level, row[column])
        for row in rows("title_levels.csv")
        for column, level in reference.LEVEL_COLUMNS
        if row[column]
    }


def test_speciality_tree_hangs_together() -> None:
    with read_session(SYSTEM) as session:
        nodes = {row.id: row for row in session.scalars(sa.select(Speciality))}
        series = {row.id: row.name for row in session.scalars(sa.select(TitleSeries))}
    assert 300 <= len(nodes) <= 450
    leaves = dict.fromkeys(series, 0)
    inner = {row.parent_id for row in nodes.values()}
    for row in nodes.values():
        assert row.pinyin
        assert row.series_id is not None
        if row.parent_id is None:
            assert (row.name, len(row.code)) == (series[row.series_id], 2)
        else:
            above = nodes[row.parent_id]
            assert (row.code[:-2], row.series_id) == (above.code, above.series_id)
        leaves[row.series_id] += row.id not in inner
    assert min(leaves.values()) >= 5
    siblings = [(row.parent_id, row.name) for row in nodes.values()]
    assert len(siblings) == len(set(siblings))


def test_every_branch_of_titles_has_its_specialities() -> None:
    """卫生's 医疗 or 公证: a branch in the title tree is found in the speciality tree, where that one has branches."""
    with read_session(SYSTEM) as session:
        for key, name in session.execute(sa.select(TitleSeries.id, TitleSeries.name)).all():
            titled = set(session.scalars(sa.select(Title.branch).where(Title.series_id == key, Title.branch != "")))
            groups = set(session.scalars(sa.select(Speciality.name).where(Speciality.series_id == key)))
            branched = {group for group in groups if group.endswith("类") and group.removesuffix("类") in titled}
            assert not branched or {f"{branch}类" for branch in titled} == branched, name


# law.md, the two tables marked ~: (education, level, in a title of, years)
INITIAL = {
    (Edu.SECONDARY, L.CLERK, None, 1),
    (Edu.SECONDARY, L.ASSISTANT, L.CLERK, 4),
    (Edu.JUNIOR_COLLEGE, L.CLERK, None, 1),
    (Edu.JUNIOR_COLLEGE, L.ASSISTANT, None, 3),
    (Edu.JUNIOR_COLLEGE, L.ASSISTANT, L.CLERK, 2),
    (Edu.BACHELOR, L.ASSISTANT, None, 1),
    (Edu.MASTER, L.ASSISTANT, None, 0),
    (Edu.MASTER, L.INTERMEDIATE, None, 3),
    (Edu.DOCTOR, L.INTERMEDIATE, None, 0),
}
REVIEW = {
    (Edu.DOCTOR, L.INTERMEDIATE, None, 0),
    (Edu.MASTER, L.INTERMEDIATE, L.ASSISTANT, 2),
    (Edu.BACHELOR, L.INTERMEDIATE, L.ASSISTANT, 4),
    (Edu.JUNIOR_COLLEGE, L.INTERMEDIATE, L.ASSISTANT, 4),
    (Edu.DOCTOR, L.ASSOCIATE_SENIOR, L.INTERMEDIATE, 2),
    (Edu.MASTER, L.ASSOCIATE_SENIOR, L.INTERMEDIATE, 5),
    (Edu.BACHELOR, L.ASSOCIATE_SENIOR, L.INTERMEDIATE, 5),
    (Edu.JUNIOR_COLLEGE, L.ASSOCIATE_SENIOR, L.INTERMEDIATE, 5),
    (Edu.DOCTOR, L.FULL_SENIOR, L.ASSOCIATE_SENIOR, 5),
    (Edu.MASTER, L.FULL_SENIOR, L.ASSOCIATE_SENIOR, 5),
    (Edu.BACHELOR, L.FULL_SENIOR, L.ASSOCIATE_SENIOR, 5),
}


@pytest.mark.parametrize("method, table", [(M.INITIAL_DETERMINATION, INITIAL), (M.REVIEW, REVIEW)])
def test_eligibility_is_the_tables_of_the_law(method: M, table: set[tuple[Edu, L, L | None, int]]) -> None:
    with read_session(SYSTEM) as session:
        found = session.scalars(sa.select(EligibilityRule).where(EligibilityRule.method == method)).all()
    assert {(row.education, row.level, row.present_level, row.years) for row in found} == table
    assert len(found) == len(table)


def test_checklist_asks_for_nothing_the_system_has() -> None:
    with read_session(SYSTEM) as session:
        found = {row.code: row for row in session.scalars(sa.select(MaterialRequirement))}
    assert [code for code, row in found.items() if row.images_only] == ["PHOTO"]
    assert not found["PRESENT_TITLE"].required  # ours are known; only foreign ones are shown
    assert not any("公示" in row.name for row in found.values())
    assert all(1 <= row.max_files <= 10 for row in found.values())


def test_settings() -> None:
    with read_session(SYSTEM) as session:
        assert dict(session.execute(sa.select(Setting.key, Setting.value)).all()) == {
            "correction_days": "10",
            "notice_working_days": "5",
            "retirement_age_male": "60",
            "retirement_age_female": "55",
            "blacklist_years": "3",
            "number_pool_block": "50",
            "import_done_days": "7",
            "import_waiting_days": "30",
        }


def test_a_second_load_changes_nothing(app: Flask) -> None:
    def snapshot() -> list[int]:
        with read_session(SYSTEM) as session:
            tables = (Region, TitleSeries, Title, Speciality, MaterialRequirement, EligibilityRule, Setting)
            return [session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]

    with unit_of_work(SYSTEM) as session:
        session.execute(sa.update(Speciality).where(Speciality.name == "给排水").values(name="给水排水"))
    before = snapshot()
    with unit_of_work(SYSTEM) as session:
        reference.load_reference(session)
    assert snapshot() == before
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(Speciality.code).where(Speciality.name == "给水排水")) == "050102"


def test_loads_fast() -> None:
    """Under two seconds of our own time, and a handful of statements."""
    with unit_of_work(SYSTEM) as session, elevated(session, "emptying the tables for the test"):
        for table in (MaterialRequirement, EligibilityRule, Setting, Title):
            session.execute(sa.delete(table))
        session.execute(sa.update(Speciality).values(parent_id=None))
        session.execute(sa.delete(Speciality))
        session.execute(sa.delete(TitleSeries))
        session.execute(sa.update(Region).values(parent_code=None))
        session.execute(sa.delete(Region))
        statements: list[str] = []
        connection = session.connection()
        sa.event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
        started = time.process_time()
        reference.load_reference(session)
        assert time.process_time() - started < 2
        assert len(statements) < 60
