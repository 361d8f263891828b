"""Numbers, issuing, rendering and revoking, and what each refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.accounts.models import BlacklistEntry
from app.applications.models import Application, ApplicationMaterial
from app.bodies import services as bodies
from app.bodies.models import IssuingAuthority
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.catalog.models import Setting, TitleSeries
from app.certificates import rules, services
from app.certificates.enums import CertificateStatus, NumberStatus
from app.certificates.models import Certificate, CertificateLog, CertificateNumber, NumberPool
from app.certificates.services.rendering import PHOTO
from app.committees.models import FoundingBody
from app.core import chain, clock, jobs, storage
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.jobs import ItemStatus, Job, JobItem, JobStatus
from app.core.scope import Actor
from tests.applications.world import SYSTEM
from tests.places import act
from tests.review_plans.stage import Stage
from tests.threads import at_once, while_uncommitted

DOCUMENT = "长人社职〔2026〕5号"
TEMPLATE = rules.read_template(rules.DEFAULT_TEMPLATE)


def refusal(kind: type[Refusal], act: Callable[[], object]) -> str:
    with pytest.raises(kind) as refused:
        act()
    assert type(refused.value) is kind
    return refused.value.reason


def issue(stage: Stage, key: int, *, by: Actor | None = None, document: str = DOCUMENT) -> Certificate:
    actor = by or stage.office
    with unit_of_work(actor) as session:
        made = services.issue(session, actor=actor, application_id=key, document_number=document)
        session.flush()
        session.expunge(made)
        return made


def issue_many(stage: Stage, keys: list[int], *, by: Actor | None = None, document: str = DOCUMENT) -> dict[int, str]:
    actor = by or stage.office
    with unit_of_work(actor) as session:
        return services.issue_many(session, actor=actor, application_ids=keys, document_number=document)


def number_of(stage: Stage, serial: int, level: L = L.ASSISTANT, method: M = M.INITIAL_DETERMINATION) -> str:
    with read_session(SYSTEM) as session:
        series = session.get_one(TitleSeries, stage.world.series_id).number
    return TEMPLATE.number(TEMPLATE.prefix(level, series, 2026, method, "4301"), serial)


def certificates() -> list[Certificate]:
    with read_session(SYSTEM) as session:
        found = list(session.scalars(sa.select(Certificate).order_by(Certificate.id)))
        session.expunge_all()
        return found


def events() -> list[tuple[str, str]]:
    """(event, number) of the certificate log, whose chain holds."""
    with read_session(SYSTEM) as session:
        assert list(chain.verify(session, CertificateLog)) == []
        return [
            (row.event, row.number) for row in session.scalars(sa.select(CertificateLog).order_by(CertificateLog.id))
        ]


# -- numbers ---------------------------------------------------------------------------------------------------


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


# -- the electronic certificate --------------------------------------------------------------------------------


def start(stage: Stage, keys: list[int], *, by: Actor | None = None) -> int:
    actor = by or stage.office
    actor = replace(actor, user_id=actor.body_id or 99)  # jobs belong to users
    with unit_of_work(actor) as session:
        return services.start_rendering(session, actor=actor, certificate_ids=keys, title="生成电子证书").id


def issued(stage: Stage, count: int) -> list[int]:
    stage.authority()
    assert set(issue_many(stage, stage.determined(count)).values()) == {""}
    return [made.id for made in certificates()]


def job(job_id: int) -> tuple[JobStatus, int, int, int]:
    with read_session(SYSTEM) as session:
        row = session.get_one(Job, job_id)
        return row.status, row.total, row.done, row.failed


def test_each_certificate_is_rendered_once(stage: Stage) -> None:
    keys = issued(stage, 2)
    job_id = start(stage, keys)
    assert start(stage, keys) == job_id  # a second press
    jobs.run(job_id)
    jobs.run(job_id)
    assert job(job_id) == (JobStatus.DONE, 2, 2, 0)
    made = certificates()
    assert [row.status for row in made] == [CertificateStatus.RENDERED] * 2
    assert [event for event, _ in events()] == ["issued", "issued", "rendered", "rendered"]
    with storage.current().open(made[0].storage_key or "") as file:
        assert file.read(5) == b"%PDF-"
    told = "没有可生成的证书：所选证书都已生成或已撤销。"
    assert refusal(Conflict, lambda: start(stage, keys)) == told


def test_only_what_no_open_job_holds_goes_into_a_new_one(stage: Stage) -> None:
    keys = issued(stage, 3)
    first = start(stage, keys[:2])
    second = start(stage, keys)
    assert second != first
    assert (job(first)[1], job(second)[1]) == (2, 1)
    told = refusal(Conflict, lambda: start(stage, keys, by=stage.world.actors["province"]))
    assert told == "所选证书正在由其他经办人生成，请稍后再看。"


def test_what_failed_can_be_pressed_again(stage: Stage) -> None:
    keys = issued(stage, 1)
    with unit_of_work(SYSTEM) as session:
        material = session.scalars(
            sa.select(ApplicationMaterial).where(ApplicationMaterial.requirement.has(code=PHOTO))
        ).one()
        key, good = material.id, material.storage_key
        material.storage_key = storage.current().write(b"\xff\xd8\xff no picture")
    first = start(stage, keys)
    jobs.run(first)
    assert job(first) == (JobStatus.PARTLY, 1, 0, 1)
    assert [row.status for row in certificates()] == [CertificateStatus.ISSUED]
    with unit_of_work(SYSTEM) as session:
        session.get_one(ApplicationMaterial, key).storage_key = good
    second = start(stage, keys)
    assert second != first
    jobs.run(second)
    assert job(second) == (JobStatus.DONE, 1, 1, 0)


def test_a_revoked_certificate_is_not_rendered(stage: Stage) -> None:
    keys = issued(stage, 2)
    job_id = start(stage, keys)
    revoke(stage, keys[0])
    jobs.run(job_id)
    assert job(job_id) == (JobStatus.PARTLY, 2, 1, 1)
    with read_session(SYSTEM) as session:
        message = session.scalars(sa.select(JobItem.message).where(JobItem.status == ItemStatus.FAILED)).one()
    assert message == f"证书 {certificates()[0].number} 已撤销。"


# -- revoking --------------------------------------------------------------------------------------------------


def revoke(stage: Stage, key: int, *, by: Actor | None = None, reason: str = "材料造假") -> None:
    actor = by or stage.office
    with unit_of_work(actor) as session:
        services.revoke(session, actor=actor, certificate_id=key, reason=reason)


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
