from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
import xlsxwriter

from app.approval_paths import spreadsheets
from app.approval_paths.enums import Procedure
from app.approval_paths.models import PathEdge
from app.bodies.enums import NodeType
from app.core import jobs, staging
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.scope import Actor
from app.formats import imports
from tests.people import make_actor
from tests.places import make_body

KIND = spreadsheets.kind(Procedure.SENIOR_REVIEW)
pytestmark = pytest.mark.usefixtures("app")


def take(actor: Actor, *rows: tuple[str, ...]) -> int:
    importer, file = imports.importers[KIND], io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet(importer.title)
        for number, row in enumerate(([column.label for column in importer.columns], *rows)):
            sheet.write_row(number, 0, row)
    with unit_of_work(actor) as session:
        batch, job = imports.upload(session, actor=actor, kind=KIND, name="路径.xlsx", content=file.getvalue())
    jobs.run(job)
    return batch


@pytest.mark.parametrize("region, confirmed", [("430000", True), ("430100", False)])
def test_a_loop_within_the_file_is_shown_and_the_province_confirms(region: str, confirmed: bool) -> None:
    actor = make_actor(Role.HR_OFFICER, body_id=make_body("人社局", NodeType.TITLE_OFFICE), region_code=region)
    make_body("单位甲", code="UNIT1")
    for name in "乙丙":
        make_body(f"主管{name}", NodeType.DEPARTMENT, code={"乙": "DEPT2", "丙": "DEPT3"}[name])
    batch = take(
        actor,
        ("UNIT1", "主管乙", "副高级", "", ""),
        ("DEPT2", "DEPT3", "副高级", "", ""),
        ("DEPT3", "DEPT2", "副高级", "", ""),
        ("主管丙", "主管乙", "正高级", "", ""),
    )
    with read_session(actor) as session:
        failed = staging.failures(session, batch, limit=5)
        assert [(row.number, row.problems) for row in failed] == [
            (4, {"上级机构": "会形成循环：主管丙 → 主管乙 → 主管丙。"})
        ]
    with unit_of_work(actor) as session:
        assert imports.submit(session, actor=actor, kind=KIND, batch_id=batch) == 3
    with read_session(actor) as session:
        edges = session.scalars(sa.select(PathEdge)).all()
        assert [(edge.confirmed_at is not None) for edge in edges] == [confirmed] * 3
