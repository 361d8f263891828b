"""A small application on real models: the web base without the domains' screens, on a fresh SQLite file."""

# ruff: noqa: ARG002  (hooks take what the base hands over)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import BaseView, IndexView, expose
from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import Select
from sqlalchemy.orm import Session, joinedload
from wtforms import IntegerField

from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Body
from app.catalog.enums import RegionLevel, TitleLevel
from app.catalog.models import Region
from app.core import audit, crypto
from app.core.audit import AuditEntry
from app.core.chain import GENESIS, ChainHead
from app.core.db import Model, db, prepare_engine, unit_of_work
from app.core.enums import Role
from app.core.errors import Invalid, NotFound, Refusal, ScopeViolation
from app.core.scope import Actor
from app.quotas import policies  # noqa: F401
from app.quotas.enums import QuotaStatus
from app.quotas.models import PostQuota
from app.web import access, cells, errors, filters, identity, security, ways
from app.web.access import EVERYONE, only
from app.web.forms import Form, Query, attempt, choice_field, date_field, enum_field, long_text_field, text_field
from app.web.lists import Bulk, Button, Column, ListScreen, asc, desc
from app.web.records import RecordView
from app.web.widgets import Choice, SearchSelectField, answer, typed_keyword

OURS = Actor(
    Role.UNIT, user_id=1, person_id=1, name="王芳", post_id=1, body_id=1, body_name="第一医院", region_code="430102"
)
JUDGE = Actor(Role.JUDGE, user_id=2, person_id=2, name="李强", post_id=2)
ROWS = 45


class QuotaQuery(Query):
    year = IntegerField("年度")
    level = enum_field("级别", TitleLevel, blank="全部")
    opinion = text_field("意见", length=20)
    since = date_field("日期起")


class QuotaList(ListScreen):
    access = only(Role.UNIT)
    route_base, title = "/quotas", "职数"
    conditions = QuotaQuery
    key = (desc(PostQuota.year), asc(PostQuota.id))
    columns = (
        Column("年度", "year", "number"),
        Column("单位", "body.name", link=lambda row: url_for("QuotaRecords.show", pk=row.id)),
        Column("级别", "level"),
        Column("状态", "status", "state"),
        Column("意见", "opinion"),
        Column("证件号", lambda row: f"43010219900101{row.id:04d}", "masked"),
    )
    bulk_actions = (Bulk("mark", "标记", by_query=True), Bulk("refuse", "退回"))

    def select(self, session: Session, values: Mapping[str, Any]) -> Select[Any]:
        statement = sa.select(PostQuota).options(joinedload(PostQuota.body))
        if values["year"]:
            statement = statement.where(PostQuota.year == values["year"])
        if values["level"]:
            statement = statement.where(PostQuota.level == values["level"])
        if values["opinion"]:
            statement = statement.where(PostQuota.opinion.contains(values["opinion"], autoescape=True))
        return statement

    def row_actions(self, row: Any) -> Sequence[Button]:
        return (Button("查看", url_for("QuotaRecords.show", pk=row.id)),)

    def mark(self, ids: Sequence[int]) -> str:
        return "标记了 " + ",".join(str(one) for one in ids)

    def refuse(self, ids: Sequence[int]) -> str:
        raise Refusal("第一条还有未处理的异议。")


def add_quota(session: Session, *, actor: Actor, year: int, level: TitleLevel, posts: int, body_id: int) -> PostQuota:
    if posts > 999:
        raise Invalid({"posts": "岗位数过大，请核对。"})
    row = PostQuota(body_id=body_id, year=year, level=level, posts=posts, occupied=0, asked=1)
    session.add(row)
    session.flush()
    return row


def change_quota(session: Session, *, actor: Actor, key: int, posts: int, opinion: str) -> None:
    row = session.get_one(PostQuota, key)
    audit.record(session, actor, "quotas.change", row, changes=audit.assign(row, posts=posts, opinion=opinion))


def remove_quota(session: Session, *, actor: Actor, key: int) -> None:
    row = session.get_one(PostQuota, key)
    if row.posts > 5:
        raise Refusal("正在使用，不能删除。")
    if row.posts == 1:  # as where somebody else has been faster: the database alone refuses
        session.add(PostQuota(body_id=row.body_id, year=row.year, level=row.level, posts=2, occupied=0, asked=0))
        session.flush()
    session.delete(row)


def retire_quota(session: Session, *, actor: Actor, key: int, reason: str) -> None:
    audit.record(session, actor, "quotas.cancel", session.get_one(PostQuota, key), reason=reason)


class QuotaRecords(RecordView):
    access = only(Role.UNIT)
    route_base, title = "/records", "职数台账"
    datamodel = SQLAInterface(PostQuota)
    key = (asc(PostQuota.id),)
    columns = (
        Column("年度", "year"),
        Column("单位", "body.name"),
        Column("级别", "level"),
        Column("状态", "status", "state"),
    )
    show_columns = (*columns, Column("岗位数", "posts"))
    search_columns = ["year", "level", "opinion"]
    add_columns = ["year", "level", "posts", "body_id"]
    edit_columns = ["posts", "opinion"]
    label_columns = {"year": "年度", "body_id": "单位", "level": "级别", "posts": "岗位数", "opinion": "意见"}
    fields = {"body_id": SearchSelectField("单位", address=lambda: url_for("Screens.search"))}
    loading = (joinedload(PostQuota.body),)
    adding, changing, retiring, removing = add_quota, change_quota, retire_quota, remove_quota


class ReadOnlyRecords(RecordView):
    access = only(Role.UNIT)
    route_base, title = "/readonly", "职数"
    datamodel = SQLAInterface(PostQuota)
    key = (asc(PostQuota.id),)
    columns = (Column("年度", "year"),)
    label_columns = {"year": "年度"}


def body_of(key: int, kind: str = "") -> str | None:
    """Any number is a body's; its kind is whether it is even."""
    return None if kind and kind != ("odd" if key % 2 else "even") else f"{key}号"


class Typed(Form):
    name = text_field("姓名", need=True, length=5)
    day = date_field("日期", need=True)
    body_id = SearchSelectField(
        "单位", address=lambda: url_for("Screens.search"), text_of=body_of, follows={"kind": "kind"}
    )
    kind = choice_field("类型", [("even", "双"), ("odd", "单")])
    note = long_text_field("说明", length=50)


class Screens(BaseView):
    access = {"*": EVERYONE}
    route_base = "/screens"
    default_view = "form"

    @expose("/form", methods=["GET", "POST"])
    def form(self) -> ResponseReturnValue:
        form = Typed()

        def save() -> None:
            raise Invalid({"name": "这个姓名与证件号不符。", "elsewhere": "单位已注销。"})

        attempt(form, save)
        return self.render_template("screens/form.html", title="填写", form=form), 422 if form.errors else 200

    @expose("/search")
    def search(self) -> ResponseReturnValue:
        return answer(Choice(number, f"{typed_keyword()}{number}") for number in range(40))

    @expose("/fail/<kind>", methods=["GET", "POST"])
    def fail(self, kind: str) -> ResponseReturnValue:
        raise {
            "refusal": Refusal("公示期还没有结束，请在 3 月 9 日后再试。"),
            "missing": NotFound(),
            "scope": ScopeViolation("Body 7 secret"),
            "invalid": Invalid({"name": "太长。"}),
            "bug": RuntimeError("SELECT secret FROM accounts"),
        }[kind]


class HomeView(IndexView):
    access = {"*": EVERYONE}
    route_base = ""


class Manager(security.GuardedSecurityManager):
    def load_user(self, *_args: Any) -> None:
        return None

    def get_user_by_id(self, *_args: Any) -> None:
        return None


def make(folder: Path) -> Flask:
    root = Path(__file__).resolve().parents[2]
    app = Flask("app", root_path=str(root / "app"), template_folder=str(root / "templates"))
    app.config.update(
        SECRET_KEY="test",
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'bed.db'}",
        APP_NAME="职称网上申报评审",
        DEMO=False,
        BABEL_DEFAULT_LOCALE="zh_Hans_CN",
        FAB_UPDATE_PERMS=False,
        FAB_CREATE_DB=False,
        FAB_ADD_SECURITY_VIEWS=False,
        RATELIMIT_ENABLED=False,
        WTF_CSRF_ENABLED=False,
        EXPORT_ROWS=50_000,
        PROPAGATE_EXCEPTIONS=False,
    )
    db.init_app(app)
    app.jinja_env.globals |= {"csrf_token": lambda: "", "csp_nonce": lambda: ""}
    errors.register_error_handlers(app)
    filters.register_filters(app)
    cells.register_cells(app)
    ways.register(app)
    with app.app_context():
        for engine in db.engines.values():
            prepare_engine(engine)
        builder = security.GuardedAppBuilder(app, db.session, security_manager_class=Manager, indexview=HomeView)
        for view in (QuotaRecords, ReadOnlyRecords, Screens):
            builder.add_view_no_menu(view)
        builder.add_view(QuotaList, "职数管理", category="职数")
        crypto.configure("bed")
        tables = [Region, Body, PostQuota, AuditEntry, ChainHead]
        Model.metadata.create_all(db.engine, tables=[model.__table__ for model in tables])
        with unit_of_work(Actor.system("test")) as session:
            session.add(ChainHead(chain=AuditEntry.__tablename__, last_id=0, last_hash=GENESIS))
        _fill()
    identity.register(app, lambda _token, _ip: None)

    def act() -> None:
        name = request.headers.get("X-Actor", "ours")
        g.actor = {"ours": OURS, "judge": JUDGE, "nobody": Actor.anonymous()}[name]
        identity.read().info.clear()
        identity.bind_scope(identity.read(), g.actor)

    app.before_request_funcs[None].insert(1, act)
    access.register(app)
    return app


def _fill() -> None:
    with unit_of_work(Actor.system("test bed")) as session:
        session.add(Region(code="430000", name="湖南省", level=RegionLevel.PROVINCE))
        session.flush()
        for key, name in ((1, "第一医院"), (2, "外市医院")):
            session.add(
                Body(
                    id=key,
                    code=f"B{key}",
                    name=name,
                    node_type=NodeType.UNIT,
                    nature=next(iter(BodyNature)),
                    region_code="430000",
                )
            )
        session.flush()
        levels = list(TitleLevel)
        for number in range(ROWS):
            session.add(
                PostQuota(
                    id=number + 1,
                    body_id=1,
                    year=2000 + number // len(levels),
                    level=levels[number % len(levels)],
                    posts=5,
                    occupied=1,
                    asked=0,
                    status=QuotaStatus.SUBMITTED,
                    opinion='=HYPERLINK("http://x")' if number == 0 else "",
                )
            )
        session.add(
            PostQuota(
                id=99,
                body_id=2,
                year=2026,
                level=levels[0],
                posts=9,
                occupied=1,
                asked=0,
                status=QuotaStatus.SUBMITTED,
                opinion="外市秘密",
            )
        )
