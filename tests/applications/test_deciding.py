"""Who decides what, in which state, and several at the same moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from app.applications import services
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.models import Application, ApplicationMaterial
from app.applications.rules import Item
from app.catalog.enums import TitleLevel as L
from app.core import clock
from app.core.db import read_session, unit_of_work
from app.core.errors import Conflict, NotAllowed, NotFound, Refusal
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota
from tests.applications.asking import APPRAISAL, attach
from tests.applications.world import PDF, SYSTEM, World
from tests.refusals import refusal, wrong_fields
from tests.threads import together

# -- deciding --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "kind"),
    [
        ("unit", Conflict),
        ("office", NotFound),
        ("sibling", NotFound),
        ("committee", NotFound),
        ("far_office", NotFound),
        ("hr", Conflict),
        ("province", Conflict),
        ("far_hr", NotFound),
        ("special", Conflict),
        ("judge", NotFound),
        ("sysadmin", NotFound),
        ("anonymous", NotFound),
        ("unit_at_department", NotAllowed),
    ],
)
def test_only_the_body_that_holds_it_decides(world: World, by: str, kind: type[Refusal]) -> None:
    key = world.at("department")
    refusal(kind, lambda: world.decide(by, key, A.APPROVE))
    refusal(kind, lambda: world.returns(by, key))
    assert world.get(key).step_count == 2


def test_an_hr_officer_does_not_decide_for_another_body(world: World) -> None:
    key = world.at("office")
    for by in ("province", "far_hr", "judge_of_office"):
        with pytest.raises(Refusal):
            world.decide(by, key, A.APPROVE)
    assert world.get(key).state is S.AT_OFFICE


@pytest.mark.parametrize(
    ("place", "action", "reason"),
    [
        ("unit", A.APPROVE, "当前状态为“待单位推荐”，不能执行“审核通过”。"),
        ("department", A.DECLINE, "当前状态为“待上级单位审核”，不能执行“不予推荐”。"),
        ("department", A.RESEND, "当前状态为“待上级单位审核”，不能执行“重新上报”。"),
        ("office", A.CLOSE, "当前状态为“待资格审核”，不能执行“终止申报”。"),
        ("office", A.SUPPLEMENT, "当前状态为“待资格审核”，不能执行“退回补充材料”。"),
        ("unit", A.REFUSE, "所在单位没有下级，请使用“不予推荐”或“退回”。"),
    ],
)
def test_what_the_state_does_not_know(world: World, place: str, action: A, reason: str) -> None:
    key = world.at(place)
    assert refusal(Conflict, lambda: world.decide(place, key, action)) == reason


@pytest.mark.parametrize("action", [A.REFUSE, A.RETURN])
def test_going_back_wants_reasons(world: World, action: A) -> None:
    key = world.at("department")
    told = refusal(Refusal, lambda: world.decide("department", key, action, " ", [Item(APPRAISAL)]))
    assert told == f"请填写{action.label}的意见。"
    fields = wrong_fields(lambda: world.decide("department", key, action, "长" * 2001, [Item(APPRAISAL)]))
    assert fields == {"opinion": "意见不超过 2000 个字。"}


@pytest.mark.parametrize("action", [A.FORWARD, A.SUBMIT, A.PLAN, A.ISSUE, A.LAPSE])
def test_deciding_is_not_a_way_round_other_verbs(world: World, action: A) -> None:
    key = world.at("unit")
    with pytest.raises(ValueError, match=action.value):
        world.decide("unit", key, action)


def test_of_two_deciders_one_wins_and_the_other_is_told(world: World) -> None:
    key = world.at("office")
    office, version = world.actors["office"], world.get(key).version
    with unit_of_work(office) as session:
        services.decide(session, actor=office, application_id=key, version=version, action=A.APPROVE)
    with unit_of_work(world.actors["hr"]) as session:
        told = refusal(
            Conflict,
            lambda: services.decide(
                session,
                actor=world.actors["hr"],
                application_id=key,
                version=version,
                action=A.REFUSE,
                opinion="不同意",
            ),
        )
    assert told == "您打开页面之后，office经办人已于 03-12 15:00 审核通过，请刷新后再看。"
    assert world.get(key).state is S.EFFECTIVE


def test_the_screens_are_told_what_may_be_tried(world: World) -> None:
    key = world.at("unit")

    def offered(by: str) -> dict[A, str]:
        with read_session(world.actors[by]) as session:
            application = session.get(Application, key)
            if application is None:
                return {}
            return services.explain(session, actor=world.actors[by], application=application)

    assert offered("unit") == {A.FORWARD: "尚未进行所在单位申报公示", A.DECLINE: "", A.RETURN: ""}
    assert [offered(by) for by in ("hr", "province", "sibling", "department")] == [{}] * 4
    world.publish_and_wait(key)
    assert offered("unit")[A.FORWARD] == ""
    world.forward(key)
    assert offered("unit") == {}
    assert set(offered("department")) == {A.APPROVE, A.REFUSE, A.RETURN}
    assert offered("unit_at_department") == {}


# -- at the same moment ----------------------------------------------------------------------------------------


def test_pressing_sixteen_times_submits_once(app: Flask, world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    world.fill(person, key)
    outcome = together(app, clock.now(), [lambda: world.submit(person, key)] * 16)
    assert sorted(outcome) == [""] + ["这份申报已经提交（待单位推荐），无需重复提交。"] * 15
    assert world.history(key) == [("submit", "at_employer", "王小明")]
    assert len(world.get(key).nodes) == 3


def test_eight_drafts_at_once_are_one(app: Flask, world: World) -> None:
    person = world.applicant()
    outcome = together(app, clock.now(), [lambda: world.draft(person)] * 8)
    assert outcome.count("") == 1
    with read_session(SYSTEM) as session:
        assert session.scalar(sa.select(sa.func.count(Application.id))) == 1


def test_two_officers_at_the_same_moment(app: Flask, world: World) -> None:
    key = world.at("office")
    version = world.get(key).version

    def act(by: str, action: A) -> Callable[[], object]:
        def press() -> None:
            actor = world.actors[by]
            with unit_of_work(actor) as session:
                services.decide(
                    session, actor=actor, application_id=key, version=version, action=action, opinion="意见"
                )

        return press

    outcome = together(app, clock.now(), [act("office", A.APPROVE), act("hr", A.REFUSE)])
    assert outcome.count("") == 1
    assert world.get(key).step_count == 4
    assert next(reason for reason in outcome if reason).startswith("您打开页面之后，")


def test_the_last_place_of_a_quota_is_taken_once(app: Flask, world: World) -> None:
    keys = [world.at("unit") for _ in range(4)]
    with unit_of_work(SYSTEM) as session:
        session.add(
            PostQuota(
                body_id=world.ids["unit"],
                year=2026,
                level=L.ASSISTANT,
                posts=5,
                occupied=4,
                asked=1,
                granted=1,
                status=QuotaStatus.APPROVED,
            )
        )
    world.publish_and_wait(*keys)
    outcome = together(app, clock.now(), [lambda key=key: world.forward(key) for key in keys])
    assert sorted(outcome) == [""] + ["助理级职数 1 个已用完。"] * 3


def test_a_removed_file_is_no_longer_listed(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    material = attach(world, person, key, "CONTRACT", PDF)
    with unit_of_work(person) as session:
        services.remove_material(session, actor=person, material_id=material)
    with read_session(SYSTEM) as session:
        assert session.get(ApplicationMaterial, material) is None
