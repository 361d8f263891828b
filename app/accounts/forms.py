"""Forms of sign-in, registration and passwords."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import url_for
from wtforms import BooleanField, PasswordField, RadioField, StringField
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length

from app.accounts.enums import RegistrationStatus
from app.accounts.models import Person
from app.bodies.enums import BodyNature
from app.bodies.forms import body_field
from app.core.enums import Role
from app.web.forms import (
    Form,
    Query,
    SelectField,
    answered,
    choice_field,
    enum_field,
    file_field,
    id_or_none,
    long_text_field,
    optional,
    text_field,
)
from app.web.identity import read
from app.web.widgets import SearchSelectField


def consent_field() -> BooleanField:
    return BooleanField("我已阅读并同意《个人信息处理告知书》", [DataRequired("请阅读并同意《个人信息处理告知书》。")])


class SignInForm(Form):
    login = StringField(
        "用户名或身份证号", [InputRequired("请输入用户名或身份证号。"), Length(max=64, message="过长。")]
    )
    password = PasswordField("密码", [InputRequired("请输入密码。"), Length(max=128, message="密码不超过 128 位。")])


class RegistrationForm(Form):
    name = StringField("姓名", [InputRequired("请填写姓名。"), Length(max=60, message="姓名不超过 60 个字。")])
    id_number = StringField(
        "身份证号", [InputRequired("请填写身份证号。"), Length(max=36, message="身份证号为 18 位。")]
    )
    phone = StringField("手机号", [InputRequired("请填写手机号。"), Length(max=20, message="手机号为 11 位。")])
    password = PasswordField("密码", [InputRequired("请设置密码。"), Length(max=128, message="密码不超过 128 位。")])
    repeat = PasswordField("再次输入密码", [InputRequired("请再次输入密码。")])
    consent = consent_field()


class ApplicantForm(Form):
    """开通个人申报."""

    consent = consent_field()


class PasswordForm(Form):
    old = PasswordField("原密码", [InputRequired("请输入原密码。")])
    new = PasswordField("新密码", [InputRequired("请输入新密码。"), Length(max=128, message="密码不超过 128 位。")])
    repeat = PasswordField("再次输入新密码", [InputRequired("请再次输入新密码。")])


class UserForm(Form):
    username = text_field("用户名", need=True, length=32, hint="小写字母开头，2 至 32 位。")
    name = text_field("姓名", need=True, length=60)
    id_number = text_field("身份证号", need=True, length=36)
    phone = text_field("手机号", need=True, length=11)
    password = PasswordField("初始密码", [InputRequired("请设置初始密码。"), Length(max=128)])


class GrantForm(Form):
    role = enum_field("身份", Role, need=True)
    body_id = body_field("机构", hint="系统管理员和评委可以不填。")


SAME = EqualTo("password", message="两次输入的密码不一致。")


class UnitRegistrationForm(Form):
    """公服账号注册: what a new one asks for."""

    credit_code = text_field("统一社会信用代码", need=True, length=18)
    name = text_field("单位名称", need=True, length=120, hint="与营业执照或法人证书一致。")
    nature = enum_field("单位性质", BodyNature, need=True)
    region_code = SelectField("统筹区", [answered("请选择。")])
    contact_name = text_field("联系人（操作员）姓名", need=True, length=60)
    contact_id_number = text_field("联系人身份证号", need=True, length=36)
    contact_phone = text_field("联系人手机号", need=True, length=11)
    username = text_field("登录用户名", need=True, length=32, hint="小写字母开头，2 至 32 位。")
    password = PasswordField("密码", [InputRequired("请设置密码。"), Length(max=128, message="密码不超过 128 位。")])
    repeat = PasswordField("再次输入密码", [InputRequired("请再次输入密码。"), SAME])
    licence = file_field("营业执照或法人证书", need=True, hint="PDF、JPG 或 PNG，不超过 10 MB。")
    consent = consent_field()


class MendingForm(UnitRegistrationForm):
    """修改注册信息: the credit code stays; the password and the licence may."""

    credit_code = None
    password = PasswordField("密码", [Length(max=128, message="密码不超过 128 位。")])
    repeat = PasswordField("再次输入密码", [SAME])
    licence = file_field("营业执照或法人证书", hint="PDF、JPG 或 PNG，不超过 10 MB。")


class RegistrationStatusForm(Form):
    credit_code = text_field("统一社会信用代码", need=True, length=18)
    password = PasswordField("注册时设置的密码", [InputRequired("请输入密码。"), Length(max=128)])


class RegistrationQuery(Query):
    name = text_field("单位名称", length=120)
    credit_code = text_field("统一社会信用代码", length=18)
    status = enum_field("状态", RegistrationStatus, blank="全部")


class RegistrationDecisionForm(Form):
    as_body = RadioField("该单位是系统中的哪个机构", coerce=id_or_none, validate_choice=False)
    opinion = long_text_field("审核意见", length=300, hint="审核不通过时必须写明应怎么修正，单位会看到。")


class PeopleQuery(Query):
    name = text_field("姓名", length=60)
    id_number = text_field("身份证号", length=36, render_kw={"placeholder": "完整的身份证号"})
    body_id = body_field("单位", own_region=True)


class ResetForm(Form):
    reason = text_field("怎样核对了本人身份", need=True, length=120, hint="例如：本人持身份证到场。")


class BlacklistQuery(Query):
    name = text_field("姓名", length=60)
    id_number = text_field("身份证号", length=36, render_kw={"placeholder": "完整的身份证号"})
    reason = text_field("原因", length=60)
    standing = choice_field("状态", [("future", "未开始"), ("in", "有效"), ("over", "已到期"), ("lifted", "已解除")])


class ReasonForm(Form):
    reason = long_text_field("原因", need=True, length=300)


def person_field(label: str = "人员", *, need: bool = False, hint: str = "") -> Any:
    """A person the acting post may see: 录入姓名或身份证号，回车查询; the id is the data."""

    def text_of(person_id: int) -> str | None:
        found = read().scalar(sa.select(Person).where(Person.id == person_id))
        return f"{found.name}（{found.id_masked}）" if found else None

    return SearchSelectField(
        label,
        [answered("请录入姓名或身份证号，回车后从列表中选择。") if need else optional()],
        address=lambda: url_for("BodySearchView.people"),
        text_of=text_of,
        description=hint,
    )
