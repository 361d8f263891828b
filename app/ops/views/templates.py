"""模板文件: the workbooks the import wizards give out, and the page templates as they are installed."""

from __future__ import annotations

from pathlib import Path

from flask import abort, current_app, send_file
from flask.typing import ResponseReturnValue
from flask_admin import BaseView, expose

from app import imports
from app.ops.views.console import Console
from app.web.export import handed
from app.web.identity import read


class TemplatesView(Console, BaseView):
    routes = frozenset({"index", "workbook", "source"})
    intro = "导入向导发给经办人的 Excel 模板，以及本系统安装的页面模板。只能查看和下载，随版本更新。"

    @expose("/")
    def index(self) -> ResponseReturnValue:
        importers = sorted(imports.importers.values(), key=lambda one: one.title)
        return self.page("ops/templates.html", importers=importers, sources=self._sources())

    @expose("/workbook/<kind>")
    def workbook(self, kind: str) -> ResponseReturnValue:
        importer = imports.importers.get(kind) or abort(404)
        content = imports.template(read(), importer)
        return handed(content, f"{importer.title}导入模板.xlsx")

    @expose("/source/<path:file>")
    def source(self, file: str) -> ResponseReturnValue:
        """One of the listed files, by the name it is listed under; nothing else has a name here."""
        found = self._sources().get(file) or abort(404)
        return send_file(found, mimetype="text/plain", as_attachment=True, download_name=found.name)

    def _sources(self) -> dict[str, Path]:
        folder = Path(str(current_app.template_folder))
        return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.html"))}
