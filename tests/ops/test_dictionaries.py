"""The console's dictionaries, changed in their place."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app.catalog.enums import TitleLevel
from app.catalog.models import Setting, Speciality, Title, TitleSeries
from app.committees import services as committees
from app.committees.enums import FeeItem
from app.core import clock
from app.core.db import read_session
from app.ops.views.dictionaries import DICTIONARIES
from app.ops.views.dictionary import Dictionary
from tests.http import Browser, opened
from tests.ops.desk import reason, save, trail
from tests.places import SYSADMIN, SYSTEM, act, make_body, make_committee


def test_an_entry_is_changed_in_its_place(desk: Browser) -> None:
    page = desk.get("/ops/dictionaries/series/").text
    assert page.count('href="/ops/dictionaries/series/edit/?id=') == 27
    open_ = desk.get("/ops/dictionaries/series/edit/?id=3").text
    assert open_.count('form="entry"') == 2 and 'name="name"' in open_ and 'name="number"' not in open_
    answer = save(desk, "/ops/dictionaries/series/edit/?id=3", {"name": "实验技术人员（新）"})
    assert answer.status_code == 302 and answer.location == "/ops/dictionaries/series/"
    with read_session(SYSTEM) as session:
        assert session.get_one(TitleSeries, 3).name == "实验技术人员（新）"
    assert [detail["changes"]["name"][1] for detail in trail("dictionaries.change")] == ["实验技术人员（新）"]


def test_what_is_refused_stays_typed_with_its_reason(desk: Browser) -> None:
    with read_session(SYSTEM) as session:
        taken = session.get_one(TitleSeries, 4).name
    for name, why in ((taken, "重复"), ("", "请填写此项"), ("长" * 41, "不超过 40 个字")):
        answer = save(desk, "/ops/dictionaries/series/edit/?id=3", {"name": name})
        assert answer.status_code == 200 and why in answer.text
        assert f'value="{name}"' in answer.text
        assert "Failed" not in answer.text
    assert trail("dictionaries.change") == []
    answer = desk.post("/ops/dictionaries/regions/new/", data={})
    assert answer.status_code == 200 and "请填写此项" in answer.text and "Failed" not in answer.text


def test_added_and_deleted(desk: Browser) -> None:
    data = {"code": "430199", "name": "新设区", "level": "county", "parent_code": "430100", "valid_from": "2026-01-01"}
    answer = desk.post("/ops/dictionaries/regions/new/", data=data | {"parent_code": "430200"})
    assert "前几位不一致" in answer.text and 'value="新设区"' in answer.text
    answer = desk.post("/ops/dictionaries/regions/new/", data=data | {"parent_code": "430177"})
    assert "没有这个代码的行政区划" in answer.text
    assert desk.post("/ops/dictionaries/regions/new/", data=data).status_code == 302
    assert "新设区" in desk.get("/ops/dictionaries/regions/?search=新设").text
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "430199"}, follow_redirects=True)
    assert "新设区" not in answer.text and "已删除。" in answer.text
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "430100"}, follow_redirects=True)
    assert "不能删除，正在使用它的有：9 条行政区划（如“芙蓉区”）。" in answer.text
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "431121"}, follow_redirects=True)
    assert "“祁阳县”（431121）已填写停用日期；停用的代码要予以保留" in reason(answer.text)
    make_body("芙蓉区人民医院", region_code="430102")
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "430102"}, follow_redirects=True)
    assert "不能删除，正在使用它的有：1 条机构（如“芙蓉区人民医院”）。" in answer.text
    assert [len(trail(f"dictionaries.{verb}")) for verb in ("add", "remove")] == [1, 1]


def test_trees_are_changed_by_their_own_services(desk: Browser) -> None:
    with read_session(SYSTEM) as session:
        leaf = session.scalars(sa.select(Speciality).where(Speciality.parent_id.is_not(None))).first()
        top = session.scalars(sa.select(Speciality).where(Speciality.parent_id.is_(None))).first()
        title = session.scalars(sa.select(Title)).first()
        assert leaf and top and title
    data = {"code": leaf.code, "name": "给水排水（改）"}
    assert save(desk, f"/ops/dictionaries/specialities/edit/?id={leaf.id}", data).status_code == 302
    assert trail("catalog.change_speciality")[0]["changes"]["name"][1] == "给水排水（改）"
    refused = save(desk, f"/ops/dictionaries/specialities/edit/?id={top.id}", {"code": "X1", "name": "新大类"})
    assert "栏目大类" in refused.text and refused.status_code == 200
    answer = desk.post("/ops/dictionaries/specialities/delete/", data={"id": top.id}, follow_redirects=True)
    assert "栏目大类" in answer.text
    data = {"series_id": str(title.series_id), "branch": title.branch, "level": title.level.value, "name": title.name}
    assert "已有这个级别" in desk.post("/ops/dictionaries/titles/new/", data=data).text
    assert desk.post("/ops/dictionaries/titles/new/", data=data | {"name": "首席工程师"}).status_code == 302
    assert trail("catalog.create_title")[0]["name"] == "首席工程师"


def test_a_setting_is_set_anew(desk: Browser) -> None:
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(Setting.id).where(Setting.key == "correction_days")).one()
    page = save(desk, f"/ops/dictionaries/settings/edit/?id={key}", {"value": "999"})
    assert "应在 1 到 60 之间" in page.text
    assert "应在 1 到 60 之间" in save(desk, f"/ops/dictionaries/settings/edit/?id={key}", {"value": "-1"}).text
    assert "请填写整数。" in save(desk, f"/ops/dictionaries/settings/edit/?id={key}", {"value": "1.5"}).text
    assert save(desk, f"/ops/dictionaries/settings/edit/?id={key}", {"value": "15"}).status_code == 302
    page = desk.get("/ops/dictionaries/settings/").text
    assert (
        "补正期限（日）" in page and re.search(r"<td[^>]*>15</td>", page) and not re.search(r"<td[^>]*>10</td>", page)
    )
    assert desk.get("/ops/tables/settings/?key=correction_days").text.count("correction_days") >= 2


def alert(page: str) -> list[str]:
    [found] = re.findall(r'<div class="alert alert-danger" role="alert".*?</div>', page, re.S)
    return [reason(line).strip() for line in re.findall(r"<p>(.*?)</p>", found)]


LOST = "您打开以后，这条记录已被他人修改，没有保存。您填写的内容都还在；核对后再次保存，将以您填写的为准。"


@pytest.mark.parametrize(
    ("address", "first", "second", "told_of"),
    [
        (
            "series/edit/?id=3",
            {"name": "实验人员"},
            {"name": "实验技术"},
            "修改字典条目：系列名称：自然科学研究人员 → 实验人员",
        ),
        (
            "regions/edit/?id=430102",
            {"name": "芙蓉", "valid_from": "2020-01-01"},
            {"name": "芙蓉区", "valid_from": "2021-01-01"},
            "修改字典条目：",
        ),
        ("settings/edit/?id={setting}", {"value": "15"}, {"value": "20"}, "设定系统参数：现行值：10 → 15"),
    ],
)
def test_the_second_to_save_an_entry_is_told(
    desk: Browser, address: str, first: dict[str, str], second: dict[str, str], told_of: str
) -> None:
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(Setting.id).where(Setting.key == "correction_days")).one()
    address = "/ops/dictionaries/" + address.format(setting=key)
    theirs, ours = opened(desk, address), opened(desk, address)
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert desk.post(address, data=first | theirs).status_code == 302
    with clock.at(clock.now() + timedelta(minutes=2)):
        refused = desk.post(address, data=second | ours)
        said = alert(refused.text)
        assert said[0] == LOST and told_of in said[1]
        assert f'value="{next(iter(second.values()))}"' in refused.text
        again = re.search(r'name="stamp" value="([^"]+)"', refused.text)
        assert again
        answer = desk.post(address, data=second | {"stamp": again[1]}, follow_redirects=True)
    assert "已保存修改。" in answer.text


def test_a_fee_changed_meanwhile_is_told_from_its_committees_history(desk: Browser) -> None:
    committee = make_committee("缴费高评会")
    values = {"committee_id": committee, "item": FeeItem.REVIEW, "level": TitleLevel.FULL_SENIOR}
    key = act(SYSADMIN, committees.add_fee, **values, amount=Decimal("300.00"))
    address = f"/ops/dictionaries/fees/edit/?id={key}"
    ours = opened(desk, address)
    act(SYSADMIN, committees.change_fee, committee_id=committee, row_id=key, amount=Decimal("310.00"))
    said = alert(desk.post(address, data={"amount": "320"} | ours).text)
    assert said[0] == LOST and "正高级评审费 300.00 元 → 正高级评审费 310.00 元" in said[1]


def test_fees_are_changed_by_the_committees_services(desk: Browser) -> None:
    committee = make_committee("缴费高评会")
    values = {"committee_id": committee, "item": FeeItem.REVIEW, "level": TitleLevel.FULL_SENIOR}
    key = act(SYSADMIN, committees.add_fee, **values, amount=Decimal("300.00"))
    assert "缴费高评会" in desk.get("/ops/dictionaries/fees/?search=缴费").text
    assert "缴费高评会" not in desk.get("/ops/dictionaries/fees/?search=别的").text
    refused = save(desk, f"/ops/dictionaries/fees/edit/?id={key}", {"amount": "999999"})
    assert "应在 0 至 100,000 元之间" in refused.text and 'value="999999"' in refused.text
    assert save(desk, f"/ops/dictionaries/fees/edit/?id={key}", {"amount": "320.5"}).status_code == 302
    assert trail("committees.change_fee")[0]["changes"]["fee"][1] == "正高级评审费 320.50 元"
    desk.post("/ops/dictionaries/fees/delete/", data={"id": key})
    assert len(trail("committees.remove_fee")) == 1


def test_nobody_is_led_elsewhere(desk: Browser) -> None:
    away = "https://evil.example/"
    answer = desk.post("/ops/dictionaries/regions/delete/", data={"id": "430100", "url": away})
    assert str(answer.location).startswith("/ops/")
    answer = save(desk, f"/ops/dictionaries/series/edit/?id=1&url={away}", {"name": "高等学校教师"})
    assert str(answer.location).startswith("/ops/")


@pytest.mark.parametrize(
    "query", ["page=abc", "page=-1", "page=999999999999", "search=%00", "search=" + "x" * 5000, "sort=99", "flt0_0=1"]
)
def test_garbage_in_the_address_breaks_nothing(desk: Browser, query: str) -> None:
    for address in ("specialities", "regions"):
        assert desk.get(f"/ops/dictionaries/{address}/?{query}").status_code == 200


@pytest.mark.parametrize("key", ["", "abc", "0", "9" * 30, "0" * 20 + "9" * 20, "%00", "1,2", "-1"])
def test_an_entry_that_is_not_there(desk: Browser, key: str) -> None:
    for address in ("series", "regions"):
        answer = desk.get(f"/ops/dictionaries/{address}/edit/?id={key}")
        assert (answer.status_code, answer.location) == (302, f"/ops/dictionaries/{address}/")
        assert desk.get(f"/ops/dictionaries/{address}/edit/?id={key}&url=https://evil.example/").location.startswith(
            "/ops"
        )


def test_every_dictionary_names_its_columns() -> None:
    for view, model, _, _ in DICTIONARIES:
        assert issubclass(view, Dictionary)
        names = {*view.column_list, *view.form_columns, *view.add_columns}
        assert names <= set(view.column_labels), model
