"""A10 批量导入: committees with their operators, checked as the form checks them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts import services as accounts
from app.accounts.models import Account, Person, Post
from app.bodies.enums import NodeType
from app.catalog.models import Speciality
from app.catalog.queries import regions_of
from app.committees.models import Committee, CoveredSpeciality, FoundingBody
from app.committees.spreadsheets import KIND
from app.core.audit import AuditEntry
from app.core.db import db, read_session
from app.core.enums import Role
from app.core.scope import Actor
from app.imports import BatchState, importers
from tests.imports.files import problems, submit, take, told
from tests.people import PASSWORD, id_number, make_actor
from tests.places import SYSADMIN, SYSTEM, act, make_body, make_committee, speciality

ZHANG, LI = id_number(serial=301), id_number(serial=302)


@pytest.fixture
def officer(app: Flask) -> Actor:
    office = make_body("市人社局", NodeType.TITLE_OFFICE, code="OFFICE1")
    return make_actor(Role.HR_OFFICER, body_id=office, region_code="430100")


def row(**changes: str) -> dict[str, str]:
    with read_session(SYSTEM) as session:
        top = session.get_one(Speciality, speciality(session, "工程技术人员")).code
    return {
        "code": "CMT001",
        "name": "工程高评会",
        "region": "430100 长沙市",
        "grade": "高评会",
        "series": "工程技术人员",
        "specialities": f"{top} 工程技术人员",
        "members": "25",
        "recorded_on": "2025-03-01",
        "valid_until": "2028-02-29",
        "founders": "OFFICE1",
        "contact_name": "张三丰",
        "contact_id_number": ZHANG,
        "contact_phone": "13800000001",
    } | changes


def test_committees_come_with_what_they_cover_and_their_operator(officer: Actor) -> None:
    batch = take(
        officer, KIND, row(), row(code="CMT002", name="建筑高评会", members="11", specialities="050101、050102 给排水")
    )
    assert told(officer, batch) == (BatchState.CHECKED, 2, 0, "")
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED
    with read_session(SYSTEM) as session:
        first, second = session.scalars(sa.select(Committee).order_by(Committee.body_id)).all()
        assert [(one.body.name, one.body.pinyin, one.member_count, one.printed_name) for one in (first, second)] == [
            ("工程高评会", "gcgph", 25, "工程高评会"),
            ("建筑高评会", "jzgph", 11, "建筑高评会"),
        ]
        assert session.scalar(sa.select(sa.func.count(CoveredSpeciality.id))) == 3
        assert set(session.scalars(sa.select(FoundingBody.body_id))) == {officer.body_id}
        person = session.scalars(sa.select(Person).where(Person.name == "张三丰")).one()
        assert (person.id_number, person.phone) == (ZHANG, "13800000001")
        account = session.scalars(sa.select(Account).where(Account.person_id == person.id)).one()
        assert (account.username, account.password_changed_at, account.active) == ("ccmt001", None, True)
        posts = session.scalars(sa.select(Post).where(Post.user_id == account.id).order_by(Post.id)).all()
        assert [(post.role, post.body_id, post.active) for post in posts] == [
            (Role.COMMITTEE, first.body_id, True),
            (Role.COMMITTEE, second.body_id, True),
        ]
        signed = accounts.sign_in(session, login=ZHANG, password=PASSWORD, ip="127.0.0.1", agent="test")
        assert signed.problem == "用户名（身份证号）或密码不正确。"
        history = session.execute(
            sa.select(AuditEntry.detail).where(
                AuditEntry.object_type == "committees", AuditEntry.object_id == str(first.body_id)
            )
        ).scalar_one()
    assert history["series"] == "工程技术人员" and history["region"] == "长沙市"
    assert history["printed_name"] == "工程高评会" and history["contact_phone"] == "138****0001"
    assert history["name"] == "工程高评会" and history["founder"] == ["市人社局"] and history["member_count"] == 25
    with db.engine.connect() as connection:
        trail = connection.scalars(sa.text("SELECT detail FROM audit_entries")).all()
        assert not any(ZHANG in one for one in trail)


def test_a_contact_who_has_an_account_keeps_it(officer: Actor) -> None:
    act(
        SYSTEM,
        accounts.create_user,
        username="zhangsanfeng",
        name="张三丰",
        id_number=ZHANG,
        phone="13911111111",
        password=PASSWORD,
    )
    batch = take(officer, KIND, row())
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED
    with read_session(SYSTEM) as session:
        account = session.scalars(sa.select(Account).where(Account.username == "zhangsanfeng")).one()
        assert account.password_changed_at is not None
        assert session.scalars(sa.select(Post.role).where(Post.user_id == account.id)).all() == [Role.COMMITTEE]


def test_a_taken_user_name_gets_a_number(officer: Actor) -> None:
    for name in ("ccmt001", "ccmt001-2"):
        act(
            SYSTEM,
            accounts.create_user,
            username=name,
            name="别人",
            id_number=id_number(serial=hash(name) % 900),
            phone="13911111111",
            password=PASSWORD,
        )
    assert submit(officer, KIND, take(officer, KIND, row())) is BatchState.SUBMITTED
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(Account.username).join(Person).where(Person.name == "张三丰")) == "ccmt001-3"


def test_contacts_are_held_to_the_forms_rules(officer: Actor) -> None:
    act(
        SYSTEM,
        accounts.create_user,
        username="lisi",
        name="李四光",
        id_number=LI,
        phone="13911111111",
        password=PASSWORD,
    )
    off = act(
        SYSTEM,
        accounts.create_user,
        username="wangwu",
        name="王五",
        id_number=id_number(serial=303),
        phone="13911111112",
        password=PASSWORD,
    )
    act(SYSADMIN, accounts.set_active, user_id=off, active=False, reason="离职")
    act(SYSTEM, accounts.register_person, name="赵六", id_number=id_number(serial=304), phone="13911111113")
    wrong = [
        row(contact_name="", contact_id_number="", contact_phone=""),
        row(contact_name="张3", contact_id_number="430102199001011230", contact_phone="0731-88888888"),
        row(contact_name="李四", contact_id_number=LI),
        row(contact_name="王五", contact_id_number=id_number(serial=303)),
        row(contact_name="赵六", contact_id_number=id_number(serial=304)),
        row(),
        row(contact_name="张无忌"),
    ]
    batch = take(officer, KIND, *(one | {"code": f"CMT10{n}", "name": f"第{n}评委会"} for n, one in enumerate(wrong)))
    assert problems(officer, batch) == {
        2: {"联系人": "请填写联系人。", "身份证号": "请填写身份证号。", "联系电话": "请填写联系电话。"},
        3: {
            "联系人": "姓名中只能有汉字、字母和间隔号。",
            "身份证号": "身份证号的校验位不对，请逐位核对。",
            "联系电话": "不超过 11 个字。",
        },
        4: {"联系人": "与该身份证号登记的姓名不一致，请核对。"},
        5: {"身份证号": "该人员的账号已停用，请联系系统管理员。"},
        6: {"身份证号": "该人员的材料经其他途径录入，尚无账号，请联系系统管理员。"},
        8: {"联系人": "与第 7 行是同一身份证号，姓名却不同，请核对。"},
    }
    batch = take(
        officer, KIND, row(contact_name="张3", contact_id_number="430102199001011230", contact_phone="07318888888")
    )
    assert problems(officer, batch) == {
        2: {
            "联系人": "姓名中只能有汉字、字母和间隔号。",
            "身份证号": "身份证号的校验位不对，请逐位核对。",
            "联系电话": "手机号应为 11 位数字，以 13 至 19 开头。",
        }
    }


def test_codes_names_and_the_rest_are_held_to_the_forms_rules(officer: Actor) -> None:
    make_committee("已有高评会", code="CMT900")
    batch = take(
        officer,
        KIND,
        row(code="CMT900"),
        row(code="CMT901", name="已有高评会"),
        row(code="CMT902", name="重名评委会"),
        row(code="CMT903", name="重名评委会"),
        row(code="CMT904", name="人少评委会", members="23", region="430200"),
        row(code="CMT905", name="期长评委会", valid_until="2029-02-28", specialities="0101"),
        row(code="CMT906", name="无主评委会", founders="CMT900、NOBODY", series="没有的系列", region="999999"),
    )
    assert problems(officer, batch) == {
        2: {"评委会编码": "已被“已有高评会”使用。"},
        3: {"评委会名称": "已有同名的评委会（编码 CMT900）。"},
        5: {"评委会名称": "与第 4 行的名称相同。"},
        6: {
            "行政区划代码": "只能维护本统筹区内的机构。",
            "评委会人数": "按系列组建的高评会不少于 25 人；经省级人社部门同意减少的，请填写同意单位。",
        },
        7: {
            "评审专业编码": "有的专业编码不存在，或不在所选系列之下。",
            "有效期截止日期": "评委会备案有效期不超过 3 年，最晚到 2028-02-29。",
        },
        8: {
            "行政区划代码": "请填写现行的 6 位行政区划代码。",
            "系列": "没有名为“没有的系列”的系列。",
            "组建单位": "评委会不能作为组建单位。",
        },
    }


def test_a_code_counted_up_is_found_by_its_name(officer: Actor) -> None:
    dragged = row(region="430102 长沙市", specialities="050102 建筑工程", members="11")
    batch = take(officer, KIND, dragged, row(region="430100"), row(code="CMT002", name="另一个"))
    with read_session(SYSTEM) as session:
        names = {region.code: region.name for region in regions_of(session, "")}
    assert problems(officer, batch) == {
        2: {
            "行政区划代码": f"编码与名称不一致：430102 是“{names['430102']}”，请核对。",
            "评审专业编码": "编码与名称不一致：050102 是“给排水”，请核对。",
        }
    }


def test_a_cell_at_fault_hides_nothing_of_the_others_and_a_row_at_fault_no_good_one(officer: Actor) -> None:
    wrong = row(
        grade="院高评会",
        region="430200",
        series="",
        members="8",
        recorded_on="去年",
        valid_until="2020-01-01",
        founders="NOBODY",
        contact_name="张3",
        contact_phone="1",
    )
    batch = take(officer, KIND, wrong, row(contact_name="张无忌", members=""), row())
    assert problems(officer, batch) == {
        2: {
            "评委会级别": "“院高评会”不在可选范围内，请从下拉列表中选择。",
            "行政区划代码": "只能维护本统筹区内的机构。",
            "系列": "请填写系列。",
            "评委会人数": "评委会人数应为单数，3 至 999 人。",
            "核准备案日期": "请填写日期，如 2026-03-01。",
            "有效期截止日期": "备案有效期已过，请填写现行有效的备案。",
            "组建单位": "没有编码或名称为“NOBODY”的机构，或它已注销。",
            "联系人": "姓名中只能有汉字、字母和间隔号。",
            "联系电话": "手机号应为 11 位数字，以 13 至 19 开头。",
        },
        3: {"评委会人数": "请填写评委会人数。"},
    }
    assert told(officer, batch)[:3] == (BatchState.CHECKED, 1, 2)


def test_the_templates_example_is_a_whole_committee_but_not_taken_as_it_stands(officer: Actor) -> None:
    make_body("示例组建单位", NodeType.TITLE_OFFICE, code="430100A001")
    example = {column.key: column.example for column in importers[KIND].columns}
    batch = take(officer, KIND, example, example | {"code": "C430100002", "name": "另一个"})
    assert problems(officer, batch) == {2: {"评委会编码": "这是模板中的示例，请改成自己的内容，或删去这一行。"}}
