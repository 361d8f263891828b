"""Bad input by the door people use: every form a role can reach is sent nonsense, and files that are not what they say."""

from __future__ import annotations

import gc
import io
import os
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts import services as accounts
from app.accounts.models import Account
from app.applications.models import Application, ApplicationMaterial
from app.core.db import db, read_session, unit_of_work
from app.core.scope import Actor
from app.web.identity import TOKEN
from tests.applications.world import PDF
from tests.conftest import DATABASES

SYSTEM = Actor.system("test")
NONSENSE = (
    "",
    "\x00",
    "abc",
    "-1",
    "9" * 19,
    "9" * 400,
    "1e999",
    "２０２６",
    "2026-02-30",
    "9999-12-31",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "%s{0}{{7*7}}",
    "😀𠮷\u202e",
    "长" * 5000,
)


@dataclass
class Sent:
    """A form found on a page."""

    action: str
    method: str
    multipart: bool
    fields: list[str] = field(default_factory=list)


class Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[Sent] = []
        self.links: list[str] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = given.get("method", "get").lower()
            self.found.append(Sent(given.get("action", ""), method, "multipart" in given.get("enctype", "")))
            self.inside = True
        elif tag in ("input", "select", "textarea", "button") and self.inside and given.get("name"):
            self.found[-1].fields.append(given["name"])
        elif tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"].split("#")[0])

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


class Visitor:
    """Somebody signed in, who sends what no browser would."""

    def __init__(self, app: Flask, username: str) -> None:
        with unit_of_work(SYSTEM) as session:
            account = session.scalars(sa.select(Account).where(Account.username == username)).one()
            token = accounts.open_session(session, account=account, ip="127.0.0.1", agent="test").token
        self.client: FlaskClient = app.test_client()
        signer = SecureCookieSessionInterface().get_signing_serializer(app)
        assert signer is not None
        self.client.set_cookie(app.config["SESSION_COOKIE_NAME"], str(signer.dumps({TOKEN: token})))

    def get(self, url: str, **arguments: Any) -> TestResponse:
        return self.client.get(url, query_string=arguments or None, buffered=True)

    def post(self, url: str, **data: Any) -> TestResponse:
        return self.client.post(url, data=data, content_type="multipart/form-data", buffered=True)


@pytest.fixture
def refused_halves() -> Iterator[None]:
    """What the client or werkzeug had spooled of a body that was refused is left to the collector, which warns: let it be."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.fixture
def province(demo_world: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setitem(demo_world.config, "WTF_CSRF_ENABLED", False)
    return demo_world


LONG = bool(os.environ.get("LONG"))
LEAVE = ("/logout", "/static", "/post/", "/account/")
"""Doors that would end the visit."""


def pages(visitor: Visitor, most: int = 45) -> Iterator[tuple[str, str]]:
    """(address, page) of what the links lead to, nearest first."""
    waiting, seen = ["/"], set()
    while waiting and len(seen) < most:
        url = waiting.pop(0)
        if url.split("?")[0] in seen or url.startswith(LEAVE):
            continue
        seen.add(url.split("?")[0])
        answer = visitor.get(url)
        assert answer.status_code in (200, 302), url
        if answer.mimetype == "text/html" and answer.status_code == 200:
            page = answer.get_data(as_text=True)
            waiting += Forms(page).links
            yield url, page


_sent: dict[str, set[tuple[str, ...]]] = defaultdict(set)
"""Forms sent in this process, by database: in the short programme what several roles share is tried once."""
PERSONS = ("applicant", "unit", "bureau", "agency", "committee", "province", "sysadmin")


@pytest.mark.parametrize("username", PERSONS)
def test_every_form_takes_nonsense_calmly(province: Flask, username: str) -> None:
    visitor = Visitor(province, username)
    tried, already = 0, _sent[db.engine.dialect.name]
    step = {"post": 1 if LONG or db.engine.dialect.name == DATABASES[0] else 2, "get": 1 if LONG else 3}
    for url, page in list(pages(visitor)):
        for form in Forms(page).found:
            target = form.action or url
            form_of_many = (target, *form.fields)
            if target.startswith(LEAVE) or not form.fields or "demo-clock" in target or form_of_many in already:
                continue
            if not LONG:
                already.add(form_of_many)
            for number, text in list(enumerate(NONSENSE))[:: step[form.method]]:
                values = {name: NONSENSE[(number + place) % len(NONSENSE)] for place, name in enumerate(form.fields)}
                same = dict.fromkeys(form.fields, text)
                for sent in (values, same) if LONG else (values,):
                    if form.method == "get":
                        answer = visitor.get(target, **sent)
                        assert answer.status_code == 200, (target, sent)
                    else:
                        answer = visitor.post(target, **sent)
                        assert answer.status_code < 500, (target, sent)
                    tried += 1
    assert tried > 10


@pytest.mark.parametrize("tail", ["?after=zzz", "?after=" + "A" * 3000, "?size=-1", "?size=" + "9" * 30, "?size=abc"])
def test_paging_takes_nonsense_calmly(province: Flask, tail: str) -> None:
    visitor = Visitor(province, "province")
    for address in ("/a24/", "/a12/", "/a17/"):
        assert visitor.get(address + tail).status_code == 200


def draft(visitor: Visitor) -> str:
    """The address of a saved application of the demo's applicant."""
    from app.bodies.models import Body
    from app.catalog.models import Speciality, Title, TitleSeries

    with read_session(SYSTEM) as session:
        unit = session.scalars(sa.select(Body.id).where(Body.name == "长沙市城区排水事务中心")).one()
        office = session.scalars(sa.select(Body.id).where(Body.name == "长沙市本级专业技术人员管理处")).one()
        series = session.scalars(sa.select(TitleSeries.id).where(TitleSeries.name == "工程技术人员")).one()
        title = session.scalars(
            sa.select(Title.id).where(Title.series_id == series, Title.level == "assistant")
        ).first()
        speciality = session.scalars(
            sa.select(Speciality.id).where(Speciality.series_id == series, Speciality.name == "给排水")
        ).one()
    answer = visitor.post(
        "/p2/new",
        employer_id=unit,
        method="initial_determination",
        series_id=series,
        level="assistant",
        title_id=title,
        speciality_id=speciality,
        final_body_id=office,
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return str(answer.location)


def bomb() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    return held.getvalue()


LIES = {
    "照片.pdf": (b"MZ\x90\x00" + b"\x00" * 200, "按文件内容判断，改后缀无效"),
    "空.pdf": (b"", "文件是空的"),
    "网页.png": (b"<html><script>alert(1)</script></html>", "按文件内容判断，改后缀无效"),
    "压缩包.pdf": (bomb(), "按文件内容判断，改后缀无效"),
    "断的.jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", ""),
}


@pytest.mark.parametrize("name", LIES)
def test_a_file_that_lies_is_refused_in_words(province: Flask, name: str) -> None:
    content, words = LIES[name]
    visitor = Visitor(province, "applicant")
    show = draft(visitor)
    page = visitor.get(show).get_data(as_text=True)
    upload = next(form.action for form in Forms(page).found if form.multipart)
    visitor.post(upload, file=(io.BytesIO(content), name))
    told = visitor.get(show).get_data(as_text=True)
    assert "已上传。" not in told
    assert words in told
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(ApplicationMaterial.id))) == 0


@pytest.mark.usefixtures("refused_halves")
def test_a_file_too_large_is_told_on_the_page_it_came_from(province: Flask) -> None:
    visitor = Visitor(province, "applicant")
    show = draft(visitor)
    upload = next(form.action for form in Forms(visitor.get(show).get_data(as_text=True)).found if form.multipart)
    answer = visitor.client.post(
        upload,
        data={"file": (io.BytesIO(PDF + b" " * 30_000_000), "大.pdf")},
        headers={"Referer": f"http://localhost{show}"},
        content_type="multipart/form-data",
    )
    assert (answer.status_code, answer.location) == (303, show)
    assert "提交的内容超过了上限" in visitor.get(show).get_data(as_text=True)
    answer = visitor.post(upload, file=(io.BytesIO(PDF + b" " * 11_000_000), "大.pdf"))
    assert "文件超过 10 MB" in visitor.get(show).get_data(as_text=True)


@pytest.mark.usefixtures("refused_halves")
def test_five_megabytes_of_text_lose_nothing(province: Flask) -> None:
    """Over what a form may hold it is refused whole; within it, the field says its limit and keeps what was typed."""
    visitor = Visitor(province, "applicant")
    show = draft(visitor)
    section = f"{show}/achievements"
    for characters in (50_000, 1_700_000):
        answer = visitor.post(section, **{"0-summary": "业" * characters})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert "业" * characters in page and f"现有 {characters} 个" in page
    answer = visitor.post(section, **{"0-summary": "业" * 5_000_000})
    assert answer.status_code in (303, 413)
    with read_session(SYSTEM) as session:
        assert session.scalars(sa.select(Application)).one().records == []


def test_dates_out_of_order_and_numbers_as_text_are_named_and_kept(province: Flask) -> None:
    visitor = Visitor(province, "applicant")
    show = draft(visitor)
    answer = visitor.post(
        f"{show}/education",
        **{
            "0-education": "bachelor",
            "0-school": "湖南大学",
            "0-major": "给排水",
            "0-mode": "full_time",
            "0-entered_on": "2024-09-01",
            "0-graduated_on": "2020-06-30",
        },
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "湖南大学" in page and "2024-09-01" in page and "毕业时间不能早于入学时间" in page
    answer = visitor.post(f"{show}/training", **{"0-year": "二〇二五", "0-name": "公需", "0-hours": "九十"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "二〇二五" in page and "九十" in page
