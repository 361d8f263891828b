"""What a service raises when it will not do a thing: always with a reason a person can act on, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):
    """The request was understood and is refused. `str(e)` is shown to the person as it stands."""

    status = 409

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAllowed(Refusal):
    """The acting post may not do this; the row itself may be visible to it."""

    status = 403


class NotFound(Refusal):
    """There is no such row, or none within the acting post's scope: the two are never told apart."""

    status = 404

    def __init__(self, reason: str = "没有找到这条记录，或者它不在您的管理范围内。") -> None:
        super().__init__(reason)


class Conflict(Refusal):
    """Somebody else was faster, or the thing has been done already."""


class Invalid(Refusal):
    """Input that can't be taken: `fields` maps a field's name to what is wrong with it."""

    status = 422

    def __init__(self, fields: Mapping[str, str], reason: str | None = None) -> None:
        super().__init__(reason or "；".join(fields.values()))
        self.fields = dict(fields)


class ScopeViolation(Exception):
    """A programming error or an attack: code touched rows outside the acting post's scope."""
