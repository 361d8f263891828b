"""A3 and A9 over HTTP: generated screens over the services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, IssuingAuthority
from app.core import clock
from app.core.db import read_session
from tests.http import Doors, opened
from tests.places import CITY, FAR, MONDAY, SYSTEM, make_body


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    with clock.at(MONDAY):
        yield Doors(app, monkeypatch)


def test_an_acceptance_from_adding_to_ending(doors: Doors) -> None:
    office = make_body("专业技术人员管理处", NodeType.TITLE_OFFICE)
    browser = doors.enter(CITY)
    form = {"body_id": str(office), "method": "initial_determination", "level": "assistant", "printed_name": ""}
    page = browser.post("/a3/add", data=form)
    assert page.status_code == 422 and "请填写此项。" in page.text and "专业技术人员管理处" in page.text
    form |= {"printed_name": "长沙市人社局", "guideline": "请准备材料。\n一、学历"}
    assert "已新增。" in browser.post("/a3/add", data=form, follow_redirects=True).text
    twice = browser.post("/a3/add", data=form)
    assert twice.status_code == 422 and "已经受理助理级的初定" in twice.text
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(Acceptance.id)).one()
    assert "专业技术人员管理处" in browser.get("/a3/?level=assistant&active=1").text
    assert "没有符合" in browser.get("/a3/?method=recognition").text
    change = {"printed_name": "长沙市人力资源和社会保障局", "guideline": ""}
    browser.post(f"/a3/edit/{key}", data=change | opened(browser, f"/a3/edit/{key}"))
    page = browser.get(f"/a3/show/{key}").text
    assert "打印在证书上的机构名称：长沙市人社局 → 长沙市人力资源和社会保障局" in page
    ending = {"reason": "职能划转"} | opened(browser, f"/a3/retire/{key}")
    page = browser.post(f"/a3/retire/{key}", data=ending, follow_redirects=True).text
    assert "已注销。" in page and "职能划转" in page
    assert f"/a3/edit/{key}" not in browser.get("/a3/").text
    late = browser.post(
        f"/a3/edit/{key}", data={"printed_name": "晚了", "guideline": ""} | opened(browser, f"/a3/edit/{key}")
    )
    assert late.status_code == 422 and "已经注销，不能修改" in late.text


def test_a_body_of_another_region_is_refused_beside_the_field(doors: Doors) -> None:
    office = make_body("株洲管理处", NodeType.TITLE_OFFICE, region_code="430200")
    browser = doors.enter(CITY)
    form = {"body_id": str(office), "code": "0200", "printed_name": "株洲市人社局"}
    page = browser.post("/a9/add", data=form)
    assert page.status_code == 422
    with read_session(SYSTEM) as session:
        assert session.scalars(sa.select(IssuingAuthority)).all() == []
    assert "已新增。" in doors.enter(FAR).post("/a9/add", data=form, follow_redirects=True).text
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(IssuingAuthority.id)).one()
    for path in (f"/a9/show/{key}", f"/a9/edit/{key}", f"/a9/retire/{key}"):
        assert browser.get(path).status_code == 404
    assert "株洲" not in browser.get("/a9/").text
