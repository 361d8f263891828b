"""Two people at one record: the second to save is told what the first has changed, and nothing is lost unseen.

    stamp = Stamp(row, columns(self.edit_columns), words)            # when the request comes in
    with command() as work:
        stamp.check(work, typed)                                      # first of all, before the service
        services.change(work, …)
    render_template(…, stamp=stamp.text)                              # a hidden field of the form

A stamp says what the form was opened on: a digest of the values it edits, and how far the record's history had come. On
the locked row another digest is refused: nothing is saved, what was typed stays, the history tells who changed what, and
the answer carries the stamp of what stands now, so that saving once more overrides knowingly. A form without a stamp is
treated as one whose record has changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from flask import request
from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.web import filters, history
from app.web.history import Words
from app.web.identity import read

FIELD = "stamp"
CHANGED = "您打开以后，这条记录已被他人修改，没有保存。您填写的内容都还在；核对后再次保存，将以您填写的为准。"
GONE = "您打开以后，这条记录已被他人删除，没有保存。您填写的内容都还在。"

Values = Callable[[Any], Mapping[str, Any]]
"""What a form edits of a row, as the row holds it."""


class Changed(Conflict):
    """Somebody else was faster; the reason tells who did what, a line each."""


def columns(names: Sequence[str]) -> Values:
    return lambda row: {name: getattr(row, name) for name in names}


class Stamp:
    """The stamp of one form in one request. `about`: further subjects of the record's history."""

    def __init__(self, row: Any, values: Values, words: Words, *about: Any) -> None:
        self._row, self._values, self._words, self._about = row, values, words, (row, *about)
        self._refused = ""

    @cached_property
    def _sent(self) -> str:
        return request.form.get(FIELD, "")

    @property
    def text(self) -> str:
        """For the form: what stands, on opening and after a refusal; otherwise what was sent."""
        if self._refused or request.method == "POST":
            return self._refused or self._sent
        return self.fresh

    @property
    def fresh(self) -> str:
        """What stands, whatever was sent: for the other forms of a page that has several."""
        return self._of(read(), self._row)

    def check(self, session: Session, typed: Mapping[str, Any] | None = None) -> None:
        """Lock the row; Changed where it is not as the form was opened on, unless it is as `typed` already."""
        model, key = type(self._row), sa.inspect(self._row).identity
        standing = session.get(model, key, with_for_update={"of": model}, populate_existing=True)
        if standing is None:
            raise Changed("\n".join([GONE, *self._told(session)]))
        digest = _digest(self._values(standing))
        if digest == self._sent.partition(".")[0]:
            return
        if typed is not None and digest == _digest({name: typed.get(name) for name in self._values(standing)}):
            return  # pressed twice
        self._refused = self._of(session, standing)
        raise Changed("\n".join([CHANGED, *self._told(session)]))

    def _of(self, session: Session, row: Any) -> str:
        return f"{_digest(self._values(row))}.{history.latest(session, *self._about)}"

    def _told(self, session: Session) -> list[str]:
        """Who changed what since the form was opened, in order; nothing where the stamp does not say when that was."""
        since = self._sent.partition(".")[2]
        if not (since.isascii() and since.isdigit() and len(since) < 19):
            return []
        steps = history.steps(session, *self._about, words=self._words, after=int(since))
        return [
            f"{step['who']}，{filters.ago(step['when'])}，{step['title']}" + (f"：{text}" if text else "")
            for step in reversed(steps)
            for text in ["；".join(step["text"].splitlines())]
        ]


def _digest(values: Mapping[str, Any]) -> str:
    plain = json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)
    return sha256(plain.encode()).hexdigest()[:16]
