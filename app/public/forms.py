"""The form of the public check."""

from __future__ import annotations

from app.web.forms import Form, text_field


class CheckForm(Form):
    number = text_field("证书编号", need=True, length=24)
    name = text_field("姓名", need=True, length=60)
