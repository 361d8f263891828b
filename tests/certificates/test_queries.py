"""The public check, and who sees which certificate."""

from __future__ import annotations

from dataclasses import asdict, fields

import pytest
import sqlalchemy as sa
from flask import Flask

from app.applications.models import Application
from app.bodies.models import IssuingAuthority
from app.certificates import queries, services
from app.certificates.enums import CertificateStatus
from app.certificates.models import Certificate
from app.committees.models import FoundingBody
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.scope import Actor
from tests.applications.world import SYSTEM
from tests.http import Doors
from tests.places import CITY
from tests.review_plans.stage import Stage

PUBLIC = Actor.anonymous()


@pytest.fixture
def certificate(stage: Stage) -> Certificate:
    stage.authority()
    key = stage.determined(1)[0]
    with unit_of_work(stage.office) as session:
        services.issue(session, actor=stage.office, application_id=key, document_number="长人社职〔2026〕5号")
    with read_session(SYSTEM) as session:
        made = session.scalars(sa.select(Certificate)).one()
        session.expunge_all()
        return made


def by_name(number: str, name: str) -> queries.Check | None:
    with read_session(PUBLIC) as session:
        return queries.check_public(session, number, name)


def by_token(token: str) -> queries.Check | None:
    with read_session(PUBLIC) as session:
        return queries.check_token(session, token)


def test_the_public_learns_what_the_law_says_and_no_more(certificate: Certificate) -> None:
    found = by_name(f" {certificate.number.lower()} ", " 赵敏 ")
    assert found is not None
    assert found.valid is True
    assert asdict(found) == {
        "number": certificate.number,
        "status": CertificateStatus.ISSUED,
        "title": "助理工程师",
        "level": "助理级",
        "speciality": "给排水",
        "issuing_body": "人社局",
        "obtained_on": clock.today().isoformat(),
    }
    assert {field.name for field in fields(found)}.isdisjoint({"id_masked", "employer", "person_id"})


@pytest.mark.parametrize(("number", "name"), [("", ""), ("x", "赵敏"), (None, "钱进"), (None, ""), (None, "赵")])
def test_number_and_name_must_belong_together(certificate: Certificate, number: str | None, name: str) -> None:
    assert by_name(certificate.number if number is None else number, name) is None


def test_a_code_is_signed(certificate: Certificate) -> None:
    token = queries.token_of(certificate)
    assert by_token(token) == by_name(certificate.number, "赵敏")
    number, day, check = token.split(".")
    for forged in (
        f"{number}.{day}.{check[:-1]}",
        f"{number}.2020-01-01.{check}",
        f"{number[:-1]}9.{day}.{check}",
        f"{number}.{day}.{check}.",
        f"{number}.{day}.证书",
        "一.二.三",
        token.lower() if token.lower() != token else token.upper(),
        "",
    ):
        assert by_token(forged) is None


def test_a_revoked_certificate_says_so_at_once(stage: Stage, certificate: Certificate) -> None:
    with unit_of_work(stage.office) as session:
        services.revoke(session, actor=stage.office, certificate_id=certificate.id, reason="材料造假")
    for found in (by_name(certificate.number, "赵敏"), by_token(queries.token_of(certificate))):
        assert found is not None
        assert (found.valid, found.status.label) == (False, "已撤销")


@pytest.mark.parametrize(
    ("by", "seen"),
    [
        ("office", True),
        ("hr", True),
        ("province", True),
        ("unit", True),
        ("sibling", False),
        ("department", False),
        ("committee", False),
        ("far_office", False),
        ("far_hr", False),
        ("special", False),
        ("judge", False),
        ("sysadmin", False),
        ("anonymous", False),
    ],
)
def test_who_sees_a_certificate(stage: Stage, certificate: Certificate, by: str, seen: bool) -> None:
    with read_session(stage.world.actors[by]) as session:
        assert (session.get(Certificate, certificate.id) is not None) is seen


def test_the_holder_sees_his_own_alone(stage: Stage, certificate: Certificate) -> None:
    for person, seen in ((certificate.person_id, True), (certificate.person_id + 1, False)):
        with read_session(Actor(Role.APPLICANT, person_id=person)) as session:
            assert (session.get(Certificate, certificate.id) is not None) is seen


def test_an_office_sees_what_its_authority_issued_to_people_elsewhere(stage: Stage, certificate: Certificate) -> None:
    with unit_of_work(SYSTEM) as session:
        session.get_one(Certificate, certificate.id).region_code = "430200"
    for by in ("office", "hr", "far_office", "far_hr", "province"):
        with read_session(stage.world.actors[by]) as session:
            assert session.get(Certificate, certificate.id) is not None
    with read_session(Actor(Role.HR_OFFICER, name="别处", region_code="430300")) as session:
        assert session.get(Certificate, certificate.id) is None


def test_the_pool_says_how_many_are_free(stage: Stage, certificate: Certificate) -> None:
    with read_session(stage.office) as session:
        rows = session.execute(queries.pools({})).all()
        assert [(row.NumberPool.last_serial, row.free) for row in rows] == [(50, 49)]
        assert session.execute(queries.pools({"year": 2025})).all() == []


def test_the_queue_of_issuing_and_the_lists(stage: Stage, certificate: Certificate) -> None:
    waiting = stage.determined(1)
    with read_session(stage.office) as session:
        assert [row.id for row in session.scalars(queries.issuable({}))] == waiting
        assert [row.id for row in session.scalars(queries.issuable({"name": "没有"}))] == []
        assert session.get(Application, waiting[0]) is not None
        for values, found in (
            ({}, 1),
            ({"name": "赵"}, 1),
            ({"name": "%"}, 0),
            ({"number": certificate.number.lower()}, 1),
            ({"document_number": "长人社职〔2026〕5号"}, 1),
            ({"document_number": "长人社职"}, 0),
            ({"status": CertificateStatus.RENDERED}, 0),
        ):
            assert len(session.scalars(queries.listing(values)).all()) == found


def test_how_many_wait_for_an_authority(stage: Stage) -> None:
    """Those its own body determined, and those of committees it founded or that share its region with nobody nearer."""

    def waiting(key: int) -> int:
        with read_session(stage.world.actors["hr"]) as session:
            return queries.waiting_for(session, session.get_one(IssuingAuthority, key))

    office = stage.authority()
    far = stage.authority("far_office", "4302", "株洲市人社局")
    determined = stage.determined(2)
    assert (waiting(office), waiting(far)) == (2, 0)
    stage.filed(stage.rechecked(3))
    assert (waiting(office), waiting(far)) == (5, 0)
    with unit_of_work(SYSTEM) as session:
        session.add(FoundingBody(committee_id=stage.world.ids["committee"], body_id=stage.world.ids["far_office"]))
    assert (waiting(office), waiting(far)) == (2, 3)
    with unit_of_work(stage.office) as session:
        services.issue(session, actor=stage.office, application_id=determined[0], document_number="长人社〔2026〕5号")
    assert waiting(office) == 1


def test_ending_a_code_says_beforehand_who_waits(stage: Stage, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    key = stage.authority()
    stage.determined(2)
    page = Doors(app, monkeypatch).enter(CITY).get(f"/a9/retire/{key}").text
    assert "2 份已生效的申报在等它发证：注销以后不再生成编号" in page
    assert "在等它发证" not in Doors(app, monkeypatch).enter(CITY).get(f"/a9/edit/{key}").text
