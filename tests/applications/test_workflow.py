"""The table itself: no dead end, no state out of reach, every guard speaks."""

from __future__ import annotations

import pytest

from app.applications.enums import AWAITING_DECISION, ENDED, WITH_APPLICANT, WITHOUT_HOLDER
from app.applications.enums import ApplicationAction as A
from app.applications.enums import ApplicationState as S
from app.applications.workflow import APPLICATION, Facts
from app.bodies.enums import NodeType
from app.core.errors import Conflict, Refusal


def after(state: S) -> set[S]:
    return {target for t in APPLICATION.transitions if state in t.sources for target in t.targets}


def test_every_state_is_reached_from_a_draft() -> None:
    reached, new = {S.DRAFT}, {S.DRAFT}
    while new:
        new = {target for state in new for target in after(state)} - reached
        reached |= new
    assert reached == set(S)


def test_only_ends_and_certificates_go_nowhere() -> None:
    assert {state for state in S if not after(state)} == ENDED | {S.CERTIFIED}


def test_from_everywhere_else_a_certificate_can_still_be_reached() -> None:
    good = {S.CERTIFIED}
    while new := {state for state in S if after(state) & good} - good:
        good |= new
    assert good == set(S) - ENDED


def test_every_action_is_in_the_table() -> None:
    assert {t.action for t in APPLICATION.transitions} == set(A)


def test_what_waits_for_a_body_has_something_it_may_do() -> None:
    for state in AWAITING_DECISION:
        assert {A.FORWARD, A.APPROVE, A.RESEND, A.SUPPLEMENT} & set(APPLICATION.actions(state))


def test_the_holder_sets_do_not_overlap() -> None:
    assert not WITH_APPLICANT & ENDED
    assert not WITHOUT_HOLDER & AWAITING_DECISION


@pytest.mark.parametrize(
    ("node_type", "state"),
    [
        (NodeType.UNIT, S.AT_SUPERIOR),
        (NodeType.DEPARTMENT, S.AT_SUPERIOR),
        (NodeType.TITLE_OFFICE, S.AT_OFFICE),
        (NodeType.COMMITTEE, S.AT_COMMITTEE),
    ],
)
def test_where_it_arrives(node_type: NodeType, state: S) -> None:
    assert S.arriving_at(node_type) is state


@pytest.mark.parametrize(
    ("state", "action", "target", "facts", "reason"),
    [
        (S.DRAFT, A.SUBMIT, S.AT_EMPLOYER, Facts(incomplete=("甲", "乙")), "甲；乙。"),
        (S.DRAFT, A.SUBMIT, S.AT_EMPLOYER, Facts(ineligible="不足"), "不足。"),
        (S.DRAFT, A.SUBMIT, S.AT_EMPLOYER, Facts(window="未开放"), "未开放。"),
        (S.DRAFT, A.SUBMIT, S.AT_EMPLOYER, Facts(blacklisted="黑"), "黑。"),
        (S.CORRECTING, A.RESUBMIT, S.AT_EMPLOYER, Facts(incomplete=("甲",), blacklisted="黑"), "甲；黑。"),
        (
            S.AT_EMPLOYER,
            A.FORWARD,
            S.AT_OFFICE,
            Facts(notice="未公示", objection="异议", quota="用完"),
            "未公示；异议；用完。",
        ),
        (S.AT_EMPLOYER, A.RETURN, S.CORRECTING, Facts(asked_before="已问"), "已问；请填写退回的意见。"),
        (S.AT_OFFICE, A.RETURN, S.RETURNED, Facts(asked_before="已问"), "已问；请填写退回的意见。"),
        (S.AT_OFFICE, A.APPROVE, S.EFFECTIVE, Facts(blacklisted="黑"), "黑。"),
        (S.RECHECKED, A.PLAN, S.PLANNED, Facts(blacklisted="黑"), "黑。"),
        (S.ON_NOTICE, A.CLEAR, S.AWAITING_FILING, Facts(notice="未满"), "未满。"),
        (S.EFFECTIVE, A.ISSUE, S.CERTIFIED, Facts(blacklisted="黑"), "黑。"),
    ],
)
def test_a_guard_that_refuses_says_why(state: S, action: A, target: S, facts: Facts, reason: str) -> None:
    with pytest.raises(Refusal) as refused:
        APPLICATION.check(state, action, target, facts)
    assert refused.value.reason == reason


@pytest.mark.parametrize("action", [A.DECLINE, A.REFUSE, A.RETURN, A.RESEND, A.SUPPLEMENT, A.CLOSE, A.UPHOLD])
def test_what_goes_against_somebody_wants_an_opinion(action: A) -> None:
    assert all(t.opinion for t in APPLICATION.transitions if t.action is action)


def test_a_corrected_application_does_not_depend_on_the_window() -> None:
    assert APPLICATION.check(S.CORRECTING, A.RESUBMIT, S.AT_EMPLOYER, Facts(window="已截止")).action is A.RESUBMIT


@pytest.mark.parametrize("state", sorted(ENDED | {S.CERTIFIED}))
@pytest.mark.parametrize("action", list(A))
def test_what_is_over_is_over(state: S, action: A) -> None:
    with pytest.raises(Conflict, match=f"^当前状态为“{state.label}”，不能执行“{action.label}”。$"):
        APPLICATION.find(state, action)
