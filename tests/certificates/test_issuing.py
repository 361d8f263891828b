"""Certificates issued and revoked, once each, by whoever may."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts.models import BlacklistEntry
from app.applications.models import Application
from app.bodies.models import IssuingAuthority
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.catalog.models import Setting
from app.certificates.enums import CertificateStatus, NumberStatus
from app.certificates.models import Certificate, CertificateNumber, NumberPool
from app.committees.models import FoundingBody
from app.core import clock
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor
from tests.applications.world import SYSTEM
from tests.certificates.desk import DOCUMENT, certificates, events, issue, issue_many, issued, number_of, revoke
from tests.refusals import refusal
from tests.review_plans.stage import Stage
from tests.threads import at_once

# -- issuing ---------------------------------------------------------------------------------------------------


def test_a_certificate_says_what_was_decided(stage: Stage) -> None:
    authority = stage.authority()
    key = stage.determined(1)[0]
    decided_on = clock.today()
    stage.days.pass_(days=3)
    issue(stage, key)
    made = certificates()[0]
    assert made.number == number_of(stage, 1)
    assert (made.obtained_on, made.issued_on) == (decided_on, clock.today())
    assert (made.document_number, made.issued_by, made.issuing_authority_id) == (DOCUMENT, "office经办人", authority)
    assert made.face == {
        "name": "赵敏",
        "gender": "男",
        "id_number_masked": made.id_masked,
        "title": "助理工程师",
        "level": L.ASSISTANT.label,
        "series": "工程技术人员",
        "speciality": "给排水",
        "method": M.INITIAL_DETERMINATION.label,
        "approving_body": "人社局",
        "issuing_authority": "长沙市人社局",
        "obtained_on": decided_on.isoformat(),
        "employer": "排水事务中心",
    }
    assert "*" in made.id_masked
    assert stage.states([key]) == ["certified"]
    assert stage.world.get(key).steps[-1].opinion == f"证书编号：{made.number}"
    assert events() == [("issued", made.number)]


def test_a_certificate_is_issued_once(stage: Stage) -> None:
    stage.authority()
    key = stage.determined(1)[0]
    issue(stage, key)
    assert refusal(Conflict, lambda: issue(stage, key)) == "赵敏 的证书已经发放。"
    assert issue_many(stage, [key]) == {key: "赵敏 的证书已经发放。"}
    assert len(certificates()) == len(events()) == 1


def test_who_is_not_effective_gets_none(stage: Stage) -> None:
    stage.authority()
    key = stage.world.at("office")
    told = refusal(Conflict, lambda: issue(stage, key))
    assert told == f"王小明 的申报当前为“{stage.world.get(key).state.label}”，不能发放证书。"
    assert certificates() == []


def test_a_reviewed_applicants_document_is_the_filing(stage: Stage) -> None:
    stage.authority()
    keys = stage.rechecked(2)
    stage.filed(keys, number="长职备〔2026〕1号")
    assert issue(stage, keys[0], document=" ").document_number == "长职备〔2026〕1号"
    assert issue(stage, keys[1]).document_number == DOCUMENT
    made = certificates()[0]
    assert made.number == number_of(stage, 1, L.INTERMEDIATE, M.REVIEW)
    assert made.face["approving_body"] == "评委会"  # the committee's printed name


def test_an_initial_determination_needs_a_document_number(stage: Stage) -> None:
    stage.authority()
    key = stage.determined(1)[0]
    for document in ("", "  ", "长" * 61):
        with pytest.raises(Invalid) as refused:
            issue(stage, key, document=document)
        assert refused.value.fields == {"document_number": "请填写发文文号，不超过 60 个字。"}


def test_the_authority_is_the_final_bodys_or_the_founders_or_the_regions(stage: Stage) -> None:
    keys = stage.rechecked(3)
    stage.filed(keys)
    office = stage.world.actors["office"]
    assert refusal(Refusal, lambda: issue(stage, keys[0])) == (
        "“工程系列中级评审委员会”没有发证单位编码，请先在发证单位编码配置中维护。"
    )
    region = stage.authority("office", "4301", "长沙市人社局")
    assert issue(stage, keys[0]).issuing_authority_id == region
    with unit_of_work(SYSTEM) as session:
        session.add(FoundingBody(committee_id=stage.world.ids["committee"], body_id=stage.world.ids["department"]))
    founder = stage.authority("department", "4399", "长沙市住建局")
    assert issue(stage, keys[1]).issuing_authority_id == founder
    own = stage.authority("committee", "4388", "评委会自己")
    assert issue(stage, keys[2]).issuing_authority_id == own
    assert office.region_code == "430100"


def test_an_initial_determination_is_issued_by_the_office_that_determined_it(stage: Stage) -> None:
    key = stage.determined(1)[0]
    stage.authority("department", "4399", "长沙市住建局")
    told = refusal(Refusal, lambda: issue(stage, key))
    assert told == "“专业技术人员管理处”没有发证单位编码，请先在发证单位编码配置中维护。"
    authority = stage.authority()
    with unit_of_work(SYSTEM) as session:
        row = session.get_one(IssuingAuthority, authority)
        row.active, row.deregistered_at = False, clock.now()
    assert refusal(Refusal, lambda: issue(stage, key)) == told


@pytest.mark.parametrize(
    ("by", "kind"), [("office", None), ("hr", None), ("province", None), ("far_office", NotFound), ("far_hr", NotFound)]
)
def test_who_issues(stage: Stage, by: str, kind: type[Refusal] | None) -> None:
    stage.authority()
    key = stage.determined(1)[0]
    actor = stage.world.actors[by]
    if kind is None:
        assert issue(stage, key, by=actor).issued_by == actor.name
    else:
        refusal(kind, lambda: issue(stage, key, by=actor))


def test_a_lower_office_does_not_issue_for_a_higher_authority(stage: Stage) -> None:
    stage.authority("office")
    key = stage.determined(1)[0]
    county = Actor(
        Role.TITLE_OFFICE, name="县", body_id=stage.world.ids["office"], body_name="县", region_code="430102"
    )
    assert refusal(NotAllowed, lambda: issue(stage, key, by=county)) == "这份证书由“长沙市人社局”发放。"


def test_a_character_no_font_draws_is_named(stage: Stage) -> None:
    stage.authority()
    keys = stage.determined(2)
    with unit_of_work(SYSTEM) as session:
        session.get_one(Application, keys[0]).applicant_name = "赵\U00031000敏"
    told = "证书字体中没有“\U00031000”这个字，不能发放，请联系管理员补充字体后再办。"
    assert refusal(Refusal, lambda: issue(stage, keys[0])) == told
    document = "长\U00031000〔2026〕1号"
    assert refusal(Refusal, lambda: issue(stage, keys[1], document=document)) == told
    assert issue_many(stage, keys) == {keys[0]: told, keys[1]: ""}


def test_the_blacklisted_get_none_and_take_no_number(stage: Stage) -> None:
    stage.authority()
    keys = stage.determined(3)
    today = clock.today()
    with unit_of_work(SYSTEM) as session:
        session.add(
            BlacklistEntry(
                person_id=session.get_one(Application, keys[1]).person_id,
                reason="材料造假",
                source_document="长人社函〔2026〕9号",
                region_code="430100",
                starts_on=today,
                ends_on=today.replace(year=2029),
            )
        )
    outcome = issue_many(stage, keys)
    barred = f"申报人在黑名单期内，至 {today.replace(year=2029):%Y-%m-%d} 止。"
    assert outcome == {keys[0]: "", keys[1]: barred, keys[2]: ""}
    assert [made.number for made in certificates()] == [number_of(stage, 1), number_of(stage, 2)]
    assert events() == [("issued", number_of(stage, 1)), ("issued", number_of(stage, 2))]
    with read_session(SYSTEM) as session:
        told = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action == "certificates.issued")).all()
        used = session.scalar(
            sa.select(sa.func.count())
            .select_from(CertificateNumber)
            .where(CertificateNumber.status == NumberStatus.USED)
        )
    assert (len(told), used) == (2, 2)


def test_many_at_once_answer_for_each(stage: Stage) -> None:
    stage.authority()
    keys = stage.determined(2)
    waiting = stage.world.at("office")
    told = stage.world.get(waiting).state.label
    assert issue_many(stage, [keys[1], waiting, 9999, keys[1], keys[0]]) == {
        keys[1]: "",
        waiting: f"王小明 的申报当前为“{told}”，不能发放证书。",
        9999: NotFound().reason,
        keys[0]: "",
    }
    assert len(certificates()) == 2


# -- revoking --------------------------------------------------------------------------------------------------


def test_a_certificate_is_revoked_once_with_a_reason(stage: Stage) -> None:
    key = issued(stage, 1)[0]
    for reason in (" ", "长" * 301):
        with pytest.raises(Invalid):
            revoke(stage, key, reason=reason)
    revoke(stage, key)
    row = certificates()[0]
    assert (row.status, row.revoked_reason, row.revoked_at) == (CertificateStatus.REVOKED, "材料造假", clock.now())
    assert [event for event, _ in events()] == ["issued", "revoked"]
    assert refusal(Conflict, lambda: revoke(stage, key)) == "这份证书已经撤销。"


def test_a_certificate_is_revoked_by_who_may_issue_it(stage: Stage) -> None:
    key = issued(stage, 1)[0]
    world = stage.world
    refusal(NotFound, lambda: revoke(stage, key, by=world.actors["far_hr"]))
    refusal(NotAllowed, lambda: revoke(stage, key, by=world.actors["unit"]))
    with unit_of_work(SYSTEM) as session:  # the holder's unit lies in the county, the authority in the city
        session.get_one(Certificate, key).region_code = "430102"
    county = Actor(Role.HR_OFFICER, name="县", region_code="430102")
    assert refusal(NotAllowed, lambda: revoke(stage, key, by=county)) == "这份证书由“长沙市人社局”撤销。"
    revoke(stage, key, by=world.actors["province"])


# -- at once ---------------------------------------------------------------------------------------------------


def test_sixteen_issue_at_once_and_no_number_goes_twice(stage: Stage, app: Flask) -> None:
    stage.authority()
    keys = [*stage.determined(8), *stage.determined(8)]
    with unit_of_work(SYSTEM) as session:
        session.add(Setting(key="number_pool_block", value="3", since=clock.now()))
    made = at_once(app, *(lambda key=key: issue(stage, key).number for key in keys))
    assert sorted(made, key=str) == [number_of(stage, serial) for serial in range(1, 17)]
    assert set(stage.states(keys)) == {"certified"}
    assert sorted(number for _, number in events()) == sorted(made, key=str)
    with read_session(SYSTEM) as session:
        pool = session.scalars(sa.select(NumberPool)).one()
        assert pool.last_serial == 18


def test_sixteen_press_for_one_and_one_certificate_is_issued(stage: Stage, app: Flask) -> None:
    stage.authority()
    key = stage.determined(1)[0]
    answers = at_once(app, *(lambda: issue(stage, key).number for _ in range(16)))
    assert [answer for answer in answers if isinstance(answer, str)] == [number_of(stage, 1)]
    assert {str(answer) for answer in answers if not isinstance(answer, str)} == {"赵敏 的证书已经发放。"}
    assert len(certificates()) == len(events()) == 1


def test_officers_with_crossing_lists_do_not_lock_each_other_out(stage: Stage, app: Flask) -> None:
    """Two pools, lists in opposite orders, and single issuings between them."""
    stage.authority()
    reviewed = stage.rechecked(4)
    stage.filed(reviewed)
    determined = stage.determined(4)
    one = [reviewed[0], determined[0], reviewed[1]]
    two = [determined[1], reviewed[2], determined[2]]
    answers = at_once(
        app,
        lambda: issue_many(stage, one),
        lambda: issue_many(stage, two, by=stage.hr),
        lambda: issue(stage, reviewed[3]).number,
        lambda: issue(stage, determined[3], by=stage.hr).number,
    )
    assert answers[:2] == [dict.fromkeys(one, ""), dict.fromkeys(two, "")]
    assert all(isinstance(answer, str) for answer in answers[2:]), answers
    assert sorted(made.number for made in certificates()) == sorted(
        [number_of(stage, serial) for serial in range(1, 5)]
        + [number_of(stage, serial, L.INTERMEDIATE, M.REVIEW) for serial in range(1, 5)]
    )
    assert len(events()) == 8
