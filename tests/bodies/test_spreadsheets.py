"""A3 批量导入: bodies that take 初定 and 认定, by workbook; and how any file is looked over."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.bodies import services
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance
from app.bodies.spreadsheets import KIND
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core.audit import AuditEntry
from app.core.db import read_session
from app.core.enums import Role
from app.core.scope import Actor
from app.imports import BatchState
from tests.imports.files import problems, submit, take, told, workbook
from tests.people import make_actor
from tests.places import SYSTEM, act, make_body, make_committee

ASKED = {"method": "初定", "level": "助理级"}


@pytest.fixture
def officer(app: object) -> Actor:
    return make_actor(Role.HR_OFFICER, body_id=make_body("市人社局", NodeType.TITLE_OFFICE), region_code="430100")


@pytest.fixture
def office(officer: Actor) -> int:
    return make_body("长沙职改办", NodeType.TITLE_OFFICE, code="OFFICE1")


def test_good_rows_become_records_once_and_bad_ones_say_why(officer: Actor, office: int) -> None:
    make_body("株洲职改办", NodeType.TITLE_OFFICE, code="OFFICE2", region_code="430200")
    make_committee("工程高评会", code="CMT1")
    batch = take(
        officer,
        KIND,
        ["OFFICE1", "长沙市人社局", "请带\n原件。"],
        ["OFFICE2", "株洲市人社局", ""],
        ["OFFICE1", "再来一次", ""],
        [4301, "", ""],
        ["长沙职改办", "又来一次", ""],
        ["CMT1", "评委会", ""],
        **ASKED,
    )
    assert told(officer, batch) == (BatchState.CHECKED, 1, 5, "")
    number = "单元格是数值，位数可能已经丢失；请把单元格设为“文本”格式后重新录入。"
    assert problems(officer, batch) == {
        3: {"受理机构": "只能维护本统筹区内的机构。"},
        4: {"受理机构": "与第 2 行重复（受理机构、取得方式、职称等级相同）。"},
        5: {"受理机构": number, "打印在证书上的机构名称": "请填写打印在证书上的机构名称。"},
        6: {"受理机构": "与第 2 行是同一机构的同一受理事项。"},
        7: {"受理机构": "评委会不能作为初定、认定的受理机构。"},
    }
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(Acceptance.id))) == 0
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED
    with read_session(SYSTEM) as session:
        row = session.scalars(sa.select(Acceptance)).one()
        assert (row.printed_name, row.guideline) == ("长沙市人社局", "请带\n原件。")
        assert (row.method, row.level) == (AcquisitionMethod.INITIAL_DETERMINATION, TitleLevel.ASSISTANT)


def test_a_revived_record_says_in_its_history_that_it_came_back(officer: Actor, office: int) -> None:
    values = {"method": AcquisitionMethod.INITIAL_DETERMINATION, "level": TitleLevel.ASSISTANT}
    key = act(SYSTEM, services.add_acceptance, body_id=office, printed_name="旧名", **values)
    act(SYSTEM, services.deregister_acceptance, acceptance_id=key, reason="职能划转")
    make_body("长沙人才中心", NodeType.TITLE_OFFICE, code="OFFICE2")
    batch = take(officer, KIND, ["OFFICE1", "新名", ""], ["OFFICE2", "人才中心", "须知"], **ASKED)
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED
    with read_session(SYSTEM) as session:
        row, new = session.scalars(sa.select(Acceptance).order_by(Acceptance.id)).all()
        assert (row.id, row.active, row.printed_name, row.deregistered_reason) == (key, True, "新名", "")
        entries = session.execute(
            sa.select(AuditEntry.action, AuditEntry.object_id, AuditEntry.detail)
            .where(AuditEntry.object_type == "acceptances", AuditEntry.action.startswith("bodies.import"))
            .order_by(AuditEntry.id)
        ).all()
    told_of_new = {"body_id": "长沙人才中心", "method": "initial_determination", "level": "assistant"}
    assert entries == [
        ("bodies.import_acceptance", str(new.id), told_of_new | {"printed_name": "人才中心"}),
        (
            "bodies.import_revived_acceptance",
            str(key),
            {"changes": {"active": [False, True], "printed_name": ["旧名", "新名"]}},
        ),
    ]


# -- a file as a whole -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04", "不是可以读取的"),
        (b"a,b\n1,2", "不是可以读取的"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "加密"),
        (workbook(KIND, ["=1+1"]), "第 2 行 A 列有公式"),
        (workbook(KIND), "没有数据"),
        (workbook(KIND)[:-50], "不是可以读取的"),
        (workbook(KIND, title="评委会"), "没有名为“受理机构”的工作表，只有“评委会”"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(officer: Actor, content: bytes, said: str) -> None:
    state, good, bad, message = told(officer, take(officer, KIND, content=content, **ASKED))
    assert (state, good, bad) == (BatchState.REFUSED, 0, 0)
    assert said in message
