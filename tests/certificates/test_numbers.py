"""Numbers: made once, by their template, for the office whose they are."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.bodies import services as bodies
from app.bodies.models import IssuingAuthority
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.catalog.models import Setting
from app.certificates import services
from app.certificates.models import CertificateNumber, NumberPool
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, Refusal
from app.core.scope import Actor
from tests.applications.world import SYSTEM
from tests.certificates.desk import DOCUMENT, issue, issue_many, number_of
from tests.places import act
from tests.refusals import refusal
from tests.review_plans.stage import Stage
from tests.threads import while_uncommitted


def generate(stage: Stage, first: int, last: int, *, by: Actor | None = None, **changes: Any) -> int:
    actor = by or stage.office
    values = {
        "issuing_authority_id": 1,
        "level": L.ASSISTANT,
        "series_id": stage.world.series_id,
        "year": 2026,
        "method": M.INITIAL_DETERMINATION,
    } | changes
    with unit_of_work(actor) as session:
        return services.generate_numbers(session, actor=actor, first=first, last=last, **values)


def test_numbers_are_made_once(stage: Stage) -> None:
    authority = stage.authority()
    assert generate(stage, 1, 30, issuing_authority_id=authority) == 30
    told = refusal(Conflict, lambda: generate(stage, 20, 40, issuing_authority_id=authority))
    assert told == "其中 11 个编号已经生成过，现在最大的序号是 30，请从 31 开始。"
    assert generate(stage, 9_999, 10_001, issuing_authority_id=authority) == 3
    with read_session(SYSTEM) as session:
        made = session.scalars(sa.select(CertificateNumber.number).order_by(CertificateNumber.serial)).all()
        pool = session.scalars(sa.select(NumberPool)).one()
        assert (pool.last_serial, pool.level, pool.year) == (10_001, L.ASSISTANT, 2026)
    assert [made[0], made[-3], made[-2], made[-1]] == [number_of(stage, n) for n in (1, 9_999, 10_000, 10_001)]
    assert made[-2].endswith("A000")


@pytest.mark.parametrize(
    ("first", "last", "changes", "field"),
    [
        (0, 5, {}, "last"),
        (6, 5, {}, "last"),
        (33_990, 34_000, {}, "last"),
        (1, 10_001, {}, "last"),
        (1, 5, {"year": 1999}, "year"),
        (1, 5, {"year": 2100}, "year"),
        (1, 5, {"series_id": 0}, "series_id"),
        (1, 5, {"issuing_authority_id": 0}, "issuing_authority_id"),
    ],
)
def test_numbers_that_cannot_be(stage: Stage, first: int, last: int, changes: dict[str, int], field: str) -> None:
    authority = stage.authority()
    with pytest.raises(Invalid) as refused:
        generate(stage, first, last, **({"issuing_authority_id": authority} | changes))
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize("by", ["unit", "department", "committee", "judge", "special", "sysadmin", "anonymous"])
def test_numbers_and_certificates_are_the_offices(stage: Stage, by: str) -> None:
    actor, told = stage.world.actors[by], "证书由人社部门和专技机构办理。"
    authority = stage.authority()
    assert refusal(NotAllowed, lambda: generate(stage, 1, 5, by=actor, issuing_authority_id=authority)) == told
    assert refusal(NotAllowed, lambda: issue(stage, 1, by=actor)) == told
    assert refusal(NotAllowed, lambda: issue_many(stage, [1], by=actor)) == told


def test_numbers_are_made_for_ones_own_region(stage: Stage) -> None:
    authority = stage.authority()
    for actor in (stage.world.actors["far_hr"], Actor(Role.HR_OFFICER, name="无区划")):
        told = refusal(NotAllowed, lambda actor=actor: generate(stage, 1, 5, by=actor, issuing_authority_id=authority))
        assert told == "只能为本统筹区的发证单位生成编号。"
    assert generate(stage, 1, 5, by=stage.world.actors["province"], issuing_authority_id=authority) == 5


def test_a_pool_ends(stage: Stage) -> None:
    authority = stage.authority()
    keys = stage.determined(2)
    generate(stage, 33_999, 33_999, issuing_authority_id=authority)
    assert issue(stage, keys[0]).number == number_of(stage, 33_999)
    told = refusal(Refusal, lambda: issue(stage, keys[1]))
    assert told == f"编号库 {number_of(stage, 1)[:-4]} 的序号已用完，请联系省级管理员调整编号规则。"
    assert stage.states(keys) == ["certified", "effective"]


def test_two_authorities_whose_codes_pad_alike_do_not_share_numbers(stage: Stage) -> None:
    """Bodies refuse such a code at entry; one that ended with numbers in people's hands still keeps them."""
    first = stage.authority("office", "4301", "长沙市人社局")
    issue(stage, stage.determined(1)[0])
    with unit_of_work(SYSTEM) as session:
        ended = session.get_one(IssuingAuthority, first)
        ended.active, ended.deregistered_at = False, clock.now()
    second = stage.authority("far_office", "43010", "株洲市人社局")
    province = stage.world.actors["province"]
    told = refusal(Refusal, lambda: generate(stage, 60, 69, by=province, issuing_authority_id=second))
    assert told == (
        "“株洲市人社局”的发证单位编码“43010”补足位数后与“长沙市人社局”（4301）相同，请先在发证单位编码配置中改正其中一个。"
    )


def test_a_mistyped_code_is_corrected_and_its_pool_goes_to_whom_the_code_belongs(stage: Stage) -> None:
    hr = stage.world.actors["hr"]
    wrong = stage.authority("office", "4302", "长沙市人社局")
    generate(stage, 1, 5, issuing_authority_id=wrong)
    act(hr, bodies.change_issuing_authority, authority_id=wrong, code="4301", printed_name="长沙市人社局")
    right = stage.authority("far_office", "4302", "株洲市人社局")
    province = stage.world.actors["province"]
    told = refusal(Conflict, lambda: generate(stage, 1, 5, by=province, issuing_authority_id=right))
    assert "其中 5 个编号已经生成过" in told
    generate(stage, 6, 9, by=province, issuing_authority_id=right)
    assert issue(stage, stage.determined(1)[0]).number == number_of(stage, 1)
    with read_session(SYSTEM) as session:
        pools = {pool.prefix[-8:]: pool.issuing_authority_id for pool in session.scalars(sa.select(NumberPool))}
    assert pools == {"43020000": right, "43010000": wrong}
    told = refusal(
        Invalid,
        lambda: act(hr, bodies.change_issuing_authority, authority_id=wrong, code="4303", printed_name="长沙市人社局"),
    )
    assert told == "编码 4301 已用于1 份证书的编号，不能更改。"
    act(hr, bodies.change_issuing_authority, authority_id=wrong, code="4301", printed_name="长沙市人力资源和社会保障局")


def test_correcting_a_code_and_issuing_under_it_wait_for_each_other(stage: Stage, app: Flask) -> None:
    key, (one, other) = stage.authority(code="4302"), stage.determined(2)
    hr = stage.world.actors["hr"]
    correct = {"authority_id": key, "code": "4301", "printed_name": "长沙市人社局"}

    def corrects(session: Session) -> None:
        bodies.change_issuing_authority(session, actor=hr, **correct)

    def issues(session: Session) -> None:
        services.issue(session, actor=stage.office, application_id=other, document_number=DOCUMENT)

    with while_uncommitted(app, hr, corrects, lambda: issue(stage, one).number) as outcome:
        assert outcome == [number_of(stage, 1)]
    back = correct | {"code": "4302"}
    with while_uncommitted(app, stage.office, issues, lambda: act(hr, bodies.change_issuing_authority, **back)) as said:
        assert [type(one) for one in said] == [Invalid]


def test_a_code_that_ended_takes_no_more_numbers(stage: Stage) -> None:
    key = stage.authority()
    act(stage.world.actors["hr"], bodies.deregister_issuing_authority, authority_id=key, reason="职能调整")
    with pytest.raises(Invalid, match="请录入发证单位名称"):
        generate(stage, 1, 5, issuing_authority_id=key)


def test_a_unit_code_that_fits_no_number_is_told(stage: Stage) -> None:
    stage.authority("office", "长沙", "长沙市人社局")
    told = refusal(Refusal, lambda: issue(stage, stage.determined(1)[0]))
    assert told.startswith("“长沙市人社局”的发证单位编码“长沙”不能用于证书编号")


def test_the_template_is_a_setting_with_history(stage: Stage) -> None:
    stage.authority()
    keys = stage.determined(3)
    before = issue(stage, keys[0]).number
    key = "certificate_number_template"
    with unit_of_work(SYSTEM) as session:
        session.add(Setting(key=key, value="HN{year:4}{level}{mode}{series:2}{unit:6}{serial:5}", since=clock.now()))
    after = issue(stage, keys[1]).number
    assert (before, len(before)) == (number_of(stage, 1), 18)
    assert after.startswith("HN2026C3")
    assert after.endswith("43010000001")
    stage.days.pass_(hours=1)
    with unit_of_work(SYSTEM) as session:
        session.add(Setting(key=key, value="{serial}", since=clock.now()))
    told = refusal(Refusal, lambda: issue(stage, keys[2]))
    assert told.startswith("证书编号规则设置有误：编号规则应包含")
