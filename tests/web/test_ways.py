"""Whoever opens a page out of a list comes back to that list as he left it."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.http import opened

LEFT = "/records/?year=2000&size=50"


def links(page: str, words: str) -> list[str]:
    return [unescape(url) for url in re.findall(rf'<a[^>]* href="([^"]+)"[^>]*>{words}</a>', page)]


def home(url: str | None) -> str:
    """The list that an address hands on."""
    return parse_qs(urlsplit(str(url)).query)["from"][0]


def conditions(url: str) -> tuple[str, dict[str, list[str]]]:
    return urlsplit(url).path, parse_qs(urlsplit(url).query)


def test_from_the_list_to_a_record_its_form_and_back(http: FlaskClient) -> None:
    page = http.get(LEFT).text
    for words in ("详情", "编辑", "新增"):
        url = links(page, words)[0]
        assert conditions(home(url)) == conditions(LEFT), words
    record = http.get(links(page, "详情")[0]).text
    for url in (*links(record, "返回"), *links(record, "职数台账")):  # the button, and the crumb
        assert conditions(url) == conditions(LEFT)
    form = links(record, "编辑")[0]
    assert conditions(home(form)) == conditions(LEFT)
    assert conditions(links(http.get(form).text, "返回")[0])[0] == "/records/show/1"
    there = links(page, "编辑")[0]  # straight from the list
    assert conditions(links(http.get(there).text, "返回")[0]) == conditions(LEFT)
    saved = http.post(form, data={"posts": "8", "opinion": ""} | opened(http, form))
    assert urlsplit(saved.location).path == "/records/show/1" and conditions(home(saved.location)) == conditions(LEFT)


def test_a_save_that_ends_at_the_list_ends_there_as_it_was(http: FlaskClient) -> None:
    add = links(http.get(LEFT).text, "新增")[0]
    made = http.post(add, data={"year": "2030", "level": "clerk", "posts": "3", "body_id": "1"})
    assert conditions(made.location) == conditions(LEFT)


def test_a_later_page_is_come_back_to(http: FlaskClient) -> None:
    following = links(http.get("/records/").text, "下一页")[0]
    record = links(http.get(following).text, "详情")[0]
    assert conditions(home(record)) == conditions(following)
    back = links(http.get(record).text, "返回")[0]
    assert links(http.get(back).text, "详情") == links(http.get(following).text, "详情")


def test_a_bare_list_leaves_addresses_as_they_are(http: FlaskClient) -> None:
    assert links(http.get("/records/").text, "编辑")[0] == "/records/edit/1"
    assert links(http.get("/records/edit/1").text, "职数台账") == ["/records/"]


@pytest.mark.parametrize(
    "sent",
    [
        "https://evil.example/records/?year=2000",
        "//evil.example/records/?year=2000",
        "/\\evil.example/records/?year=2000",
        "javascript:alert(1)",
        "/readonly/?year=2000",  # another list
        "/records/show/1",  # no list
        "/nowhere/",
        "records/",
        "",
        "/records/?year=2000&size=" + "9" * 3000,
        "/%00/",
        "/records/\r\nSet-Cookie: a=b",
    ],
)
def test_nothing_else_is_led_to(http: FlaskClient, sent: str) -> None:
    page = http.get("/records/show/1?from=" + quote(sent, safe="")).text
    assert links(page, "返回") == ["/records/"]
    gone = http.post("/records/delete/1?from=" + quote(sent, safe=""))
    assert gone.location == "/records/"


def test_only_what_the_list_knows_is_carried_on(http: FlaskClient) -> None:
    page = http.get("/records/show/1?from=" + quote("/records/?year=2000&evil=1&_external=1")).text
    assert links(page, "返回") == ["/records/?year=2000"]


def test_a_page_of_another_list_hangs_below_its_own(http: FlaskClient) -> None:
    record = links(http.get("/quotas/?year=2000").text, "第一医院")[0]
    assert conditions(home(record)) == conditions("/quotas/?year=2000")
    assert links(http.get(record).text, "返回") == ["/records/"]
