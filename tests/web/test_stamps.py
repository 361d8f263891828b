"""Two officers at one record: the second to save is told what the first has changed."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from app.bodies.enums import NodeType
from app.bodies.models import Acceptance
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core import clock
from app.core.db import read_session, unit_of_work
from tests.http import Browser, Doors, opened
from tests.places import CITY, MONDAY, PROVINCE, SYSTEM, make_body

TYPED = {"printed_name": "长沙市人社局"}
WARNING = "您打开以后，这条记录已被他人修改，没有保存。"


@pytest.fixture
def key(app: Flask) -> int:
    body_id = make_body("管理处", NodeType.TITLE_OFFICE)
    with unit_of_work(SYSTEM) as session:
        row = Acceptance(
            body_id=body_id,
            method=AcquisitionMethod.RECOGNITION,
            level=TitleLevel.ASSISTANT,
            printed_name="管理处",
        )
        session.add(row)
        session.flush()
        return row.id


@pytest.fixture
def officers(doors: Doors) -> tuple[Browser, Browser]:
    return doors.enter(PROVINCE), doors.enter(CITY)


def test_the_second_guideline_is_told_of_the_first(officers: tuple[Browser, Browser], key: int) -> None:
    first, second = officers
    address = f"/a3/guideline/{key}"
    theirs, ours = opened(first, address), opened(second, address)
    assert first.post(address, data={"guideline": "请带原件。"} | theirs).status_code == 302
    refused = second.post(address, data={"guideline": "请网上预约。"} | ours)
    assert refused.status_code == 422 and "请网上预约。" in refused.text
    assert told(refused.text)[1].endswith("申报须知：申报须知：— → 请带原件。")


def printed(key: int) -> str:
    with read_session(SYSTEM) as session:
        return session.get_one(Acceptance, key).printed_name


def told(page: str) -> list[str]:
    """What the alert above the form says, a line each."""
    [alert] = re.findall(r'<div class="alert alert-danger" role="alert".*?</div>', page, re.S)
    return re.findall(r"<p>(.*?)</p>", alert)


def test_the_second_is_told_and_saving_again_overrides(officers: tuple[Browser, Browser], key: int) -> None:
    first, second = officers
    address = f"/a3/edit/{key}"
    theirs, ours = opened(first, address), opened(second, address)
    assert first.post(address, data=TYPED | theirs).status_code == 302
    mine = {"printed_name": "管理处（新）"}
    refused = second.post(address, data=mine | ours)
    assert refused.status_code == 422
    assert told(refused.text) == [
        f"{WARNING}您填写的内容都还在；核对后再次保存，将以您填写的为准。",
        "经办人 · 人社部门经办人，刚刚，修改受理机构：打印在证书上的机构名称：管理处 → 长沙市人社局",
    ]
    assert 'value="管理处（新）"' in refused.text
    assert printed(key) == "长沙市人社局"
    again = re.search(r'name="stamp" value="([^"]+)"', refused.text)
    assert again is not None and again[1] != ours["stamp"]
    assert second.post(address, data=mine | ours).status_code == 422  # the old stamp stays refused
    assert second.post(address, data=mine | {"stamp": again[1]}).status_code == 302
    assert printed(key) == "管理处（新）"


def test_a_form_that_is_wrong_keeps_its_stamp(officers: tuple[Browser, Browser], key: int) -> None:
    """Otherwise a second look at one's own mistake would override what somebody did in the meantime."""
    first, second = officers
    address = f"/a3/edit/{key}"
    theirs, ours = opened(first, address), opened(second, address)
    first.post(address, data=TYPED | theirs)
    wrong = second.post(address, data={"printed_name": ""} | ours)
    assert wrong.status_code == 422 and f'value="{ours["stamp"]}"' in wrong.text and WARNING not in wrong.text
    assert WARNING in second.post(address, data={"printed_name": "别的"} | ours).text


@pytest.mark.parametrize("stamp", [None, "", "x", "0123456789abcdef", "0123456789abcdef.9999999999999999999"])
def test_without_a_true_stamp_nothing_is_saved(officers: tuple[Browser, Browser], key: int, stamp: str | None) -> None:
    answer = officers[0].post(f"/a3/edit/{key}", data=TYPED | ({} if stamp is None else {"stamp": stamp}))
    assert answer.status_code == 422 and told(answer.text)[0].startswith(WARNING)
    assert printed(key) == "管理处"


def test_pressing_twice_saves_once(officers: tuple[Browser, Browser], key: int) -> None:
    address, stamp = f"/a3/edit/{key}", opened(officers[0], f"/a3/edit/{key}")
    assert [officers[0].post(address, data=TYPED | stamp).status_code for _ in range(2)] == [302, 302]
    assert officers[0].get(f"/a3/show/{key}").text.count("打印在证书上的机构名称：管理处 → 长沙市人社局") == 1


def test_ending_what_was_changed_meanwhile_asks_again(officers: tuple[Browser, Browser], key: int) -> None:
    first, second = officers
    ending = {"reason": "职能划转"} | opened(second, f"/a3/retire/{key}")
    first.post(f"/a3/edit/{key}", data=TYPED | opened(first, f"/a3/edit/{key}"))
    refused = second.post(f"/a3/retire/{key}", data=ending)
    assert refused.status_code == 422 and "管理处 → 长沙市人社局" in refused.text and "职能划转" in refused.text
    with read_session(SYSTEM) as session:
        assert session.get_one(Acceptance, key).active


def test_of_two_at_the_same_moment_one_saves(officers: tuple[Browser, Browser], key: int) -> None:
    address, together = f"/a3/edit/{key}", Barrier(2)
    stamps = [opened(officer, address) for officer in officers]

    def save(number: int) -> int:
        together.wait()
        data = {"printed_name": f"名称{number}"} | stamps[number]
        with clock.at(MONDAY):
            return officers[number].post(address, data=data).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(save, range(2)))
    assert sorted(answers) == [302, 422]
    assert printed(key) == f"名称{answers.index(302)}"
