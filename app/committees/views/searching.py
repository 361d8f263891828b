"""录入关键字，回车查询: what every search field asks, scoped by who asks."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, expose

from app.accounts.queries import search_people, units_of
from app.accounts.rules import not_found_words
from app.bodies.enums import NodeType
from app.bodies.queries import search_bodies
from app.catalog.queries import search_specialities
from app.core.enums import Role
from app.core.regions import region_above
from app.web.access import SIGNED_IN, Access
from app.web.identity import current_actor, read
from app.web.widgets import Choice, answer, typed_keyword

NO_BODY = "没有找到。名称和拼音首字母可录其中一段；编码和统一社会信用代码从开头录起。"
NO_SPECIALITY = "没有找到。名称和拼音首字母可录其中一段；代码从开头录起。"
"""A code is found from its beginning alone: so an index answers, of 50,000 bodies as of five."""


class BodySearchView(BaseView):
    """Bodies of any or of some kinds, specialities, people: as JSON, the nearest twenty."""

    route_base = "/search"
    access: Access = {"*": SIGNED_IN, "people": frozenset({Role.HR_OFFICER, Role.SYSADMIN})}

    @expose("/bodies")
    def bodies(self) -> ResponseReturnValue:
        """`?kind=` (repeated) narrows to kinds of node, `?own=1` to the acting post's region, `&above=1` widens by the one above."""
        kinds = [kind for kind in NodeType if kind.value in request.args.getlist("kind")]
        actor = current_actor()
        prefix = actor.region_prefix if request.args.get("own") else ""
        above = region_above(actor.region_code) if request.args.get("above") else ""
        found = search_bodies(read(), typed_keyword(), node_types=kinds, region_prefix=prefix, above=above)
        return answer((Choice(b.id, b.name, f"{b.node_type.label} {b.code}") for b in found), NO_BODY)

    @expose("/specialities")
    def specialities(self) -> ResponseReturnValue:
        """`?series=` narrows to a series."""
        series = request.args.get("series", "")
        wanted = int(series) if series.isascii() and series.isdigit() and len(series) < 10 else None
        found = search_specialities(read(), typed_keyword(), series_id=wanted)
        choices = (Choice(s.id, s.name, f"{s.code} {s.parent.name if s.parent else '栏目大类'}") for s in found)
        return answer(choices, NO_SPECIALITY)

    @expose("/people")
    def people(self) -> ResponseReturnValue:
        word = typed_keyword()
        found = search_people(read(), word)
        units = units_of(read(), [p.id for p in found])
        shown = (Choice(p.id, f"{p.name}（{p.id_masked}）", units.get(p.id, "")) for p in found)
        return answer(shown, not_found_words(word))
