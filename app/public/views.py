"""What anyone may open: notices, and the check of a certificate."""

from __future__ import annotations

from flask import abort
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose

from app.certificates.queries import check_public, check_token
from app.public.forms import CheckForm
from app.public_notices.queries import notice_page, running
from app.web.access import EVERYONE
from app.web.identity import read


class NoticeView(BaseView):
    """公示."""

    route_base = "/notice"
    access = {"*": EVERYONE}
    default_view = "list"

    @expose("/")
    def list(self) -> ResponseReturnValue:
        return self.render_template("public/notices.html", title="正在公示", notices=running(read(), 100))

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        notice = notice_page(read(), pk)
        if notice is None:
            abort(404)
        return self.render_template("public/notice.html", title=notice.title, notice=notice)


class CheckView(BaseView):
    """证书查验: number and name, or the QR code's signed address."""

    route_base = "/check"
    access = {"*": EVERYONE}
    default_view = "check"

    @expose("/", methods=["GET", "POST"])
    def check(self) -> ResponseReturnValue:
        form = CheckForm()
        found, asked = None, False
        if form.validate_on_submit():
            asked = True
            found = check_public(read(), form.number.data or "", form.name.data or "")
        return self.render_template(
            "public/check.html", title="证书查验", form=form, found=found, asked=asked
        ), 422 if form.errors else 200

    @expose("/<token>")
    def scan(self, token: str) -> ResponseReturnValue:
        found = check_token(read(), token)
        return self.render_template(
            "public/check.html",
            title="证书查验",
            form=CheckForm(None, number=found.number if found else ""),
            found=found,
            asked=True,
            scanned=True,
        ), 200 if found else 404
