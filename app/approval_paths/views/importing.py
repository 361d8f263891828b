"""A4 to A8 批量导入: a wizard for each procedure."""

from __future__ import annotations

from app.approval_paths.enums import Procedure
from app.approval_paths.spreadsheets import kind as kind_of
from app.web.imports import ImportWizard


class InitialDeterminationPathImportView(ImportWizard):
    route_base = "/paths/initial_determination/import"
    kind, back = kind_of(Procedure.INITIAL_DETERMINATION), "InitialDeterminationPathView.list"
    screen = "职称初定审核路径配置"


class RecognitionPathImportView(ImportWizard):
    route_base = "/paths/recognition/import"
    kind, back = kind_of(Procedure.RECOGNITION), "RecognitionPathView.list"
    screen = "职称认定审核路径配置"


class JuniorReviewPathImportView(ImportWizard):
    route_base = "/paths/junior_review/import"
    kind, back = kind_of(Procedure.JUNIOR_REVIEW), "JuniorReviewPathView.list"
    screen = "初评会审核路径配置"


class IntermediateReviewPathImportView(ImportWizard):
    route_base = "/paths/intermediate_review/import"
    kind, back = kind_of(Procedure.INTERMEDIATE_REVIEW), "IntermediateReviewPathView.list"
    screen = "中评会审核路径配置"


class SeniorReviewPathImportView(ImportWizard):
    route_base = "/paths/senior_review/import"
    kind, back = kind_of(Procedure.SENIOR_REVIEW), "SeniorReviewPathView.list"
    screen = "高评会审核路径配置"
