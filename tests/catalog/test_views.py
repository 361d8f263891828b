"""The two tree screens over HTTP, as the people who open them."""

from __future__ import annotations

import io
import json
import re
import unicodedata

import openpyxl
import pytest
import sqlalchemy as sa

from app.catalog.models import Speciality, Title
from app.core.db import read_session
from tests.http import Browser, Doors, opened
from tests.places import CITY, PROVINCE, SYSTEM, make_committee, series, speciality


def node(name: str = "", series_name: str = "工程技术人员") -> int:
    with read_session(SYSTEM) as session:
        return speciality(session, series_name, name)


def nodes(page: str) -> list[list[object]]:
    found = re.search(r"data-tree-nodes>(.*?)</script>", page, re.S)
    assert found
    rows: list[list[object]] = json.loads(found.group(1))
    return rows


def test_the_page_carries_the_tree_in_drawing_order(doors: Doors) -> None:
    page = doors.enter(PROVINCE).get("/a1/").text
    rows = nodes(page)
    with read_session(SYSTEM) as session:
        assert len(rows) == session.scalar(sa.select(sa.func.count(Speciality.id)))
    assert rows[0][1:4] == [0, "高等学校教师", "01"]
    assert rows[1][1] == 1
    at = next(index for index, row in enumerate(rows) if row[2] == "给排水")
    assert rows[at][4] == "gps"
    assert next(row for row in reversed(rows[:at]) if row[1] == 0)[2] == "工程技术人员"


def test_add_change_delete_in_the_guides_order(doors: Doors) -> None:
    http = doors.enter(PROVINCE)
    form = http.get(f"/a1/node/{node('给排水')}/new").text
    assert "在“给排水”下新增专业" in form
    answer = http.post(f"/a1/node/{node('给排水')}/new", data={"code": "gx0001", "name": "智慧供水"})
    key = node("智慧供水")
    assert answer.location == f"/a1/node/{key}"
    page = http.get(f"/a1/node/{key}").text
    assert 'value="GX0001"' in page and "新增" in page and "专业代码：GX0001" in page
    change = {"code": "GX0002", "name": "智慧供水"} | opened(http, f"/a1/node/{key}")
    assert http.post(f"/a1/node/{key}/save", data=change).status_code == 302
    assert "专业代码：GX0001 → GX0002" in http.get(f"/a1/node/{key}").text
    answer = http.post(f"/a1/node/{key}/delete", data=opened(http, f"/a1/node/{key}"))
    assert answer.location == f"/a1/node/{node('给排水')}"
    assert http.get(f"/a1/node/{key}").status_code == 404


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(doors: Doors) -> None:
    http = doors.enter(PROVINCE)
    sent = {"code": "?", "name": "给水排水"} | opened(http, f"/a1/node/{node('给排水')}")
    answer = http.post(f"/a1/node/{node('给排水')}/save", data=sent)
    assert answer.status_code == 422
    assert "专业代码为 2 至 20 位" in answer.text and 'value="给水排水"' in answer.text
    assert http.get(f"/a1/node/{node('给排水')}/save").location == f"/a1/node/{node('给排水')}"


def test_deleting_what_is_used_names_the_user(doors: Doors) -> None:
    make_committee("给排水高评会", covers=("给排水",), member_count=11)
    http = doors.enter(PROVINCE)
    sent = opened(http, f"/a1/node/{node('给排水')}")
    page = http.post(f"/a1/node/{node('给排水')}/delete", data=sent, follow_redirects=True).text
    assert "评审专业包含它的“给排水高评会”" in page
    assert node("给排水")


def test_two_officers_at_one_node(doors: Doors) -> None:
    """The second to save is told what the first has changed, and named the node as it is called now; so is a deletion."""
    first, second = doors.enter(PROVINCE), doors.enter(PROVINCE)
    key = node("给排水")
    code = opened(first, f"/a1/node/{key}"), opened(second, f"/a1/node/{key}")
    with read_session(SYSTEM) as session:
        row = session.get_one(Speciality, key).code
    renamed = first.post(
        f"/a1/node/{key}/save", data={"code": row, "name": "给水排水"} | code[0], follow_redirects=True
    )
    assert "“给水排水”已保存。" in renamed.text
    late = second.post(f"/a1/node/{key}/save", data={"code": row, "name": "供排水"} | code[1])
    assert late.status_code == 422 and "专业学科名称：给排水 → 给水排水" in late.text and 'value="供排水"' in late.text
    kept = second.post(f"/a1/node/{key}/delete", data=code[1], follow_redirects=True).text
    assert "专业学科名称：给排水 → 给水排水" in kept
    assert node("给水排水") == key


def test_a_node_deleted_meanwhile_says_so_and_keeps_what_was_typed(doors: Doors) -> None:
    first, second = doors.enter(PROVINCE), doors.enter(PROVINCE)
    http_new = first.post(f"/a1/node/{node('给排水')}/new", data={"code": "GX0009", "name": "智慧供水"})
    key = node("智慧供水")
    typed = {"code": "GX0010", "name": "智慧水务"} | opened(second, http_new.location)
    first.post(f"/a1/node/{key}/delete", data=opened(first, f"/a1/node/{key}"))
    for do in ("save", "new"):
        answer = second.post(f"/a1/node/{key}/{do}?q=zh", data=typed)
        assert answer.status_code == 409
        assert (
            "这个节点已由经办人 · 人社部门经办人于" in answer.text and "没有保存，您填写的内容还在下面。" in answer.text
        )
        assert 'value="智慧水务"' in answer.text and 'value="GX0010"' in answer.text
    for answer in (second.post(f"/a1/node/{key}/delete?q=zh", data=typed), second.get(f"/a1/node/{key}/new?q=zh")):
        assert answer.location == "/a1/?q=zh"
    assert "这个节点已由" in second.get("/a1/").text
    for do in ("save", "new", "delete"):  # of a node that never was there is nothing to tell
        assert second.post(f"/a1/node/999999/{do}", data=typed).status_code == 404


def test_the_search_is_kept_from_node_to_node(doors: Doors) -> None:
    http = doors.enter(PROVINCE)
    key = node("给排水")
    page = http.get(f"/a1/node/{key}?q=gps").text
    assert 'value="gps"' in page and 'href="/a1/export?q=gps"' in page
    with read_session(SYSTEM) as session:
        row = session.get_one(Speciality, key).code
    sent = {"code": row, "name": "给排水"} | opened(http, f"/a1/node/{key}")
    assert http.post(f"/a1/node/{key}/save?q=gps", data=sent).location == f"/a1/node/{key}?q=gps"


def test_top_categories_offer_only_what_may_be_done(doors: Doors) -> None:
    http = doors.enter(PROVINCE)
    page = http.get(f"/a1/node/{node()}?part=panel").text
    assert "<html" not in page
    assert "新增" in page and "保存" not in page and "栏目大类由国家统一规定" in page
    for do in ("save", "delete"):
        page = http.post(f"/a1/node/{node()}/{do}", data={"code": "99", "name": "别"}, follow_redirects=True).text
        assert "不能新增、修改或删除" in page
    assert node()


def test_a_citys_officer_looks_and_changes_nothing(doors: Doors) -> None:
    http = doors.enter(CITY)
    page = http.get(f"/a1/node/{node('给排水')}").text
    assert "给排水" in page and "删除栏目" not in page and "保存" not in page
    assert "由省级人社部门维护，您可以查询" in page
    for method in ("save", "delete", "new"):
        assert http.post(f"/a1/node/{node('给排水')}/{method}", data={"code": "99", "name": "别"}).status_code == 403


@pytest.mark.parametrize("key", ["0", "999999", "x", "1" * 30, "s1"])
def test_a_node_that_is_not_there(doors: Doors, key: str) -> None:
    assert doors.enter(PROVINCE).get(f"/a1/node/{key}").status_code == 404


def exported(http: Browser, path: str, text: str) -> list[tuple[object, ...]]:
    answer = http.get(path, query_string={"q": text})
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.values)[1:]
    return [tuple(None if cell == "—" else cell for cell in row) for row in rows]


def holds(text: str, *, name: str, code: str, initials: str) -> bool:
    low = unicodedata.normalize("NFKC", text).lower().split()
    return all(re.search(".*".join(word), name) or code.startswith(word) or word in initials for word in low)


@pytest.mark.parametrize(
    "text", ["", "gps", "给排", "05", "计软", "工程", "GPS", "0501", "没有", "%", "给水", "水 给", "ＧＰＳ"]
)
def test_export_of_specialities_holds_what_the_search_finds(doors: Doors, text: str) -> None:
    http = doors.enter(PROVINCE)
    found = [
        (code, name)
        for _, _, name, code, initials in map(list, nodes(http.get("/a1/").text))
        if not text or holds(text, name=str(name), code=str(code), initials=str(initials))
    ]
    rows = exported(http, "/a1/export", text)
    assert [row[:2] for row in rows] == found
    assert all(row[2] for row in rows if len(str(row[0])) > 2)  # the node above, but for top categories


@pytest.mark.parametrize(
    "text, kinds",
    [("正高级", {"title"}), ("护理", {"branch"}), ("05", {"series"}), ("教授", {"title"}), ("卫生", {"series"})],
)
def test_export_of_titles_holds_series_and_branches_that_the_search_finds(
    doors: Doors, text: str, kinds: set[str]
) -> None:
    http = doors.enter(CITY)
    rows = exported(http, "/a2/export", text)
    found = [row for row in nodes(http.get("/a2/").text) if text in str(row[2]) or str(row[3]).startswith(text)]
    assert [next(cell for cell in (row[3], row[1], row[0]) if cell) for row in rows] == [row[2] for row in found]
    assert {"title" if row[3] else "branch" if row[1] else "series" for row in rows} == kinds
    assert all(row[2] == "正高级" for row in rows) is (text == "正高级")


def test_the_title_tree_has_series_branches_and_titles(doors: Doors) -> None:
    http = doors.enter(PROVINCE)
    rows = nodes(http.get("/a2/").text)
    at = next(index for index, row in enumerate(rows) if row[2] == "卫生技术人员")
    assert [row[1] for row in rows[at : at + 3]] == [0, 1, 2]
    branch = str(rows[at + 1][0])
    assert branch.startswith("b")
    page = http.get(f"/a2/node/{branch}/new").text
    assert f'value="{rows[at + 1][2]}"' in page
    with read_session(SYSTEM) as session:
        key = series(session, "卫生技术人员")
    data = {"level": "full_senior", "name": "首席医师", "branch": str(rows[at + 1][2])}
    made = http.post(f"/a2/node/{branch}/new", data=data).location
    page = http.get(made).text
    assert "首席医师" in page and "职称级别：正高级" in page
    stamp = opened(http, made)
    answer = http.post(f"{made}/save", data={"level": "", "name": "首席医师"} | stamp)
    assert answer.status_code == 422 and "请选择" in answer.text
    assert http.post(f"{made}/delete", data=stamp).location == f"/a2/node/s{key}"
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(Title.id).where(Title.name == "首席医师")) is None


@pytest.mark.parametrize("key", ["s1", "b1"])
def test_series_and_branches_are_not_titles_of_the_same_number(doors: Doors, key: str) -> None:
    http = doors.enter(PROVINCE)
    with read_session(SYSTEM) as session:
        before = session.get_one(Title, 1).name
    for do in ("save", "delete"):
        http.post(f"/a2/node/{key}/{do}", data={"level": "clerk", "name": "别的"})
    with read_session(SYSTEM) as session:
        assert session.get_one(Title, 1).name == before
    assert http.get("/a2/node/t0").status_code == 404
    if key == "b1":  # the first title stands in no branch
        assert http.get("/a2/node/b1").status_code == 404


def test_a_branch_is_named_by_its_first_title(doors: Doors) -> None:
    http = doors.enter(PROVINCE)
    rows = nodes(http.get("/a2/").text)
    at = next(index for index, row in enumerate(rows) if str(row[0]).startswith("b"))
    members = sorted(
        int(str(row[0])[1:]) for row in rows[at + 1 :][: next(i for i, r in enumerate(rows[at + 1 :]) if r[1] != 2)]
    )
    assert rows[at][0] == f"b{members[0]}"
    assert [http.get(f"/a2/node/b{key}").status_code for key in members[:2]] == [200, 404]
