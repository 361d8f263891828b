"""The vocabulary of bodies."""

from app.core.enums import Labelled


class NodeType(Labelled):
    """受理节点类型: what a body is on an approval path."""

    UNIT = "unit", "单位"
    DEPARTMENT = "department", "主管单位"
    TITLE_OFFICE = "title_office", "经办机构"
    COMMITTEE = "committee", "评委会"


KEPT = (NodeType.UNIT, NodeType.DEPARTMENT, NodeType.TITLE_OFFICE)
"""Kept on 机构管理; committees are set up on A10."""
DECIDING = (NodeType.DEPARTMENT, NodeType.TITLE_OFFICE)
"""May be the final authority of 初定 and 认定."""


class BodyNature(Labelled):
    """单位性质; an agency stands in for the unit of freelancers and staff of private firms."""

    PUBLIC_INSTITUTION = "public_institution", "事业单位"
    GOVERNMENT = "government", "机关"
    STATE_ENTERPRISE = "state_enterprise", "国有企业"
    PRIVATE_FIRM = "private_firm", "非公有制企业"
    PERSONNEL_AGENCY = "personnel_agency", "人事代理机构"
    COMMITTEE = "committee", "评委会"
