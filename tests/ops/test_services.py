from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.accounts.models import Account
from app.catalog.models import MaterialRequirement, Region, Setting, TitleSeries
from app.catalog.queries import setting
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.ops import services
from tests.places import CITY, MONDAY, PROVINCE, SYSADMIN, SYSTEM

pytestmark = pytest.mark.usefixtures("app")

LINE = {
    "seq": 90,
    "code": "PATENT",
    "name": "专利证书",
    "hint": "",
    "series_id": None,
    "level": None,
    "method": None,
    "required": False,
    "max_files": 3,
    "images_only": False,
}


def add(values: dict[str, Any] = LINE) -> int:
    with unit_of_work(SYSADMIN) as session:
        return int(services.add_entry(session, actor=SYSADMIN, model=MaterialRequirement, values=values).id)


def trail() -> list[tuple[str, str, Any]]:
    with read_session(SYSTEM) as session:
        entries = session.scalars(
            sa.select(AuditEntry).where(AuditEntry.action.startswith("dictionaries.")).order_by(AuditEntry.id)
        )
        return [(entry.action, entry.object_type, entry.detail) for entry in entries]


def test_added_changed_removed_and_on_the_record() -> None:
    key = add()
    with unit_of_work(SYSADMIN) as session:
        services.change_entry(
            session, actor=SYSADMIN, model=MaterialRequirement, key=key, values={"max_files": 5, "name": "专利证书"}
        )
    with unit_of_work(SYSADMIN) as session:
        services.change_entry(session, actor=SYSADMIN, model=MaterialRequirement, key=key, values={"max_files": 5})
    with unit_of_work(SYSADMIN) as session:
        services.remove_entry(session, actor=SYSADMIN, model=MaterialRequirement, key=key)
    done = trail()
    assert [(action, table) for action, table, _ in done] == [
        ("dictionaries.add", "material_requirements"),
        ("dictionaries.change", "material_requirements"),
        ("dictionaries.remove", "material_requirements"),
    ]
    assert done[1][2] == {"changes": {"max_files": [3, 5]}}
    assert done[2][2]["code"] == "PATENT"


def test_twins_and_what_is_in_use_are_refused() -> None:
    add()
    with pytest.raises(Conflict, match="重复"):
        add()
    with pytest.raises(Conflict, match="使用"), unit_of_work(SYSADMIN) as session:
        services.remove_entry(session, actor=SYSADMIN, model=Region, key="430100")
    with pytest.raises(Invalid) as refused:
        add(LINE | {"code": "x", "max_files": 99})
    assert set(refused.value.fields) == {"code", "max_files"}
    assert len(trail()) == 1


@pytest.mark.parametrize("actor", [PROVINCE, CITY])
def test_only_the_administrator(actor: Any) -> None:
    for work in (
        lambda s: services.add_entry(s, actor=actor, model=MaterialRequirement, values=LINE),
        lambda s: services.change_entry(s, actor=actor, model=TitleSeries, key=1, values={"name": "甲"}),
        lambda s: services.remove_entry(s, actor=actor, model=Region, key="430102"),
        lambda s: services.set_value(s, actor=actor, key="correction_days", value="7"),
    ):
        with pytest.raises(NotAllowed), unit_of_work(actor) as session:
            work(session)
    assert trail() == []


def test_only_dictionaries() -> None:
    with pytest.raises(NotFound), unit_of_work(SYSADMIN) as session:
        services.change_entry(session, actor=SYSADMIN, model=Account, key=1, values={"active": False})
    with pytest.raises(NotFound), unit_of_work(SYSADMIN) as session:
        services.add_entry(session, actor=SYSADMIN, model=Setting, values={"key": "x"})
    with pytest.raises(NotFound), unit_of_work(SYSADMIN) as session:
        services.change_entry(session, actor=SYSADMIN, model=TitleSeries, key=999, values={"name": "甲"})


def test_a_setting_keeps_what_it_was() -> None:
    with clock.at(MONDAY):
        for value in ("7", "7"):
            with unit_of_work(SYSADMIN) as session:
                services.set_value(session, actor=SYSADMIN, key="correction_days", value=value)
    with read_session(SYSTEM) as session:
        with clock.at(MONDAY + timedelta(seconds=1)):
            assert setting(session, "correction_days", "?") == "7"
        with clock.at(MONDAY - timedelta(seconds=1)):
            assert setting(session, "correction_days", "?") == "10"
    assert trail() == [("dictionaries.set", "settings", {"key": "correction_days", "changes": {"value": ["10", "7"]}})]
    with pytest.raises(Invalid), unit_of_work(SYSADMIN) as session:
        services.set_value(session, actor=SYSADMIN, key="correction_days", value="400")
