"""Every screen of every role: no serious finding of axe, no sideways scrolling, no script error, Chinese words."""

from __future__ import annotations

import os
import re
from urllib.parse import urlencode, urlsplit

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe

from app.bodies.models import Body
from app.core.db import read_session
from tests.journeys.conftest import Person
from tests.places import DRAINAGE, SYSTEM, series, speciality

pytestmark = pytest.mark.one_database
ENGLISH = re.compile(
    r"\b(Search|Add|Edit|Delete|Show|List|Login|Logout|Save|Back|Next|Previous|Error|Not Found|None|null)\b"
)

LONG = bool(os.environ.get("LONG"))
_opened: set[tuple[str, str | None]] = set()
"""(kind of screen, address) already walked in another role: in the short programme once is enough."""
_seen: set[tuple[str, str]] = set()
"""(kind of screen, address) axe has looked at: many roles open the same screens."""


def look(person: Person, title: str, *, with_axe: bool = True) -> None:
    person.no_sideways_scrolling()
    words = person.page.locator("body").inner_text()
    assert ENGLISH.findall(words) == [], f"{title}: {ENGLISH.findall(words)}"
    screen = (person.name, urlsplit(person.page.url).path + person.page.title())
    if screen in _seen or not with_axe:
        return
    _seen.add(screen)
    found = Axe().run(person.page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")]
    assert serious == [], f"{title}: {serious}"


def walk(person: Person, username: str) -> int:
    person.sign_in(username)
    look(person, f"{username} 首页")
    person.picture(f"{username}-首页")
    links = person.page.get_by_role("navigation", name="功能菜单").get_by_role("link")
    addresses = [link.get_attribute("href") for link in links.all()]
    for address in addresses:
        if LONG or (person.name, address) not in _opened:
            _opened.add((person.name, address))
            person.page.goto(person.site + str(address))
            # axe takes four times as long as the page: in the short programme every second screen
            look(person, f"{username} {address}", with_axe=LONG or len(_opened) % 2 == 0)
    return len(addresses)


OFFICERS = ("unit", "committee", "province", "sysadmin", "judge1")
if LONG:  # these open nothing that the others don't
    OFFICERS += ("bureau", "agency", "province2")


def test_officers(desk: Person) -> None:
    desk.name = "pages"
    for username in OFFICERS:
        assert walk(desk, username) >= 3
    assert desk.problems == []


def test_the_console(desk: Person) -> None:
    desk.name = "pages"
    desk.sign_in("sysadmin")
    desk.page.goto(desk.site + "/ops/")
    tabs = desk.page.get_by_role("navigation", name="数据运维").get_by_role("link")
    addresses = [str(link.get_attribute("href")) for link in tabs.all()]
    assert len(addresses) == 6
    for address in (*addresses, "/ops/tables/regions/", "/ops/tables/people/1"):
        desk.page.goto(desk.site + address)
        look(desk, address)
    for name in ("series", "requirements"):
        desk.page.goto(desk.site + f"/ops/dictionaries/{name}/")
        desk.page.get_by_role("link", name="修改").nth(2).click()
        look(desk, f"{name}，修改中")
        desk.picture(f"数据运维-{name}")
        desk.page.get_by_role("button", name="保存").click()
        desk.page.get_by_text("已保存修改。").wait_for()
    assert desk.problems == []


def visit(phone: Person) -> None:
    for address in ("/", "/login/", "/register/", "/register/unit/", "/register/privacy", "/notice/", "/check/"):
        phone.page.goto(phone.site + address)
        look(phone, address)
    phone.page.goto(phone.site + "/register/")
    phone.press("注册")
    phone.says("请填写姓名")
    look(phone, "register, wrong")
    phone.picture("注册有误")
    phone.page.goto(phone.site + "/no-such-page")
    look(phone, "404")


BROKEN_WORDS = """Array.from(document.querySelectorAll('.link-action')).filter((link) => {
  const words = document.createRange();
  words.selectNodeContents(link);
  return words.getClientRects().length > 1;
}).map((link) => link.textContent)"""
"""Actions of rows whose words stand on more than one line."""
UNNAMED = "document.querySelectorAll('table.list tbody td:not(:first-child, .tick, [data-label], [colspan])').length"


def test_an_officers_lists_on_a_phone(phone: Person) -> None:
    """A row becomes a card: each value under the name of its column, each action in one piece."""
    phone.name = "pages-phone"
    phone.sign_in("province")
    links = phone.page.locator("nav[aria-label=功能菜单] a")
    addresses = [str(link.get_attribute("href")) for link in links.all()]
    with read_session(SYSTEM) as session:
        unit = session.scalars(sa.select(Body.id).where(Body.name == DRAINAGE)).one()
        kind = {"series_id": series(session, "高等学校教师"), "level": "associate_senior", "method": "review"}
        philosophy = speciality(session, "高等学校教师", "哲学")
    simulated = urlencode({"employer_id": unit, "speciality_id": philosophy} | kind)
    found = 0
    for address in (*addresses, f"/a28/?body_id={unit}", f"/a28/path?{simulated}"):
        phone.page.goto(phone.site + address)
        phone.no_sideways_scrolling()
        assert phone.page.evaluate(BROKEN_WORDS) == [], address
        assert phone.page.evaluate(UNNAMED) == 0, address
        found += phone.page.locator(".link-action").count()
    assert found > 50
    phone.picture("完整审核路径")
    assert phone.problems == []


def test_visitors_and_applicants_on_a_phone(phone: Person) -> None:
    phone.name = "pages-phone"
    assert walk(phone, "applicant") >= 4
    phone.page.goto(phone.site + "/p2/new")
    look(phone, "职称申报信息")
    phone.picture("职称申报信息")
    phone.page.goto(phone.site + "/account/")
    look(phone, "账号安全")
    phone.page.goto(phone.site + "/account/applicant")
    look(phone, "开通个人申报")
    assert phone.problems == []
    phone.page.context.clear_cookies()
    visit(phone)
