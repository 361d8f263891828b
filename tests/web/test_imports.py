from __future__ import annotations

import io

import pytest
import python_calamine
from flask import Flask

from app.formats import imports, sheets

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize("kind", sorted(imports.importers))
def test_template_has_the_columns_an_example_and_rules(kind: str, app: Flask) -> None:
    importer = imports.importers[kind]
    content = sheets.template(importer.title, importer.columns, importer.rules)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert {importer.title, "选项", "填写说明"} == set(book.sheet_names)
    head, example = book.get_sheet_by_name(importer.title).to_python()
    assert sheets.check_head(head, importer.columns) == list(range(len(importer.columns)))
    assert len(example) == len(head)
