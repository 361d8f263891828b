"""批量导入 of bodies, and of those that take 初定 and 认定; and how any file is looked over."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.bodies import queries, services
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance, Body
from app.bodies.spreadsheets import BODIES, KIND
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core.audit import AuditEntry
from app.core.db import read_session
from app.core.enums import Role
from app.core.scope import Actor
from app.imports import BatchState
from tests.imports.files import problems, submit, take, told, workbook
from tests.people import make_actor
from tests.places import SYSTEM, act, make_body, make_committee
from tests.threads import while_uncommitted

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
        4: {"受理机构": "与第 2 行是同一机构的同一受理事项。"},
        5: {"受理机构": number, "打印在证书上的机构名称": "请填写打印在证书上的机构名称。"},
        6: {"受理机构": "与第 2 行是同一机构的同一受理事项。"},
        7: {"受理机构": "评委会不能作为初定、认定的受理机构，受理机构只能是主管单位、经办机构。"},
    }
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(Acceptance.id))) == 0
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED
    with read_session(SYSTEM) as session:
        row = session.scalars(sa.select(Acceptance)).one()
        assert (row.printed_name, row.guideline) == ("长沙市人社局", "请带\n原件。")
        assert (row.method, row.level) == (AcquisitionMethod.INITIAL_DETERMINATION, TitleLevel.ASSISTANT)


def test_a_row_at_fault_keeps_no_good_one_out(officer: Actor, office: int) -> None:
    rows = (["OFFICE1", "", ""], ["OFFICE1", "长沙市 人社局", ""], ["长沙职改办", "人社局", ""], ["OFFICE1", "", ""])
    batch = take(officer, KIND, *rows, **ASKED)
    assert problems(officer, batch) == {
        2: {"打印在证书上的机构名称": "请填写打印在证书上的机构名称。"},
        3: {"打印在证书上的机构名称": "打印在证书上的机构名称中“市”之后有空格或换行，请删去。"},
        5: {
            "打印在证书上的机构名称": "请填写打印在证书上的机构名称。",
            "受理机构": "与第 4 行是同一机构的同一受理事项。",
        },
    }
    assert submit(officer, KIND, batch) is BatchState.SUBMITTED


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
        ("bodies.import_acceptance", str(new.id), told_of_new | {"printed_name": "人才中心", "guideline": "须知"}),
        (
            "bodies.import_revived_acceptance",
            str(key),
            {"changes": {"active": [False, True], "printed_name": ["旧名", "新名"]}},
        ),
    ]


def test_what_a_body_cannot_take_is_told_by_column(officer: Actor, office: int) -> None:
    make_body("某单位", code="UNIT1")
    for number in (2, 3):
        make_body(f"职改办{number}", NodeType.TITLE_OFFICE, code=f"OFFICE{number}")
    batch = take(officer, KIND, ["OFFICE1", "长沙市人社局", ""], method="初定", level="副高级")
    assert problems(officer, batch) == {2: {"职称等级": "初定最高到中级，不能受理副高级。"}}
    batch = take(
        officer,
        KIND,
        ["OFFICE1", "长沙市 人社局", ""],
        ["UNIT1", "\U0003106c局", ""],
        ["OFFICE2", "长沙市人社局", "知" * 5000],
        ["OFFICE3", "长沙市人社局", "知" * 5001],
        **ASKED,
    )
    assert told(officer, batch) == (BatchState.CHECKED, 1, 3, "")
    assert problems(officer, batch) == {
        2: {"打印在证书上的机构名称": "打印在证书上的机构名称中“市”之后有空格或换行，请删去。"},
        3: {
            "打印在证书上的机构名称": "打印在证书上的机构名称中的“\U0003106c”（U+3106C）没有可以打印的字形，"
            "印不到证书上，请换用其他字。",
            "受理机构": "单位不能作为初定、认定的受理机构，受理机构只能是主管单位、经办机构。",
        },
        5: {"申报须知": "不超过 5000 个字。"},
    }


def test_a_body_that_is_being_deregistered_takes_nothing_by_workbook(app: Flask, officer: Actor, office: int) -> None:
    batch = take(officer, KIND, ["OFFICE1", "人社局", ""], **ASKED)

    def ends(session: Session) -> None:
        services.deregister_body(session, actor=officer, body_id=office, reason="撤并")

    with while_uncommitted(app, officer, ends, lambda: submit(officer, KIND, batch)) as outcome:
        assert outcome == [BatchState.NOTHING]
    assert problems(officer, batch) == {2: {"受理机构": "没有编码或名称为“OFFICE1”的机构，或它已注销。"}}
    with read_session(officer) as session:
        assert session.scalars(sa.select(Acceptance)).all() == []


UNIT_ROW = ["U0001", "长沙市第一中学", "单位", "事业单位", "430100", "91350100M000100Y43", "李", "13812345678"]


def body_rows(*changes: dict[int, object]) -> list[list[object]]:
    return [[change.get(at, cell) for at, cell in enumerate(UNIT_ROW)] for change in changes]


def test_bodies_by_workbook(officer: Actor) -> None:
    office = {0: "o0002", 1: "开福区职改办", 2: "经办机构", 3: "机关", 4: "430105 开福区", 5: "", 6: "", 7: ""}
    batch = take(officer, BODIES, *body_rows({}, office))
    assert told(officer, batch) == (BatchState.CHECKED, 2, 0, "")
    assert submit(officer, BODIES, batch) is BatchState.SUBMITTED
    with read_session(officer) as session:
        made = session.scalars(sa.select(Body).where(Body.code.in_(["U0001", "O0002"])).order_by(Body.id)).all()
        assert [(row.name, row.pinyin, row.node_type, row.region_code, row.credit_code) for row in made] == [
            ("长沙市第一中学", "cssdyzx", NodeType.UNIT, "430100", "91350100M000100Y43"),
            ("开福区职改办", "kfqzgb", NodeType.TITLE_OFFICE, "430105", None),
        ]
        assert [row.name for row in queries.search_bodies(session, "开福职改")] == ["开福区职改办"]
        entries = session.scalars(
            sa.select(AuditEntry.detail).where(
                AuditEntry.action == "bodies.import", AuditEntry.object_id == str(made[0].id)
            )
        ).all()
    assert entries == [
        {
            "code": "U0001",
            "name": "长沙市第一中学",
            "node_type": "unit",
            "nature": "public_institution",
            "region": "长沙市",
            "credit_code": "91350100M000100Y43",
            "contact_name": "李",
            "contact_phone": "138****5678",
        }
    ]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({0: "U1", 5: ""}, {"机构编码": "机构编码为 4 至 30 位大写字母和数字。"}),
        ({0: "first", 5: ""}, {"机构编码": "已被“先来的”使用。"}),
        ({0: "U0009", 5: "12430000444885384t"}, {"统一社会信用代码": "已被“先来的”使用。"}),
        ({0: "u0001"}, {"机构编码": "与第 2 行相同。", "统一社会信用代码": "与第 2 行相同。"}),
        ({0: "U0009", 5: "91350100M000100Y44"}, {"统一社会信用代码": "统一社会信用代码的校验位不对，请逐位核对。"}),
        ({0: "U0009", 5: "", 4: "430200"}, {"行政区划代码": "只能维护本统筹区内的机构。"}),
        ({0: "U0009", 5: "", 4: "430100 株洲市"}, {"行政区划代码": "编码与名称不一致：430100 是“长沙市”，请核对。"}),
        ({0: "U0009", 5: "", 4: "430198"}, {"行政区划代码": "请填写现行的 6 位行政区划代码。"}),
        ({0: "U0009", 5: "", 2: "经办机构", 3: "国有企业"}, {"单位性质": "经办机构只能是机关或事业单位。"}),
        ({0: "U0009", 5: "", 2: "评委会"}, {"受理节点类型": "“评委会”不在可选范围内，请从下拉列表中选择。"}),
        ({0: "U0009", 5: "", 1: "长沙 一中"}, {"机构名称": "机构名称中“沙”之后有空格或换行，请删去。"}),
        (
            {0: "U0009", 5: "", 1: "先来的"},
            {"机构名称": "本统筹区已有同名机构（编码 FIRST）；确是另一家的，请在“机构管理”中单独新增。"},
        ),
        ({0: "U0009", 5: "", 1: "长沙市第一中学"}, {"机构名称": "与第 2 行的名称、行政区划都相同。"}),
        ({0: "gone1", 5: ""}, {"机构编码": "已被“走了的（已注销）”使用。"}),
    ],
)
def test_a_body_by_workbook_that_cannot_be(officer: Actor, change: dict[int, object], wrong: dict[str, str]) -> None:
    make_body("先来的", code="FIRST", credit_code="12430000444885384T")
    gone = make_body("走了的", code="GONE1")
    act(SYSTEM, services.deregister_body, body_id=gone, reason="撤并")
    batch = take(officer, BODIES, *body_rows({}, {1: "另一家"} | change))
    assert problems(officer, batch) == {3: wrong}


def test_a_cell_at_fault_hides_nothing_of_the_others(officer: Actor) -> None:
    make_body("先来的", code="FIRST", credit_code="12430000444885384T")
    wrong = {0: "FIRST", 1: "长沙 一中", 2: "学校", 3: "", 4: "430198", 5: "12430000444885384T", 6: "李\u200b"}
    batch = take(officer, BODIES, *body_rows(wrong, {2: "学校"}, {}))
    assert problems(officer, batch) == {
        2: {
            "机构编码": "已被“先来的”使用。",
            "机构名称": "机构名称中“沙”之后有空格或换行，请删去。",
            "受理节点类型": "“学校”不在可选范围内，请从下拉列表中选择。",
            "单位性质": "请填写单位性质。",
            "行政区划代码": "请填写现行的 6 位行政区划代码。",
            "统一社会信用代码": "已被“先来的”使用。",
            "联系人": "有不可见字符 U+200B（零宽空格），请删去后重新录入。",
        },
        3: {"受理节点类型": "“学校”不在可选范围内，请从下拉列表中选择。"},
    }  # row 4 has row 3's codes, and is taken
    assert told(officer, batch)[:3] == (BatchState.CHECKED, 1, 2)


def test_an_administrator_imports_bodies_of_any_region(app: object) -> None:
    admin = make_actor(Role.SYSADMIN)
    batch = take(admin, BODIES, *body_rows({4: "430200"}))
    assert submit(admin, BODIES, batch) is BatchState.SUBMITTED


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
