"""Puts the application together: configuration, database, identity, guard, screens."""

from __future__ import annotations

import gc
import secrets
from datetime import timedelta
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, g
from flask_wtf import CSRFProtect
from huey import crontab
from sqlalchemy.orm import configure_mappers
from werkzeug.middleware.proxy_fix import ProxyFix

from app import imports, menu
from app.accounts import services as accounts
from app.accounts.models import Account
from app.accounts.queries import lost_standing
from app.applications import tasks as application_tasks
from app.approval_paths import tasks as path_tasks
from app.catalog.queries import setting
from app.certificates import documents
from app.certificates import tasks as certificate_tasks
from app.core import clock, crypto, exports, jobs, storage
from app.core.db import Model, db, prepare_engine, read_session, unit_of_work
from app.core.queue import make_queue
from app.core.scope import Actor, registry
from app.web import access, cells, errors, filters, identity, security, ways
from config import DEFAULT_SECRET, ROOT, settings

DOMAINS = (
    "catalog",
    "bodies",
    "accounts",
    "committees",
    "approval_paths",
    "quotas",
    "public_notices",
    "applications",
    "review_plans",
    "outcomes",
    "certificates",
)
for _domain in DOMAINS:
    import_module(f"app.{_domain}.policies")  # each declares its classes in the registry


class UnsafeProductionError(RuntimeError):
    """Production was asked for with demo accounts or default secrets."""


class ZhichengSecurityManager(security.GuardedSecurityManager):
    user_model = Account


def create_app(**overrides: Any) -> Flask:
    """The WSGI application; `overrides` win over the environment (see config.py)."""
    app = Flask("app", root_path=str(ROOT / "app"), template_folder=str(ROOT / "templates"))
    app.config.update(settings(**overrides))
    instance = app.config["INSTANCE"]
    instance.mkdir(parents=True, exist_ok=True)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    configure_process(app)
    db.init_app(app)
    _headers(app)
    CSRFProtect(app)
    errors.register_error_handlers(app)
    filters.register_filters(app)
    cells.register_cells(app)
    ways.register(app)
    with app.app_context():
        for engine in db.engines.values():
            prepare_engine(engine)
        appbuilder = security.GuardedAppBuilder(
            app, db.session, security_manager_class=ZhichengSecurityManager, indexview=menu.INDEX
        )
        menu.register(app, appbuilder)
        configure_mappers()
        registry.check(Model.registry.mappers)
    identity.register(app, lambda token, ip: _resume(app, token, ip))
    access.register(app)
    _queue(app)
    return app


def configure_process(app: Flask) -> None:
    """Give this process the application's keys, files, fonts and clock: they serve code that knows no Flask."""
    instance = app.config["INSTANCE"]
    crypto.configure(app.config["DATA_KEY"])
    clock.run_ahead_by(instance / "demo-clock" if app.config["DEMO"] and not app.config.get("TESTING") else None)
    storage.configure(storage.FolderStorage(instance / "files"))
    documents.configure(instance, app.config["SIGNING_KEY"], app.config["SIGNING_CERTIFICATE"], demo=app.config["DEMO"])
    certificate_tasks.configure(app.config["PUBLIC_URL"])


def production() -> Flask:
    """The entry point for gunicorn: refuses to start unsafe. `gunicorn 'app.factory:production()'`."""
    app = create_app(PRODUCTION=True)
    if DEFAULT_SECRET in (app.config["SECRET_KEY"], app.config["DATA_KEY"]):
        raise UnsafeProductionError("SECRET_KEY and DATA_KEY must be set in production")
    with app.app_context(), read_session(Actor.system("production start")) as session:
        demo = session.scalar(sa.select(sa.func.count()).select_from(Account).where(Account.is_demo))
    if demo:
        raise UnsafeProductionError(f"{demo} demo accounts exist in this database; production needs one without")
    settle()
    return app


def settle() -> None:
    """Once all is loaded in a process that stays: the garbage collector need not walk it again and again."""
    gc.collect()
    gc.freeze()


def _resume(app: Flask, token: str, ip: str) -> Actor | None:
    with read_session(Actor.system("sign-in")) as session:
        found = accounts.resume(session, token=token, idle=timedelta(minutes=app.config["IDLE_MINUTES"]))
    if found is None:
        return None
    actor, due = found
    if due:
        with unit_of_work(Actor.system("sign-in")) as session:
            accounts.touch(session, token=token)
    return actor.from_ip(ip)


def _headers(app: Flask) -> None:
    @app.before_request
    def nonce() -> None:
        g.csp_nonce = secrets.token_urlsafe(16)

    app.jinja_env.globals["csp_nonce"] = lambda: g.csp_nonce

    @app.after_request
    def secure(response: Response) -> Response:
        nonce_value = g.get("csp_nonce", "")
        response.headers.setdefault(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'self' 'nonce-{nonce_value}'; style-src 'self'; img-src 'self' data:; "
            "font-src 'self'; object-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
        )
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
        if app.config["PRODUCTION"]:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if response.mimetype == "text/html":
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _days(*settings: str) -> list[timedelta]:
    """What settings of a number of days say."""
    with read_session(Actor.system("settings")) as session:
        return [timedelta(days=int(setting(session, key, "30"))) for key in settings]


def _queue(app: Flask) -> None:
    queue = make_queue(app.config["REDIS_URL"], app.config["INSTANCE"])
    app.extensions["queue"] = queue

    @queue.task(name="run_job")
    def run_job(job_id: int) -> None:
        with app.app_context():
            jobs.run(job_id)

    @queue.periodic_task(crontab(minute="*"), name="pick_up_jobs")
    def pick_up_jobs() -> None:
        with app.app_context():
            pick_up(all_of_them=False)
            imports.revive()

    # the queue counts in UTC: 17:10 there is 01:10 in China, when nobody works and the day's deadlines are over
    @queue.periodic_task(crontab(hour="17", minute="10"), name="nightly")
    def nightly() -> None:
        with app.app_context():
            application_tasks.lapse_overdue()
            path_tasks.settle_mended()
            exports.sweep()
            imports.sweep(*_days("import_done_days", "import_waiting_days"))

    @queue.on_startup(name="resume_jobs")
    def resume_jobs() -> None:
        with app.app_context():
            pick_up(all_of_them=True)

    def pick_up(*, all_of_them: bool) -> None:
        with read_session(Actor.system("jobs")) as session:
            waiting = jobs.unfinished(session, all_of_them=all_of_them)
        for job_id in waiting:
            run_job(job_id)

    jobs.configure(run_job, lost_standing)
