from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from app.web.forms import Query, choices_of, decimal_field, number_field, several_field

GOOD = {"name": " 张三 ", "day": "2026-03-01", "body_id": "7", "body_id__text": "第七医院", "note": "甲\x00乙"}


def test_everything_typed_is_kept_and_refusals_stand_beside_fields(http: FlaskClient) -> None:
    answer = http.post("/screens/form", data=GOOD)
    assert answer.status_code == 422
    for kept in ('value="张三"', 'value="2026-03-01"', 'value="第七医院"', 'value="7"', "甲乙"):
        assert kept in answer.text
    assert '<ul class="errors" id="name-errors"><li>这个姓名与证件号不符。</li></ul>' in answer.text
    assert "<p>单位已注销。</p>" in answer.text
    assert 'aria-describedby="name-errors"' in answer.text


def test_messages_are_chinese(http: FlaskClient) -> None:
    text = http.post("/screens/form", data={"name": "六个字的姓名", "day": "2026-13-01", "body_id": "x"}).text
    for message in ("不超过 5 个字。", "请按“年-月-日”填写", "请录入关键字，按回车查询后从列表中选择。"):
        assert message in text
    assert "请填写此项。" in http.post("/screens/form", data={"name": "   "}).text


def test_search_answers_at_most_twenty(http: FlaskClient) -> None:
    items = http.get("/screens/search?q=" + "医" * 100).json["items"]
    assert len(items) == 20
    assert items[3] == {"id": 3, "text": "医" * 60 + "3", "note": ""}


def test_a_search_goes_with_the_field_it_follows(http: FlaskClient) -> None:
    assert 'data-follows="kind=kind"' in http.get("/screens/form").text
    wrong = '<ul class="errors" id="body_id-errors"><li>请录入关键字，按回车查询后从列表中选择。</li></ul>'
    for kind, refused in (("", False), ("odd", False), ("even", True)):
        text = http.post("/screens/form", data=GOOD | {"kind": kind}).text
        assert (wrong in text) is refused
        assert 'value="第七医院"' in text


class Numbers(Query):
    whole = number_field("个数", need=False)
    must = number_field("必填个数", ask="请填写个数。")
    money = decimal_field("金额", ask="请填写金额。")
    several = several_field("等级", ask="请选择等级。", choices=choices_of([("a", "甲"), ("b", "乙")], None))


GOOD_NUMBERS = {"whole": "3", "must": "4", "money": "450.50", "several": ["a", "b"]}


def numbers(**typed: Any) -> Numbers:
    """The form as it answers what was typed over what stood in it."""
    return Numbers(MultiDict(GOOD_NUMBERS | typed), data={"whole": 7, "must": 8, "money": Decimal(9), "several": ["a"]})


@pytest.mark.usefixtures("http")
@pytest.mark.parametrize("emptied", ["", " ", "\u3000"])
def test_an_emptied_field_holds_nothing_whatever_stood_in_it(emptied: str) -> None:
    form = numbers(whole=emptied, must=emptied, money=emptied, several=[])
    assert not form.validate()
    assert (form.whole.data, form.must.data, form.money.data, form.several.data) == (None, None, None, [])
    assert form.errors == {"must": ["请填写个数。"], "money": ["请填写金额。"], "several": ["请选择等级。"]}


@pytest.mark.usefixtures("http")
@pytest.mark.parametrize(
    "typed, problem",
    [
        ({}, None),
        ({"whole": "0", "must": " -3 ", "money": "0"}, None),
        ({"must": "1_0"}, ("must", "请填写整数。")),
        ({"must": "2.5"}, ("must", "请填写整数。")),
        ({"must": "9999999999"}, ("must", "数字太大，请核对。")),
        ({"money": "NaN"}, ("money", "请填写数字，例如 450 或 450.50。")),
        ({"money": "Infinity"}, ("money", "请填写数字，例如 450 或 450.50。")),
        ({"money": "1e9"}, ("money", "请填写数字，例如 450 或 450.50。")),
        ({"money": "1_000"}, ("money", "请填写数字，例如 450 或 450.50。")),
        ({"money": "9999999999999"}, ("money", "数字太大，请核对。")),
        ({"several": ["a", "c"]}, ("several", "请从列出的选项中选择。")),
    ],
)
def test_what_is_no_number_and_no_choice_is_told_in_chinese(
    typed: dict[str, Any], problem: tuple[str, str] | None
) -> None:
    form = numbers(**typed)
    assert form.validate() is (problem is None)
    assert form.errors == ({} if problem is None else {problem[0]: [problem[1]]})
