"""A10, A11 and U1.4.2 over HTTP, as the people who open them."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import openpyxl
import sqlalchemy as sa
from flask import Flask

from app.accounts.models import Account, Post
from app.bodies.enums import NodeType
from app.bodies.models import Body
from app.committees.models import AnnualBatch, Committee, CoveredSpeciality, FeeStandard, FoundingBody
from app.core import clock
from app.core.db import read_session
from app.core.enums import Role
from tests.http import Browser, Doors, opened
from tests.people import id_number
from tests.places import (
    CITY,
    FAR,
    MONDAY,
    PROVINCE,
    SYSTEM,
    actor_of,
    make_body,
    make_committee,
    series,
    speciality,
)

BATCH = {
    "year": "2026",
    "name": "年度评审",
    "levels": ["associate_senior", "full_senior"],
    "opens_on": "2026-03-01",
    "closes_on": "2026-05-31",
    "review_from": "2026-06-01",
    "review_until": "2026-12-31",
}


def find(name: str, series_name: str = "工程技术人员") -> int:
    with read_session(SYSTEM) as session:
        return speciality(session, series_name, name)


def count(model: type, committee_id: int) -> int:
    with read_session(SYSTEM) as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model).where(model.committee_id == committee_id))


def new_committee(**changes: str) -> dict[str, str]:
    with read_session(SYSTEM) as session:
        key = series(session, "工程技术人员")
    founder = make_body("长沙市人社局", NodeType.TITLE_OFFICE)
    return {
        "code": "PWH43010001",
        "name": "长沙市工程系列高评会",
        "grade": "senior",
        "series_id": str(key),
        "region_code": "430100",
        "founder_id": str(founder),
        "member_count": "25",
        "recorded_on": "2026-03-01",
        "valid_until": "2029-02-28",
        "contact_name": "李操作",
        "contact_id_number": id_number(serial=661),
        "contact_phone": "13812345678",
    } | changes


def test_creating_a_committee_makes_its_operator_who_signs_in_and_changes_the_password(
    doors: Doors, app: Flask
) -> None:
    http = doors.enter(CITY)
    assert "联系人（评委会操作员）" in http.get("/a10/new").text
    page = http.post("/a10/new", data=new_committee(), follow_redirects=True).text
    found = re.search(r'handed-over mono">([^<]+)<', page)
    assert found
    with read_session(SYSTEM) as session:
        committee = session.scalars(sa.select(Committee)).one()
        key, post = committee.body_id, session.scalars(sa.select(Post).where(Post.role == Role.COMMITTEE)).one()
        assert post.body_id == key
        assert str(committee) == committee.printed_name == "长沙市工程系列高评会"
    assert count(CoveredSpeciality, key) == 1
    person = Browser(app, app.response_class)
    login = {"login": id_number(serial=661), "password": found[1]}
    assert person.post("/login/", data=login).location == "/post/"
    assert person.get("/post/").location == "/account/"
    assert person.get("/u142/").location == "/post/"
    assert person.post("/post/", data={"post_id": str(post.id)}).location == "/account/"
    change = {"old": found[1], "new": "Wo-De-Mima-77", "repeat": "Wo-De-Mima-77"}
    assert person.post("/account/", data=change).location == "/login/"
    assert person.post("/login/", data=login | {"password": "Wo-De-Mima-77"}).location == "/"
    assert "年度批次信息提交" in person.get("/u142/").text
    page = http.get(f"/a10/{key}").text
    assert "李操作（430" in page and id_number(serial=661) not in page and found[1] not in page


def test_everything_wrong_stands_beside_its_field(doors: Doors) -> None:
    http = doors.enter(CITY)
    wrong = new_committee(
        code="x", member_count="24", contact_id_number="1", contact_phone="1", valid_until="2030-01-01"
    )
    answer = http.post("/a10/new", data=wrong)
    assert answer.status_code == 422
    for words in ("评委会编码为 4 至 30 位", "单数", "身份证号应为 18 位", "手机号应为 11 位", "最晚到 2029-02-28"):
        assert words in answer.text
    assert 'value="长沙市工程系列高评会"' in answer.text
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(Committee.body_id))) == 0
        assert session.scalar(sa.select(Account.id).where(Account.username.startswith("cpwh"))) is None
    assert http.post("/a10/new", data=new_committee(region_code="430200")).status_code == 422  # not one of the choices


def test_by_speciality_needs_fewer_members(doors: Doors) -> None:
    data = new_committee(speciality_id=str(find("给排水")), member_count="11")
    assert doors.enter(CITY).post("/a10/new", data=data).location.endswith("/handed-over")


def test_list_narrows_by_every_condition_and_exports_what_it_shows(doors: Doors) -> None:
    make_committee("长沙工程高评会", code="AA01")
    make_committee("长沙教师高评会", code="AA02", series_name="高等学校教师")
    with clock.at(MONDAY - timedelta(days=90)):
        make_committee("已到期高评会", code="AA03", recorded_on=date(2023, 1, 1), valid_until=date(2025, 12, 31))
    make_committee("株洲高评会", code="BB01", region_code="430200")
    city, province = doors.enter(CITY), doors.enter(PROVINCE)

    def names(http: Browser, path: str) -> list[str]:
        return re.findall(r'data-label="名称"><a[^>]*>([^<]+)</a>', http.get(path).text)

    everything = ["长沙工程高评会", "长沙教师高评会", "已到期高评会", "株洲高评会"]
    assert names(province, "/a10/") == everything
    assert names(city, "/a10/") == everything[:3]
    assert names(city, "/a11/") == everything  # anybody's to look up
    assert names(city, "/a10/?name=AA02") == names(city, "/a10/?name=csjs") == ["长沙教师高评会"]
    assert names(city, "/a10/?standing=expired") == ["已到期高评会"]
    assert names(province, "/a10/?region=430200") == ["株洲高评会"]
    assert names(city, "/a10/?grade=junior") == []
    with city.get("/a10/export?standing=valid") as answer:
        rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.values)
    assert [row[1] for row in rows[1:]] == everything[:2]


def test_another_citys_officer_opens_nothing_to_change(doors: Doors) -> None:
    key = make_committee("长沙工程高评会")
    far = doors.enter(FAR)
    for path in ("", "/edit", "/other/fees", "/deregister"):
        assert far.get(f"/a10/{key}{path}").status_code == 404
    assert far.get(f"/a11/{key}").status_code == 200
    assert far.get(f"/a11/{key}/other/fees").status_code == 200
    assert far.post(f"/a11/{key}/other/fees").status_code == 405


def test_other_information_is_kept_in_place(doors: Doors) -> None:
    key = make_committee("高评会", covers=("给排水",), member_count=11)
    http = doors.enter(CITY)
    at = f"/a10/{key}/other"
    assert "录入关键字回车查询" in http.get(f"{at}/specialities?add=1").text
    assert http.post(f"{at}/specialities", data={"speciality_id": str(find("测绘"))}).status_code == 302
    for wrong, words in (
        (find("测绘"), "已在评审专业中"),
        (find("", "高等学校教师"), "不在工程技术人员系列之下"),
        (find(""), "按系列组建的高评会不少于 25 人"),
        (0, "从列表中选择"),
    ):
        answer = http.post(f"{at}/specialities", data={"speciality_id": str(wrong)})
        assert (answer.status_code, words in answer.text) == (422, True)
    body = make_body("另一组建单位")
    assert http.post(f"{at}/founders", data={"body_id": str(body)}).status_code == 302
    assert "已是组建单位" in http.post(f"{at}/founders", data={"body_id": str(body)}).text
    assert "从列表中选择" in http.post(f"{at}/founders", data={"body_id": str(key)}).text
    fee = {"item": "review", "level": "full_senior", "amount": "450.00"}
    assert http.post(f"{at}/fees", data=fee).status_code == 302
    with read_session(SYSTEM) as session:
        row = session.scalars(sa.select(FeeStandard.id)).one()
    changed = {"amount": "500"} | opened(http, f"{at}/fees")
    assert http.post(f"{at}/fees/{row}", data=changed).status_code == 302
    assert "不超过" not in http.get(f"{at}/fees").text
    for wrong_fee in ({"amount": "-1"}, {"amount": "x"}, {"level": "clerk"}, {"amount": "1.001"}, {"item": ""}):
        assert http.post(f"{at}/fees", data=fee | wrong_fee).status_code == 422
    with read_session(SYSTEM) as session:
        assert str(session.scalars(sa.select(FeeStandard.amount)).one()) == "500.00"
    told = http.get(f"{at}/history").text
    for words in (
        "评审专业：测绘",
        "组建单位：另一组建单位",
        "缴费标准：正高级评审费 450.00 元 → 正高级评审费 500.00 元",
    ):
        assert words in told
    assert http.get(f"{at}/elsewhere").status_code == 404


def test_specialities_are_offered_of_the_committees_own_series(doors: Doors) -> None:
    http, key = doors.enter(CITY), make_committee("高评会", covers=("建设类",), member_count=25)
    with read_session(SYSTEM) as session:
        own = series(session, "工程技术人员")
    page = http.get(f"/a10/{key}/other/specialities?add=1").text
    assert f'data-url="/search/specialities?series={own}"' in page
    assert 'data-follows="series=series_id"' in http.get("/a10/new").text
    refused = http.post(f"/a10/{key}/other/specialities", data={"speciality_id": str(find("给排水"))})
    assert refused.status_code == 422 and "“给排水”已包含在评审专业“建设类”之中" in refused.text
    assert http.post(f"/a10/{key}/other/specialities", data={"speciality_id": str(find(""))}).status_code == 302


def test_rows_are_removed_but_not_the_last(doors: Doors) -> None:
    key = make_committee("高评会", covers=("给排水", "测绘"), member_count=11)
    http = doors.enter(CITY)
    http.post(f"/a10/{key}/other/fees", data={"item": "review", "level": "full_senior", "amount": "450"})
    with read_session(SYSTEM) as session:
        rows = session.scalars(sa.select(CoveredSpeciality.id).order_by(CoveredSpeciality.id)).all()
        fee, founder = (
            session.scalars(sa.select(FeeStandard.id)).one(),
            session.scalars(sa.select(FoundingBody.id)).one(),
        )
    for path in (f"specialities/{rows[0]}", f"specialities/{rows[1]}", f"founders/{founder}", f"fees/{fee}"):
        http.post(f"/a10/other/{path}/remove")
    assert (count(CoveredSpeciality, key), count(FoundingBody, key), count(FeeStandard, key)) == (1, 1, 0)
    assert "至少要有一个评审专业" in http.post(f"/a10/other/specialities/{rows[1]}/remove", follow_redirects=True).text
    assert doors.enter(FAR).post(f"/a10/other/founders/{founder}/remove").status_code == 404
    assert http.post("/a10/other/history/1/remove").status_code == 404


def test_the_forms_of_a_deregistered_committee_lead_to_its_page(doors: Doors) -> None:
    key, http = make_committee("高评会"), doors.enter(CITY)
    path = f"/a10/{key}/deregister"
    assert http.post(path, data={"reason": "撤销"} | opened(http, path)).status_code == 302
    for form, words in (("edit", "不能编辑"), ("deregister", "不能再次注销")):
        answer = http.get(f"/a10/{key}/{form}", follow_redirects=True)
        assert answer.request.path == f"/a10/{key}" and f"“高评会”已经注销，{words}。" in answer.text


def test_changing_the_contact_changes_the_operator(doors: Doors) -> None:
    http = doors.enter(CITY)
    http.post("/a10/new", data=new_committee())
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(Committee.body_id)).one()
    data = {name: value for name, value in new_committee().items() if name not in ("code", "grade", "region_code")}
    data |= {"name": "长沙市工程高评会", "contact_name": "张接任", "contact_id_number": ""}
    data |= opened(http, f"/a10/{key}/edit")
    assert "请填写其身份证号" in http.post(f"/a10/{key}/edit", data=data).text
    data |= {"contact_id_number": id_number(serial=662)}
    page = http.post(f"/a10/{key}/edit", data=data, follow_redirects=True).text
    assert "handed-over" in page and "张接任" in page
    page = http.get(f"/a10/{key}").text
    assert "张接任（430" in page and "李操作（" not in page
    assert "名称：长沙市工程系列高评会 → 长沙市工程高评会" in page and "联系人：李操作 → 张接任" in page


def test_deregistering_asks_a_reason_and_names_what_is_in_the_way(doors: Doors) -> None:
    http = doors.enter(CITY)
    http.post("/a10/new", data=new_committee())
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(Committee.body_id)).one()
    operator = doors.enter(actor_of(key, Role.COMMITTEE))
    assert operator.post("/u142/new", data=BATCH).status_code == 302
    for page in (http.get(f"/a10/{key}/deregister").text, http.post(f"/a10/{key}/deregister").text):
        assert "未结束的年度批次“2026年 年度评审”" in page and "注销原因" not in page
    with read_session(SYSTEM) as session:
        batch = session.scalars(sa.select(AnnualBatch.id)).one()
    assert operator.post(f"/u142/{batch}/close", data={"reason": "机构调整"}).status_code == 302
    sent = {"reason": "撤销"} | opened(http, f"/a10/{key}/deregister")
    assert http.post(f"/a10/{key}/deregister", data=sent | {"reason": ""}).status_code == 422
    assert http.post(f"/a10/{key}/deregister", data=sent).status_code == 302
    assert operator.get("/u142/").location.startswith("/login/")
    assert http.post(f"/a10/{key}/deregister", data=sent).status_code == 422
    page = http.get(f"/a10/{key}").text
    assert "已注销" in page and "原因：撤销" in page
    assert "编辑" not in http.get("/a10/").text
    with read_session(SYSTEM) as session:
        assert not session.get_one(Body, key).active


def test_the_years_batch_by_the_committees_operator(doors: Doors) -> None:
    key = make_committee("高评会")
    http, other = (doors.enter(actor_of(one, Role.COMMITTEE)) for one in (key, make_committee("别的高评会")))
    assert "还没有提交年度批次" in http.get("/u142/").text
    page = http.post("/u142/new", data=BATCH | {"levels": [], "closes_on": "2026-02-01"})
    assert page.status_code == 422 and "申报截止日期不能早于开始日期" not in page.text  # levels are asked first
    assert http.post("/u142/new", data=BATCH).status_code == 302
    assert "年度已有同名批次" in http.post("/u142/new", data=BATCH).text
    with read_session(SYSTEM) as session:
        batch = session.scalars(sa.select(AnnualBatch.id)).one()
    assert "申报中" in http.get("/u142/").text
    change = BATCH | {"levels": ["full_senior"], "name": "首批"} | opened(http, f"/u142/{batch}/edit")
    assert http.post(f"/u142/{batch}/edit", data=change).status_code == 302
    told = http.get(f"/u142/{batch}").text
    assert "批次名称：年度评审 → 首批" in told and "职称等级：副高级、正高级 → 正高级" in told
    for path in ("", "/edit", "/close"):
        assert other.get(f"/u142/{batch}{path}").status_code == 404
    assert http.post(f"/u142/{batch}/close", data={"reason": "名额已满"}).status_code == 302
    assert "已关闭" in http.get("/u142/").text and "编辑" not in http.get("/u142/").text
    for path in ("edit", "close"):
        assert "“2026年 首批”已经关闭，不能再修改。" in http.get(f"/u142/{batch}/{path}", follow_redirects=True).text
    assert "已经关闭" in http.post(f"/u142/{batch}/edit", data=BATCH, follow_redirects=True).text
