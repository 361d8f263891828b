"""A4 to A8, U1.6.1, U1.6.2 and A28 over HTTP, as the people who open them."""

from __future__ import annotations

import io
import re
from urllib.parse import urlencode

import pytest
import python_calamine
import sqlalchemy as sa

from app.approval_paths import services
from app.approval_paths.models import PathEdge
from app.bodies.enums import NodeType
from app.core import jobs
from app.core.db import read_session
from app.core.enums import Role
from app.core.scope import Actor
from tests.http import Doors, opened
from tests.places import (
    CITY,
    COUNTY,
    DRAINAGE,
    EDUCATION,
    FAR,
    HOUSING,
    OFFICE,
    PROVINCE,
    SYSTEM,
    UPGRADE,
    act,
    guide_example,
    make_body,
    make_committee,
    make_edge,
    series,
    speciality,
)


def edges() -> list[PathEdge]:
    with read_session(SYSTEM) as session:
        return list(session.scalars(sa.select(PathEdge).order_by(PathEdge.id)))


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_an_edge_from_adding_to_ending(doors: Doors) -> None:
    unit, bureau, office = (
        make_body("排水事务中心"),
        make_body("住建局", NodeType.DEPARTMENT),
        make_body("管理处", NodeType.TITLE_OFFICE),
    )
    browser = doors.enter(CITY)
    form = {"subordinate_id": str(unit), "superior_id": str(bureau), "level": "assistant", "series_id": ""}
    assert "已新增。" in browser.post("/a4/add", data=form, follow_redirects=True).text
    twice = browser.post("/a4/add", data=form)
    assert twice.status_code == 422 and "无需重复配置" in twice.text
    page = browser.get(f"/a4/?subordinate_id={unit}&confirmed=no").text
    assert "住建局" in page and "待确认" in page
    assert "住建局" not in words(browser.get("/a5/").text)  # another procedure, another screen
    [edge] = edges()
    changed = {"superior_id": str(office), "level": "assistant", "series_id": "", "speciality_id": ""}
    changed |= opened(browser, f"/a4/edit/{edge.id}")
    page = browser.post(f"/a4/edit/{edge.id}", data=changed, follow_redirects=True).text
    assert "已保存修改。" in page and "管理处" in page
    old, new = edges()
    assert (old.active, new.active, new.superior_id) == (False, True, office)
    ending = {"reason": "机构改革"} | opened(browser, f"/a4/retire/{new.id}")
    page = browser.post(f"/a4/retire/{new.id}", data=ending, follow_redirects=True).text
    assert "已注销。" in page and "机构改革" in page


def test_a_loop_is_refused_by_its_names(doors: Doors) -> None:
    one, two = make_body("甲局", NodeType.DEPARTMENT), make_body("乙局", NodeType.DEPARTMENT)
    browser = doors.enter(CITY)
    browser.post("/a8/add", data={"subordinate_id": str(one), "superior_id": str(two), "level": "full_senior"})
    page = browser.post("/a8/add", data={"subordinate_id": str(two), "superior_id": str(one), "level": "full_senior"})
    assert page.status_code == 422
    assert "会形成循环：乙局 → 甲局 → 乙局。" in page.text


def test_only_a_superior_that_saving_would_take_is_offered(doors: Doors) -> None:
    unit = make_body("芙蓉一中", region_code="430102")
    below = [
        make_body(f"{place}教育局", NodeType.DEPARTMENT, region_code=code)
        for place, code in (("省", "430000"), ("长沙市", "430100"), ("芙蓉区", "430102"), ("株洲市", "430200"))
    ]
    taken = {}
    for actor in (PROVINCE, CITY, COUNTY):
        browser = doors.enter(actor)
        assert "own=1&amp;above=1" in browser.get("/a4/add").text
        answers = [
            browser.post("/a4/add", data={"subordinate_id": unit, "superior_id": key, "level": level})
            for key in below
            for level in ["assistant"]
        ]
        taken[actor.name] = ["请录入关键字，按回车查询后从列表中选择。" not in answer.text for answer in answers]
    assert taken == {
        "省厅经办人": [True] * 4,
        "长沙经办人": [True, True, True, False],
        "芙蓉经办人": [False, True, True, False],
    }


def test_a_committee_is_asked_for_its_own_series_and_levels_and_not_told_its_name(doors: Doors) -> None:
    committee = make_committee("工程高评会")
    make_edge(unit := make_body("排水事务中心"), committee)
    browser = doors.enter(Actor(Role.COMMITTEE, body_id=committee, region_code="430100"))
    page = browser.get("/u161/").text
    assert re.findall(r'<th scope="col"[^>]*>([^<]+)', page)[:3] == ["下级单位", "下级节点类型", "职称等级"]
    asked = page[page.index('class="conditions"') : page.index("list-bar")]
    assert re.findall(r"<label[^>]*>([^<]+)", asked)[:2] == ["下级单位", "职称等级"] and "副高级" in asked
    assert "上级机构" not in asked and "下级机构" not in page and "中级" not in asked
    assert "<dt>上级机构" not in browser.get(f"/u161/show/{edges()[0].id}").text
    with read_session(SYSTEM) as session:
        own, other = series(session, "工程技术人员"), speciality(session, "高等学校教师", "哲学")
    page = browser.get("/u161/add").text
    assert f'data-url="/search/specialities?series={own}"' in page and "下级机构" not in page
    form = {"subordinate_id": str(unit), "level": "full_senior", "speciality_id": str(other)}
    refused = browser.post("/u161/add", data=form)
    assert refused.status_code == 422 and "请录入关键字，按回车查询后从列表中选择。" in refused.text


def test_another_region_neither_sees_nor_keeps_it(doors: Doors) -> None:
    key = make_edge(make_body("排水事务中心"), make_body("住建局", NodeType.DEPARTMENT))
    browser = doors.enter(FAR)
    assert "排水事务中心" not in browser.get("/a8/").text
    for path in (f"/a8/show/{key}", f"/a8/edit/{key}", f"/a8/retire/{key}"):
        assert browser.get(path).status_code == 404


def test_a_committee_names_and_the_unit_confirms(doors: Doors) -> None:
    unit, other = make_body("排水事务中心"), make_body("别的单位")
    committee = make_committee("工程高评会")
    desk = doors.enter(Actor(Role.COMMITTEE, body_id=committee, region_code="430100"))
    page = desk.get("/u161/add").text
    assert "副高级" in page and "助理级" not in page  # what a senior committee does not review is not offered
    form = {"subordinate_id": str(unit), "level": "associate_senior", "speciality_id": ""}
    assert "已新增。" in desk.post("/u161/add", data=form, follow_redirects=True).text
    [edge] = edges()
    assert edge.confirmed_at is None
    stranger = doors.enter(Actor(Role.UNIT, body_id=other, region_code="430100"))
    refused = stranger.post("/u162/bulk/confirm", data={"ids": str(edge.id)}, follow_redirects=True).text
    assert "只有下级单位自己可以确认" in refused
    below = doors.enter(Actor(Role.UNIT, body_id=unit, region_code="430100"))
    assert "工程高评会" in below.get("/u162/?confirmed=no").text
    assert (
        "确认成功，共 1 条。"
        in below.post("/u162/bulk/confirm", data={"ids": str(edge.id)}, follow_redirects=True).text
    )
    moment = edges()[0].confirmed_at
    assert moment is not None and 'name="ids"' not in below.get("/u162/").text  # nothing left to tick
    again = below.post("/u162/bulk/confirm", data={"ids": str(edge.id)}, follow_redirects=True).text
    assert "所选的都已确认过，没有变化。" in again and edges()[0].confirmed_at == moment
    ending = {"reason": "调整"} | opened(desk, f"/u161/retire/{edge.id}")
    page = desk.post(f"/u161/retire/{edge.id}", data=ending, follow_redirects=True).text
    assert "已注销。" in page


def test_the_example_of_the_guide(doors: Doors) -> None:
    """1.28: one branch is whole, the other breaks at 长沙市教育局, and the screen says who must mend it."""
    keys = guide_example()
    browser = doors.enter(PROVINCE)
    page = words(browser.get(f"/a28/?body_id={keys[DRAINAGE]}&direction=up").text)
    assert "共 2 条" in page and EDUCATION in page and OFFICE not in page
    page = words(browser.get(f"/a28/?body_id={keys[UPGRADE]}&direction=down").text)
    assert "共 1 条" in page and OFFICE in page
    with read_session(SYSTEM) as session:
        asked = {
            "employer_id": keys[DRAINAGE],
            "level": "associate_senior",
            "series_id": series(session, "高等学校教师"),
            "method": "review",
            "speciality_id": speciality(session, "高等学校教师", "哲学"),
        }
    whole = browser.get("/a28/path?" + urlencode(asked)).text
    page = words(whole)
    assert f"审核路径断在“{EDUCATION}”：它没有上级机构，也不是终审机构，请它联系上级把它指定为下级机构。" in page
    assert f"{DRAINAGE} → 长沙市住房和城乡建设局 → {OFFICE} → {UPGRADE}" in page
    assert whole.count('<g class="body body--') == 5
    assert whole.count("body--broken") == 1 and whole.count("body--final") == 1
    assert "路径断在这里 它没有上级机构，也不是终审机构，请 它联系上级把它指定为下级机构" in page  # in the picture, too
    assert f"/a28/?body_id={keys[UPGRADE]}&amp;body_id__text=" in whole
    workbook = browser.get("/a28/path/export?" + urlencode(asked))
    lines = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook.data)).get_sheet_by_index(0).to_python()
    assert [line[1:6] for line in lines[1:]] == [
        [DRAINAGE, HOUSING, "主管单位", "否", ""],
        [DRAINAGE, EDUCATION, "主管单位", "否", ""],
        [HOUSING, OFFICE, "经办机构", "否", ""],
        [OFFICE, UPGRADE, "评委会", "是", "是"],
    ]
    assert lines[2][6].startswith("路径断在这里：它没有上级机构") and lines[4][6] == ""
    assert browser.get("/a28/path/export?level=clerk").location == "/a28/path?level=clerk"


def simulated(employer: int, series_name: str, speciality_name: str, **changes: str) -> str:
    """The address of A28's question, 副高级 by 评审 unless changed."""
    with read_session(SYSTEM) as session:
        asked = {
            "employer_id": employer,
            "level": "associate_senior",
            "series_id": series(session, series_name),
            "method": "review",
            "speciality_id": speciality(session, series_name, speciality_name),
        }
    return urlencode(asked | changes)


def test_an_edge_that_leaves_out_a_level_goes_round_and_says_that_it_is_not_taken(doors: Doors) -> None:
    keys = guide_example()
    make_edge(keys[DRAINAGE], keys[OFFICE])
    asked = simulated(keys[DRAINAGE], "高等学校教师", "哲学")
    browser = doors.enter(PROVINCE)
    page = browser.get("/a28/path?" + asked).text
    said = "仍逐级上报，不走这一步"
    [row] = [words(row) for row in page.partition("</tbody>")[0].split("<tr") if said in row]
    assert DRAINAGE in row and OFFICE in row
    [(line, word)] = re.findall(r'way--untaken" d="([^"]+)".*?<text class="way__word"[^>]*>([^<]+)<', page)
    lane = int(re.findall(r"\d+", line)[5])
    boxes = [int(y) for y in re.findall(r'<rect x="\d+" y="(\d+)"', page)]
    assert word == said and 0 < lane < min(boxes)  # above all of them: no box lies on its way
    workbook = browser.get("/a28/path/export?" + asked)
    lines = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook.data)).get_sheet_by_index(0).to_python()
    assert [line[6] for line in lines if line[1:3] == [DRAINAGE, OFFICE]] == [said]


def test_the_picture_names_the_mender_that_the_page_names(doors: Doors) -> None:
    """Where nobody in the province takes it, no superior can help."""
    keys = guide_example()
    asked = simulated(keys[DRAINAGE], "工程技术人员", "给排水", method="recognition", level="clerk")
    page = words(doors.enter(PROVINCE).get("/a28/path?" + asked).text)
    assert "全省没有机构受理员级的认定，请联系省级人社部门。" in page
    assert "路径断在这里 全省没有机构受理员级的认定，请联系 省级人社部门" in page
    assert "请它联系上级" not in page


def test_a_simulation_refuses_what_nobody_can_apply_for(doors: Doors) -> None:
    keys = guide_example()
    browser = doors.enter(PROVINCE)
    with read_session(SYSTEM) as session:
        asked = {
            "employer_id": keys[DRAINAGE],
            "level": "associate_senior",
            "series_id": series(session, "高等学校教师"),
            "method": "review",
            "speciality_id": speciality(session, "工程技术人员", "给排水"),
        }
        pipes = {"series_id": series(session, "工程技术人员")}
    page = words(browser.get("/a28/path?" + urlencode(asked | {"method": "initial_determination"})).text)
    assert (
        "初定不办副高级。" in page and "请录入关键字，按回车查询后从列表中选择。" in page and "审核路径图" not in page
    )
    page = words(browser.get("/a28/path?" + urlencode(asked | pipes)).text)
    assert "全省没有备案有效的评委会评审该专业的副高级，请联系省级人社部门。" in page
    page = words(browser.get("/a28/?direction=up").text)
    assert "请录入机构名称，按回车后从列表中选择。" in page


def test_a_committee_of_another_series_is_no_break(doors: Doors) -> None:
    """An edge for all series leads to it; what breaks is the way of the body below, which needs another committee."""
    unit, bureau = make_body("排水中心"), make_body("住建局", NodeType.DEPARTMENT)
    for low, high in ((unit, bureau), (bureau, make_committee("工程高评会"))):
        make_edge(low, high)
    make_committee("教师高评会", series_name="高等学校教师")
    with read_session(SYSTEM) as session:
        asked = {
            "employer_id": unit,
            "level": "associate_senior",
            "series_id": series(session, "高等学校教师"),
            "method": "review",
            "speciality_id": speciality(session, "高等学校教师", "哲学"),
        }
    page = doors.enter(PROVINCE).get("/a28/path?" + urlencode(asked)).text
    assert "审核路径断在“住建局”：它没有上级机构" in words(page) and "工程高评会" not in page


def test_a_simulation_is_asked_for_completely(doors: Doors) -> None:
    browser = doors.enter(PROVINCE)
    assert "请选择" in words(browser.get("/a28/path").text)
    assert "has-error" not in browser.get("/a28/path").text
    page = browser.get("/a28/path?level=associate_senior").text
    assert page.count("请选择。") >= 2


def test_the_checkup_names_the_break_and_its_people_are_told(doors: Doors) -> None:
    keys = guide_example()
    stray = make_body("没有上级的单位")
    browser = doors.enter(PROVINCE)
    page = words(browser.get("/checkup/").text)
    assert "共 3 处，2 个单位不能申报" in page  # the other only for 正高级, of which nothing is configured
    assert "没有上级的单位" in page and "没有可以登录的操作员" in page
    assert "全省没有终审机构的系列和专业" in page
    at = f"senior_review/associate_senior/{stray}"
    assert "没有上级的单位" in browser.get(f"/checkup/units/{at}").text
    assert browser.get(f"/checkup/units/senior_review/associate_senior/{keys[DRAINAGE]}").status_code == 404
    nobody = browser.post(f"/checkup/tell/{at}", follow_redirects=True).text
    assert "“没有上级的单位”没有可以登录的操作员，不能通知，请另行联系或自行处理。" in nobody
    unit = doors.enter(Actor(Role.UNIT, body_id=stray, region_code="430100"))
    page = browser.get("/checkup/?procedure=senior_review&level=associate_senior").text
    assert "共 1 处，1 个单位不能申报" in words(page) and "未通知" in page
    told = re.search(r'action="(/checkup/tell/[^"]+)"', page)
    assert told is not None
    answer = browser.post(told[1].replace("&amp;", "&"))
    assert answer.location == "/checkup/?procedure=senior_review&level=associate_senior"
    page = browser.get(answer.location).text
    assert "已通知“没有上级的单位”。" in page and "已通知，待处理" in page and "/checkup/tell/" not in page
    assert "已经通知过“没有上级的单位”，等待处理。" in browser.post(f"/checkup/tell/{at}", follow_redirects=True).text
    assert "待处理" in browser.get("/mending/").text and 'name="ids"' not in browser.get("/mending/").text

    assert "路径修正通知" in unit.get("/").text
    page = unit.get("/mending/").text
    assert "高评会副高级的审核路径断在本单位，1 个单位不能申报：高等学校教师。请联系上级机构把本单位指定为下级" in page
    key = re.search(r'name="ids" value="(\d+)"', page)
    assert key is not None
    settle = {"data": {"ids": key[1]}, "follow_redirects": True}
    assert "的审核路径仍断在“没有上级的单位”，1 个单位不能申报" in unit.post("/mending/bulk/settle", **settle).text
    make_edge(stray, keys[OFFICE])
    assert "已标记 1 条为已处理。" in unit.post("/mending/bulk/settle", **settle).text
    assert "审核路径断开" not in words(unit.get("/").text)
    with read_session(SYSTEM) as session:
        edge = session.scalars(sa.select(PathEdge.id).where(PathEdge.subordinate_id == stray)).one()
    act(SYSTEM, services.cancel_edge, edge_id=edge, reason="又撤销")
    page = browser.get("/checkup/?procedure=senior_review&level=associate_senior").text
    assert "修正后又断开" in page and "/checkup/tell/" in page
    assert "没有断开的审核路径" in words(doors.enter(FAR).get("/checkup/").text)


def test_the_checkup_in_a_workbook_and_in_windows(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    guide_example()
    for number in range(25):
        make_body(f"没有上级的单位{number:02d}")
    browser = doors.enter(PROVINCE)
    workbook = browser.get("/checkup/export?level=associate_senior")
    lines = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook.data)).get_sheet_by_index(0).to_python()
    assert lines[0] == ["审核路径", "职称等级", "单位", "不能申报的系列", "断在哪里"]
    assert ["高评会", "副高级", "没有上级的单位07", "高等学校教师", "没有上级的单位07"] in lines and len(lines) == 26
    pages = [browser.get(f"/checkup/?level=associate_senior&after={place}").text for place in ("", "20", "9999", "x")]
    assert [page.count("查看单位") for page in pages] == [20, 5, 20, 20]
    assert 'rel="next"' in pages[0] and 'rel="prev"' in pages[1] and 'rel="next"' not in pages[1]
    monkeypatch.setitem(doors.app.config, "EXPORT_ROWS", 10)
    assert "查询结果超过 10 条，将在后台生成工作簿" in browser.get("/checkup/export?level=associate_senior").text
    started = browser.post("/checkup/export?level=associate_senior")
    job = int(started.location.partition("?")[0].rpartition("/")[2])
    jobs.run(job)
    made = browser.get(f"/job/{job}/download")
    assert (
        python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(made.data)).get_sheet_by_index(0).to_python() == lines
    )


def test_whoever_ends_an_edge_is_told_who_leans_on_it(doors: Doors) -> None:
    keys = guide_example()
    [edge] = [one for one in edges() if one.superior_id == keys[OFFICE]]
    browser = doors.enter(CITY)
    page = browser.get(f"/a8/retire/{edge.id}").text
    assert "没有它，1 个单位的这些申报将没有可用的审核路径：高评会副高级高等学校教师（1 个）。" in page
    assert f'href="/whatif/edge/{edge.id}?from=/a8/"' in page
    listed = words(browser.get(f"/whatif/edge/{edge.id}").text)
    assert DRAINAGE in listed and "高等学校教师" in listed
    assert "没有它" in browser.get(f"/a10/{keys[UPGRADE]}/deregister").text
    [dead] = [one for one in edges() if one.superior_id == keys[EDUCATION]]
    page = browser.get(f"/a8/retire/{dead.id}").text
    assert "没有它" not in page and "已检查：注销后，没有单位因此失去审核路径。" in page
    crumbs = re.search(r'<nav class="crumbs".*?</nav>', browser.get(f"/whatif/edge/{edge.id}").text, re.S)
    assert crumbs and 'href="/a8/">高评会审核路径配置<' in crumbs[0]  # an address sent to a colleague
    own = doors.enter(Actor(Role.COMMITTEE, body_id=keys[UPGRADE], region_code="430100"))
    [below] = [one for one in edges() if one.superior_id == keys[UPGRADE]]
    assert own.get(f"/whatif/edge/{below.id}").status_code == 200
    assert own.get(f"/whatif/edge/{edge.id}").status_code == 404
    for stranger in (doors.enter(FAR), doors.enter(COUNTY)):
        for kind, key in (("edge", edge.id), ("body", keys[HOUSING]), ("committee", keys[UPGRADE])):
            assert stranger.get(f"/whatif/{kind}/{key}").status_code == 404
    assert browser.get("/whatif/unit/1").status_code == 404
    assert browser.get("/whatif/edge/999999").status_code == 404
