"""The page on which a body decides, and where it leads back to."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.catalog.enums import AcquisitionMethod as M
from app.core.enums import Role
from app.core.scope import Actor
from tests.applications.world import World
from tests.http import Browser, Doors


@pytest.fixture
def doors(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> Doors:
    return Doors(app, monkeypatch)


def at_the_office(doors: Doors, world: World) -> Browser:
    """Signed in now: what led here has taken days."""
    return doors.enter(Actor(Role.TITLE_OFFICE, body_id=world.ids["office"], region_code="430100"))


def ways(page: str) -> list[tuple[str, str]]:
    """(look, words) of the buttons that decide."""
    return re.findall(r'<button class="btn ?([^"]*)" name="action"[^>]*>([^<]+)</button>', page)


def test_what_moves_forward_is_the_primary_button(doors: Doors, world: World) -> None:
    key = world.at("office")
    office = at_the_office(doors, world)
    assert ways(office.get(f"/decide/{key}").text) == [
        ("btn--primary", "审核通过"),
        ("btn--danger", "审核不通过"),
        ("", "退回"),
    ]


def test_of_what_came_back_sending_on_is_primary_and_not_sending_back(doors: Doors, world: World) -> None:
    key = world.at("committee", M.REVIEW)
    world.returns("committee", key)
    office = at_the_office(doors, world)
    assert ways(office.get(f"/decide/{key}").text) == [("btn--primary", "重新上报"), ("", "退回")]


def test_the_dossier_hangs_below_the_list_it_was_opened_from(doors: Doors, world: World) -> None:
    key = world.at("office")
    office = at_the_office(doors, world)
    opened = re.search(rf'href="(/dossier/{key}[^"]*)"', office.get("/a12/?method=initial_determination").text)
    assert opened is not None
    page = office.get(opened[1]).text
    assert page.count('href="/a12/?method=initial_determination"') == 2  # the crumb and 【返回】
    assert re.search(r'aria-current="page">职称申报人员资格审核<', page)
    decide = re.search(rf'href="(/decide/{key}[^"]*)"', page)
    assert decide is not None
    answer = office.post(decide[1], data={"action": "approve", "opinion": "同意。", "version": "-1"})
    assert answer.status_code == 422  # somebody else was faster
    version = re.search(r'name="version" value="(\d+)"', office.get(decide[1]).text)
    assert version is not None
    done = office.post(decide[1], data={"action": "approve", "opinion": "同意。", "version": version[1]})
    assert done.location == "/a12/?method=initial_determination"
    bare = office.get(f"/dossier/{key}").text  # by a link that says nothing: the first list this role has
    assert 'href="/a24/"' in bare and re.search(r'aria-current="page">职称申报审核流程查询<', bare)
