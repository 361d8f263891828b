"""A4 to A8 批量导入: a wizard for each procedure."""

from __future__ import annotations

from app.approval_paths.enums import Procedure
from app.approval_paths.spreadsheets import kind as kind_of
from app.web.imports import ImportWizard


class InitialDeterminationPathImportView(ImportWizard):
    route_base = "/paths/initial_determination/import"
    kind, back = kind_of(Procedure.INITIAL_DETERMINATION), "InitialDeterminationPathView.list"


class RecognitionPathImportView(ImportWizard):
    route_base = "/paths/recognition/import"
    kind, back = kind_of(Procedure.RECOGNITION), "RecognitionPathView.list"


class JuniorReviewPathImportView(ImportWizard):
    route_base = "/paths/junior_review/import"
    kind, back = kind_of(Procedure.JUNIOR_REVIEW), "JuniorReviewPathView.list"


class IntermediateReviewPathImportView(ImportWizard):
    route_base = "/paths/intermediate_review/import"
    kind, back = kind_of(Procedure.INTERMEDIATE_REVIEW), "IntermediateReviewPathView.list"


class SeniorReviewPathImportView(ImportWizard):
    route_base = "/paths/senior_review/import"
    kind, back = kind_of(Procedure.SENIOR_REVIEW), "SeniorReviewPathView.list"
