"""A25 公服账号注册审核: from the unit's own page to its first sign-in, and every way it can be refused."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import services
from app.accounts.models import Account, Post, UnitRegistration
from app.bodies.models import Body
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.applications.world import PDF
from tests.http import Browser, Doors
from tests.people import id_number
from tests.places import CITY, FAR, MONDAY, SYSADMIN, SYSTEM, act

CODE, PASSWORD = "91350100M000100Y43", "Danwei@2026x"
FORM = {
    "credit_code": CODE,
    "name": "长沙新设计院有限公司",
    "nature": "private_firm",
    "region_code": "430102",
    "contact_name": "何丽",
    "contact_id_number": id_number(serial=55),
    "contact_phone": "13900000055",
    "username": "sjy",
    "password": PASSWORD,
    "repeat": PASSWORD,
}


@pytest.fixture
def doors(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Doors]:
    with clock.at(MONDAY):
        yield Doors(app, monkeypatch)


@pytest.fixture
def visitor(doors: Doors) -> Browser:
    return Browser(doors.app, doors.app.response_class)


def send(visitor: Browser, url: str = "/register/unit/", *, licence: bytes | None = PDF, **changed: str) -> str:
    data: dict[str, object] = {**FORM, **changed}
    if licence is not None:
        data["licence"] = (io.BytesIO(licence), "执照.pdf")
    return visitor.post(url, data=data, content_type="multipart/form-data", follow_redirects=True).text


def registration() -> UnitRegistration | None:
    with read_session(SYSTEM) as session:
        return session.scalar(sa.select(UnitRegistration))


def decide(actor: object, approve: bool, opinion: str = "") -> int:
    row = registration()
    assert row is not None
    return act(actor, services.decide_registration, registration_id=row.id, approve=approve, opinion=opinion)  # type: ignore[arg-type]


def test_approved_the_unit_signs_in_for_itself(doors: Doors, visitor: Browser) -> None:
    assert "注册申请已提交" in send(visitor)
    officer = doors.enter(CITY)
    assert "长沙新设计院有限公司" in officer.get("/a25/?status=submitted").text
    row = registration()
    assert row is not None and row.contact_id_masked.count("*") == 8
    page = officer.get(f"/a25/{row.id}").text
    assert FORM["contact_id_number"] not in page and row.contact_id_masked in page
    licence = officer.get(f"/a25/{row.id}/licence")
    assert licence.data == PDF
    licence.close()
    assert "审核通过，单位可以登录" in officer.post(f"/a25/{row.id}", data={"approve": "1"}, follow_redirects=True).text
    with read_session(SYSTEM) as session:
        body = session.scalars(sa.select(Body).where(Body.credit_code == CODE)).one()
        account = session.scalars(sa.select(Account).where(Account.username == "sjy")).one()
        post = session.scalars(sa.select(Post).where(Post.user_id == account.id)).one()
        assert (post.role, post.body_id, body.region_code) == (Role.UNIT, body.id, "430102")
    with unit_of_work(SYSTEM) as session:
        assert services.sign_in(session, login="sjy", password=PASSWORD, ip="10.0.0.9", agent="t").token
    with pytest.raises(Conflict, match="不能再审核"):
        decide(CITY, approve=False, opinion="再看")


def test_refused_it_is_mended_by_whoever_knows_the_password(visitor: Browser) -> None:
    send(visitor)
    with pytest.raises(Invalid) as silent:
        decide(CITY, approve=False)
    assert silent.value.fields == {"opinion": "审核不通过的，请写明应怎么修正。"}
    decide(CITY, approve=False, opinion="执照照片看不清，请重传。")
    page = visitor.post("/register/unit/status", data={"credit_code": CODE, "password": "Wrong@2026xx"}).text
    assert "没有查到这个注册，或密码不正确" in page and "执照照片看不清" not in page
    page = visitor.post("/register/unit/status", data={"credit_code": CODE.lower(), "password": PASSWORD}).text
    assert "执照照片看不清，请重传。" in page
    assert FORM["name"] in visitor.get("/register/unit/mend").text
    told = send(visitor, "/register/unit/mend", licence=None, password="", repeat="", name="长沙新设计院")
    assert "注册申请已提交" in told
    row = registration()
    assert row is not None and (row.name, row.status.value) == ("长沙新设计院", "submitted")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"credit_code": "91310115MA1H8R7C6D"}, "校验位不对"),
        ({"credit_code": ""}, "请填写此项。"),
        ({"contact_id_number": "430102199001010000"}, "身份证号"),
        ({"contact_phone": "12345"}, "手机号"),
        ({"username": "大写"}, "用户名以小写字母开头"),
        ({"password": "short", "repeat": "short"}, "至少"),
        ({"repeat": "Other@2026xx"}, "两次输入的密码不一致"),
        ({"region_code": "999999"}, "不是有效的选择"),
        ({"nature": "committee"}, "不是有效的选择"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(visitor: Browser, changed: dict[str, str], told: str) -> None:
    page = send(visitor, **changed)
    assert told in page
    assert FORM["name"] in page  # nothing typed is lost
    assert registration() is None


def test_a_licence_is_asked_for_and_looked_at(visitor: Browser) -> None:
    assert "请上传营业执照或法人证书。" in send(visitor, licence=None)
    assert "改后缀无效" in send(visitor, licence=b"MZ" * 50)
    assert registration() is None


def test_a_unit_registers_once(visitor: Browser) -> None:
    send(visitor)
    assert "该单位已提交过注册申请" in send(visitor, username="sjy2")
    decide(CITY, approve=True)
    assert "已有账号，请联系该单位的操作员" in send(visitor, username="sjy3")


def test_only_the_office_of_its_region_decides(visitor: Browser) -> None:
    send(visitor)
    with pytest.raises(NotFound):
        decide(FAR, approve=True)
    with pytest.raises(NotAllowed):
        decide(SYSADMIN, approve=True)


def test_guessing_passwords_is_stopped(visitor: Browser) -> None:
    send(visitor)
    for _ in range(services.LOCK_AFTER):
        visitor.post("/register/unit/status", data={"credit_code": CODE, "password": "Wrong@2026xx"})
    page = visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD}).text
    assert "没有查到这个注册，或密码不正确" in page
    with clock.at(clock.now() + services.LOCK_FOR * 1.1):
        page = visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD}).text
        assert re.search(r"待审核", page)


def test_nobody_opens_mending_without_the_password(visitor: Browser, doors: Doors) -> None:
    send(visitor)
    other = Browser(doors.app, doors.app.response_class)
    assert other.get("/register/unit/mend").status_code == 302
