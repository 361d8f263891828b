import pytest
from flask import Flask

from app.bodies import queries, services
from app.bodies.enums import NodeType as N
from app.catalog.enums import AcquisitionMethod as M
from app.catalog.enums import TitleLevel as L
from app.core.db import read_session
from app.core.scope import Actor
from tests.places import SYSTEM, act, make_body

pytestmark = pytest.mark.usefixtures("app")


def found(text: str, **conditions: object) -> list[str]:
    with read_session(Actor.anonymous()) as session:
        return [body.name for body in queries.search_bodies(session, text, **conditions)]


def test_search_by_name_code_and_initials() -> None:
    make_body("长沙市教育局", N.DEPARTMENT, code="430100AB01")
    make_body("株洲市教育局", N.DEPARTMENT, region_code="430200", code="430200AB01")
    make_body("长沙市第一中学", code="430100AB02")
    assert found("教育") == ["株洲市教育局", "长沙市教育局"]
    assert found(" 430100ab0 ".upper()) == ["长沙市教育局", "长沙市第一中学"]
    assert found("CSSJYJ") == ["长沙市教育局"]
    assert found("长沙", node_types=[N.UNIT]) == ["长沙市第一中学"]
    assert found("教育局", region_prefix="4302") == ["株洲市教育局"]
    assert found("长沙", limit=1) == ["长沙市教育局"]
    for nothing in ("", " ", "%", "_", "没有"):
        assert found(nothing) == []


def test_search_leaves_out_the_deregistered() -> None:
    key = make_body("撤并的局")
    act(SYSTEM, services.deregister_body, body_id=key, reason="撤并")
    assert found("撤并") == []


def test_what_a_body_decides_and_issues(app: Flask) -> None:
    office = make_body("管理处", N.TITLE_OFFICE)
    acceptance = act(
        SYSTEM,
        services.add_acceptance,
        body_id=office,
        method=M.INITIAL_DETERMINATION,
        level=L.ASSISTANT,
        printed_name="人社局",
    )
    act(SYSTEM, services.add_issuing_authority, body_id=office, code="0100", printed_name="长沙市人社局")
    far = make_body("远处", N.TITLE_OFFICE, region_code="430200")
    act(SYSTEM, services.add_issuing_authority, body_id=far, code="0200", printed_name="株洲市人社局")
    with read_session(SYSTEM) as session:
        row = queries.acceptance_of(session, office, M.INITIAL_DETERMINATION, L.ASSISTANT)
        assert (row and row.id) == acceptance
        assert queries.acceptance_of(session, office, M.RECOGNITION, L.ASSISTANT) is None
        authority = queries.issuing_authority_of(session, office)
        assert (authority and authority.code) == "0100"
        assert [row.code for row in queries.issuing_authorities(session, "4301")] == ["0100"]
        assert [row.code for row in queries.issuing_authorities(session, "43")] == ["0100", "0200"]
    act(SYSTEM, services.deregister_acceptance, acceptance_id=acceptance, reason="职能调整")
    with read_session(SYSTEM) as session:
        assert queries.acceptance_of(session, office, M.INITIAL_DETERMINATION, L.ASSISTANT) is None
