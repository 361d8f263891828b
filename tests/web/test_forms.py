from __future__ import annotations

from flask.testing import FlaskClient

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
