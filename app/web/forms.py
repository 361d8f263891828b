"""The base of our forms: Chinese messages, stripped text, and refusals shown beside the field they concern."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileSize
from markupsafe import Markup, escape
from wtforms import DateField as _DateField
from wtforms import DecimalField as _DecimalField
from wtforms import IntegerField, StringField, TextAreaField
from wtforms import SelectField as _SelectField
from wtforms import SelectMultipleField as _SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm
from wtforms.i18n import get_translations
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget, Select

from app.core.enums import Labelled
from app.core.errors import Refusal
from app.core.storage import MAX_FILE_BYTES
from app.core.text import cleaned
from app.web.access import LARGEST_ID

ASKED = "请填写此项。"
WHOLE = {"maxlength": False}
"""Of a code: the browser must not cut what is pasted, for what is left of it may be another's."""
NOT_LISTED = "请从列出的选项中选择。"


class ChineseMeta:
    """WTForms' own Chinese messages, whatever locale the browser asks for."""

    locales = ("zh",)

    def get_translations(self, _form: BaseForm) -> Any:
        return get_translations(("zh",))


class Form(FlaskForm):
    """A form posted with a CSRF token; see `Query` for conditions in the URL."""

    class Meta(ChineseMeta, FlaskForm.Meta):
        pass


class Query(Form):
    """Conditions of a list: bound from the URL, without a token, every field optional."""

    class Meta(ChineseMeta, FlaskForm.Meta):
        csrf = False

    def validate(self, extra_validators: Any = None) -> bool:
        """What a select does not offer is marked too, where its coercion would take it for nothing asked."""
        good: bool = super().validate(extra_validators)
        for field in self:
            sent = field.raw_data[0] if isinstance(field, SelectField) and field.raw_data else ""
            if sent and not field.errors and sent not in _offered(field):
                field.errors, good = [f"没有“{sent[:20]}”这个选项，没有按它查询。"], False
        return good


def _offered(field: SelectField) -> set[str]:
    return {str(getattr(choice.value, "value", choice.value)) for choice in field.iter_choices()}


def required(message: str = ASKED) -> DataRequired:
    """The field must hold something that is not blank."""
    return DataRequired(message)


def answered(message: str = "请选择。") -> InputRequired:
    """A value must be sent; 0 and False count."""
    return InputRequired(message)


def optional() -> Optional:
    return Optional(strip_whitespace=True)


def at_most(length: int) -> Length:
    return Length(max=length, message=f"不超过 {length} 个字。")


def strip(value: Any) -> Any:
    """Filter: text without blanks at its ends and without characters that have no shape."""
    return cleaned(value).strip() if isinstance(value, str) else value


def text_field(label: str, *, length: int = 100, need: bool = False, hint: str = "", **options: Any) -> StringField:
    """One line of stripped text, `length` characters at most; `render_kw=WHOLE`: what is too long is told, not cut."""
    checks = [required() if need else optional(), at_most(length)]
    return StringField(
        label,
        checks,
        filters=[strip],
        description=hint,
        render_kw={"maxlength": length} | options.pop("render_kw", {}),
        **options,
    )


def long_text_field(
    label: str, *, length: int = 2000, need: bool = False, hint: str = "", rows: int = 4
) -> TextAreaField:
    """Several lines of stripped text; a counter shows what is left."""
    checks = [required() if need else optional(), at_most(length)]
    kw = {"maxlength": length, "rows": rows, "data-count": "1"}
    return TextAreaField(label, checks, filters=[strip], description=hint, render_kw=kw)


class DateField(_DateField):
    """A day, by the browser's own date input."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None
            raise ValueError("请按“年-月-日”填写，例如 2026-03-01。") from None


def date_field(label: str, *, need: bool = False, hint: str = "") -> DateField:
    return DateField(label, [answered("请选择日期。") if need else optional()], description=hint)


class WholeNumberField(IntegerField):
    """A whole number that a database column can hold; None where the field was emptied, whatever stood in it before."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = _number_typed(self, valuelist)
        if not text:
            return
        if not re.fullmatch(r"[+-]?\d+", text):
            raise ValueError("请填写整数。")
        if len(text) > 9:
            raise ValueError("数字太大，请核对。")
        self.data = int(text)


class DecimalField(_DecimalField):
    """A number as people write it: digits and a point. What only a computer means by a number is none (NaN, 1e9)."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = _number_typed(self, valuelist)
        if not text:
            return
        if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
            raise ValueError("请填写数字，例如 450 或 450.50。")
        if len(text) > 12:
            raise ValueError("数字太大，请核对。")
        super().process_formdata([text])


def _number_typed(field: IntegerField | _DecimalField, valuelist: list[str]) -> str:
    """What was typed without blanks; the field holds nothing until it is understood."""
    text = valuelist[0].strip() if valuelist else ""
    field.data, field.raw_data = None, [text] if text else []
    return text


def number_field(label: str, *, need: bool = True, ask: str = ASKED, hint: str = "") -> WholeNumberField:
    checks = [answered(ask) if need else optional()]
    return WholeNumberField(label, checks, description=hint, render_kw={"inputmode": "numeric"})


def decimal_field(label: str, *, need: bool = True, ask: str = ASKED, hint: str = "") -> DecimalField:
    checks = [answered(ask) if need else optional()]
    return DecimalField(label, checks, places=2, description=hint, render_kw={"inputmode": "decimal"})


class SelectMultipleField(_SelectMultipleField):
    """Several of what is offered, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(NOT_LISTED) from None

    def pre_validate(self, form: BaseForm) -> None:
        try:
            super().pre_validate(form)
        except ValidationError:
            raise ValidationError(NOT_LISTED) from None


def several_field(label: str, *, ask: str = "", hint: str = "", **options: Any) -> SelectMultipleField:
    """Boxes to tick; the view sets `form.x.choices`. `ask`: what is said where none is ticked, if one must be."""
    return SelectMultipleField(label, [answered(ask) if ask else optional()], description=hint, **options)


class _Options(Select):
    """A select whose options are told ten times faster than by sorting each one's attributes: some have 150."""

    @classmethod
    def render_option(cls, choice: Any, **kwargs: Any) -> Markup:
        if choice.render_kw or kwargs:
            return super().render_option(choice, **kwargs)
        chosen = "selected " if choice.selected else ""
        return Markup(
            f'<option {chosen}value="{escape(str(choice.value))}">{escape(choice.label or choice.value)}</option>'
        )


class SelectField(_SelectField):
    widget = _Options()


STANDING = ("有效", "已注销")
"""What `active` is called wherever it is asked for or shown."""


def yes_no_field(
    label: str, *, need: bool = False, blank: str = "请选择", words: tuple[str, str] = ("是", "否")
) -> SelectField:
    """是 or 否, or two other words; its data is a bool, None where nothing is chosen."""
    return SelectField(
        label,
        [answered() if need else optional()],
        choices=choices_of(zip(("1", "0"), words, strict=True), blank),
        coerce=lambda value: {"1": True, "0": False, True: True, False: False}.get(value),
    )


def choice_field(label: str, choices: Iterable[tuple[str, str]], *, blank: str = "全部") -> SelectField:
    """A condition with a few answers of its own; its data is a text, "" where nothing is chosen."""
    return SelectField(label, choices=choices_of(choices, blank), default="")


def enum_field(
    label: str,
    enum: Iterable[Labelled],
    *,
    need: bool = False,
    hint: str = "",
    blank: str = "请选择",
    blank_value: str = "",
) -> SelectField:
    """A select over an enum, or some of its members; its data is the member, None where nothing is chosen.

    `blank_value`: what is sent for nothing chosen, as a condition needs that another answer is chosen for beforehand:
    what is empty stays out of addresses, and the answer would be back.
    """
    members = tuple(enum)

    def coerce(value: Any) -> Labelled | None:
        return next((member for member in members if member.value == value), None)

    choices = [
        SelectChoice(value=blank_value, label=blank),
        *choices_of([(member.value, member.label) for member in members], None),
    ]
    return SelectField(
        label, [required("请选择。") if need else optional()], choices=choices, coerce=coerce, description=hint
    )


def id_or_none(value: Any) -> int | None:
    """What a select or radio over rows sent: an id, None for nothing; ValueError for what is no id."""
    if value in (None, "", "None"):
        return None
    number = int(value)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError("not an id")
    return number


def id_field(label: str, *, need: bool = False, hint: str = "") -> SelectField:
    """A select over rows: the view sets `form.x.choices = choices_of(pairs)`; its data is an int or None."""
    checks = [required("请选择。") if need else optional()]
    return SelectField(label, checks, choices=choices_of([]), coerce=id_or_none, description=hint)


def choices_of(pairs: Iterable[tuple[Any, str]], blank: str | None = "请选择") -> list[SelectChoice]:
    """(value, words) pairs as a select's choices, with an empty one before them unless `blank` is None."""
    first = [] if blank is None else [SelectChoice(value="", label=blank)]
    return [*first, *(SelectChoice(value=value, label=words) for value, words in pairs)]


def file_field(
    label: str,
    *,
    need: bool = False,
    accept: str = ".pdf,.jpg,.jpeg,.png",
    max_bytes: int = MAX_FILE_BYTES,
    hint: str = "",
) -> FileField:
    """One file; its type is decided by content in app.core.storage, not here."""
    checks: list[Any] = [required("请选择文件。")] if need else [optional()]
    checks.append(FileSize(max_bytes, message=f"文件超过 {max_bytes // 1024 // 1024} MB。"))
    return FileField(label, checks, description=hint, render_kw={"accept": accept, "data-max-bytes": str(max_bytes)})


def apply_refusal(form: BaseForm, error: Refusal) -> None:
    """Put a service's refusal on the form: beside the fields it names, the rest above the form, a line each."""
    fields: Mapping[str, str] = getattr(error, "fields", {})
    placed = False
    for name, message in fields.items():
        if name in form._fields:
            field = form._fields[name]
            field.errors = [*field.errors, message]
            placed = True
        else:
            form.form_errors.append(message)
            placed = True
    if not placed:
        form.form_errors.extend(error.reason.splitlines())


def attempt(form: BaseForm, work: Callable[[], None]) -> bool:
    """True when the posted form (flask-wtf's) is valid and `work` did it; a Refusal ends up on the form and answers False."""
    if not form.validate_on_submit():
        return False
    try:
        work()
    except Refusal as refusal:
        apply_refusal(form, refusal)
        return False
    return True
