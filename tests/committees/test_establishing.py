"""A10: one set of rules for adding and changing a committee, its operator, and what a change would break."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import services as accounts
from app.accounts.models import Account, LoginSession, Person
from app.bodies.enums import NodeType
from app.committees import services
from app.committees.models import Committee, CoveredSpeciality, FoundingBody
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.committees.year import batch
from tests.people import id_number
from tests.places import (
    CITY,
    FAR,
    MONDAY,
    PROVINCE,
    SYSADMIN,
    SYSTEM,
    TODAY,
    act,
    actor_of,
    committee_values,
    make_body,
    make_committee,
)
from tests.threads import together

CONTACT = {"contact_name": "李操作", "contact_phone": "13812345678", "contact_id_number": id_number(serial=661)}


@pytest.fixture(autouse=True)
def monday(app: object) -> Iterator[None]:
    with clock.at(MONDAY):
        yield


def establish(actor: Actor = CITY, **changes: Any) -> services.Established:
    values = committee_values() | CONTACT | changes
    with unit_of_work(actor) as session:
        return services.establish(session, actor=actor, **values)


def change(key: int, actor: Actor = CITY, **changes: Any) -> str:
    """【编辑】 with everything else as it stands; the initial password of another operator."""
    with unit_of_work(actor) as session:
        row = session.get_one(Committee, key)
        names = ("printed_name", "member_count", "smaller_agreed_by", "recorded_on", "valid_until")
        values = {name: getattr(row, name) for name in names}
        values |= {name: getattr(row.body, name) for name in ("name", "contact_name", "contact_phone")}
        return services.change_committee(session, actor=actor, committee_id=key, **(values | changes))


def wrong(doing: Any, *args: Any, **values: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        doing(*args, **values)
    return refused.value.fields


# -- one set of rules -------------------------------------------------------------------------------------------------

WRONG = [
    ({"contact_phone": "不是电话<b>"}, {"contact_phone": "手机号应为 11 位数字，以 13 至 19 开头。"}),
    ({"contact_phone": ""}, {"contact_phone": "手机号应为 11 位数字，以 13 至 19 开头。"}),
    ({"name": "高评会😀"}, {"name": "评委会名称中的“😀”（U+1F600）没有可以打印的字形，印不到证书上，请换用其他字。"}),
    (
        {"printed_name": "高评会😀"},
        {"printed_name": "打印在证书上的名称中的“😀”（U+1F600）没有可以打印的字形，印不到证书上，请换用其他字。"},
    ),
    ({"recorded_on": date(2031, 1, 1), "valid_until": date(2033, 1, 1)}, {"recorded_on": "核准备案日期不能晚于今天。"}),
    (
        {"recorded_on": date(2001, 1, 1), "valid_until": date(2003, 1, 1)},
        {"valid_until": "备案有效期已过，请填写现行有效的备案。"},
    ),
    ({"smaller_agreed_by": "厅" * 121}, {"smaller_agreed_by": "同意单位不超过 120 个字。"}),
    ({"name": "已有的高评会"}, {"name": "已有同名的评委会（编码 C1）。"}),
    ({"member_count": 24}, {"member_count": "评委会人数应为单数，3 至 999 人。"}),
]


@pytest.mark.parametrize("changes, fields", WRONG)
def test_what_is_refused_when_added_is_refused_when_changed(changes: dict[str, Any], fields: dict[str, str]) -> None:
    make_committee("已有的高评会", code="C1000")
    fields = {name: words.replace("C1）", "C1000）") for name, words in fields.items()}
    key = establish().committee_id
    assert wrong(establish, **changes) == fields
    assert wrong(change, key, **changes) == fields
    assert change(key) == ""


def test_a_deregistered_committee_leaves_its_name() -> None:
    key = make_committee("重组的高评会")
    act(CITY, services.deregister_committee, committee_id=key, reason="重组")
    assert establish(name="重组的高评会").committee_id
    assert wrong(establish, name=" 重组的高评会 ").keys() == {"name"}


def test_two_of_one_name_at_once(app: Flask) -> None:
    values = [committee_values("同名的高评会") for _ in range(2)]
    acts = [lambda one=one: act(CITY, services.create_committee, **one) for one in values]
    outcome = together(app, MONDAY, acts)
    assert sorted(map(bool, outcome)) == [False, True]
    assert max(outcome).startswith("已有同名的评委会（编码 ")


def test_an_expired_one_is_changed_without_its_dates_and_renewed_with_new_ones() -> None:
    with clock.at(MONDAY - timedelta(days=400)):
        key = make_committee(recorded_on=date(2023, 2, 1), valid_until=date(2025, 12, 31))
    change(key, printed_name="新名称")
    assert wrong(change, key, valid_until=date(2026, 1, 31)).keys() == {"valid_until"}
    change(key, recorded_on=TODAY, valid_until=date(2029, 3, 1))
    with read_session(SYSTEM) as session:
        row = session.get_one(Committee, key)
        assert (row.printed_name, row.valid_until) == ("新名称", date(2029, 3, 1))


def test_an_imported_one_without_a_contact_keeps_none_until_one_is_named() -> None:
    key = make_committee()
    change(key, member_count=27)
    assert wrong(change, key, contact_phone="13812345678").keys() == {"contact_name"}
    assert change(key, **CONTACT)


# -- what stands on it ---------------------------------------------------------------------------------------------------


def test_a_record_does_not_end_before_a_batch_is_reviewed() -> None:
    key = make_committee()
    mine = batch(key)
    words = "年度批次“2026年 年度评审”计划评审到 2026-12-31，备案有效期不能早于这一天；请先调整批次的评审日期。"
    assert wrong(change, key, valid_until=date(2026, 12, 30)) == {"valid_until": words}
    change(key, valid_until=date(2026, 12, 31))
    act(CITY, services.close_batch, batch_id=mine, reason="撤并")  # and nobody is in it
    change(key, valid_until=date(2026, 6, 30))


def test_no_batch_slips_past_a_record_that_is_shortened(app: Flask) -> None:
    key = make_committee()
    role = actor_of(key, Role.COMMITTEE)
    outcome = together(app, MONDAY, [lambda: batch(key, role), lambda: change(key, valid_until=date(2026, 6, 30))])
    assert sorted(map(bool, outcome)) == [False, True], outcome


def test_two_officers_at_once_lose_nothing_of_either(app: Flask) -> None:
    """Each adds a row of his own to one committee, and takes one away that must not be the last."""
    key = make_committee(covers=("给排水", "测绘"), member_count=11)
    with read_session(SYSTEM) as session:
        rows = session.scalars(sa.select(CoveredSpeciality.id).where(CoveredSpeciality.committee_id == key)).all()
    acts = [lambda row=row: act(CITY, services.remove_speciality, committee_id=key, row_id=row) for row in rows]
    outcome = together(app, MONDAY, acts)
    assert sorted(outcome) == ["", "评委会至少要有一个评审专业，请先新增再移除。"]
    body = make_body("另一组建单位")
    acts = [lambda: act(CITY, services.add_founder, committee_id=key, body_id=body)] * 2
    assert sorted(together(app, MONDAY, acts)) == ["", "“另一组建单位”已是组建单位。"]


def test_the_last_founder_and_the_last_speciality_stay() -> None:
    key = make_committee()
    with read_session(SYSTEM) as session:
        founder = session.scalars(sa.select(FoundingBody).where(FoundingBody.committee_id == key)).one()
        covered = session.scalars(sa.select(CoveredSpeciality).where(CoveredSpeciality.committee_id == key)).one()
        assert services.removal_problem(session, founder) == "评委会至少要有一个组建单位，请先新增再移除。"
        assert services.removal_problem(session, covered) == "评委会至少要有一个评审专业，请先新增再移除。"


# -- the operator ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def established() -> services.Established:
    return establish()


def operator() -> int:
    """His person."""
    with read_session(SYSTEM) as session:
        return session.scalars(sa.select(Person.id).where(Person.name == "李操作")).one()


def signs_in(password: str) -> bool:
    with unit_of_work(SYSTEM) as session:
        found = accounts.sign_in(session, login=CONTACT["contact_id_number"], password=password, ip="::1", agent="test")
        return bool(found.token)


def test_another_initial_password_ends_the_old_one_and_every_session(established: services.Established) -> None:
    key, person = established.committee_id, operator()
    assert signs_in(established.password)
    with unit_of_work(CITY) as session:
        password = services.reset_operator(session, actor=CITY, committee_id=key, person_id=person)
    assert re.fullmatch(r"[A-Z][a-z]{5}-[2-9]{5}", password) and password != established.password
    assert not signs_in(established.password)
    with read_session(SYSTEM) as session:
        assert session.scalars(sa.select(LoginSession.ended_at)).all() == [MONDAY]
        account = session.scalars(sa.select(Account).where(Account.person_id == person)).one()
        assert account.password_changed_at is None  # it must be changed first
        told = session.execute(sa.select(AuditEntry.action, AuditEntry.detail).order_by(AuditEntry.id)).all()
    assert [action for action, _ in told][-3:-1] == ["accounts.reissue", "committees.reset_operator"]
    assert password not in str(told)
    assert signs_in(password)


def test_who_may_reset(established: services.Established) -> None:
    key, person = established.committee_id, operator()
    at = {"committee_id": key, "person_id": person}
    for actor in (FAR, actor_of(key, Role.COMMITTEE), Actor.anonymous()):
        with pytest.raises(NotAllowed), unit_of_work(actor) as session:
            services.reset_operator(session, actor=actor, **at)
    for actor in (CITY, PROVINCE, SYSADMIN):
        with unit_of_work(actor) as session:
            assert services.reset_operator(session, actor=actor, **at)


def test_only_its_own_operator_and_only_while_the_account_is_in_use(established: services.Established) -> None:
    key, person = established.committee_id, operator()
    other = make_committee()
    with pytest.raises(NotFound), unit_of_work(CITY) as session:
        services.reset_operator(session, actor=CITY, committee_id=other, person_id=person)
    with unit_of_work(SYSADMIN) as session:
        account = session.scalars(sa.select(Account).where(Account.person_id == person)).one()
        accounts.set_active(session, actor=SYSADMIN, user_id=account.id, active=False, reason="离职")
    with pytest.raises(Conflict, match="账号已停用"), unit_of_work(CITY) as session:
        services.reset_operator(session, actor=CITY, committee_id=key, person_id=person)


@pytest.mark.parametrize(
    "role, region, words",
    [(Role.TITLE_OFFICE, "430100", "管理处专技机构经办人"), (Role.COMMITTEE, "430200", "管理处评委会操作员")],
)
def test_an_officer_hands_out_no_password_that_opens_more(
    established: services.Established, role: Role, region: str, words: str
) -> None:
    key, person = established.committee_id, operator()
    place = make_body("管理处", NodeType.TITLE_OFFICE, region_code=region)
    with unit_of_work(SYSTEM) as session:
        account = session.scalars(sa.select(Account).where(Account.person_id == person)).one()
        accounts.grant_post(session, actor=SYSTEM, user_id=account.id, role=role, body_id=place)
    with (
        pytest.raises(Refusal, match=re.escape(f"该账号还有其他身份（{words}），请由系统管理员重置")),
        unit_of_work(CITY) as session,
    ):
        services.reset_operator(session, actor=CITY, committee_id=key, person_id=person)
    with unit_of_work(SYSADMIN) as session:
        assert services.reset_operator(session, actor=SYSADMIN, committee_id=key, person_id=person)


def test_the_phone_is_masked_in_the_trail(established: services.Established) -> None:
    change(established.committee_id, contact_phone="13900001111")
    with read_session(SYSTEM) as session:
        detail = session.scalars(sa.select(AuditEntry.detail).where(AuditEntry.action == "committees.change")).one()
    assert detail == {"changes": {"contact_phone": ["138****5678", "139****1111"]}}
