"""A21 黑名单管理: services and screens."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import openpyxl
import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import rules, services
from app.accounts.models import BlacklistEntry, Post
from app.accounts.queries import blacklisted
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.ops.services import set_value
from tests.http import Browser, Doors, opened
from tests.people import id_number, make_actor
from tests.places import CITY, FAR, MONDAY, PROVINCE, SYSADMIN, SYSTEM, TODAY, act, actor_of, make_body

BORN = date(1985, 5, 5)
"""Nobody whom `make_actor` makes was born then: numbers are told apart by it."""


@pytest.fixture
def person(app: Flask) -> int:
    return act(
        SYSTEM, services.register_person, name="王小明", id_number=id_number(BORN, serial=77), phone="13900000077"
    )


FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
ENTRY = {"reason": "提供虚假材料", "source_document": "湘人社〔2026〕1号", "starts_on": TODAY}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 11, 25), date(2029, 11, 24)),
        (date(2026, 3, 1), date(2029, 2, 28)),
        (date(2024, 2, 29), date(2027, 2, 28)),
        (date(2025, 3, 1), date(2028, 2, 29)),
        (date(2026, 1, 1), date(2028, 12, 31)),
    ],
)
def test_a_record_lasts_three_whole_years(start: date, end: date) -> None:
    assert rules.integrity_record_ends(start) == end
    assert rules.blacklist_problem("抄袭", "通报", start, end) == {}
    day = end + timedelta(days=1)
    assert rules.blacklist_problem("抄袭", "通报", start, day) == {"ends_on": f"最长 3 年，截止日期不能晚于 {end}。"}


@pytest.mark.parametrize("start", [date.min, date(1, 2, 28), date(9996, 2, 29), date(9997, 1, 1), date.max])
def test_a_day_nobody_means_is_told_beside_the_field(doors: Doors, person: int, start: date) -> None:
    for end in (None, date.min, date.max):
        with pytest.raises(Invalid) as refused:
            act(PROVINCE, services.add_entry, person_id=person, **ENTRY | {"starts_on": start, "ends_on": end})
        assert refused.value.fields == {"starts_on": "请核对起始日期的年份。"}


def test_whoever_is_barred_is_told_before_he_fills_anything_in(doors: Doors) -> None:
    applicant = make_actor(Role.APPLICANT)
    browser = doors.sign_in(applicant.user_id or 0)
    pages = ("/", "/p2/", "/p2/new")
    assert not any("黑名单" in browser.get(page).text for page in pages)
    act(PROVINCE, services.add_entry, person_id=applicant.person_id, **ENTRY)
    for page in pages:
        told = browser.get(page).text
        assert "您在职称申报黑名单期内，至 2029-03-01 止" in told and ENTRY["reason"] not in told
    assert "黑名单期内" not in doors.enter(actor_of(make_body())).get("/").text


def test_a_long_reason_is_cut_on_the_list_and_whole_elsewhere(doors: Doors, person: int) -> None:
    reason = "提供虚假材料" * 40
    key = act(PROVINCE, services.add_entry, person_id=person, **ENTRY | {"reason": reason})
    act(PROVINCE, services.lift_entry, entry_id=key, reason="复核后撤销")
    browser = doors.enter(PROVINCE)
    page = browser.get("/a21/").text
    assert f'<div class="clamp">{reason}</div>' in page and "复核后撤销" not in page
    told = browser.get(f"/a21/show/{key}").text
    assert reason in told and 'class="clamp"' not in told and ENTRY["source_document"] in told
    sheet = openpyxl.load_workbook(io.BytesIO(browser.get("/a21/export").data)).active
    assert [cell.value for cell in sheet[1]][6:] == ["依据文件", "解除时间", "解除原因"]
    assert [sheet[2][6].value, sheet[2][8].value] == [ENTRY["source_document"], "复核后撤销"]
    assert "<h1>新增黑名单记录</h1>" in browser.get("/a21/add").text


def test_what_has_lapsed_is_not_lifted(doors: Doors, person: int) -> None:
    key = act(PROVINCE, services.add_entry, person_id=person, **ENTRY)
    browser, link = doors.enter(PROVINCE), f"/a21/retire/{key}"
    assert link in browser.get("/a21/").text
    with clock.at(MONDAY.replace(year=2029)):
        with pytest.raises(Conflict, match="这条黑名单已于 2029-03-01 到期，已经失效，不用解除。"):
            act(PROVINCE, services.lift_entry, entry_id=key, reason="期满")
        browser = doors.enter(PROVINCE)
        assert link not in browser.get("/a21/").text and f"/a21/edit/{key}" in browser.get("/a21/").text


def test_an_entry_bars_until_it_ends_or_is_lifted(doors: Doors, person: int) -> None:
    key = act(PROVINCE, services.add_entry, person_id=person, **ENTRY)

    def barred(on: date) -> bool:
        with read_session(SYSTEM) as session:
            return blacklisted(session, person, on) is not None

    assert [barred(date(2026, 3, 1)), barred(TODAY), barred(date(2029, 3, 1)), barred(date(2029, 3, 2))] == [
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


def test_saving_what_is_there_already_is_no_change(doors: Doors, person: int) -> None:
    key = act(PROVINCE, services.add_entry, person_id=person, **ENTRY)
    act(PROVINCE, services.change_entry, entry_id=key, **ENTRY)
    act(PROVINCE, services.change_entry, entry_id=key, **(ENTRY | {"reason": "抄袭"}))
    with read_session(SYSTEM) as session:
        told = session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "blacklist.change")).all()
    assert told == [{"changes": {"reason": ["提供虚假材料", "抄袭"]}}]


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
    assert (entry.ends_on, entry.region_code) == (date(2029, 3, 1), "430000")
    assert "王小明" in browser.get("/a21/?name=小明&standing=in").text
    assert "没有符合查询条件" in browser.get("/a21/?standing=lifted").text
    change = {"reason": "抄袭他人论文", "source_document": "通报", "starts_on": "2026-03-02", "ends_on": "2027-03-01"}
    browser.post(f"/a21/edit/{entry.id}", data=change | opened(browser, f"/a21/edit/{entry.id}"))
    page = browser.get(f"/a21/show/{entry.id}").text
    assert "原因：抄袭 → 抄袭他人论文" in page and "截止日期：2029-03-01 → 2027-03-01" in page
    page = browser.get("/a21/").text  # the guide's words (1.21.3)
    assert ">详情<" in page and ">修改<" in page and ">解除<" in page
    page = browser.get(f"/a21/retire/{entry.id}").text
    assert "解除原因" in page and ">保存</button>" in page
    assert (
        "已解除。"
        in browser.post(
            f"/a21/retire/{entry.id}",
            data={"reason": "期满"} | opened(browser, f"/a21/retire/{entry.id}"),
            follow_redirects=True,
        ).text
    )
    assert f"/a21/edit/{entry.id}" not in browser.get("/a21/").text
    for page in ("edit", "retire"):
        told = browser.get(f"/a21/{page}/{entry.id}", follow_redirects=True)
        assert told.request.path == f"/a21/show/{entry.id}"
        assert f"“王小明”已经解除，不能{'修改' if page == 'edit' else '解除'}。" in told.text
    told = browser.post(f"/a21/edit/{entry.id}", data=change)  # from a page opened before
    assert told.status_code == 422 and "这条黑名单已经解除。" in told.text


LATER, LATEST = date(2029, 3, 2), date(2029, 6, 30)


def test_an_entry_is_not_moved_over_another(doors: Doors, person: int) -> None:
    act(PROVINCE, services.add_entry, person_id=person, **ENTRY)
    key = act(PROVINCE, services.add_entry, person_id=person, **(ENTRY | {"starts_on": LATER, "ends_on": LATEST}))
    words = "王小明 已在黑名单中（2026-03-02 至 2029-03-01），期间不能重叠，请修改原记录。"
    with pytest.raises(Conflict, match=words):
        act(PROVINCE, services.change_entry, entry_id=key, **(ENTRY | {"starts_on": date(2029, 3, 1)}))
    moved = ENTRY | {"starts_on": date(2029, 4, 1), "ends_on": LATEST}
    act(PROVINCE, services.change_entry, entry_id=key, **moved)  # over its own days


def seen_by_changsha(person: int) -> None:
    """As an operator of a unit in the city: its officer finds the person."""
    body = make_body("长沙某单位")
    with unit_of_work(SYSTEM) as session:
        account = services.create_user(
            session,
            actor=SYSTEM,
            username="duishou",
            name="王小明",
            id_number=id_number(BORN, serial=77),
            phone="13900000077",
            password="Hao-Mima-2026",
        )
        assert account.person_id == person
        services.grant_post(session, actor=SYSTEM, user_id=account.id, role=Role.UNIT, body_id=body)


def test_one_person_is_not_listed_twice_by_two_offices(doors: Doors, person: int) -> None:
    seen_by_changsha(person)
    ours = act(CITY, services.add_entry, person_id=person, **(ENTRY | {"starts_on": LATER, "ends_on": LATEST}))
    act(PROVINCE, services.add_entry, person_id=person, **ENTRY)
    with pytest.raises(Conflict) as refused:  # the city doesn't see the province's: told no more than how long it bars
        act(CITY, services.change_entry, entry_id=ours, **ENTRY)
    assert str(refused.value) == "王小明 已由其他人社部门列入黑名单，截止 2029-03-01，期间不能重叠。"
    with pytest.raises(Conflict) as refused:
        act(PROVINCE, services.add_entry, person_id=person, **(ENTRY | {"starts_on": LATER, "ends_on": LATEST}))
    assert "2029-03-02 至 2029-06-30" in str(refused.value)
    act(CITY, services.lift_entry, entry_id=ours, reason="申诉成立")
    act(PROVINCE, services.add_entry, person_id=person, **(ENTRY | {"starts_on": LATER, "ends_on": LATEST}))


def test_two_officers_at_once_list_a_person_once(doors: Doors, person: int) -> None:
    def add(_: int) -> str:
        with doors.app.app_context(), clock.at(MONDAY):
            try:
                act(PROVINCE, services.add_entry, person_id=person, **ENTRY)
            except Conflict as refused:
                return str(refused)
        return "added"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(add, range(4)))
    assert answers[0] == "added" and all("已在黑名单中" in answer for answer in answers[1:])
    with read_session(SYSTEM) as session:
        assert len(session.scalars(sa.select(BlacklistEntry)).all()) == 1


def test_the_longest_is_a_setting(doors: Doors, person: int) -> None:
    with pytest.raises(Invalid) as long:
        act(PROVINCE, services.add_entry, person_id=person, **(ENTRY | {"ends_on": date(2099, 12, 31)}))
    assert long.value.fields == {"ends_on": "最长 3 年，截止日期不能晚于 2029-03-01。"}
    with unit_of_work(SYSADMIN) as session:
        set_value(session, actor=SYSADMIN, key="blacklist_years", value="1")
    with clock.at(MONDAY + timedelta(minutes=1)):
        key = act(PROVINCE, services.add_entry, person_id=person, **ENTRY)
        assert "不填为最长期限 1 年" in doors.enter(PROVINCE).get("/a21/add").text
    with read_session(SYSTEM) as session:
        assert session.get_one(BlacklistEntry, key).ends_on == date(2027, 3, 1)


def test_the_list_by_number_and_by_standing(doors: Doors, person: int) -> None:
    other = act(
        SYSTEM, services.register_person, name="李大山", id_number=id_number(BORN, serial=78), phone="13900000078"
    )
    act(PROVINCE, services.add_entry, person_id=person, **(ENTRY | {"starts_on": date(2026, 3, 3)}))
    act(PROVINCE, services.add_entry, person_id=other, **ENTRY)
    browser = doors.enter(PROVINCE)

    def listed(query: str) -> list[str]:
        return re.findall(r"王小明|李大山", browser.get(f"/a21/?{query}").text.partition("<tbody>")[2])

    number = id_number(BORN, serial=77)
    assert listed(f"id_number={number}") == ["王小明"]
    assert listed(f"id_number={number[:6]} {number[6:14]} {number[14:].lower()}") == ["王小明"]
    assert listed(f"id_number={number[:17]}") == []
    assert (listed("standing=future"), listed("standing=in"), listed("standing=over")) == (["王小明"], ["李大山"], [])
    with clock.at(MONDAY + timedelta(days=4 * 365)):
        browser = doors.enter(PROVINCE)
        assert sorted(listed("standing=over")) == ["李大山", "王小明"]


def test_finding_a_person_says_what_to_type(doors: Doors, person: int) -> None:
    province, far = doors.enter(PROVINCE), doors.enter(FAR)

    def found(browser: Browser, text: str) -> tuple[int, str]:
        answer = browser.get("/search/people", query_string={"q": text}).json
        assert answer is not None
        return len(answer["items"]), answer["nothing"] if not answer["items"] else ""

    number = id_number(BORN, serial=77)
    assert found(province, "王小") == (1, "")
    for typed in (f" {number[:6]} {number[6:14]} {number[14:]}", number.translate(FULL_WIDTH), number.lower()):
        assert found(province, typed) == (1, "")
    assert found(province, "王") == (0, "请至少录入两个字。")
    assert found(province, number[:17]) == (0, "身份证号应为 18 位，录入了 17 位。")
    nobody = "没有找到这个身份证号：没有登记，或不在您的管理范围内。"
    assert found(far, number) == found(far, id_number(BORN, serial=79)) == (0, nobody)  # the two are not told apart
    assert found(far, "王小明")[1].startswith("没有找到：请录入姓名的开头两个字以上")


def test_who_is_listed_stays_in_sight_of_the_office(doors: Doors, person: int) -> None:
    seen_by_changsha(person)
    act(CITY, services.add_entry, person_id=person, **ENTRY)
    with unit_of_work(SYSADMIN) as session:
        post = session.scalars(sa.select(Post).where(Post.role == Role.UNIT)).one()
        services.revoke_post(session, actor=SYSADMIN, post_id=post.id, reason="离职")
    assert "王小明" in doors.enter(CITY).get("/a21/").text
    assert "王小明" not in doors.enter(FAR).get("/a21/").text
