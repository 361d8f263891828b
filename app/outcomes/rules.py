"""Rules of the vote: quorum and two thirds (Order No. 40 of MOHRSS, arts. 21 and 22)."""

from __future__ import annotations


def quorum_met(members: int, attending: int) -> bool:
    """At least two thirds of the committee's members attend (art. 21)."""
    return members > 0 and attending * 3 >= members * 2


def quorum_of(members: int) -> int:
    """The fewest judges that make a meeting."""
    return -(-members * 2 // 3)


def votes_needed(attending: int) -> int:
    """The fewest votes in favour that pass: two thirds of those attending, not of those voting (art. 22)."""
    return -(-attending * 2 // 3)


def passed(in_favour: int, attending: int) -> bool:
    """Votes in favour are at least two thirds of the judges attending (art. 22)."""
    return attending > 0 and in_favour * 3 >= attending * 2


def votes_problem(in_favour: int, against: int, abstained: int, attending: int) -> str | None:
    """What is wrong with a count of votes: nobody votes twice, nobody absent votes (no proxy, no later vote)."""
    if min(in_favour, against, abstained) < 0:
        return "票数不能为负数"
    total = in_favour + against + abstained
    if total > attending:
        return f"赞成、反对、弃权合计 {total} 票，多于出席评委 {attending} 人"
    if total < attending:
        return f"赞成、反对、弃权合计 {total} 票，少于出席评委 {attending} 人，未投票的计入弃权"
    return None
