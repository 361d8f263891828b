"""What the change or end of a record would do to others, said on its form before it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Caution:
    """What others lose by a change; `url`: where they are listed; `harmless`: it was asked, and they lose nothing."""

    words: str
    url: str = ""
    harmless: bool = False


consequences: dict[type[Any], list[Callable[[Session, Any], Sequence[Caution]]]] = defaultdict(list)
"""By the class of a record: each domain that would feel its end appends its own answer."""


def cautions(session: Session, row: Any) -> list[Caution]:
    """Everything the end of a record would do to others."""
    return [caution for ask in consequences[type(row)] for caution in ask(session, row)]
