"""Forms of sign-in, registration and passwords."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import InputRequired, Length


class SignInForm(FlaskForm):
    login = StringField("用户名或身份证号", [InputRequired("请输入用户名或身份证号。"), Length(max=64, message="过长。")])
    password = PasswordField("密码", [InputRequired("请输入密码。"), Length(max=128, message="密码不超过 128 位。")])


class RegistrationForm(FlaskForm):
    name = StringField("姓名", [InputRequired("请填写姓名。"), Length(max=60, message="姓名不超过 60 个字。")])
    id_number = StringField("身份证号", [InputRequired("请填写身份证号。"), Length(max=18, message="身份证号为 18 位。")])
    phone = StringField("手机号", [InputRequired("请填写手机号。"), Length(max=20, message="手机号为 11 位。")])
    password = PasswordField("密码", [InputRequired("请设置密码。"), Length(max=128, message="密码不超过 128 位。")])
    repeat = PasswordField("再次输入密码", [InputRequired("请再次输入密码。")])
    consent = BooleanField("我已阅读并同意《个人信息处理告知书》")


class PasswordForm(FlaskForm):
    old = PasswordField("原密码", [InputRequired("请输入原密码。")])
    new = PasswordField("新密码", [InputRequired("请输入新密码。"), Length(max=128, message="密码不超过 128 位。")])
    repeat = PasswordField("再次输入新密码", [InputRequired("请再次输入新密码。")])
