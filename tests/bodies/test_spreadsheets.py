from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
import xlsxwriter
from flask import Flask
from sqlalchemy.orm import Session

from app.bodies import queries, services, spreadsheets
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core import jobs, staging
from app.core.audit import AuditEntry
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.errors import Conflict
from app.core.scope import Actor
from app.core.staging import BatchState, ImportBatch
from app.formats import imports
from tests.people import make_actor
from tests.places import SYSTEM, act, make_body
from tests.threads import while_uncommitted

HEAD = [column.label for column in imports.importers[spreadsheets.KIND].columns]
BODY_HEAD = [column.label for column in imports.importers[spreadsheets.BODIES].columns]


def workbook(*rows: list[object], head: list[str] = HEAD, title: str = "受理机构") -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet(title)
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


def problems(actor: Actor, batch: int) -> list[tuple[int, dict[str, str]]]:
    with read_session(actor) as session:
        return [(row.number, row.problems) for row in staging.failures(session, batch, limit=10)]


def submit(actor: Actor, batch: int, kind: str = spreadsheets.KIND) -> int:
    with unit_of_work(actor) as session:
        return imports.submit(session, actor=actor, kind=kind, batch_id=batch)


def test_what_a_body_cannot_take_is_told_by_column(officer: Actor) -> None:
    make_body("长沙职改办", NodeType.TITLE_OFFICE, code="OFFICE1")
    make_body("某单位", code="UNIT1")
    make_body("某评委会", NodeType.COMMITTEE, code="COMMITTEE1")
    batch = take(
        officer,
        workbook(
            ["OFFICE1", "初定", "副高级", "长沙市人社局", ""],
            ["OFFICE1", "认定", "副高级", "长沙市 人社局", ""],
            ["UNIT1", "初定", "助理级", "\U0003106c局", ""],
            ["COMMITTEE1", "认定", "助理级", "某评委会", ""],
            ["OFFICE1", "认定", "正高级", "长沙市人社局", "知" * 5000],
            ["OFFICE1", "认定", "中级", "长沙市人社局", "知" * 5001],
        ),
    )
    assert found(officer, batch) == (BatchState.CHECKED, 1, 5, "")
    only = "不能作为初定、认定的受理机构，受理机构只能是主管单位、经办机构。"
    assert problems(officer, batch) == [
        (2, {"职称级别": "初定最高到中级，不能受理副高级。"}),
        (3, {"打印在证书上的机构名称": "打印在证书上的机构名称中“市”之后有空格或换行，请删去。"}),
        (
            4,
            {
                "打印在证书上的机构名称": "打印在证书上的机构名称中的“\U0003106c”（U+3106C）没有可以打印的字形，"
                "印不到证书上，请换用其他字。",
                "受理机构": f"单位{only}",
            },
        ),
        (5, {"受理机构": f"评委会{only}"}),
        (7, {"申报须知": "不超过 5000 个字。"}),
    ]


def test_an_ended_one_revives_and_each_ones_history_begins_with_the_import(officer: Actor) -> None:
    office = make_body("长沙职改办", NodeType.TITLE_OFFICE, code="OFFICE1")
    values = {"body_id": office, "method": AcquisitionMethod.RECOGNITION, "level": TitleLevel.CLERK}
    old = act(SYSTEM, services.add_acceptance, **values, printed_name="旧名")
    act(SYSTEM, services.deregister_acceptance, acceptance_id=old, reason="暂停")
    rows = (["OFFICE1", "认定", "员级", "新名", "一、须知"], ["OFFICE1", "认定", "中级", "新名", ""])
    assert submit(officer, take(officer, workbook(*rows))) == 2
    with read_session(officer) as session:
        made = session.scalars(sa.select(Acceptance).order_by(Acceptance.id)).all()
        assert [(row.printed_name, row.guideline, row.active) for row in made] == [
            ("新名", "一、须知", True),
            ("新名", "", True),
        ]
        told = {
            row.object_id: row.detail
            for row in session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "bodies.import_acceptance"))
        }
    assert told == {
        str(row.id): {
            "body": "长沙职改办",
            "method": "recognition",
            "level": row.level,
            "printed_name": "新名",
            "guideline": row.guideline,
        }
        for row in made
    }


def test_a_body_that_is_being_deregistered_takes_nothing_by_workbook(app: Flask, officer: Actor) -> None:
    office = make_body("长沙职改办", NodeType.TITLE_OFFICE, code="OFFICE1")
    batch = take(officer, workbook(["OFFICE1", "认定", "员级", "人社局", ""]))

    def ends(session: Session) -> None:
        services.deregister_body(session, actor=officer, body_id=office, reason="撤并")

    with while_uncommitted(app, officer, ends, lambda: submit(officer, batch)) as outcome:
        assert [type(one) for one in outcome] == [Conflict]
    with read_session(officer) as session:
        assert session.scalars(sa.select(Acceptance)).all() == []


UNIT_ROW = ["U0001", "长沙市第一中学", "单位", "事业单位", "430100", "91350100M000100Y43", "李", "13812345678"]


def body_rows(*changes: dict[int, object]) -> bytes:
    rows = [[change.get(at, cell) for at, cell in enumerate(UNIT_ROW)] for change in changes]
    return workbook(*rows, head=BODY_HEAD, title="机构")


def test_bodies_by_workbook(officer: Actor) -> None:
    office = {0: "o0002", 1: "开福区职改办", 2: "经办机构", 3: "机关", 4: "430105", 5: "", 6: "", 7: ""}
    batch = take(officer, body_rows({}, office), spreadsheets.BODIES)
    assert found(officer, batch) == (BatchState.CHECKED, 2, 0, "")
    assert submit(officer, batch, spreadsheets.BODIES) == 2
    with read_session(officer) as session:
        made = session.scalars(sa.select(Body).where(Body.code.in_(["U0001", "O0002"])).order_by(Body.id)).all()
        assert [(row.name, row.pinyin, row.node_type, row.region_code, row.credit_code) for row in made] == [
            ("长沙市第一中学", "cssdyzx", NodeType.UNIT, "430100", "91350100M000100Y43"),
            ("开福区职改办", "kfqzgb", NodeType.TITLE_OFFICE, "430105", None),
        ]
        assert [row.name for row in queries.search_bodies(session, "开福职改")] == ["开福区职改办"]
        told = session.scalars(
            sa.select(AuditEntry.detail).where(
                AuditEntry.action == "bodies.import", AuditEntry.object_id == str(made[0].id)
            )
        ).one()
    assert told == {
        "code": "U0001",
        "name": "长沙市第一中学",
        "node_type": "unit",
        "nature": "public_institution",
        "region": "长沙市",
        "credit_code": "91350100M000100Y43",
        "contact_name": "李",
        "contact_phone": "138****5678",
    }


@pytest.mark.parametrize(
    "change, wrong",
    [
        ({0: "U1", 5: ""}, {"机构编码": "机构编码为 4 至 30 位大写字母和数字。"}),
        ({0: "first", 5: ""}, {"机构编码": "已被“先来的”使用。"}),
        ({0: "U0009", 5: "12430000444885384t"}, {"统一社会信用代码": "已被“先来的”使用。"}),
        ({0: "u0001"}, {"机构编码": "与第 2 行相同。", "统一社会信用代码": "与第 2 行相同。"}),
        ({0: "U0009", 5: "91350100M000100Y44"}, {"统一社会信用代码": "统一社会信用代码的校验位不对，请逐位核对。"}),
        ({0: "U0009", 5: "", 4: "430200"}, {"行政区划代码": "只能维护本统筹区内的机构。"}),
        ({0: "U0009", 5: "", 4: "430198"}, {"行政区划代码": "请填写现行的 6 位行政区划代码。"}),
        ({0: "U0009", 5: "", 2: "经办机构", 3: "国有企业"}, {"单位性质": "经办机构只能是机关或事业单位。"}),
        ({0: "U0009", 5: "", 2: "评委会"}, {"受理节点类型": "“评委会”不在可选范围内，请从下拉列表中选择。"}),
        ({0: "U0009", 5: "", 1: "长沙 一中"}, {"机构名称": "机构名称中“沙”之后有空格或换行，请删去。"}),
    ],
)
def test_a_body_by_workbook_that_cannot_be(officer: Actor, change: dict[int, object], wrong: dict[str, str]) -> None:
    make_body("先来的", code="FIRST", credit_code="12430000444885384T")
    batch = take(officer, body_rows({}, change), spreadsheets.BODIES)
    assert problems(officer, batch) == [(3, wrong)]


def test_an_administrator_imports_bodies_of_any_region(app: object) -> None:
    admin = make_actor(Role.SYSADMIN)
    batch = take(admin, body_rows({4: "430200"}), spreadsheets.BODIES)
    assert submit(admin, batch, spreadsheets.BODIES) == 1


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
