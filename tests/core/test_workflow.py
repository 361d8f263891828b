import pytest

from app.core.enums import Labelled
from app.core.errors import Conflict, Refusal
from app.core.workflow import Machine, Transition


class Door(Labelled):
    OPEN = "open", "开着"
    SHUT = "shut", "关着"
    LOCKED = "locked", "锁着"


class Deed(Labelled):
    SHUT = "shut", "关门"
    LOCK = "lock", "锁门"
    KICK = "kick", "踢门"


DOOR: Machine[Door, Deed] = Machine(
    "door",
    (
        Transition(Deed.SHUT, frozenset({Door.OPEN}), frozenset({Door.SHUT})),
        Transition(
            Deed.LOCK,
            frozenset({Door.SHUT}),
            frozenset({Door.LOCKED}),
            guards=(lambda facts: None if facts.get("key") else "没有钥匙", lambda facts: facts.get("jam")),
            opinion=True,
        ),
        Transition(Deed.KICK, frozenset({Door.SHUT, Door.LOCKED}), frozenset({Door.OPEN, Door.SHUT})),
    ),
)


def test_a_transition_that_agrees_is_answered() -> None:
    assert DOOR.check(Door.OPEN, Deed.SHUT, Door.SHUT, {}).action is Deed.SHUT
    assert DOOR.actions(Door.SHUT) == (Deed.LOCK, Deed.KICK)


def test_an_action_the_state_does_not_know_is_a_conflict_in_words() -> None:
    with pytest.raises(Conflict, match=r"^当前状态为“开着”，不能执行“锁门”。$"):
        DOOR.find(Door.OPEN, Deed.LOCK)


def test_every_reason_is_told_at_once() -> None:
    with pytest.raises(Refusal, match=r"^没有钥匙；锁坏了；请填写锁门的意见。$"):
        DOOR.check(Door.SHUT, Deed.LOCK, Door.LOCKED, {"jam": "锁坏了"})


def test_a_target_outside_the_table_is_the_programs_mistake() -> None:
    with pytest.raises(ValueError, match=r"not in the table"):
        DOOR.check(Door.SHUT, Deed.KICK, Door.LOCKED, {})


def test_two_transitions_for_one_press_are_refused() -> None:
    twice = Transition(Deed.SHUT, frozenset({Door.OPEN}), frozenset({Door.SHUT}))
    with pytest.raises(ValueError, match=r"two transitions"):
        Machine("door", (twice, twice))


def test_the_diagram_lists_states_by_label_and_edges_by_action() -> None:
    assert DOOR.diagram().splitlines() == [
        "stateDiagram-v2",
        '    state "开着" as open',
        '    state "关着" as shut',
        '    state "锁着" as locked',
        "    open --> shut : 关门",
        "    shut --> locked : 锁门",
        "    locked --> open : 踢门",
        "    locked --> shut : 踢门",
        "    shut --> open : 踢门",
        "    shut --> shut : 踢门",
    ]
