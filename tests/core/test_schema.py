import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask

from app.core.db import Model, db


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection", "ignore:autogenerate skipping")
def test_the_migrations_make_what_the_models_say(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, Model.metadata)
    # Alembic can't compare indexes over expressions; that one is made by hand in 0002
    named = [
        d for d in differences if not (d[0] in ("add_index", "remove_index") and d[1].name == "uq_path_edges_live")
    ]
    assert named == []
