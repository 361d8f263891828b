"""The front page: for visitors the way in, for everybody else what waits for them."""

from __future__ import annotations

from flask import current_app
from flask.typing import ResponseReturnValue
from flask_appbuilder import IndexView, expose

from app.core.enums import Role
from app.home import queries
from app.web.access import EVERYONE
from app.web.identity import current_actor, read


class HomeView(IndexView):
    """首页."""

    route_base = ""
    access = {"index": EVERYONE}

    @expose("/")
    def index(self) -> ResponseReturnValue:
        actor = current_actor()
        if actor.role is Role.ANONYMOUS:
            people = queries.demo_people() if current_app.config["DEMO"] else []
            return self.render_template("home/visitor.html", people=people, notices=queries.running_notices(read()))
        return self.render_template("home/dashboard.html", cards=queries.cards(read(), actor), actor=actor)
