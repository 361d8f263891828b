"""单位注册: the unit's own page, from the form to its first sign-in, and mending what was refused."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.accounts import rules, services
from app.accounts.enums import RegistrationStatus
from app.accounts.models import Account, Post, UnitRegistration
from app.bodies.enums import BodyNature
from app.bodies.models import Body
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict, Invalid
from app.core.scope import Actor
from tests.accounts.registration import (
    CODE,
    FORM,
    OTHER_CODE,
    PASSWORD,
    bodies,
    decide,
    press,
    registration,
    send,
)
from tests.applications.world import PDF
from tests.http import Browser, Doors
from tests.people import id_number
from tests.places import CITY, MONDAY, SYSADMIN, SYSTEM, act


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
    assert "审核通过，单位可以登录" in press(officer, "1")
    with read_session(SYSTEM) as session:
        body = session.scalars(sa.select(Body).where(Body.credit_code == CODE)).one()
        account = session.scalars(sa.select(Account).where(Account.username == "sjy")).one()
        post = session.scalars(sa.select(Post).where(Post.user_id == account.id)).one()
        assert (post.role, post.body_id, body.region_code) == (Role.UNIT, body.id, "430102")
    with unit_of_work(SYSTEM) as session:
        assert services.sign_in(session, login="sjy", password=PASSWORD, ip="10.0.0.9", agent="t").token
    with pytest.raises(Conflict, match="不能再审核"):
        decide(CITY, approve=False, opinion="再看")


def test_a_visitor_finds_the_way_to_it(visitor: Browser) -> None:
    for page in ("/", "/register/", "/login/"):
        assert 'href="/register/unit/"' in visitor.get(page).text


def test_regions_stand_under_their_cities(visitor: Browser) -> None:
    page = visitor.get("/register/unit/").text
    changsha = re.search(r'<optgroup label="长沙市">(.*?)</optgroup>', page, re.S)
    assert changsha and 'value="430102"' in changsha[1] and 'value="430100"' in changsha[1]
    assert "430202" not in changsha[1]


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
    told = send(visitor, "/register/unit/mend", licence=None, password="", repeat="", consent="", name="长沙新设计院")
    assert "请阅读并同意《个人信息处理告知书》。" in told
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
        ({"consent": ""}, "请阅读并同意《个人信息处理告知书》。"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(visitor: Browser, changed: dict[str, str], told: str) -> None:
    page = send(visitor, **changed)
    assert told in page
    assert FORM["name"] in page  # nothing typed is lost
    assert registration() is None


def test_a_licence_is_asked_for_and_looked_at(visitor: Browser) -> None:
    assert "请选择文件。" in send(visitor, licence=None)
    assert "改后缀无效" in send(visitor, licence=b"MZ" * 50)
    assert registration() is None


def test_a_unit_registers_once(visitor: Browser) -> None:
    send(visitor)
    assert "该单位已提交过注册申请，正在审核" in send(visitor, username="sjy2")
    decide(CITY, approve=True)
    assert "已有账号，请联系该单位的操作员" in send(visitor, username="sjy3")


def errors(page: str) -> dict[str, str]:
    """What stands beside each field."""
    return dict(re.findall(r'id="(\w+)-errors"><li>([^<]*)</li>', page))


def test_everything_wrong_is_told_at_once(visitor: Browser) -> None:
    asked = {name for name in FORM if name not in ("password", "repeat", "consent")}
    page = visitor.get("/register/unit/").text
    needed = re.findall(r'<label for="(\w+)">[^<]*<b class="need"', page)
    assert set(needed) == asked | {"password", "repeat", "licence"}
    assert re.search(r"《个人信息处理告知书》<b class=\"need\"", page)
    empty = errors(send(visitor, licence=None, **dict.fromkeys(FORM, "")))
    assert set(empty) == asked | {"password", "repeat", "licence", "consent"}
    wrong = errors(
        send(visitor, credit_code="91310115MA1H8R7C6D", name="", contact_phone="1", password="Danwei", repeat="x")
    )
    assert set(wrong) == {"credit_code", "name", "contact_phone", "password", "repeat"}
    assert "校验位不对" in wrong["credit_code"] and wrong["password"] == "密码至少 10 位。"


def test_what_a_browser_does_not_send_back_is_said_to_be_gone(visitor: Browser) -> None:
    page = send(visitor, contact_phone="1")
    assert "密码、再次输入密码、营业执照或法人证书要重新填写或选择，其他内容都还在。" in page
    assert "您填写的内容都还在" not in page
    send(visitor)
    visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD})
    page = send(visitor, "/register/unit/mend", licence=None, password="", repeat="", contact_phone="1")
    assert "您填写的内容都还在。" in page and "已上传 执照.pdf，不换不用再传。" in page


# -- a code is never blocked for ever --------------------------------------------------------------------------------


def test_a_squatter_does_not_keep_the_unit_out(visitor: Browser, doors: Doors) -> None:
    send(visitor, name="冒名公司", username="squatter", password="Qiangzhan@26x", repeat="Qiangzhan@26x")
    decide(CITY, approve=False, opinion="执照不是本单位的。")
    assert "注册申请已提交" in send(visitor)
    squatter = Browser(doors.app, doors.app.response_class)
    asked = {"credit_code": CODE, "password": "Qiangzhan@26x"}
    page = squatter.post("/register/unit/status", data=asked).text
    assert "已被新的注册代替" in page and "执照不是本单位的。" in page and "修改注册信息" not in page
    assert squatter.get("/register/unit/mend").status_code == 302
    with read_session(SYSTEM) as session:
        former = session.scalars(sa.select(UnitRegistration).order_by(UnitRegistration.id)).first()
    assert former is not None
    with pytest.raises(Conflict, match="另有一份注册"):
        act(
            Actor.anonymous(),
            services.register_unit,
            values={name: FORM[name] for name in FORM if name not in ("password", "repeat", "consent")},
            password="",
            licence=None,
            consent=True,
            registration_id=former.id,
        )
    page = doors.enter(CITY).get(f"/a25/{former.id + 1}").text
    assert "同一信用代码的其他注册" in page and "冒名公司" in page  # the history stays in sight
    decide(CITY, approve=True)
    assert [body.credit_code for body in bodies(FORM["name"])] == [CODE]
    with pytest.raises(Conflict, match="注册已被新的注册代替，不能再审核"):
        act(CITY, services.decide_registration, registration_id=former.id, stamp="", approve=True)


def test_a_registration_nobody_decides_gives_way_in_time(visitor: Browser) -> None:
    send(visitor, password="Wangji@2026xx", repeat="Wangji@2026xx")
    with clock.at(MONDAY + rules.REGISTRATION_WAITS):
        assert "正在审核" in send(visitor)
    with clock.at(MONDAY + rules.REGISTRATION_WAITS + timedelta(seconds=1)):
        assert "注册申请已提交" in send(visitor)
        page = visitor.post("/register/unit/status", data={"credit_code": CODE, "password": PASSWORD}).text
        assert "待审核" in page
    with read_session(SYSTEM) as session:
        found = session.scalars(sa.select(UnitRegistration.status).order_by(UnitRegistration.id)).all()
    assert found == [RegistrationStatus.REPLACED, RegistrationStatus.SUBMITTED]


def test_pressed_twice_at_once_it_is_handed_in_once(doors: Doors) -> None:
    values = {name: FORM[name] for name in FORM if name not in ("password", "repeat", "consent")}

    def hand_in(number: int) -> str:
        with doors.app.app_context(), clock.at(MONDAY):
            try:
                act(
                    Actor.anonymous(),
                    services.register_unit,
                    values=values | {"nature": BodyNature.PRIVATE_FIRM},
                    password=PASSWORD,
                    licence=("执照.pdf", PDF),
                    consent=True,
                )
            except Invalid as refused:
                return "refused" if set(refused.fields) & {"credit_code", "username"} else str(refused)
        return "taken"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(hand_in, range(4))) == ["refused"] * 3 + ["taken"]


def test_a_user_name_is_reserved_by_who_waits_for_it(visitor: Browser) -> None:
    send(visitor)
    second = {"credit_code": OTHER_CODE, "name": "另一单位", "contact_id_number": id_number(serial=57)}
    assert "这个用户名已被使用。" in send(visitor, **second)
    with pytest.raises(Invalid, match="这个用户名已被使用"):
        act(
            SYSADMIN,
            services.create_user,
            username="sjy",
            name="别人",
            id_number=id_number(serial=58),
            phone="13900000058",
            password=PASSWORD,
        )
    with unit_of_work(SYSTEM) as session:
        row = session.scalars(sa.select(UnitRegistration)).one()
        copy = {c.key: getattr(row, c.key) for c in sa.inspect(UnitRegistration).columns if c.key != "id"}
        session.add(UnitRegistration(**(copy | {"credit_code": OTHER_CODE, "storage_key": "00/" + "0" * 32})))
        with pytest.raises(IntegrityError):  # and the database says so
            session.flush()
        session.rollback()
    decide(CITY, approve=False, opinion="请更换联系人。")
    assert "注册申请已提交" in send(visitor, **second)  # refused, it is free again
