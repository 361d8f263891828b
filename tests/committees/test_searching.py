"""The answers of the search fields, and what happens to an id they never offered."""

from __future__ import annotations

from app.bodies import services as bodies
from app.bodies.enums import NodeType as N
from app.core.db import read_session
from app.core.enums import Role
from tests.http import Browser, Doors
from tests.people import id_number, make_actor
from tests.places import CITY, COUNTY, PROVINCE, SYSTEM, act, actor_of, make_body, make_committee, series


def texts(http: Browser, path: str) -> list[str]:
    return [item["text"] for item in http.get(f"/search/{path}").json["items"]]


def test_bodies_by_kind_and_region(doors: Doors) -> None:
    make_committee("长沙高评会")
    make_body("长沙一中")
    make_body("长沙驻株洲办", N.DEPARTMENT, region_code="430200")
    http = doors.enter(CITY)
    assert texts(http, "bodies?q=长沙") == ["长沙一中", "长沙高评会", "长沙驻株洲办"]
    assert texts(http, "bodies?q=长沙&own=1") == ["长沙一中", "长沙高评会"]
    make_body("长沙驻省厅办", N.DEPARTMENT, region_code="430000")
    assert texts(http, "bodies?q=长沙&own=1&above=1") == ["长沙一中", "长沙高评会", "长沙驻省厅办"]
    assert texts(doors.enter(COUNTY), "bodies?q=长沙&own=1&above=1") == ["长沙一中", "长沙高评会"]
    assert len(texts(doors.enter(PROVINCE), "bodies?q=长沙&own=1&above=1")) == 4
    assert texts(http, "bodies?q=长沙&kind=unit&kind=department") == ["长沙一中", "长沙驻株洲办", "长沙驻省厅办"]
    assert texts(http, "bodies?q=长沙&kind=nonsense") == texts(http, "bodies?q=长沙")
    assert texts(http, "bodies?q=csyz&kind=unit") == ["长沙一中"]
    assert texts(http, "bodies?q=长沙&kind=committee") == ["长沙高评会"]
    assert texts(http, "bodies") == []
    assert "编码和统一社会信用代码从开头录起" in http.get("/search/bodies?q=yz").json["nothing"]


def test_specialities_say_where_they_hang(doors: Doors) -> None:
    items = doors.enter(CITY).get("/search/specialities?q=gps").json["items"]
    assert [(item["text"], item["note"]) for item in items] == [("给排水", "050102 建设类")]
    with read_session(SYSTEM) as session:
        own, other = series(session, "工程技术人员"), series(session, "中小学教师")
    http = doors.enter(CITY)
    assert texts(http, f"specialities?q=gps&series={own}") == ["给排水"]
    assert texts(http, f"specialities?q=gps&series={other}") == []
    assert texts(http, f"specialities?q=gps&series={10**30}") == ["给排水"]  # no series at all


def test_people_within_scope_by_name_or_whole_number(doors: Doors) -> None:
    person = make_actor(Role.APPLICANT, name="欧阳测试")
    province = doors.enter(PROVINCE)
    items = province.get("/search/people?q=欧阳").json["items"]
    assert [item["id"] for item in items] == [person.person_id]
    assert items[0]["text"].startswith("欧阳测试（430") and "*" in items[0]["text"] and items[0]["note"] == ""
    make_actor(Role.UNIT, name="欧阳测试", body_id=make_body("设计院", region_code="430200"))
    assert {item["note"] for item in province.get("/search/people?q=欧阳").json["items"]} == {"", "设计院"}
    assert texts(province, "people?q=欧") == []
    assert texts(province, f"people?q={id_number(serial=999)}") == []
    assert texts(doors.enter(CITY), "people?q=欧阳") == []  # nobody of his region
    unit = make_body("某单位")
    assert doors.enter(actor_of(unit)).get("/search/people?q=欧阳").status_code == 403


def test_an_id_the_search_would_not_offer_is_refused_beside_the_field(doors: Doors) -> None:
    committee, gone = make_committee("高评会"), make_body("撤并的局")
    act(SYSTEM, bodies.deregister_body, body_id=gone, reason="撤并")
    http, other = doors.enter(CITY), f"/a10/{committee}/other/founders"
    for posted in (str(committee), str(gone), "0", "-1", "99999999999", "2147483648"):
        answer = http.post(other, data={"body_id": posted, "body_id__text": "我录入的"})
        assert answer.status_code == 422
        assert "从列表中选择" in answer.text and 'value="我录入的"' in answer.text


def test_a_keyword_typed_and_nothing_picked_is_not_taken_for_nothing(doors: Doors) -> None:
    data = {"speciality_id": "", "speciality_id__text": "给排水"}
    answer = doors.enter(CITY).post("/a10/new", data=data)
    assert 'id="speciality_id-errors"><li>请录入关键字，按回车查询后从列表中选择。' in answer.text
