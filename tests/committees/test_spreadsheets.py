from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
import xlsxwriter

from app.bodies.enums import NodeType
from app.catalog.models import Speciality
from app.committees import spreadsheets
from app.committees.models import Committee, FoundingBody
from app.core import jobs, staging
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.formats import imports
from tests import places
from tests.people import make_actor


@pytest.mark.usefixtures("app")
def test_committees_with_what_they_cover() -> None:
    office = places.make_body("市人社局", NodeType.TITLE_OFFICE, code="OFFICE1")
    actor = make_actor(Role.HR_OFFICER, body_id=office, region_code="430100")
    with read_session(actor) as session:
        top = session.get_one(Speciality, places.speciality(session, "工程技术人员")).code
    tail = ["OFFICE1", "", ""]
    good = ["CMT001", "工程高评会", "430100", "高评会", "工程技术人员", top, "25", "", "", "2025-03-01", "2028-02-29"]
    few = ["CMT002", "人少高评会", "430200", "高评会", "工程技术人员", top, "24", "", "", "2025-03-01", "2029-02-28"]
    importer, file = imports.importers[spreadsheets.KIND], io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet(importer.title)
        for number, row in enumerate(([column.label for column in importer.columns], good + tail, few + tail)):
            sheet.write_row(number, 0, row)
    with unit_of_work(actor) as session:
        batch, job = imports.upload(
            session, actor=actor, kind=spreadsheets.KIND, name="评委会.xlsx", content=file.getvalue()
        )
    jobs.run(job)
    with read_session(actor) as session:
        (failed,) = staging.failures(session, batch, limit=5)
        assert set(failed.problems) == {"行政区划代码", "评委会人数", "有效期截止日期"}
    with unit_of_work(actor) as session:
        assert imports.submit(session, actor=actor, kind=spreadsheets.KIND, batch_id=batch) == 1
    with read_session(actor) as session:
        committee = session.scalars(sa.select(Committee)).one()
        assert (committee.body.name, committee.member_count) == ("工程高评会", 25)
        assert session.scalars(sa.select(FoundingBody.body_id)).all() == [office]
