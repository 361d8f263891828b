"""U1.5.1, U1.5.2 and A22 over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from app.core import clock
from app.core.db import read_session
from app.core.enums import Role
from app.core.scope import Actor
from app.quotas.models import PostQuota
from app.quotas.queries import granted
from tests.http import Doors
from tests.places import CITY, FAR, MONDAY, SYSTEM, make_body


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    with clock.at(MONDAY):
        yield Doors(app, monkeypatch)


DECLARED = {"year": "2026", "level": "intermediate", "posts": "10", "occupied": "7", "asked": "3"}


def quota() -> PostQuota:
    with read_session(SYSTEM) as session:
        return session.scalars(sa.select(PostQuota)).one()


def test_declared_decided_and_then_a_limit(doors: Doors) -> None:
    unit = make_body("排水事务中心")
    desk = doors.enter(Actor(Role.UNIT, body_id=unit, region_code="430100"))
    page = desk.post("/u151/new", data=DECLARED | {"asked": "4"})
    assert page.status_code == 422 and "申报职数不能多于空缺职数 3。" in page.text and 'value="4"' in page.text
    assert "职数已申报" in desk.post("/u151/new", data=DECLARED, follow_redirects=True).text
    office = doors.enter(CITY)
    key = quota().id
    assert "排水事务中心" in office.get("/u152/").text
    page = office.post(f"/u152/{key}/decide", data={"approve": "0", "opinion": ""})
    assert page.status_code == 422 and "审核不通过的，请填写原因。" in page.text
    page = office.post(f"/u152/{key}/decide", data={"approve": "1", "granted": "5"})
    assert page.status_code == 422 and "核准职数应为 0 至 3 的整数。" in page.text
    done = office.post(f"/u152/{key}/decide", data={"approve": "1", "granted": "2"}, follow_redirects=True).text
    assert "排水事务中心：已审核通过。" in done and "没有等待审核的职数申报" in done
    with read_session(SYSTEM) as session:
        assert granted(session, unit, 2026, quota().level) == 2
    again = office.post(f"/u152/{key}/decide", data={"approve": "1", "granted": "3"})
    assert again.status_code == 422 and "不能再审核" in again.text
    page = office.get(f"/a22/{key}").text
    assert "申报" in page and "核准职数：2" in page
    assert "修改" not in desk.get("/u151/").text


def test_refused_it_may_be_declared_anew_from_what_it_was(doors: Doors) -> None:
    unit = make_body("设计院")
    desk = doors.enter(Actor(Role.UNIT, body_id=unit, region_code="430100"))
    desk.post("/u151/new", data=DECLARED)
    key = quota().id
    doors.enter(CITY).post(f"/u152/{key}/decide", data={"approve": "0", "opinion": "请核对已聘职数"})
    assert "请核对已聘职数" in desk.get(f"/u151/{key}").text
    assert 'value="7"' in desk.get(f"/u151/new?of={key}").text
    desk.post("/u151/new", data=DECLARED | {"occupied": "8", "asked": "2"})
    assert (quota().id, quota().status.value, quota().asked) == (key, "submitted", 2)


def test_other_regions_and_units_see_nothing(doors: Doors) -> None:
    unit, other = make_body("设计院"), make_body("别的单位")
    doors.enter(Actor(Role.UNIT, body_id=unit, region_code="430100")).post("/u151/new", data=DECLARED)
    key = quota().id
    assert doors.enter(FAR).get(f"/u152/{key}/decide").status_code == 404
    assert doors.enter(Actor(Role.UNIT, body_id=other, region_code="430100")).get(f"/u151/{key}").status_code == 404
