"""State machines as data: a table of transitions, and what they say of themselves.

The table knows nothing of databases. One service per machine applies it and appends the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from app.core.enums import Labelled
from app.core.errors import Conflict, Refusal

S = TypeVar("S", bound=Labelled)
A = TypeVar("A", bound=Labelled)

Guard = Callable[[Any], "str | None"]
"""Looks at the facts of one application (or plan …) and answers why not, in the user's words, or None."""


@dataclass(frozen=True)
class Transition(Generic[S, A]):
    """From any of `sources`, `action` leads to one of `targets` if every guard agrees.

    Which of several targets follows from the facts (the next body's node type) and is given to `check`.
    `opinion`: must be given.
    """

    action: A
    sources: frozenset[S]
    targets: frozenset[S]
    guards: tuple[Guard, ...] = ()
    opinion: bool = False


@dataclass(frozen=True)
class Machine(Generic[S, A]):
    """A state machine; raises ValueError on two transitions for one (state, action)."""

    name: str
    transitions: tuple[Transition[S, A], ...]
    _by_key: Mapping[tuple[S, A], Transition[S, A]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        table: dict[tuple[S, A], Transition[S, A]] = {}
        for transition in self.transitions:
            for source in transition.sources:
                if (source, transition.action) in table:
                    raise ValueError(f"two transitions for {source}, {transition.action}")
                table[source, transition.action] = transition
        object.__setattr__(self, "_by_key", table)

    def find(self, state: S, action: A) -> Transition[S, A]:
        """The transition of `action` from `state`; Conflict, worded for the person, if there is none."""
        try:
            return self._by_key[state, action]
        except KeyError:
            raise Conflict(f"当前状态为“{state.label}”，不能执行“{action.label}”。") from None

    def actions(self, state: S) -> tuple[A, ...]:
        """What may be tried from `state`, in the table's order."""
        return tuple(t.action for t in self.transitions if state in t.sources)

    def check(self, state: S, action: A, target: S, facts: Any, opinion: str = "") -> Transition[S, A]:
        """The transition if its guards agree on `facts`; Refusal naming every reason otherwise.

        A `target` the table does not have is the program's mistake: ValueError.
        """
        transition = self.find(state, action)
        if target not in transition.targets:
            raise ValueError(f"{state} -{action}-> {target} is not in the table of {self.name}")
        reasons = [reason for guard in transition.guards if (reason := guard(facts))]
        if transition.opinion and not opinion.strip():
            reasons.append(f"请填写{action.label}的意见。")
        if reasons:
            raise Refusal("；".join(reason.rstrip("。") for reason in reasons) + "。")
        return transition

    def diagram(self) -> str:
        """The machine as a Mermaid state diagram, for `app/README.md`."""
        lines = ["stateDiagram-v2"]
        for state in self._states():
            lines.append(f'    state "{state.label}" as {state.value}')
        for transition in self.transitions:
            for source in sorted(transition.sources):
                for target in sorted(transition.targets):
                    lines.append(f"    {source.value} --> {target.value} : {transition.action.label}")
        return "\n".join(lines)

    def _states(self) -> Iterable[S]:
        seen: dict[S, None] = {}
        for transition in self.transitions:
            for state in (*sorted(transition.sources), *sorted(transition.targets)):
                seen.setdefault(state)
        return seen
