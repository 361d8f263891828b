"""机构管理, A3 and A9 over HTTP: generated screens over the services."""

from __future__ import annotations

import io
import re
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa

from app.bodies import services
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, IssuingAuthority
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core.db import read_session
from tests.http import Doors, opened
from tests.places import (
    CITY,
    DRAINAGE,
    FAR,
    HOUSING,
    PROVINCE,
    SYSADMIN,
    SYSTEM,
    act,
    guide_example,
    make_body,
    make_committee,
)


def heading(page: str) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page)
    assert found
    return found[1]


def names(page: str) -> list[str]:
    """What the first column with a name says, row by row."""
    return re.findall(r'data-label="(?:机构名称|单位名称)">(?:<a [^>]*>)?([^<]+)<', page)


def offered(page: str, name: str) -> list[str]:
    """The words of a select."""
    found = re.search(rf'<select[^>]* name="{name}".*?</select>', page, re.S)
    assert found
    return re.findall(r"<option[^>]*>([^<]+)</option>", found[0])


def test_an_acceptance_from_adding_to_ending(doors: Doors) -> None:
    office = make_body("专业技术人员管理处", NodeType.TITLE_OFFICE)
    browser = doors.enter(CITY)
    form = {"body_id": str(office), "method": "initial_determination", "level": "assistant", "printed_name": ""}
    page = browser.post("/a3/add", data=form)
    assert page.status_code == 422 and "请填写此项。" in page.text and "专业技术人员管理处" in page.text
    form |= {"printed_name": "长沙市人社局", "node_type": "title_office"}
    page = browser.post("/a3/add", data=form, follow_redirects=True)
    assert "已新增。" in page.text and page.request.path.startswith("/a3/show/")
    assert heading(page.text) == "专业技术人员管理处 助理级初定"
    twice = browser.post("/a3/add", data=form)
    assert twice.status_code == 422 and "已经受理助理级的初定" in twice.text
    with read_session(SYSTEM) as session:
        key = session.scalars(sa.select(Acceptance.id)).one()
    assert names(browser.get("/a3/?level=assistant&active=1").text) == ["专业技术人员管理处"]
    assert "没有符合" in browser.get("/a3/?method=recognition").text
    page = browser.get(f"/a3/edit/{key}").text
    assert heading(page) == "编辑：专业技术人员管理处 助理级初定"
    browser.post(
        f"/a3/edit/{key}", data={"printed_name": "长沙市人力资源和社会保障局"} | opened(browser, f"/a3/edit/{key}")
    )
    page = browser.get(f"/a3/show/{key}").text
    assert "打印在证书上的机构名称：长沙市人社局 → 长沙市人力资源和社会保障局" in page
    assert heading(browser.get(f"/a3/retire/{key}").text) == "注销：专业技术人员管理处 助理级初定"
    stale = opened(browser, f"/a3/edit/{key}")
    page = browser.post(
        f"/a3/retire/{key}", data={"reason": "职能划转"} | opened(browser, f"/a3/retire/{key}"), follow_redirects=True
    ).text
    assert "已注销。" in page and "职能划转" in page
    assert f"/a3/edit/{key}" not in browser.get("/a3/").text
    late = browser.post(f"/a3/edit/{key}", data={"printed_name": "晚了"} | stale)
    assert late.status_code == 422 and "已经注销，不能修改" in late.text


def test_what_applicants_should_know_is_written_after_saving(doors: Doors) -> None:
    key = acceptance(make_body("专业技术人员管理处", NodeType.TITLE_OFFICE))
    browser = doors.enter(CITY)
    link, opened_there = (f'href="/a3/guideline/{key}{via}">申报须知</a>' for via in ("", "?via=page"))
    assert f'<a class="btn btn--primary" {opened_there}' in browser.get(f"/a3/show/{key}").text
    assert link in browser.get("/a3/").text
    page = browser.get(f"/a3/guideline/{key}").text
    assert heading(page) == "申报须知：专业技术人员管理处 助理级初定" and 'maxlength="5000"' in page
    long = browser.post(f"/a3/guideline/{key}", data={"guideline": "知" * 5001})
    assert long.status_code == 422 and "不超过 5000 个字。" in long.text
    text = "一、学历\r\n二、<年限>"
    page = browser.post(
        f"/a3/guideline/{key}",
        data={"guideline": text} | opened(browser, f"/a3/guideline/{key}"),
        follow_redirects=True,
    ).text
    assert "申报须知已保存。" in page and "<p>一、学历<br>二、&lt;年限&gt;</p>" in page
    assert f'<a class="btn" {opened_there}' in page  # said already: no longer what comes next
    browser.post(f"/a3/retire/{key}", data={"reason": "职能划转"} | opened(browser, f"/a3/retire/{key}"))
    assert "guideline" not in browser.get("/a3/").text
    assert browser.post(f"/a3/guideline/{key}", data={"guideline": "晚了"}).status_code == 422
    assert browser.get(f"/a3/guideline/{key}").location == f"/a3/show/{key}"
    assert "已经注销，不能修改申报须知。" in browser.get(f"/a3/show/{key}").text
    assert doors.enter(FAR).get(f"/a3/guideline/{key}").status_code == 404


def acceptance(body_id: int, **changes: Any) -> int:
    values = {
        "method": AcquisitionMethod.INITIAL_DETERMINATION,
        "level": TitleLevel.ASSISTANT,
        "printed_name": "人社局",
    }
    return act(SYSTEM, services.add_acceptance, body_id=body_id, **(values | changes))


def test_only_what_works_is_offered_and_taken(doors: Doors) -> None:
    unit, office = make_body("某单位"), make_body("管理处", NodeType.TITLE_OFFICE)
    browser = doors.enter(CITY)
    page = browser.get("/a3/add").text
    assert offered(page, "method") == ["请选择", "初定", "认定"]
    assert offered(page, "node_type") == ["全部", "主管单位", "经办机构"]
    assert 'data-follows="kind=node_type"' in page
    assert offered(browser.get("/a3/").text, "method") == ["全部", "初定", "认定"]
    form = {"body_id": str(office), "method": "initial_determination", "level": "assistant", "printed_name": "人社局"}
    wrong = (
        ({"method": "review"}, "method"),
        ({"level": "full_senior"}, "level"),
        ({"body_id": str(unit)}, "body_id"),
        ({"node_type": "department"}, "body_id"),
    )
    for change, field in wrong:
        page = browser.post("/a3/add", data=form | change)
        assert page.status_code == 422 and f'id="{field}-errors"' in page.text
    with read_session(SYSTEM) as session:
        assert session.scalars(sa.select(Acceptance)).all() == []


@pytest.mark.parametrize("path", ["/a3/", "/a9/", "/bodies/"])
def test_lists_are_narrowed_by_the_body(doors: Doors, path: str) -> None:
    browser = doors.enter(PROVINCE)  # with an office of his own, that decides nothing
    for number, (name, kind, region) in enumerate(
        (
            ("长沙市住房和城乡建设局", NodeType.DEPARTMENT, "430100"),
            ("长沙市职改办", NodeType.TITLE_OFFICE, "430100"),
            ("芙蓉区职改办", NodeType.TITLE_OFFICE, "430102"),
        ),
        1,
    ):
        credit = {"credit_code": "91350100M000100Y43"} if number == 1 else {}
        key = make_body(name, kind, region_code=region, code=f"CODE{number}", **credit)
        acceptance(key)
        act(SYSTEM, services.add_issuing_authority, body_id=key, code=f"010{number}", printed_name="人社局")

    def found(**conditions: str) -> list[str]:
        return names(browser.get(path, query_string=conditions).text)

    assert found(name="长沙建设") == ["长沙市住房和城乡建设局"]
    assert found(name="frqz") == ["芙蓉区职改办"]
    assert found(name="code2") == ["长沙市职改办"]
    assert found(name="91350100m000") == ["长沙市住房和城乡建设局"]
    assert found(name="职改", region="430100") == ["长沙市职改办"]
    assert found(node_type="department") == ["长沙市住房和城乡建设局"]
    assert found(node_type="committee", region="430102") == ["芙蓉区职改办"]  # no such kind here
    assert found(name="%") == []
    with read_session(SYSTEM) as session:
        one = session.scalars(sa.select(IssuingAuthority.id).where(IssuingAuthority.code == "0103")).one()
    act(SYSTEM, services.deregister_issuing_authority, authority_id=one, reason="停用")
    if path == "/a9/":
        assert found(active="0") == ["芙蓉区职改办"]
        assert found(code="0102") == ["长沙市职改办"]


def test_a_body_from_adding_to_ending(doors: Doors) -> None:
    browser = doors.enter(CITY)
    page = browser.get("/bodies/add").text
    assert offered(page, "node_type") == ["请选择", "单位", "主管单位", "经办机构"]
    assert "评委会" not in offered(page, "nature")
    regions = offered(page, "region_code")
    assert regions[:3] == ["请选择", "长沙市", "芙蓉区"] and "株洲市" not in regions
    assert "maxlength" not in re.search(r'<input[^>]* name="code"[^>]*>', page)[0]  # what is pasted is not cut
    form = {"code": "x", "name": "长沙 一中", "node_type": "committee", "nature": "", "region_code": "430200"}
    refused = browser.post("/bodies/add", data=form)
    assert refused.status_code == 422
    for field in ("node_type", "nature", "region_code"):
        assert f'id="{field}-errors"' in refused.text
    form |= {"node_type": "unit", "nature": "public_institution", "region_code": "430102"}
    refused = browser.post("/bodies/add", data=form)
    assert refused.status_code == 422
    assert "机构编码为 4 至 30 位" in refused.text and "机构名称中“沙”之后有空格" in refused.text
    form |= {"code": "cs0001", "name": "芙蓉一中", "contact_name": "李", "contact_phone": "13812345678"}
    page = browser.post("/bodies/add", data=form, follow_redirects=True)
    assert heading(page.text) == "芙蓉一中"
    for words in ("机构编码：CS0001", "受理节点类型：单位", "统筹区：芙蓉区", "联系电话：138****5678"):
        assert words in page.text  # the history of its beginning
    assert "<dd>138****5678</dd>" in re.sub(r"\s+", "", page.text)
    key = int(page.request.path.rpartition("/")[2])
    listed = browser.get("/bodies/?name=fryz").text
    assert names(listed) == ["芙蓉一中"] and "138****5678" in listed and "13812345678" not in listed
    sheet = openpyxl.load_workbook(io.BytesIO(browser.get("/bodies/export?name=fryz").data)).active
    assert [cell.value for cell in sheet[2]][:8] == [
        "CS0001",
        "芙蓉一中",
        "单位",
        "芙蓉区",
        None,
        "李",
        "138****5678",
        "有效",
    ]
    page = browser.get(f"/bodies/edit/{key}").text
    assert heading(page) == "编辑：芙蓉一中" and 'name="code"' not in page and 'name="node_type"' not in page
    change = {"name": "芙蓉区第一中学", "nature": "public_institution", "contact_phone": "13812345678"}
    page = browser.post(
        f"/bodies/edit/{key}",
        data=change | {"code": "OTHER"} | opened(browser, f"/bodies/edit/{key}"),
        follow_redirects=True,
    ).text
    assert heading(page) == "芙蓉区第一中学" and "机构名称：芙蓉一中 → 芙蓉区第一中学" in page
    assert "CS0001" in page
    assert heading(browser.get(f"/bodies/retire/{key}").text) == "注销：芙蓉区第一中学"
    page = browser.post(
        f"/bodies/retire/{key}",
        data={"reason": "并入一中"} | opened(browser, f"/bodies/retire/{key}"),
        follow_redirects=True,
    ).text
    assert "已注销。" in page and "并入一中" in page
    assert names(browser.get("/bodies/?active=0").text) == ["芙蓉区第一中学"]


def test_a_body_in_use_says_what_would_be_lost_and_names_what_uses_it(doors: Doors) -> None:
    keys = guide_example()
    browser = doors.enter(CITY)
    page = browser.get(f"/bodies/retire/{keys[HOUSING]}").text
    assert "没有它，1 个单位的这些申报将没有可用的审核路径：高评会副高级高等学校教师（1 个）。" in page
    assert "正在使用，不能注销：2 条审核路径配置" in page
    assert "注销原因" not in page and "保存</button>" not in page  # no reason would do
    listed = browser.get(f"/whatif/body/{keys[HOUSING]}").text
    assert DRAINAGE in listed
    assert "没有它" not in browser.get(f"/bodies/edit/{keys[HOUSING]}").text
    page = browser.post(f"/bodies/retire/{keys[HOUSING]}", data={"reason": "撤并"})
    assert page.status_code == 409 and "正在使用，不能注销：2 条审核路径配置" in page.text


def test_each_keeps_the_bodies_of_his_region_and_an_administrator_all(doors: Doors) -> None:
    near, far = make_body("长沙某局"), make_body("株洲某局", region_code="430200")
    committee = make_committee("长沙高评会")
    city, admin = doors.enter(CITY), doors.enter(SYSADMIN)
    assert city.get(f"/bodies/show/{near}").status_code == 200
    for path in ("show", "edit", "retire"):
        assert city.get(f"/bodies/{path}/{far}").status_code == 404
        assert city.get(f"/bodies/{path}/{committee}").status_code == 404  # kept on A10
    assert {"长沙某局", "株洲某局"} <= set(names(admin.get("/bodies/?size=100").text))
    assert "长沙高评会" not in names(admin.get("/bodies/?size=100").text)
    form = {
        "code": "ADM1",
        "name": "湘潭某局",
        "node_type": "department",
        "nature": "government",
        "region_code": "430300",
    }
    assert "已新增。" in admin.post("/bodies/add", data=form, follow_redirects=True).text
    assert "批量导入" in admin.get("/bodies/").text and admin.get("/bodies/import/").status_code == 200


BODY = {"code": "CS0002", "name": "长沙市教育局", "node_type": "department", "nature": "government"}


def test_a_namesake_is_confirmed_by_a_tick_that_is_asked_for(doors: Doors) -> None:
    make_body("长沙市教育局", code="CS0001")
    browser, form = doors.enter(CITY), BODY | {"region_code": "430100"}
    assert 'name="another"' not in browser.get("/bodies/add").text
    asked = browser.post("/bodies/add", data=form)
    assert asked.status_code == 422 and 'name="another"' in asked.text
    assert "已有同名机构“长沙市教育局”（编码 CS0001）" in asked.text
    wrong = browser.post("/bodies/add", data=form | {"another": "y", "contact_phone": "无"})
    assert 'name="another"' in wrong.text and "联系电话应为 11 位手机号" in wrong.text  # the tick stays
    assert "已新增。" in browser.post("/bodies/add", data=form | {"another": "y"}, follow_redirects=True).text


def test_a_body_is_restored_from_its_page(doors: Doors) -> None:
    key = make_body("长沙市教育局", NodeType.DEPARTMENT)
    browser, path = doors.enter(CITY), f"/bodies/restore/{key}"
    assert "恢复</a>" not in browser.get("/bodies/").text
    assert browser.get(path).location == f"/bodies/show/{key}"
    act(CITY, services.deregister_body, body_id=key, reason="撤并")
    make_body("长沙市教育局", code="CS0009")
    assert f'href="{path}?via=page"' in browser.get(f"/bodies/show/{key}").text
    page = browser.get(path).text
    assert "操作员身份和账号不随之恢复" in page and "已有同名机构“长沙市教育局”（编码 CS0009）" in page
    assert browser.post(path, data={"reason": ""}).status_code == 422
    page = browser.post(path, data={"reason": "误操作"}, follow_redirects=True).text
    assert "已恢复。" in page and "恢复机构" in page and "原因：误操作" in page and "注销时间" in page
    assert doors.enter(FAR).get(path).status_code == 404


def test_an_issuing_code_is_corrected_while_unused_and_never_cut(doors: Doors) -> None:
    office = make_body("管理处", NodeType.TITLE_OFFICE)
    key = act(SYSTEM, services.add_issuing_authority, body_id=office, code="0190", printed_name="长沙市人社局")
    browser = doors.enter(CITY)
    page = browser.get("/a9/add").text
    assert "一般为机构所属统筹区后 4 位" in page and "小写字母按大写保存" in page
    assert "maxlength" not in re.search(r'<input[^>]* name="code"[^>]*>', page)[0]
    long = browser.post(
        f"/a9/edit/{key}",
        data={"code": "010000000", "printed_name": "长沙市人社局"} | opened(browser, f"/a9/edit/{key}"),
    )
    assert long.status_code == 422 and "不超过 8 个字。" in long.text and 'value="010000000"' in long.text
    page = browser.post(
        f"/a9/edit/{key}",
        data={"code": "0100", "printed_name": "长沙市人社局"} | opened(browser, f"/a9/edit/{key}"),
        follow_redirects=True,
    )
    assert heading(page.text) == "长沙市人社局（0100）" and "发证单位编码：0190 → 0100" in page.text


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
