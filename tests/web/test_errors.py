from __future__ import annotations

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("refusal", 409, "公示期还没有结束，请在 3 月 9 日后再试。"),
        ("missing", 404, "没有找到这条记录"),
        ("scope", 404, "没有找到"),
        ("invalid", 422, "太长。"),
        ("bug", 500, "系统出现错误"),
    ],
)
def test_pages(http: FlaskClient, kind: str, status: int, words: str) -> None:
    answer = http.get(f"/screens/fail/{kind}")
    assert answer.status_code == status
    assert words in answer.text
    assert "secret" not in answer.text
    assert "<main" in answer.text


def test_json_where_json_was_asked(http: FlaskClient) -> None:
    answer = http.get("/screens/fail/invalid", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (
        422,
        {"error": "填写有误", "reason": "太长。", "fields": {"name": "太长。"}},
    )


def test_wrong_method_names_the_right_ones(http: FlaskClient) -> None:
    answer = http.post("/quotas/")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
