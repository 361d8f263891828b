"""The import wizard's page, one for all: template, upload, progress, failures, submission."""

from __future__ import annotations

import io
from typing import Any

import sqlalchemy as sa
from flask import Response, abort, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose

from app.core import jobs, staging
from app.core.enums import Role
from app.core.errors import Refusal
from app.core.staging import BatchState, ImportBatch
from app.formats import imports, sheets
from app.web.access import only
from app.web.export import XLSX
from app.web.files import disposition
from app.web.identity import command, current_actor, read

PAGE = 50


class ImportWizard(BaseView):
    """Routes of one importer; a subclass says `kind`, `back` (endpoint of its list), and where it stands."""

    access = only(Role.HR_OFFICER)
    default_view = "page"
    kind = ""
    back = ""

    @property
    def hangs_below(self) -> tuple[str, ...]:
        return (self.back.removesuffix(".list"),)

    @property
    def importer(self) -> imports.Importer:
        return imports.importers[self.kind]

    @expose("/")
    def page(self) -> ResponseReturnValue:
        """The way in, and the person's own last batches to come back to."""
        recent = read().scalars(
            sa.select(ImportBatch).where(ImportBatch.kind == self.kind).order_by(ImportBatch.id.desc()).limit(10)
        )
        return self._render(batch=None, recent=recent.all())

    @expose("/template")
    def template(self) -> Response:
        importer = self.importer
        content = sheets.template(importer.title, importer.columns, importer.rules)
        return _workbook(content, f"{importer.title}导入模板.xlsx")

    @expose("/upload", methods=["POST"])
    def upload(self) -> ResponseReturnValue:
        file = request.files.get("file")
        try:
            with command() as session:
                batch, job = imports.upload(
                    session,
                    actor=current_actor(),
                    kind=self.kind,
                    name=file.filename or "" if file else "",
                    content=file.read() if file else b"",
                )
        except Refusal as refusal:
            flash(refusal.reason, "danger")
            return redirect(url_for(f"{self.endpoint}.page"))
        jobs.start(job)
        return redirect(url_for(f"{self.endpoint}.show", pk=batch))

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        """Progress, then what was found: failures by page, below sheet row `after`."""
        batch = self._batch(pk)
        after = max(0, request.args.get("after", 0, type=int))
        failed = staging.failures(read(), pk, after=min(after, 10**8), limit=PAGE + 1)
        following = failed[PAGE - 1].number if len(failed) > PAGE else None
        return self._render(batch=batch, failed=failed[:PAGE], after=after, following=following)

    @expose("/<int:pk>/failures")
    def failures(self, pk: int) -> Response:
        """The failed rows with their reasons, to mend."""
        batch = self._batch(pk)
        title = self.importer.title
        return _workbook(imports.mending(read(), batch), f"{title}导入失败的数据.xlsx")

    @expose("/<int:pk>/submit", methods=["POST"])
    def submit(self, pk: int) -> ResponseReturnValue:
        try:
            with command() as session:
                count = imports.submit(session, actor=current_actor(), kind=self.kind, batch_id=pk)
            flash(f"已提交，导入 {count} 条。", "success")
        except Refusal as refusal:
            if refusal.status == 404:
                abort(404)
            flash(refusal.reason, "danger")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk))

    @expose("/<int:pk>/discard", methods=["POST"])
    def discard(self, pk: int) -> ResponseReturnValue:
        self._batch(pk)
        try:
            with command() as session:
                staging.discard(session, actor=current_actor(), batch_id=pk)
            flash("已放弃，这批数据没有导入。", "info")
        except Refusal as refusal:
            flash(refusal.reason, "danger")
        return redirect(url_for(f"{self.endpoint}.page"))

    def _batch(self, pk: int) -> ImportBatch:
        batch = read().get(ImportBatch, pk)
        if batch is None or batch.kind != self.kind:
            abort(404)
        return batch

    def _render(self, **values: Any) -> str:
        rendered: str = self.render_template(
            "screens/import.html", title=f"批量导入{self.importer.title}", view=self.endpoint, states=BatchState,
            back=url_for(self.back) if self.back else None, **values,
        )  # fmt: skip
        return rendered


def _workbook(content: bytes, name: str) -> Response:
    response = send_file(io.BytesIO(content), mimetype=XLSX)
    response.headers["Content-Disposition"] = disposition(name, inline=False)
    return response
