"""Workbooks nobody should send: no worker dies, each is answered in words, nothing is half imported.

Over three hundred, and twice that in the long programme; each goes the whole way a file goes, in the limited process.
"""

from __future__ import annotations

import io
import os
import random
import re
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
import xlsxwriter

from app import imports
from app.bodies import spreadsheets
from app.bodies.enums import NodeType
from app.bodies.models import Acceptance
from app.core import jobs
from app.core.db import read_session, unit_of_work
from app.core.enums import Role
from app.core.jobs import Job, JobStatus
from app.core.scope import Actor
from app.formats import sheet_child
from app.imports import BatchState, ImportBatch
from tests.imports.files import ERRORS
from tests.people import make_actor
from tests.places import SYSTEM, make_body

LONG = bool(os.environ.get("LONG"))
FLIPS, CUTS, CELLS = (400, 100, 120) if LONG else (130, 30, 60)
SECONDS, MEGABYTES = 30, 512
IMPORTER = imports.importers[spreadsheets.KIND]
HEAD = [column.label for column in IMPORTER.filled_columns]
GOOD: list[Any] = ["OFFICE1", "长沙市人社局", ""]
ASKED = {"method": "初定", "level": "助理级"}
SHEET = "xl/worksheets/sheet1.xml"

Case = tuple[str, bytes, str]
"""Name, content, and what must become of it: "file" refused as a whole, "rows" with failed rows, "any" of the two."""


def book(*rows: list[Any], head: list[str] = HEAD, sheet: str = IMPORTER.title) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": True}) as made:
        page = made.add_worksheet(sheet)
        for number, row in enumerate((head, *rows)):
            page.write_row(number, 0, row)
    return file.getvalue()


def parts(content: bytes, change: Callable[[str, bytes], bytes], *, more: dict[str, bytes] | None = None) -> bytes:
    """The same workbook with its parts changed, and more of them."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, data in (more or {}).items():
            new.writestr(name, data)
    return made.getvalue()


def in_sheet(old: bytes, new: bytes) -> bytes:
    def change(name: str, data: bytes) -> bytes:
        return data.replace(old, new, 1) if name == SHEET else data

    return parts(book(GOOD), change)


def merged() -> bytes:
    made = openpyxl.Workbook()
    page = made.active
    assert page is not None
    page.title = IMPORTER.title
    for row in (HEAD, GOOD, GOOD):
        page.append(row)
    page.merge_cells("A2:A3")
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def hide(name: str, data: bytes) -> bytes:
    return data.replace(b"<sheet name=", b'<sheet state="hidden" name=') if name == "xl/workbook.xml" else data


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8)
)


def bomb(content: bytes) -> bytes:
    """450 MB of blanks in the sheet, packed into half a megabyte without holding them here."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            with new.open(name, "w") as part:
                part.write(old.read(name))
                for _ in range(450 if name == SHEET else 0):
                    part.write(b" " * 1_000_000)
    return made.getvalue()


def containers() -> Iterator[Case]:
    """What is no workbook, or one made to hurt."""
    good = book(GOOD)
    yield "empty", b" ", "file"
    yield "csv renamed", "机构,等级\n1,2\n".encode("gbk"), "file"
    yield "xls renamed", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), "file"
    yield "html renamed", b"<html><table><tr><td>1</td></tr></table></html>", "file"
    yield "pdf renamed", b"%PDF-1.4\n%%EOF", "file"
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "x")
    yield "a zip of something else", zipped.getvalue(), "file"
    yield "zip bomb", bomb(good), "file"
    yield "many parts", parts(good, lambda _, data: data, more={f"xl/media/{n}.png": b"x" for n in range(400)}), "file"
    yield "entity bomb", in_sheet(b"<worksheet", ENTITIES + b"]><worksheet"), "file"
    yield (
        "outside entity",
        in_sheet(b"<worksheet", b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><worksheet'),
        "file",
    )
    yield "far row", in_sheet(b'<row r="2"', b'<row r="1048576"'), "any"
    yield "far cell", in_sheet(b'r="B2"', b'r="XFD2"'), "file"
    yield "far and low cell", in_sheet(b'r="B2"', b'r="B1048576"'), "file"
    yield "one row too many", in_sheet(b'<row r="2"', b'<row r="100002"'), "file"
    yield "utf-16", parts(good, lambda name, data: data.decode().encode("utf-16") if name == SHEET else data), "file"
    yield (
        "wrong encoding",
        parts(
            good,
            lambda name, data: data.replace("长沙市人社局".encode(), "长沙市人社局".encode("gbk")),
        ),
        "any",
    )
    yield "merged cells", merged(), "file"
    yield "no columns", book(), "file"
    yield "columns missing", book(GOOD[1:], head=HEAD[1:]), "file"
    yield "columns doubled", book([*GOOD, "x"], head=[*HEAD, HEAD[0]]), "file"
    yield "another kind's template", book(["x"] * 5, head=["姓名", "身份证号", "a", "b", "c"]), "file"
    yield "ten thousand wrong rows", book(*[["NOBODY", f"第{n}", ""] for n in range(10_000)]), "rows"
    yield "another sheet", book(GOOD, sheet="Sheet1"), "file"
    yield "hidden sheet", parts(good, hide), "file"
    yield (
        "counting from 1904",
        parts(good, lambda _, data: data.replace(b"<workbookPr ", b'<workbookPr date1904="1" ')),
        "any",
    )
    yield "sheet nowhere", parts(good, lambda _, data: data.replace(b"worksheets/sheet1", b"worksheets/sheet9")), "file"
    yield (
        "up and away",
        parts(good, lambda _, data: data.replace(b'Target="worksheets/', b'Target="../../worksheets/')),
        "any",
    )
    yield "more text than there may be", book(*[["OFFICE1", f"{n}" + "长" * 3700, ""] for n in range(8_000)]), "file"


def cut() -> Iterator[Case]:
    good = book(*[GOOD] * 30)
    for number in range(CUTS):
        yield f"cut {number}", good[: len(good) * (number + 1) // (CUTS + 2)], "file"


def flipped() -> Iterator[Case]:
    rng, good = random.Random(2026), book(*[GOOD] * 30)
    for number in range(FLIPS):
        content = bytearray(good)
        for _ in range(1 + number % 9):
            content[rng.randrange(len(content))] = rng.randrange(256)
        yield f"flip {number}", bytes(content), "any"


WRONG: tuple[Any, ...] = (
    4301,
    430102199001011234,
    1e308,
    True,
    "",
    " ",
    "没有这个机构",
    "评审",
    "一级",
    "OFFICE2",
    "长" * 3000,
    "a\x0bb",
    "'; DROP TABLE bodies; --",
    "<script>alert(1)</script>",
    "😀𠮷\u202e",
)


def cells() -> Iterator[Case]:
    """One wrong cell beside a good row; formulas refuse the file."""
    yield "formula", book(["=1+1", *GOOD[1:]]), "file"
    yield "formula to a file", book(['=HYPERLINK("http://x")', *GOOD[1:]]), "file"
    yield "rows twice", book(GOOD, GOOD, GOOD), "rows"
    rng = random.Random(7)
    for number in range(CELLS):
        row = list(GOOD)
        row[number % 2] = WRONG[number % len(WRONG)] if number < 45 else rng.choice(WRONG)
        if row[1] in (
            "没有这个机构",
            "评审",
            "一级",
            "OFFICE2",
            "'; DROP TABLE bodies; --",
            "<script>alert(1)</script>",
        ):
            row[0] = "NOBODY"  # the printed name takes any words
        if type(row[1]) in (int, float):
            row[0] = 4301
        yield f"cell {number} {str(row[number % 2])[:12]!r}", book(row), "rows"


ODD = (
    *(f't="e"><v>{error}</v></c>' for error in ERRORS),
    't="e"></c>',
    "><v>NaN</v></c>",
    "><v>1e999</v></c>",
    "><v>-INF</v></c>",
    't="b"><v>1</v></c>',
    't="b"><v>2</v></c>',
    't="d"><v>2026-03-01</v></c>',
    't="d"><v>2026-03-01T08:00:00</v></c>',
    't="s"><v>99</v></c>',
    't="s"><v>-1</v></c>',
    't="s"><v>x</v></c>',
    't="what"><v>1</v></c>',
    't="str"><v>a&#0;b</v></c>',
    't="str"><v><![CDATA[x]]></v></c>',
    't="inlineStr"><is><t>_x0000_</t></is></c>',
)


def odd() -> Iterator[Case]:
    """Each odd cell in a column that must be filled, and in one that may be left empty: it is never taken for an empty one."""
    for cell in ODD:
        content = ('<c r="{}2" ' + cell).encode
        for column in "AC":
            filled = book(["OFFICE1", "长沙市人社局", "须知"])
            index = filled_index(filled, column)
            yield (
                f"{column} {cell}",
                parts(filled, swap(index, content().replace(b"{}", column.encode()))),
                "any not taken",
            )


def filled_index(content: bytes, column: str) -> bytes:
    """The cell of the second row as it is written."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = re.search(rb'<c r="%b2" t="s"><v>\d+</v></c>' % column.encode(), archive.read(SHEET))
    assert found is not None
    return found[0]


def swap(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda name, data: data.replace(old, new) if name == SHEET else data


@pytest.fixture
def officer(app: object) -> Actor:
    make_body("长沙职改办", NodeType.TITLE_OFFICE, code="OFFICE1")
    make_body("株洲职改办", NodeType.TITLE_OFFICE, code="OFFICE2", region_code="430200")
    return make_actor(Role.HR_OFFICER, body_id=make_body("市人社局", NodeType.TITLE_OFFICE), region_code="430100")


def resident(field: str) -> int:
    """This process's VmRSS or VmHWM in MB. (A child's rusage would count the memory of whoever started it.)"""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) // 1024


def outcome(officer: Actor, content: bytes) -> tuple[BatchState, int, int, str, list[dict[str, str]], float]:
    started = time.monotonic()
    with unit_of_work(officer) as session:
        batch, job = imports.upload(
            session, actor=officer, kind=spreadsheets.KIND, name="坏.xlsx", content=content, chosen=ASKED
        )
    jobs.run(job)
    took = time.monotonic() - started
    with read_session(SYSTEM) as session:
        ended = session.get_one(Job, job).status
    with read_session(officer) as session:
        row = session.get_one(ImportBatch, batch)
        assert ended is (JobStatus.PARTLY if row.state is BatchState.REFUSED else JobStatus.DONE)
        failed = [one.problems for one in imports.failures(session, batch, limit=20)]
        return row.state, row.good, row.bad, row.message, failed, took


@pytest.mark.parametrize("kind", [containers, cut, flipped, cells, odd])
@pytest.mark.timeout(1800)
@pytest.mark.one_database_when_short(place=0)
def test_each_is_answered_and_nothing_is_half_imported(
    officer: Actor, kind: Callable[[], Iterator[Case]], capsys: pytest.CaptureFixture[str]
) -> None:
    seen: Counter[str] = Counter()
    slowest = 0.0
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest mark of earlier tests
    before = resident("VmRSS")
    for name, content, wanted in kind():
        state, good, bad, message, failed, took = outcome(officer, content)
        slowest = max(slowest, took)
        seen[state.value] += 1
        if wanted == "file":
            assert state is BatchState.REFUSED, name
        if wanted == "rows":
            assert state in (BatchState.CHECKED, BatchState.NOTHING) and bad > 0, name
        if wanted == "any not taken":
            assert good == 0, name
        if state is BatchState.REFUSED:
            assert message.endswith("。") and "系统检查这个文件时出错" not in message, (name, message)
        else:
            assert len(failed) == min(bad, 20), name
            assert all(column and reason for problems in failed for column, reason in problems.items()), name
    assert slowest < SECONDS
    grown = resident("VmHWM") - before
    assert sheet_child.MEMORY >> 20 < MEGABYTES and grown < MEGABYTES
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(Acceptance.id))) == 0
    with capsys.disabled():
        print(f"\nbad workbooks ({kind.__name__}): {dict(seen)}, slowest {slowest:.1f} s, worker grew by {grown} MB")
