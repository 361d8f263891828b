"""A10 批量导入."""

from __future__ import annotations

from app.committees.spreadsheets import KIND
from app.web.imports import ImportWizard


class CommitteeImportView(ImportWizard):
    """批量导入评委会."""

    route_base, kind, back = "/committees/import", KIND, "CommitteeView.list"
