"""A21 黑名单管理: services and screens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import rules, services
from app.accounts.models import BlacklistEntry
from app.accounts.queries import blacklisted
from app.core import clock
from app.core.db import read_session
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.http import Doors, opened
from tests.people import id_number
from tests.places import CITY, FAR, MONDAY, PROVINCE, SYSADMIN, SYSTEM, TODAY, act


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    with clock.at(MONDAY):
        yield Doors(app, monkeypatch)


@pytest.fixture
def person(app: Flask) -> int:
    return act(SYSTEM, services.register_person, name="王小明", id_number=id_number(serial=77), phone="13900000077")


ENTRY = {"reason": "提供虚假材料", "source_document": "湘人社〔2026〕1号", "starts_on": TODAY}


@pytest.mark.parametrize(
    ("start", "end"),
    [(date(2026, 3, 2), date(2029, 3, 2)), (date(2024, 2, 29), date(2027, 2, 28))],
)
def test_a_record_lasts_three_years(start: date, end: date) -> None:
    assert rules.integrity_record_ends(start) == end


def test_an_entry_bars_until_it_ends_or_is_lifted(doors: Doors, person: int) -> None:
    key = act(PROVINCE, services.add_entry, person_id=person, **ENTRY)

    def barred(on: date) -> bool:
        with read_session(SYSTEM) as session:
            return blacklisted(session, person, on) is not None

    assert [barred(date(2026, 3, 1)), barred(TODAY), barred(date(2029, 3, 2)), barred(date(2029, 3, 3))] == [
        False,
        True,
        True,
        False,
    ]
    act(PROVINCE, services.lift_entry, entry_id=key, reason="申诉成立")
    assert not barred(TODAY)
    with pytest.raises(Conflict, match="已经解除"):
        act(PROVINCE, services.lift_entry, entry_id=key, reason="再次")
    with pytest.raises(Conflict, match="已经解除"):
        act(PROVINCE, services.change_entry, entry_id=key, **ENTRY)


def test_refusals(doors: Doors, person: int) -> None:
    with pytest.raises(NotAllowed):
        act(SYSADMIN, services.add_entry, person_id=person, **ENTRY)
    with pytest.raises(Invalid) as wrong:
        act(PROVINCE, services.add_entry, person_id=person, **(ENTRY | {"reason": " ", "ends_on": date(2026, 1, 1)}))
    assert wrong.value.fields == {
        "reason": "请填写加入黑名单的原因。",
        "ends_on": "截止日期不能早于起始日期。",
    }
    with pytest.raises(Invalid) as nobody:
        act(CITY, services.add_entry, person_id=person, **ENTRY)  # a city sees only those who apply in it
    assert "person_id" in nobody.value.fields
    act(PROVINCE, services.add_entry, person_id=person, **ENTRY)
    with pytest.raises(Conflict, match="已在黑名单中"):
        act(PROVINCE, services.add_entry, person_id=person, **ENTRY)


def test_another_region_does_not_see_it(doors: Doors, person: int) -> None:
    key = act(PROVINCE, services.add_entry, person_id=person, **ENTRY)
    with pytest.raises(NotFound):
        act(FAR, services.lift_entry, entry_id=key, reason="越权")
    assert doors.enter(FAR).get(f"/a21/show/{key}").status_code == 404


def test_the_screen_from_adding_to_lifting(doors: Doors, person: int) -> None:
    browser = doors.enter(PROVINCE)
    page = browser.post("/a21/add", data={"person_id": str(person), "reason": "", "starts_on": "2026-03-02"})
    assert page.status_code == 422
    assert "请填写此项。" in page.text and "王小明" in page.text
    form = {"person_id": str(person), "reason": "抄袭", "source_document": "通报", "starts_on": "2026-03-02"}
    assert "已新增。" in browser.post("/a21/add", data=form, follow_redirects=True).text
    with read_session(SYSTEM) as session:
        entry = session.scalars(sa.select(BlacklistEntry)).one()
    assert (entry.ends_on, entry.region_code) == (date(2029, 3, 2), "430000")
    assert "王小明" in browser.get("/a21/?name=小明&standing=in").text
    assert "没有符合查询条件" in browser.get("/a21/?standing=lifted").text
    change = {"reason": "抄袭他人论文", "source_document": "通报", "starts_on": "2026-03-02", "ends_on": "2027-03-01"}
    browser.post(f"/a21/edit/{entry.id}", data=change | opened(browser, f"/a21/edit/{entry.id}"))
    page = browser.get(f"/a21/show/{entry.id}").text
    assert "原因：抄袭 → 抄袭他人论文" in page and "截止日期：2029-03-02 → 2027-03-01" in page
    lifting = {"reason": "期满"} | opened(browser, f"/a21/retire/{entry.id}")
    assert "已解除。" in browser.post(f"/a21/retire/{entry.id}", data=lifting, follow_redirects=True).text
    assert f"/a21/edit/{entry.id}" not in browser.get("/a21/").text
