from __future__ import annotations

import pytest

from app.outcomes.rules import passed, quorum_met, quorum_of, votes_needed, votes_problem


@pytest.mark.parametrize(
    ("members", "quorum"), [(1, 1), (3, 2), (11, 8), (13, 9), (15, 10), (25, 17), (27, 18), (33, 22)]
)
def test_a_meeting_is_two_thirds_of_the_members(members: int, quorum: int) -> None:
    assert quorum_of(members) == quorum
    assert quorum_met(members, quorum) is True
    assert quorum_met(members, quorum - 1) is False
    assert quorum_met(members, members) is True


def test_no_members_make_no_meeting() -> None:
    assert quorum_met(0, 0) is False


@pytest.mark.parametrize(
    ("attending", "needed"), [(1, 1), (2, 2), (3, 2), (8, 6), (9, 6), (10, 7), (12, 8), (17, 12), (25, 17)]
)
def test_passing_takes_two_thirds_of_those_attending(attending: int, needed: int) -> None:
    assert votes_needed(attending) == needed
    assert passed(needed, attending) is True
    assert passed(needed - 1, attending) is False


def test_abstaining_counts_against() -> None:
    assert passed(7, 12) is False  # 7 for, 0 against, 5 abstained: all who voted, and not two thirds who came


def test_nobody_attending_passes_nobody() -> None:
    assert passed(0, 0) is False


@pytest.mark.parametrize(
    ("votes", "problem"),
    [
        ((9, 3, 0), None),
        ((12, 0, 0), None),
        ((0, 0, 12), None),
        ((-1, 12, 1), "票数不能为负数"),
        ((9, 3, 1), "赞成、反对、弃权合计 13 票，多于出席评委 12 人"),
        ((9, 2, 0), "赞成、反对、弃权合计 11 票，少于出席评委 12 人，未投票的计入弃权"),
    ],
)
def test_a_count_adds_up_to_those_attending(votes: tuple[int, int, int], problem: str | None) -> None:
    assert votes_problem(*votes, 12) == problem
