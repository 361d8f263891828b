"""Fields a browser does not have: 录入关键字回车查询, a search whose answer is an id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request
from markupsafe import Markup
from wtforms import IntegerField
from wtforms.validators import StopValidation
from wtforms.widgets import html_params

from app.web.access import LARGEST_ID

SEARCH_LIMIT = 20
TYPED_LIMIT = 60
NOT_OFFERED = "请录入关键字，按回车查询后从列表中选择。"
TYPED = "__text"
"""What the person typed or chose travels beside the id, so that a refused form shows it again."""


@dataclass(frozen=True)
class Choice:
    """One answer of a search: `text` stands in the field, `note` beside it in the list."""

    id: int
    text: str
    note: str = ""


def typed_keyword() -> str:
    """The keyword of a search request (`?q=`): stripped, at most TYPED_LIMIT characters."""
    return request.args.get("q", "").replace("\x00", "").strip()[:TYPED_LIMIT]


def answer(choices: Iterable[Choice], nothing: str = "") -> Response:
    """The JSON a SearchSelectField's address answers: {"items": [{"id", "text", "note"}]}, SEARCH_LIMIT at most.

    `nothing` is told where there are none, instead of the stock words.
    """
    return jsonify(items=[asdict(choice) for choice in list(choices)[:SEARCH_LIMIT]], nothing=nothing)


class SearchSelectWidget:
    """A text input and its list; the id goes in a hidden input that the script fills."""

    def __call__(self, field: SearchSelectField, **kwargs: Any) -> Markup:
        described = {key: value for key, value in kwargs.items() if key.startswith("aria")}
        shown = html_params(
            id=field.id,
            name=field.name + TYPED,
            type="text",
            value=field.text,
            role="combobox",
            autocomplete="off",
            maxlength=TYPED_LIMIT,
            class_="form-control",
            placeholder=kwargs.get("placeholder", "录入关键字回车查询"),
            aria_expanded="false",
            aria_autocomplete="list",
            aria_controls=f"{field.id}-list",
            **described,
        )
        hidden = html_params(type="hidden", name=field.name, value="" if field.data is None else field.data)
        box = html_params(class_="search-select", data_url=field.address(), **field.followed())
        return Markup(
            f"<div {box}><input {shown}><input {hidden}>"
            f'<ul class="search-select__list" role="listbox" id="{field.id}-list" aria-label="查询结果" hidden></ul>'
            f'<p class="search-select__status" role="status" aria-live="polite"></p></div>'
        )


class SearchSelectField(IntegerField):
    """An id found by keyword. `address` gives the JSON endpoint.

    `text_of(id)` answers what the row is called, read in the acting post's scope, or None where it may not be chosen:
    such an id is refused beside the field, however it was posted. Without `text_of` only the service checks.

    `follows`: parameter -> field of the same form, whose value goes along with the keyword where there is one, and to
    `text_of` by that name: SearchSelectField(…, follows={"kind": "node_type"}).
    """

    widget = SearchSelectWidget()

    def __init__(
        self,
        label: str = "",
        validators: Any = None,
        *,
        address: Callable[[], str],
        text_of: Callable[..., str | None] | None = None,
        follows: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.address = address
        self._text_of = text_of
        self._follows = dict(follows or {})
        self._typed = ""

    def followed(self) -> dict[str, str]:
        """For the script: data-follows="kind=node_type", by the names the fields have in the page."""
        if not self._follows:
            return {}
        prefix = self.name.removesuffix(self.short_name)
        return {"data_follows": urlencode({parameter: prefix + name for parameter, name in self._follows.items()})}

    @property
    def text(self) -> str:
        if self._typed:
            return self._typed
        return (self._text_of(self.data) or "") if self._text_of and self.data is not None else ""

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        if formdata is not None:
            self._typed = (formdata.get(self.name + TYPED) or "")[:TYPED_LIMIT]

    def pre_validate(self, form: Any) -> None:
        if self.data is None:
            if self._typed.strip() and not self.process_errors:  # typed, and nothing picked
                raise StopValidation(NOT_OFFERED)
            return
        narrowed = {parameter: form[name].data for parameter, name in self._follows.items() if form[name].data}
        if self.data > LARGEST_ID or (self._text_of is not None and self._text_of(self.data, **narrowed) is None):
            raise StopValidation(NOT_OFFERED)

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            self.data = None
        elif text.isascii() and text.isdigit() and len(text) <= 18:
            self.data = int(text)
        else:
            self.data = None
            raise ValueError(NOT_OFFERED)
