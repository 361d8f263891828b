"""Related rows in generated forms and searches: read in scope, few enough to be options of a select."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.fields import QuerySelectField
from flask_appbuilder.models.filters import FilterRelation
from wtforms.fields.choices import Choice
from wtforms.validators import DataRequired, Optional

from app.web.identity import read

MOST_RELATED = 500
BLANK = "__None"
"""What FAB's select of rows posts for its empty choice."""


class RelatedSelect(QuerySelectField):
    """FAB's select of related rows; its data is the row. For small tables: every row is an option."""

    def iter_choices(self) -> Iterator[Choice]:
        if self.allow_blank:
            yield Choice(BLANK, self.blank_text, self.data is None, {})
        for key, row in self._get_object_list():
            yield Choice(key, str(self.get_label(row)), row == self.data, {})


class RelatedIs(FilterRelation):
    """Rows that refer to the row with this id; FAB's own filter loads the related row first."""

    name = "是"

    def apply(self, query: Any, value: Any) -> Any:
        if not (str(value).isascii() and str(value).isdigit() and len(str(value)) <= 18):
            raise ValueError("not an id")
        local = next(iter(sa.inspect(self.model).relationships[self.column_name].local_columns))
        return query.filter(local == int(value))


def related_field(label: str, model: type, *, need: bool) -> RelatedSelect:
    """A select over the rows of `model` in the acting post's scope, MOST_RELATED at most."""

    def rows() -> Sequence[Any]:
        return read().scalars(sa.select(model).order_by(*sa.inspect(model).primary_key).limit(MOST_RELATED)).all()

    return RelatedSelect(
        label,
        [DataRequired("请选择。") if need else Optional()],
        query_func=rows,
        get_pk_func=lambda row: sa.inspect(row).identity[0],
        allow_blank=True,
        blank_text="请选择",
    )
