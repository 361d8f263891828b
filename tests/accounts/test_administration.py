"""The administrator's lists: the audit trail in Chinese words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app import imports
from app.accounts import services
from app.accounts.views.administration import AuditView
from app.applications.enums import ApplicationAction
from app.certificates.enums import CertificateEvent
from app.core import audit, clock, jobs
from app.core.audit import AuditEntry
from app.core.db import Model, db, read_session, unit_of_work
from app.outcomes.spreadsheets import TABLE
from app.review_plans.enums import PlanAction
from app.web import paging
from app.web.words import ACTIONS, DOMAINS
from tests.http import Browser, Doors
from tests.places import MONDAY, PROVINCE, SYSADMIN, SYSTEM

APP = Path(__file__).resolve().parents[2] / "app"
FAMILIES = {
    "applications": {action.value for action in ApplicationAction},
    "certificates": {event.value for event in CertificateEvent},
    "review_plans": {action.value for action in PlanAction},
}
"""Actions whose verb is a member of an enum."""
SHAPE = re.compile(r"[a-z_]+\.[a-z_]+")


@pytest.fixture
def desk(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    with clock.at(MONDAY):
        yield Doors(app, monkeypatch).enter(SYSADMIN)


def recorded() -> set[str]:
    """Every action the code records, read from its text: `domain.verb`, and what else looks so left out."""
    found = {f"{domain}.{verb}" for domain, verbs in FAMILIES.items() for verb in verbs}
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and SHAPE.fullmatch(node.value):
                found.add(node.value)
    columns = {f"{table.name}.{column.name}" for table in Model.metadata.tables.values() for column in table.columns}
    kinds = {*jobs.handlers, *imports.importers, TABLE.kind}
    return {code for code in found if code.partition(".")[0] in DOMAINS} - columns - kinds


def test_every_action_has_a_word_and_every_domain_a_name() -> None:
    wanted = recorded()
    assert {"accounts.sign_in", "bodies.change_acceptance", "certificates.revoked"} <= wanted
    assert wanted - set(ACTIONS) == set(), "name them in app/web/words.py"
    assert {code.partition(".")[0] for code in ACTIONS} == set(DOMAINS)
    assert set(ACTIONS) - wanted == {"seeds.load_scale"}  # recorded by seeds


def test_every_recorded_domain_is_named() -> None:
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                for domain in re.findall(r"'([a-z_]+)\\.", ast.unparse(node.args[2])):
                    assert domain in DOMAINS, f"name {domain} in app/web/words.py"


def entries() -> None:
    with unit_of_work(SYSTEM) as session:
        for action, subject in (
            ("quotas.decide", ("post_quotas", 7)),
            ("quotas.declare", ("post_quotas", 7)),
            ("registrations.decide", ("unit_registrations", 3)),
            ("things.unheard_of", None),
        ):
            audit.record(session, PROVINCE, action, subject)


def told(page: str) -> list[str]:
    """The rows of the list, as words."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.S)
    return [re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", row))).strip() for row in rows]


def test_the_trail_reads_in_chinese(desk: Browser) -> None:
    entries()
    rows = told(desk.get("/audit/?actor_name=省厅经办人").text)
    assert [re.sub(r"^\d+ \S+ \S+ ", "", row).rsplit(" ", 3)[0] for row in rows] == [
        "省厅经办人 人社部门经办人 things.unheard_of —",  # nobody named it: its own name
        "省厅经办人 人社部门经办人 审核单位注册 单位注册申请 3",
        "省厅经办人 人社部门经办人 职数申报 岗位职数 7",
        "省厅经办人 人社部门经办人 职数审核 岗位职数 7",
    ]


def test_a_visitor_who_signs_in_is_called_one(desk: Browser) -> None:
    with unit_of_work(SYSTEM) as session:
        services.sign_in(session, login="nobody", password="x", ip="10.0.0.7", agent="")
    assert "nobody 访客 登录失败 — 10.0.0.7" in told(desk.get("/audit/?action=accounts.sign_in_refused").text)[0]


@pytest.mark.parametrize(
    ("asked", "found"),
    [("quotas.decide", ["职数审核"]), ("quotas", ["职数申报", "职数审核"]), ("registrations", ["审核单位注册"])],
)
def test_asked_by_action_or_by_domain(desk: Browser, asked: str, found: list[str]) -> None:
    entries()
    page = desk.get(f"/audit/?action={asked}").text
    assert [next(word for word in ACTIONS.values() if f" {word} " in row) for row in told(page)] == found
    assert f'<option selected value="{asked}">' in page


def test_what_is_no_action_is_said_beside_the_condition(desk: Browser) -> None:
    assert "不是有效的选择" in desk.get("/audit/?action=nothing.at_all").text


def recorded_at(moment: datetime, **detail: Any) -> int:
    with clock.at(moment), unit_of_work(SYSTEM) as session:
        audit.record(session, SYSTEM, "bodies.change", ("bodies", 7), **detail)
    with read_session(SYSTEM) as session:
        return session.scalars(sa.select(sa.func.max(AuditEntry.id))).one()


def test_asked_by_days(desk: Browser) -> None:
    first, second, third = (recorded_at(MONDAY + timedelta(days=days)) for days in (2, 3, 5))
    day = [f"{clock.local(MONDAY + timedelta(days=days)):%Y-%m-%d}" for days in range(7)]
    for asked, found in (
        (f"since={day[3]}", [third, second]),
        (f"since={day[2]}&until={day[3]}", [second, first]),
        (f"until={day[2]}&action=bodies", [first]),
        (f"since={day[6]}", []),
        ("since=0001-01-01&until=9999-12-31", [third, second, first]),
    ):
        page = desk.get(f"/audit/?{asked}").text
        assert [int(row.split()[0]) for row in told(page) if "修改机构" in row] == found, asked


def test_an_entry_says_what_was_changed(desk: Browser) -> None:
    key = recorded_at(
        MONDAY,
        changes={"name": ("旧名", "新名"), "node_type": ("unit", "department"), "contact_phone": ("13912345678", "")},
        reason="更名",
        fee="100 元",
    )
    assert f'href="/audit/show/{key}"' in desk.get("/audit/").text
    page = desk.get(f"/audit/show/{key}").text
    for words in (
        "名称：旧名 → 新名",
        "节点类型：单位 → 主管单位",
        "联系电话：139****5678 → —",
        "原因：更名",
        "缴费标准：100 元",
        "机构 7",
        "修改机构",
    ):
        assert words in page, words
    assert desk.get("/audit/show/999999").status_code == 404
    assert desk.get(f"/audit/show/{2**40}").status_code == 404


def test_a_workbook_handed_out_says_which_list_and_by_which_conditions(desk: Browser) -> None:
    desk.get("/audit/export?action=quotas&actor_name=13912345678").close()
    page = desk.get("/audit/?action=exports.download").text
    assert "查询结果 审计记录" in told(page)[0]
    entry = re.search(r'href="(/audit/show/\d+)', page)
    assert entry is not None
    text = desk.get(entry[1]).text
    assert "查询条件：操作：职数（全部）；操作人：139****5678" in text and "13912345678" not in text


@pytest.mark.parametrize("asked", ["quotas.decide", "quotas", None])
@pytest.mark.parametrize("days", [(None, None), (date(2026, 1, 1), date(2026, 2, 1))])
def test_each_condition_is_answered_by_an_index(
    app: Flask, asked: str | None, days: tuple[date | None, date | None]
) -> None:
    values = {"action": asked, "actor_name": None if asked else "甲", "since": days[0], "until": days[1]}
    statement = AuditView().select(None, values)  # type: ignore[arg-type]
    limited = paging.ordered(statement, AuditView.key).limit(21)
    explain = "EXPLAIN QUERY PLAN " if db.engine.dialect.name == "sqlite" else "EXPLAIN "
    with db.engine.connect() as connection:
        if db.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # of a table this small nothing else is read
        text = str(limited.compile(db.engine, compile_kwargs={"literal_binds": True}))
        plan = "\n".join(map(str, connection.exec_driver_sql(explain + text.replace("%", "%%")).all()))
    assert re.search(r"ix_audit_entries_(action|actor_name)|pk_audit_entries", plan), plan
    assert "SCAN audit_entries" not in plan
