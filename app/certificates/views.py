"""A16 证书编号生成, A17 证书发放, A20 证书查询, A29 生成电子证书, U1.7.1, and the holder's own certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose
from sqlalchemy.orm import Session

from app.applications.models import Application
from app.bodies.models import IssuingAuthority
from app.bodies.queries import issuing_authorities
from app.catalog.queries import all_series
from app.certificates import queries, services
from app.certificates.enums import CertificateStatus
from app.certificates.forms import CertificateQuery, IssuingQuery, NumbersForm, PoolQuery, RenderingQuery
from app.certificates.models import Certificate, NumberPool
from app.core import clock, jobs, storage
from app.core.enums import Role
from app.core.errors import Refusal
from app.web.access import only
from app.web.cautions import Caution, consequences
from app.web.forms import Query, attempt, choices_of
from app.web.identity import command, current_actor, read
from app.web.lists import Bulk, Button, Column, ListScreen, asc, desc
from app.web.widgets import Choice, answer, typed_keyword

ISSUERS = frozenset({Role.HR_OFFICER, Role.TITLE_OFFICE})
CERTIFICATE_COLUMNS = (
    Column("证书编号", "number", link=lambda row: url_for("CertificatePageView.show", pk=row.id)),
    Column("姓名", "holder_name"),
    Column("身份证号", "id_masked"),
    Column("职称", lambda row: row.face["title"]),
    Column("专业", lambda row: row.face["speciality"]),
    Column("发文文号", "document_number"),
    Column("发证日期", "issued_on", "day"),
    Column("状态", "status", "state"),
)


class NumberView(ListScreen):
    """证书编号生成: the pools, and making more numbers by hand (they grow by themselves too)."""

    access = {"*": ISSUERS}
    route_base, title = "/a16", "证书编号生成"
    intro = "发放证书时编号库没有可用编号会自动扩充，一般不需要手工生成。"
    conditions = PoolQuery
    key = (asc(NumberPool.prefix),)
    columns = (
        Column("编号前缀", lambda row: row.NumberPool.prefix),
        Column("发证单位", lambda row: row.NumberPool.issuing_authority.printed_name),
        Column("等级", lambda row: row.NumberPool.level),
        Column("年度", lambda row: row.NumberPool.year, "number"),
        Column("取得方式", lambda row: row.NumberPool.method),
        Column("已生成到", lambda row: row.NumberPool.last_serial, "number"),
        Column("可用编号", "free", "number"),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return queries.pools(dict(values))

    def fill(self, session: Session, form: Query) -> None:
        year = clock.today().year
        form["year"].choices = choices_of([(y, str(y)) for y in range(year, year - 10, -1)], "全部")

    def tools(self) -> Sequence[Button]:
        return (Button("新增", url_for("NumberView.new"), tone="primary"),)

    @expose("/search")
    def search(self) -> ResponseReturnValue:
        typed = typed_keyword()
        found = issuing_authorities(read(), current_actor().region_prefix)
        return answer(
            Choice(a.id, a.printed_name, a.code)
            for a in found
            if typed and (typed in a.printed_name or a.code.startswith(typed))
        )

    @expose("/new", methods=["GET", "POST"])
    def new(self) -> ResponseReturnValue:
        form = NumbersForm(data={"year": clock.today().year, "first": 1})
        form.issuing_authority_id._text_of = _authority_name
        form.series_id.choices = choices_of([(s.id, s.name) for s in all_series(read())])
        made: list[int] = []

        def save() -> None:
            values = {field.short_name: field.data for field in form if field.short_name != "csrf_token"}
            with command() as session:
                made.append(services.generate_numbers(session, actor=current_actor(), **values))

        if attempt(form, save):
            flash(f"已生成 {made[0]} 个证书编号。", "success")
            return redirect(url_for("NumberView.list"))
        return self.render_template(
            "screens/form.html", title="生成证书编号", form=form, submit="批量生成证号", back=url_for("NumberView.list")
        ), 422 if form.errors else 200


def _authority_name(key: int) -> str | None:
    """What the authority is called, if it is one of the acting post's region."""
    offered = issuing_authorities(read(), current_actor().region_prefix)
    return next((one.printed_name for one in offered if one.id == key), None)


class IssuingView(ListScreen):
    """证书发放, 是否发放 否."""

    access = {"*": ISSUERS}
    route_base, title = "/a17", "证书发放"
    intro = "这里列出已生效、尚未发放证书的人员；初定、认定人员请先填写发文文号，评审人员默认使用备案文号。"
    conditions = IssuingQuery
    key = (asc(Application.id),)
    columns = (
        Column("申报编号", "number", link=lambda row: url_for("DossierView.show", pk=row.id)),
        Column("姓名", "applicant_name"),
        Column("身份证号", "id_masked"),
        Column("单位", "employer.name"),
        Column("职称", "title.name"),
        Column("专业", "speciality.name"),
        Column("取得方式", "method"),
        Column("终审机构", "final_body.name"),
        Column("生效时间", "state_since", "ago"),
    )
    bulk_actions = (Bulk("issue", "发放证书", confirm="确定给所选人员发放证书吗？", tone="primary"),)
    template = "certificates/issuing.html"
    empty = "没有待发放证书的人员。"

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return queries.issuable(dict(values))

    def tools(self) -> Sequence[Button]:
        return (Button("是否发放：是（查看证书）", url_for("IssuedView.list")),)

    def issue(self, ids: Sequence[int]) -> str:
        document = request.form.get("document_number", "")[:200]
        with command() as session:
            outcome = services.issue_many(session, actor=current_actor(), application_ids=ids, document_number=document)
        refused = {key: reason for key, reason in outcome.items() if reason}
        names = {
            row.id: row.applicant_name
            for row in read().execute(
                sa.select(Application.id, Application.applicant_name).where(Application.id.in_(refused))
            )
        }
        for key, reason in refused.items():
            flash(f"{names.get(key, key)}：{reason}", "danger")
        if len(refused) == len(outcome):
            raise Refusal("没有发放证书，原因见上。")
        return f"已发放 {len(outcome) - len(refused)} 份证书，未发放 {len(refused)} 份。"


class CertificateScreen(ListScreen):
    abstract = True
    conditions = CertificateQuery
    key = (desc(Certificate.id),)
    columns: ClassVar[Sequence[Column]] = CERTIFICATE_COLUMNS
    empty = "还没有证书。"

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        return queries.listing(dict(values))

    def row_actions(self, row: Certificate) -> Sequence[Button]:
        return (Button("详情", url_for("CertificatePageView.show", pk=row.id)),)


class IssuedView(CertificateScreen):
    """证书发放, 是否发放 是."""

    access = {"*": ISSUERS}
    route_base, title = "/a17-issued", "证书发放（已发放）"

    def row_actions(self, row: Certificate) -> Sequence[Button]:
        if row.status is CertificateStatus.RENDERED:
            return (Button("查看证书", url_for("CertificatePageView.show", pk=row.id)),)
        return (Button("详情", url_for("CertificatePageView.show", pk=row.id)),)


class CertificateQueryView(CertificateScreen):
    """A20 证书查询."""

    access = {"*": ISSUERS}
    route_base, title = "/a20", "证书查询"


class UnitCertificateView(CertificateScreen):
    """U1.7.1 证书查询: certificates of the unit's own people."""

    access = only(Role.UNIT)
    route_base, title = "/u171", "证书查询"


class MyCertificateView(CertificateScreen):
    """我的证书."""

    access = only(Role.APPLICANT)
    route_base, title = "/my-certificates", "我的证书"
    exportable = False
    columns = (
        Column("职称", lambda row: row.face["title"], link=lambda row: url_for("CertificatePageView.show", pk=row.id)),
        Column("证书编号", "number"),
        Column("取得时间", "obtained_on", "day"),
        Column("状态", "status", "state"),
    )
    empty = "您还没有证书。申报生效并发放证书后会出现在这里。"

    def row_actions(self, row: Certificate) -> Sequence[Button]:
        if row.status is CertificateStatus.RENDERED:
            return (Button("下载证书", url_for("CertificatePageView.pdf", pk=row.id)),)
        return ()


class CertificatePageView(BaseView):
    """One certificate: what it says, the PDF in the page, and its download."""

    route_base = "/certificate"
    hangs_below = ("CertificateQueryView", "UnitCertificateView", "MyCertificateView")
    access: Mapping[str, frozenset[Role]] = {"*": ISSUERS | {Role.UNIT, Role.APPLICANT}}

    def _load(self, pk: int) -> Certificate:
        certificate = read().get(Certificate, pk)
        if certificate is None:
            abort(404)
        return certificate

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        certificate = self._load(pk)
        face = certificate.face
        rendered = certificate.status is CertificateStatus.RENDERED
        return self.render_template(
            "certificates/certificate.html",
            title=f"证书 {certificate.number}",
            certificate=certificate,
            state=certificate.status,
            rendered=rendered,
            buttons=[Button("保存", url_for("CertificatePageView.pdf", pk=pk), tone="primary")] if rendered else [],
            facts=[
                ("证书编号", certificate.number),
                ("姓名", face["name"]),
                ("性别", face["gender"]),
                ("身份证号", face["id_number_masked"]),
                ("单位", face["employer"]),
                ("职称名称", face["title"]),
                ("级别", face["level"]),
                ("系列", face["series"]),
                ("专业", face["speciality"]),
                ("取得方式", face["method"]),
                ("评审（认定）机构", face["approving_body"]),
                ("发证单位", face["issuing_authority"]),
                ("发文文号", certificate.document_number),
                ("取得时间", certificate.obtained_on),
                ("发证日期", certificate.issued_on),
                ("生成时间", certificate.rendered_at),
                ("撤销时间", certificate.revoked_at),
                ("撤销原因", certificate.revoked_reason),
            ],
        )

    @expose("/<int:pk>/pdf")
    def pdf(self, pk: int) -> ResponseReturnValue:
        certificate = self._load(pk)
        if certificate.status is not CertificateStatus.RENDERED or not certificate.storage_key:
            abort(404)
        with storage.current().open(certificate.storage_key) as file:
            content = file.read()
        inline = request.args.get("inline") == "1"
        response = Response(content, mimetype=storage.PDF)
        response.headers["Content-Disposition"] = (
            f'{"inline" if inline else "attachment"}; filename="{certificate.number}.pdf"'
        )
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; object-src 'self'; plugin-types application/pdf; frame-ancestors 'self'"
        )
        response.headers["Cache-Control"] = "private, no-store"
        return response


class RenderingView(CertificateScreen):
    """A29 生成电子证书."""

    access = {"*": ISSUERS}
    route_base, title = "/a29", "生成电子证书"
    intro = "录入发文文号查询；默认列出未生成电子证书的人员。"
    conditions = RenderingQuery
    bulk_actions = (
        Bulk(
            "render",
            "生成证书",
            confirm="确定生成所选人员的电子证书吗？",
            tone="primary",
            by_query=True,
            query_label="按查询条件批量发证",
        ),
    )

    def select(self, session: Session, values: Mapping[str, Any]) -> sa.Select[Any]:
        rendered = values.get("rendered") == "yes"
        status = CertificateStatus.RENDERED if rendered else CertificateStatus.ISSUED
        return queries.listing(dict(values) | {"status": status})

    def render(self, ids: Sequence[int]) -> str:
        with command() as session:
            job = services.start_rendering(
                session,
                actor=current_actor(),
                certificate_ids=ids,
                title=f"生成电子证书 {len(ids)} 份",
            )
            job_id, total = job.id, job.total
        jobs.start(job_id)
        return f"已开始生成 {total} 份电子证书，进度见“任务进度”。"


def _stops(session: Session, authority: IssuingAuthority) -> Sequence[Caution]:
    """What-if: who waits for a certificate under a code that is to end."""
    if not authority.active:
        return ()
    stops = "注销以后不再生成编号，也不能以这个编码发放证书；已发出的证书不受影响。"
    waiting = queries.waiting_for(session, authority)
    return (Caution(f"{waiting} 份已生效的申报在等它发证：{stops}" if waiting else stops),)


consequences[IssuingAuthority].append(_stops)
