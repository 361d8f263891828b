"""What a refused act says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.core.errors import Invalid, Refusal


def refusal(kind: type[Refusal], act: Callable[[], object]) -> str:
    """The reason, of a refusal of just this kind."""
    with pytest.raises(kind) as refused:
        act()
    assert type(refused.value) is kind
    return refused.value.reason


def wrong_fields(act: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        act()
    return refused.value.fields
