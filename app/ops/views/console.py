"""What every view of the console is: for the administrator alone, with the routes it names and no others."""

from __future__ import annotations

from typing import Any, ClassVar

import sqlalchemy as sa
from flask.typing import ResponseReturnValue
from flask_admin import Admin, BaseView, expose

from app.core.enums import Role
from app.core.jobs import Job, JobStatus
from app.web.access import Access, only
from app.web.identity import read


class Console:
    """Mixed into Flask-Admin's views. A method Flask-Admin exposes and `routes` does not name has no address."""

    access: ClassVar[Access] = only(Role.SYSADMIN)
    default_view = "index"
    routes: ClassVar[frozenset[str]] = frozenset({"index"})
    intro = ""

    def create_blueprint(self, admin: Admin) -> Any:
        self._urls = [one for one in self._urls if one[1] in self.routes]  # type: ignore[has-type]
        return super().create_blueprint(admin)  # type: ignore[misc]

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Flask-Admin calls a view that raises TypeError a second time; ours is called once."""
        return fn(self, *args, **kwargs)

    def page(self, template: str, **values: Any) -> str:
        """A page of the console. Flask-Admin's `render`, and our words for what stands at its head."""
        rendered: str = self.render(template, **{"title": self.name, "intro": self.intro} | values)  # type: ignore[attr-defined]
        return rendered


class HomeView(Console, BaseView):
    """数据运维: what there is to look after."""

    @expose("/")
    def index(self) -> ResponseReturnValue:
        counts = dict(read().execute(sa.select(Job.status, sa.func.count()).group_by(Job.status)).all())
        return self.page(
            "ops/home.html",
            dictionaries=[view for view in self.admin._views if view.category == "字典"],
            waiting=counts.get(JobStatus.QUEUED, 0) + counts.get(JobStatus.RUNNING, 0),
            failed=counts.get(JobStatus.PARTLY, 0),
        )
