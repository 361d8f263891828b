"""U1.5.1, U1.5.2 and A22 over HTTP."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from app.bodies.enums import NodeType
from app.core.db import read_session
from app.core.enums import Role
from app.core.scope import Actor
from app.quotas.models import PostQuota
from app.quotas.queries import granted
from tests.http import Browser, Doors
from tests.places import CITY, FAR, SYSTEM, actor_of, make_body, make_edge

DECLARED = {"year": "2026", "level": "associate_senior", "posts": "10", "occupied": "7", "asked": "3"}


def quota() -> PostQuota:
    with read_session(SYSTEM) as session:
        return session.scalars(sa.select(PostQuota)).one()


def send(http: Browser, path: str, **data: str) -> str:
    """The answer to the form at `path`, with the version that somebody who opens it now sees."""
    seen = re.search(r'name="version" value="(\d+)"', http.get(path).text)
    return http.post(path, data={"version": seen[1] if seen else ""} | data, follow_redirects=True).text


def test_declared_decided_and_then_a_limit(doors: Doors) -> None:
    unit = make_body("排水事务中心")
    desk = doors.enter(Actor(Role.UNIT, body_id=unit, region_code="430100"))
    page = desk.post("/u151/new", data=DECLARED | {"asked": "4"})
    assert page.status_code == 422 and "申报职数不能多于空缺职数 3。" in page.text and 'value="4"' in page.text
    assert "职数已申报" in desk.post("/u151/new", data=DECLARED, follow_redirects=True).text
    office = doors.enter(CITY)
    key = quota().id
    assert "排水事务中心" in office.get("/u152/").text
    path = f"/u152/{key}/decide"
    assert "审核不通过的，请填写原因。" in send(office, path, approve="0", opinion="")
    assert "核准职数应为 0 至 3 的整数。" in send(office, path, approve="1", granted="5")
    page = office.get(path).text
    assert page.index("已推荐上报人数</dt>") < page.index('name="granted"')  # what is decided on, then the decision
    done = send(office, path, approve="1", granted="2")
    assert "排水事务中心：已审核通过。" in done and "没有等待本机构审核的职数申报" in done
    with read_session(SYSTEM) as session:
        assert granted(session, unit, 2026, quota().level) == 2
    again = office.post(path, data={"version": "1", "approve": "1", "granted": "3"})
    assert again.status_code == 422 and "审核通过，核准 2。请核对后再办理。" in again.text
    page = office.get(f"/a22/{key}").text
    assert "申报" in page and "核准职数：2" in page
    assert "修改" not in desk.get("/u151/").text
    assert "不能再修改；确需调整的，请联系审核单位更正。" in desk.get(f"/u151/{key}/edit", follow_redirects=True).text


@pytest.mark.parametrize("emptied", ["", " "])
def test_an_emptied_number_grants_nothing(doors: Doors, emptied: str) -> None:
    doors.enter(Actor(Role.UNIT, body_id=make_body("设计院"), region_code="430100")).post("/u151/new", data=DECLARED)
    path = f"/u152/{quota().id}/decide"
    office = doors.enter(CITY)
    assert 'value="3"' in office.get(path).text  # what was asked for is offered
    page = send(office, path, approve="1", granted=emptied, opinion="同意")
    assert '<ul class="errors" id="granted-errors"><li>请填写核准职数。</li></ul>' in page and "同意" in page
    assert quota().status.value == "submitted"


def test_a_page_left_open_does_not_decide_what_was_declared_since(doors: Doors) -> None:
    desk = doors.enter(Actor(Role.UNIT, body_id=make_body("设计院"), region_code="430100"))
    desk.post("/u151/new", data=DECLARED)
    key, office = quota().id, doors.enter(CITY)
    assert "已重新申报" in send(desk, f"/u151/{key}/edit", posts="600", occupied="0", asked="500")
    old = office.post(f"/u152/{key}/decide", data={"version": "1", "approve": "1", "granted": "4"})
    assert old.status_code == 422 and quota().granted is None
    assert "重新申报：核定 600、已聘 0、申报 500。请核对后再办理。" in old.text
    assert 'name="version" value="2"' in old.text and 'value="4"' in old.text  # shown anew, nothing typed is lost


def test_refused_it_is_declared_anew_from_what_it_was(doors: Doors) -> None:
    desk = doors.enter(Actor(Role.UNIT, body_id=make_body("设计院"), region_code="430100"))
    desk.post("/u151/new", data=DECLARED)
    key = quota().id
    send(doors.enter(CITY), f"/u152/{key}/decide", approve="0", opinion="请核对已聘职数")
    page = desk.get(f"/u151/{key}/edit").text
    assert 'value="7"' in page and "审核不通过：请核对已聘职数" in page and 'name="level"' not in page
    send(desk, f"/u151/{key}/edit", posts="10", occupied="8", asked="2")
    assert (quota().id, quota().status.value, quota().asked) == (key, "submitted", 2)
    send(doors.enter(CITY), f"/u152/{key}/decide", approve="1", granted="1", opinion="核减")
    told = desk.get(f"/u151/{key}").text
    assert "已聘职数：7 → 8" in told and "申报职数：3 → 2" in told
    for words in ("审核不通过", "审核意见：请核对已聘职数", "重新申报", "审核通过", "核准职数：1", "审核意见：核减"):
        assert words in told


def test_the_superior_reviews_corrects_and_finds_all_it_ever_decided(doors: Doors) -> None:
    unit, bureau = make_body("排水事务中心"), make_body("住房和城乡建设局", NodeType.DEPARTMENT)
    make_edge(unit, bureau)
    desk = doors.enter(actor_of(unit))
    for level in ("associate_senior", "full_senior", "assistant"):
        desk.post("/u151/new", data=DECLARED | {"level": level})
    with read_session(SYSTEM) as session:
        keys = session.scalars(sa.select(PostQuota.id).order_by(PostQuota.id)).all()
    http = doors.enter(actor_of(bureau, Role.DEPARTMENT))
    assert "职数审核" in http.get("/").text and "职数待审核" in http.get("/").text
    assert "已审核通过。" in send(http, f"/u152/{keys[0]}/decide", approve="1", granted="3")
    assert "更正核准职数" not in http.get("/u152/").text  # only what waits
    everything = http.get("/u152/?status=").text
    assert "更正核准职数" in everything and "审核通过" in everything
    path = f"/u152/{keys[0]}/correct"
    assert "请填写此项。" in send(http, path, granted="1", opinion="")
    assert "核准职数没有变化。" in send(http, path, granted="3", opinion="再核")
    page = send(http, path, granted="1", opinion="岗位核减")
    assert "核准职数已更正。" in page and "核准职数：3 → 1" in page and "审核意见：岗位核减" in page
    office = doors.enter(CITY)
    assert "排水事务中心" not in office.get("/u152/?status=&level=associate_senior").text
    assert "排水事务中心" in office.get("/a22/").text  # to look up, all the same
    assert "由谁审核" in office.get(f"/a22/{keys[0]}").text
    assert office.get(path).status_code == 404


def test_all_conditions_means_all(doors: Doors) -> None:
    desk = doors.enter(Actor(Role.UNIT, body_id=make_body("设计院"), region_code="430100"))
    for level in ("associate_senior", "full_senior", "assistant"):
        desk.post("/u151/new", data=DECLARED | {"level": level})
    with read_session(SYSTEM) as session:
        keys = session.scalars(sa.select(PostQuota.id).order_by(PostQuota.id)).all()
    office = doors.enter(CITY)
    send(office, f"/u152/{keys[0]}/decide", approve="1", granted="3")
    send(office, f"/u152/{keys[1]}/decide", approve="0", opinion="请核对")
    found = {query: office.get(f"/u152/{query}").text.count('data-label="单位名称"') for query in QUERIES}
    assert found == QUERIES
    assert '<option selected value="submitted">' in office.get("/u152/").text
    page = office.get("/u152/?status=all&year=2026").text  # as a browser asks, which leaves out what is empty
    assert page.count('data-label="单位名称"') == 3 and '<option selected value="all">全部' in page
    assert "/u152/export?year=2026&amp;status=all" in page or "/u152/export?status=all&amp;year=2026" in page


QUERIES = {"": 1, "?status=": 3, "?status=approved": 1, "?level=full_senior&status=": 1, "?status=refused&year=2025": 0}


def test_other_regions_and_units_see_nothing(doors: Doors) -> None:
    unit, other = make_body("设计院"), make_body("别的单位")
    doors.enter(Actor(Role.UNIT, body_id=unit, region_code="430100")).post("/u151/new", data=DECLARED)
    key = quota().id
    assert doors.enter(FAR).get(f"/u152/{key}/decide").status_code == 404
    stranger = doors.enter(Actor(Role.UNIT, body_id=other, region_code="430100"))
    assert [stranger.get(f"/u151/{key}{path}").status_code for path in ("", "/edit")] == [404, 404]
