from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
import xlsxwriter

from app.bodies import spreadsheets
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance
from app.core import jobs, staging
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict
from app.core.scope import Actor
from app.core.staging import BatchState, ImportBatch
from app.formats import imports
from tests.people import make_actor
from tests.places import make_body

HEAD = [column.label for column in imports.importers[spreadsheets.KIND].columns]


def workbook(*rows: list[object], head: list[str] = HEAD) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("受理机构")
        for number, row in enumerate((head, *rows)):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def take(actor: Actor, content: bytes, kind: str = spreadsheets.KIND) -> int:
    """Upload and check a workbook; its batch."""
    with unit_of_work(actor) as session:
        batch, job = imports.upload(session, actor=actor, kind=kind, name="机构.xlsx", content=content)
    jobs.run(job)
    return batch


def found(actor: Actor, batch: int) -> tuple[BatchState, int, int, str]:
    with read_session(actor) as session:
        row = session.get_one(ImportBatch, batch)
        return row.state, row.good, row.bad, row.message


@pytest.fixture
def officer(app: object) -> Actor:
    return make_actor(Role.HR_OFFICER, body_id=make_body("市人社局", NodeType.TITLE_OFFICE), region_code="430100")


def test_good_rows_become_records_once_and_bad_ones_say_why(officer: Actor) -> None:
    make_body("长沙职改办", NodeType.TITLE_OFFICE, code="OFFICE1")
    make_body("株洲职改办", NodeType.TITLE_OFFICE, code="OFFICE2", region_code="430200")
    batch = take(
        officer,
        workbook(
            ["OFFICE1", "初定", "助理级", "长沙市人社局", ""],
            ["OFFICE2", "初定", "助理级", "株洲市人社局", ""],
            ["OFFICE1", "初定", "助理级", "再来一次", ""],
            [4301, "评审", "助理级", "", ""],
        ),
    )
    assert found(officer, batch) == (BatchState.CHECKED, 1, 3, "")
    with read_session(officer) as session:
        failed = [(row.number, row.problems) for row in staging.failures(session, batch, limit=10)]
        assert session.scalar(sa.select(sa.func.count(Acceptance.id))) == 0
    assert failed[0] == (3, {"受理机构": "只能维护本统筹区内的机构。"})
    assert failed[1][1] == {"受理机构": "与第 2 行重复（受理机构、取得方式、职称级别相同）。"}
    assert set(failed[2][1]) == {"受理机构", "取得方式", "打印在证书上的机构名称"}
    with unit_of_work(officer) as session:
        assert imports.submit(session, actor=officer, kind=spreadsheets.KIND, batch_id=batch) == 1
    with unit_of_work(officer) as session, pytest.raises(Conflict):
        imports.submit(session, actor=officer, kind=spreadsheets.KIND, batch_id=batch)
    with read_session(officer) as session:
        assert session.scalars(sa.select(Acceptance.printed_name)).all() == ["长沙市人社局"]


@pytest.mark.parametrize(
    "content, said",
    [
        (b"PK\x03\x04", "不是可以读取的"),
        (b"a,b\n1,2", "不是可以读取的"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "加密"),
        (workbook(["=1+1"]), "第 2 行 A 列有公式"),
        (workbook(head=HEAD[1:]), "缺少列“受理机构”"),
        (workbook(), "没有数据"),
        (workbook()[:-50], "不是可以读取的"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(officer: Actor, content: bytes, said: str) -> None:
    state, good, bad, message = found(officer, take(officer, content))
    assert (state, good, bad) == (BatchState.REFUSED, 0, 0)
    assert said in message
