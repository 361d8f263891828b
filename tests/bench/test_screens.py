"""The walk over all list screens runs, small: every one of them is opened, and each of its pages answers."""

from pathlib import Path

from app.core import schema
from app.core.db import db
from app.factory import create_app
from app.web.access import roles_for, views
from app.web.lists import ListScreen
from tests.bench import bench_lists, bench_screens
from tests.bench.test_lists import SMALL


def test_every_list_screen_is_walked(tmp_path: Path) -> None:
    app = create_app(INSTANCE=tmp_path, SQLALCHEMY_DATABASE_URI=bench_lists.province(tmp_path, SMALL), REDIS_URL="")
    with app.app_context():
        schema.upgrade(db.engine)
        walked = set(bench_screens.ROLES)
        screens = {
            view.title
            for view in views()
            if isinstance(view, ListScreen) and "<" not in view.route_base and walked & {*roles_for(view, "list")}
        }
        browsers = bench_screens.people(app)
    asked = list(bench_screens.walk(app, browsers, rounds=1))
    assert {one.screen for one in asked} == screens
    assert {"第一页", "下一页", "末页", "active=0", "level=assistant"} <= {one.page for one in asked}
    assert all(one.ms > 0 and one.statement.startswith("SELECT") for one in asked)
