from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.catalog.models import EligibilityRule, MaterialRequirement, Region, Setting
from app.core.db import read_session
from app.ops import rules
from app.ops.services import KEPT
from seeds.reference import SETTINGS
from tests.places import SYSTEM


def test_the_reference_data_satisfies_its_own_rules(app: Flask) -> None:
    with read_session(SYSTEM) as session:
        for model in (Region, MaterialRequirement, EligibilityRule):
            rows = session.scalars(sa.select(model)).all()
            assert rows
            for row in rows:
                values = {column.key: getattr(row, column.key) for column in sa.inspect(model).columns}
                assert KEPT[model](values) == {}, values
        for row in session.scalars(sa.select(Setting)):
            assert rules.setting_problem(row.key, row.value) is None
    assert set(rules.SETTINGS) == set(SETTINGS)


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("correction_days", "0", "“补正期限（日）”应在 1 到 60 之间。"),
        ("notice_working_days", "4", "“公示期限（工作日）”应在 5 到 60 之间。"),
        ("number_pool_block", "1.5", "请填写整数。"),
        ("number_pool_block", "９", "请填写整数。"),
        ("number_pool_block", "", "请填写整数。"),
        ("certificate_number_template", "1", "这个参数不在这里维护。"),
    ],
)
def test_settings_out_of_bounds(key: str, value: str, problem: str) -> None:
    assert rules.setting_problem(key, value) == problem


COUNTY = {"code": "430199", "name": "某县", "parent_code": "430100", "valid_from": None, "valid_until": None}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, set()),
        ({"code": "43019"}, {"code"}),
        ({"code": "043019"}, {"code"}),
        ({"parent_code": "430200"}, {"parent_code"}),
        ({"parent_code": "430000"}, set()),
        ({"valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 1)}, {"valid_until"}),
    ],
)
def test_regions(change: dict[str, Any], wrong: set[str]) -> None:
    assert set(rules.region_problems(COUNTY | change)) == wrong


def test_eligibility_and_requirements() -> None:
    assert set(rules.eligibility_problems({"years": 41, "year_from": 2026, "year_until": 2025})) == {
        "years",
        "year_until",
    }
    assert set(rules.eligibility_problems({"years": 0, "year_from": 26, "year_until": None})) == {"year_from"}
    assert set(rules.requirement_problems({"code": "照片", "max_files": 0})) == {"code", "max_files"}
