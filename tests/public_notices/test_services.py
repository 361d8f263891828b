"""Publishing, objecting, concluding; and how a notice then stands for those above."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.bodies.enums import NodeType as N
from app.catalog.models import Setting
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from app.public_notices import queries, services
from app.public_notices.enums import NoticeKind, NoticeStatus
from app.public_notices.models import NoticeLine, Objection, PublicNotice
from app.public_notices.queries import Standing
from tests.places import CITY, FAR, MONDAY, SYSTEM, TODAY, act, actor_of, make_body

FRIDAY = date(2026, 3, 6)
FIRST, SECOND = 101, 102
ANYONE = Actor.anonymous()


@pytest.fixture(autouse=True)
def days(app: object) -> Iterator[ExitStack]:
    with ExitStack() as stack:
        stack.enter_context(clock.at(MONDAY))
        yield stack


def on(days: ExitStack, day: date) -> None:
    days.enter_context(clock.at(datetime(day.year, day.month, day.day, 9, tzinfo=clock.CHINA)))


@pytest.fixture
def unit() -> Actor:
    return actor_of(make_body("排水中心"))


def line(subject_id: int = FIRST) -> services.LineInput:
    return services.LineInput(subject_id, f"王{subject_id}", "排水中心", "工程师")


def publish(actor: Actor, *subjects: int, **changes: Any) -> int:
    values: dict[str, Any] = {
        "kind": NoticeKind.EMPLOYER,
        "title": " 申报人员公示 ",
        "place": "公示栏",
        "contact": "李 0731",
        "starts_on": TODAY,
        "ends_on": FRIDAY,
        "lines": [line(one) for one in subjects or (FIRST, SECOND)],
    }
    return act(actor, services.publish, **(values | changes))


def object_(actor: Actor, notice_id: int, subject: int = FIRST, **changes: Any) -> int:
    with read_session(SYSTEM) as session:
        line_id = session.scalar(
            sa.select(NoticeLine.id).where(NoticeLine.notice_id == notice_id, NoticeLine.subject_id == subject)
        )
    values = {"line_id": line_id, "received_on": TODAY, "raised_by": "匿名", "content": "业绩不实"}
    return act(actor, services.record_objection, notice_id=notice_id, **(values | changes))


def standing(subject: int = FIRST, kind: NoticeKind = NoticeKind.EMPLOYER, actor: Actor = ANYONE) -> Standing:
    with read_session(actor) as session:
        return queries.standing(session, subject, kind)


def get(notice_id: int) -> PublicNotice:
    with read_session(SYSTEM) as session:
        return session.get_one(PublicNotice, notice_id)


def test_published_and_open_to_anyone(unit: Actor) -> None:
    key = publish(unit)
    with read_session(ANYONE) as session:
        page = queries.notice_page(session, key)
        assert page is not None
        assert (page.title, page.body.name, page.status) == ("申报人员公示", "排水中心", NoticeStatus.RUNNING)
        assert [(row.seq, row.subject_id, row.name) for row in page.lines] == [(1, 101, "王101"), (2, 102, "王102")]
        assert [row.id for row in queries.running(session)] == [key]
    with read_session(SYSTEM) as session:
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "public_notices.publish")).one()
        assert entry.detail == {"kind": "employer", "subjects": [FIRST, SECOND]}


def test_everything_wrong_is_told_at_once(unit: Actor) -> None:
    with pytest.raises(Invalid) as refused:
        publish(unit, title=" ", place="栏" * 121, contact="", starts_on=None, ends_on=None, lines=[])
    assert set(refused.value.fields) == {"title", "place", "contact", "starts_on", "ends_on", "lines"}
    with pytest.raises(Invalid) as refused:
        publish(unit, FIRST, FIRST, ends_on=date(2026, 3, 5))
    assert refused.value.fields == {
        "lines": "公示人员中有重复，请去掉重复的一行。",
        "ends_on": "公示期不少于 5 个工作日，现在只有 4 个，最早到 2026-03-06。",
    }


def test_the_authority_asks_for_seven_days(unit: Actor) -> None:
    with unit_of_work(SYSTEM) as session:
        since = datetime(2026, 3, 1, tzinfo=UTC)
        session.add(Setting(key="notice_working_days", value="7", since=since, set_by="省厅"))
    with pytest.raises(Invalid, match="公示期不少于 7 个工作日"):
        publish(unit)
    assert publish(unit, ends_on=date(2026, 3, 10))


@pytest.mark.parametrize(
    "role", [Role.DEPARTMENT, Role.TITLE_OFFICE, Role.HR_OFFICER, Role.COMMITTEE, Role.APPLICANT, Role.SYSADMIN]
)
def test_the_employers_notice_is_the_units(unit: Actor, role: Role) -> None:
    with pytest.raises(NotAllowed, match="所在单位申报公示由单位经办人发布。"):
        publish(Actor(role, name="别人", body_id=unit.body_id, region_code="430100"))


def test_the_result_is_the_committees(unit: Actor) -> None:
    with pytest.raises(NotAllowed, match="评审结果公示由评委会操作员发布。"):
        publish(unit, kind=NoticeKind.RESULT)
    committee = actor_of(make_body("评委会", N.COMMITTEE), Role.COMMITTEE)
    key = publish(committee, kind=NoticeKind.RESULT)
    assert standing(kind=NoticeKind.RESULT).notice_id == key
    assert standing() == Standing()


def test_standing_while_it_runs_and_after(unit: Actor, days: ExitStack) -> None:
    key = publish(unit)
    assert standing() == Standing(key, FRIDAY, over=False)
    on(days, FRIDAY)
    assert standing().over is False  # the last day counts whole
    on(days, FRIDAY + timedelta(days=1))
    assert standing() == Standing(key, FRIDAY, over=True)
    assert standing(999) == Standing()
    with read_session(ANYONE) as session:
        assert queries.running(session) == []
        assert queries.standings(session, [], NoticeKind.EMPLOYER) == {}


def test_standing_by_the_body_that_published(unit: Actor) -> None:
    other = actor_of(make_body("别的单位"))
    publish(other)
    with read_session(SYSTEM) as session:
        assert queries.standing(session, FIRST, NoticeKind.EMPLOYER, by=unit.body_id) == Standing()
        assert queries.standing(session, FIRST, NoticeKind.EMPLOYER, by=other.body_id).notice_id is not None


def test_an_objection_holds_one_person_up_and_not_the_other(unit: Actor, days: ExitStack) -> None:
    key = publish(unit)
    objection = object_(unit, key)
    assert (standing().open_objections, standing(SECOND).open_objections) == (1, 0)  # even for one who can't read it
    on(days, FRIDAY + timedelta(days=1))
    with pytest.raises(Refusal, match="还有 1 条异议在调查中，调查结束后才能办结。"):
        act(unit, services.conclude, notice_id=key, conclusion="无异议")
    act(unit, services.close_objection, objection_id=objection, upheld=False, finding=" 经查不实 ")
    assert standing() == Standing(key, FRIDAY, over=True)
    act(unit, services.conclude, notice_id=key, conclusion=" 异议不成立 ")
    assert (get(key).status, get(key).conclusion) == (NoticeStatus.CONCLUDED, "异议不成立")
    with pytest.raises(Conflict, match="该异议已办结：异议不成立。"):
        act(unit, services.close_objection, objection_id=objection, upheld=True, finding="改主意")


def test_an_upheld_objection_stays_with_the_person(unit: Actor) -> None:
    key = publish(unit)
    act(unit, services.close_objection, objection_id=object_(unit, key), upheld=True, finding="论文抄袭")
    assert (standing().upheld, standing(SECOND).upheld) == (1, 0)


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"line_id": 10**9}, "line_id"),
        ({"received_on": None}, "received_on"),
        ({"received_on": date(2026, 3, 1)}, "received_on"),
        ({"received_on": date(2026, 3, 3)}, "received_on"),
        ({"raised_by": " "}, "raised_by"),
        ({"content": "字" * 1001}, "content"),
    ],
)
def test_bad_objections(unit: Actor, changes: dict[str, Any], field: str) -> None:
    key = publish(unit)
    with pytest.raises(Invalid) as refused:
        object_(unit, key, **changes)
    assert set(refused.value.fields) == {field}


def test_a_line_of_another_notice(unit: Actor) -> None:
    key, other = publish(unit, FIRST), publish(unit, SECOND)
    with read_session(SYSTEM) as session:
        foreign = session.scalar(sa.select(NoticeLine.id).where(NoticeLine.notice_id == other))
    with pytest.raises(Invalid, match="请选择被提出异议的人员。"):
        object_(unit, key, line_id=foreign)


def test_concluded_only_when_its_last_day_is_over(unit: Actor, days: ExitStack) -> None:
    key = publish(unit)
    for day in (TODAY, FRIDAY):
        on(days, day)
        with pytest.raises(Refusal, match="公示期到 2026-03-06 止，期满后才能办结。"):
            act(unit, services.conclude, notice_id=key, conclusion="无异议")
    on(days, FRIDAY + timedelta(days=1))
    with pytest.raises(Invalid, match="请填写公示结论"):
        act(unit, services.conclude, notice_id=key, conclusion=" ")
    act(unit, services.conclude, notice_id=key, conclusion="无异议")
    for service, words in ((services.conclude, {"conclusion": "再来"}), (services.cancel, {"reason": "再来"})):
        with pytest.raises(Conflict, match="该公示公示结束。"):
            act(unit, service, notice_id=key, **words)
    with pytest.raises(Conflict, match="该公示公示结束，不能再登记异议。"):
        object_(unit, key)


def test_cancelled_it_counts_for_nothing(unit: Actor) -> None:
    key = publish(unit)
    with pytest.raises(Invalid, match="请填写撤销原因"):
        act(unit, services.cancel, notice_id=key, reason=" ")
    act(unit, services.cancel, notice_id=key, reason=" 姓名有误 ")
    assert (get(key).status, get(key).conclusion) == (NoticeStatus.CANCELLED, "姓名有误")
    assert standing() == Standing()
    with read_session(ANYONE) as session:
        assert queries.notice_page(session, key) is None
    again = publish(unit, FIRST)
    assert standing().notice_id == again


def test_another_body_can_do_nothing_to_it(unit: Actor) -> None:
    key, other = publish(unit), actor_of(make_body("别的单位"))
    objection = object_(unit, key)
    for service, words in (
        (services.conclude, {"conclusion": "无"}),
        (services.cancel, {"reason": "无"}),
    ):
        with pytest.raises(NotAllowed, match="只有发布公示的单位可以办理。"):
            act(other, service, notice_id=key, **words)
    with pytest.raises(NotAllowed):
        object_(other, key)
    with pytest.raises(NotFound):
        act(other, services.close_objection, objection_id=objection, upheld=True, finding="无")
    with pytest.raises(NotFound):
        act(unit, services.cancel, notice_id=10**9, reason="无")


def test_who_reads_an_objection(unit: Actor) -> None:
    objection = object_(unit, publish(unit))
    other = actor_of(make_body("别的单位"))
    for actor, seen in ((unit, True), (CITY, True), (other, False), (FAR, False), (ANYONE, False)):
        with read_session(actor) as session:
            assert (session.get(Objection, objection) is not None) is seen
