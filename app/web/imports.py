"""The import wizard's page, one for all: template, upload, progress, failures, submission."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

import sqlalchemy as sa
from flask import Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose

from app import imports
from app.core import crypto, jobs
from app.core.enums import Role
from app.core.errors import Refusal
from app.imports import BatchState, FailedRow, ImportBatch
from app.web import paging
from app.web.access import only
from app.web.export import handed
from app.web.forms import Form, SelectField, attempt, choices_of, file_field, required
from app.web.identity import command, current_actor, read
from app.web.lists import counted_for
from app.web.paging import Key, asc, desc
from app.web.ways import above, carried

PAGE, RECENT = 50, 10
_ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])")
_PHONE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])")


class ImportWizard(BaseView):
    """Routes of one importer; a subclass says `kind`, `back` (endpoint of its list), and where it stands."""

    access = only(Role.HR_OFFICER)
    default_view = "page"
    kind: ClassVar[str] = ""
    back: ClassVar[str] = ""
    wizards: ClassVar[dict[str, str]] = {}
    """The endpoint of each kind's wizard."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        ImportWizard.wizards[cls.kind] = cls.__name__

    @property
    def hangs_below(self) -> tuple[str, ...]:
        return (self.back.removesuffix(".list"),)

    @property
    def importer(self) -> imports.Importer:
        return imports.importers[self.kind]

    @expose("/")
    def page(self) -> ResponseReturnValue:
        """The way in, and the person's own last batches to come back to."""
        return self._start(self._form())

    @expose("/template")
    def template(self) -> Response:
        return handed(imports.template(read(), self.importer), f"{self.importer.title}导入模板.xlsx")

    @expose("/upload", methods=["POST"])
    def upload(self) -> ResponseReturnValue:
        form, begun = self._form(), [0, 0]

        def begin() -> None:
            with form.file.data.stream as file, command() as session:
                begun[:] = imports.upload(
                    session,
                    actor=current_actor(),
                    kind=self.kind,
                    name=form.file.data.filename or "",
                    content=file.read(),
                    chosen={column.key: form[column.key].data for column in self.importer.asked_columns},
                )

        if not attempt(form, begin):
            return self._start(form), 422
        batch, job = begun
        jobs.start(job)
        return redirect(url_for(f"{self.endpoint}.show", pk=batch))

    @expose("/<int:pk>")
    def show(self, pk: int) -> ResponseReturnValue:
        """Progress, then what was found: failures by page."""
        batch = self._batch(pk)
        page = self._paged(sa.select(FailedRow).where(FailedRow.batch_id == pk), (asc(FailedRow.number),), PAGE)
        crumbs = [(place.title, place.url)] if (place := above()) else []
        return self._render(
            title=f"批量导入{self.importer.title}：{batch.file_name}",
            crumbs=[*crumbs, (f"批量导入{self.importer.title}", url_for(f"{self.endpoint}.page"))],
            batch=batch,
            chosen=[(self.importer.labels[key], word) for key, word in batch.chosen.items()],
            failed=[(row.number, column, _masked(said)) for row in page.rows for column, said in row.problems.items()],
            page=page,
            here=lambda after: carried(url_for(f"{self.endpoint}.show", pk=pk, after=after)),
        )

    @expose("/<int:pk>/failures")
    def failures(self, pk: int) -> Response:
        """The failed rows with their reasons, to mend."""
        batch = self._batch(pk)
        if batch.swept_at is not None or not batch.bad:
            abort(404)
        return handed(imports.mending(read(), batch), f"{self.importer.title}导入失败的数据.xlsx")

    @expose("/<int:pk>/submit", methods=["POST"])
    def submit(self, pk: int) -> ResponseReturnValue:
        try:
            with command() as session:
                job = imports.submit(session, actor=current_actor(), kind=self.kind, batch_id=pk)
        except Refusal as refusal:
            if refusal.status == 404:
                abort(404)
            flash(refusal.reason, "danger")
        else:
            jobs.start(job)
        return redirect(url_for(f"{self.endpoint}.show", pk=pk))

    @expose("/<int:pk>/discard", methods=["POST"])
    def discard(self, pk: int) -> ResponseReturnValue:
        self._batch(pk)
        try:
            with command() as session:
                imports.discard(session, actor=current_actor(), batch_id=pk)
            flash("已放弃，这批数据没有导入。", "info")
        except Refusal as refusal:
            flash(refusal.reason, "danger")
        return redirect(url_for(f"{self.endpoint}.page"))

    def _form(self) -> Any:
        """The file, and before it what is chosen for the whole of it."""
        fields: dict[str, Any] = {
            column.key: SelectField(
                column.label,
                [required("请选择。")],
                choices=choices_of(
                    [(word, word) for word in column.choices], None if len(column.choices) == 1 else "请选择"
                ),
            )
            for column in self.importer.asked_columns
        }
        fields["file"] = file_field("浏览文件", need=True, accept=".xlsx", max_bytes=imports.MOST_BYTES)
        return type("UploadForm", (Form,), fields)()

    def _batch(self, pk: int) -> ImportBatch:
        batch = read().get(ImportBatch, pk)
        if batch is None or batch.kind != self.kind:
            abort(404)
        return batch

    def _start(self, form: Any) -> str:
        waiting = sa.case((ImportBatch.state.in_([state for state in BatchState if state.waits]), 1), else_=0)
        mine = sa.select(ImportBatch).where(ImportBatch.kind == self.kind)
        return self._render(
            title=f"批量导入{self.importer.title}",
            crumbs=(),
            batch=None,
            form=form,
            recent=self._paged(mine, (desc(waiting), desc(ImportBatch.id)), RECENT),
            here=lambda after: carried(url_for(f"{self.endpoint}.page", after=after)),
        )

    def _paged(self, statement: sa.Select[Any], key: Sequence[Key], size: int) -> paging.Page:
        """The page the address names; the first, where there is nothing any more."""
        whose = counted_for()
        cursor = paging.decode(request.args.get("after"), key, whose)
        found = paging.fetch(read(), statement, key, cursor, size, whose)
        return found if found.rows or cursor is None else paging.fetch(read(), statement, key, None, size, whose)

    def _render(self, **values: Any) -> str:
        rendered: str = self.render_template(
            "screens/import.html", view=self.endpoint, states=BatchState, importer=self.importer, back=url_for(self.back),
            **values,
        )  # fmt: skip
        return rendered


def address_of(batch: ImportBatch) -> str | None:
    """The page of a batch; None where its kind has no wizard any more."""
    endpoint = ImportWizard.wizards.get(batch.kind)
    return url_for(f"{endpoint}.show", pk=batch.id) if endpoint else None


def _masked(said: str) -> str:
    """A reason that quotes a cell, with identity and telephone numbers as they are shown on screen."""
    said = _ID_NUMBER.sub(lambda found: crypto.mask_id_number(found[0]), said)
    return _PHONE.sub(lambda found: crypto.mask_phone(found[0]), said)
