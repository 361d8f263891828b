"""`python run.py [command]`: without one, prepare everything, start the worker and the server."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.context import ForkProcess
from types import FrameType

import click
import sqlalchemy as sa
from flask import Flask
from gunicorn.app.base import BaseApplication
from huey.consumer_options import ConsumerConfig

from app.accounts import services as accounts
from app.accounts.models import Account
from app.catalog.models import Region
from app.certificates.models import CertificateLog
from app.core import chain, schema
from app.core.audit import AuditEntry
from app.core.db import db, read_session, unit_of_work
from app.core.errors import Refusal
from app.core.scope import Actor
from app.factory import create_app, settle
from config import DEFAULT_SECRET
from seeds import demo, scale
from seeds.reference import load_reference

MOST_DEATHS, DEATHS_WITHIN = 5, 60.0
"""So many ends of the worker in so many seconds, and starting it anew is of no use."""


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """职称网上申报评审. Without a command: prepare the database, start the worker and the server."""
    if context.invoked_subcommand is None:
        context.invoke(serve)


def prepare(app: Flask, *, with_demo: bool) -> None:
    """The one init step: migrations, reference data, and in demo mode the demo province. Safe started many times."""
    with app.app_context(), schema.alone(db.engine, app.config["INSTANCE"]):
        schema.upgrade(db.engine)
        with read_session(Actor.system("init")) as session:
            empty = session.scalar(sa.select(Region.code).limit(1)) is None
        if empty:
            with unit_of_work(Actor.system("reference data")) as session:
                load_reference(session)
        if with_demo:
            with read_session(Actor.system("init")) as session:
                unpeopled = session.scalar(sa.select(Account.id).limit(1)) is None
            if unpeopled:
                started = time.monotonic()
                click.echo("首次运行：正在建立演示省份，约需一分钟以内 …")
                demo.load_demo(app)
                click.echo(f"演示省份已建立（{time.monotonic() - started:.0f} 秒）。")


@main.command()
def init() -> None:
    """Bring the database to the newest shape with its reference data; nothing else."""
    prepare(create_app(), with_demo=False)


@main.command("create-admin")
@click.option("--username")
@click.option("--name")
@click.option("--id-number")
@click.option("--phone")
@click.option("--one-time", is_flag=True, help="Print a password that must be changed at the first sign-in.")
@click.option("--another", is_flag=True, help="Although there is a system administrator already.")
def create_admin(one_time: bool, another: bool, **said: str | None) -> None:
    """Make the first system administrator of a prepared database; everybody else is made in the browser."""
    app = create_app(PRODUCTION=True)
    if DEFAULT_SECRET in (app.config["SECRET_KEY"], app.config["DATA_KEY"]):
        raise click.ClickException(
            "请先设置环境变量 SECRET_KEY 和 DATA_KEY，与网页服务的相同：身份证号以 DATA_KEY 加密保存。"
        )
    actor = Actor.system("create-admin")
    with app.app_context():
        if not sa.inspect(db.engine).has_table(Account.__tablename__):
            raise click.ClickException("数据库还没有建立，请先运行 run.py init。")
        try:
            with read_session(actor) as session:
                accounts.require_no_admin(session, another=another)
            asked = {"username": "用户名", "name": "姓名", "id_number": "身份证号", "phone": "手机号"}
            values = {key: (said[key] or click.prompt(words)).strip() for key, words in asked.items()}
            password = "" if one_time else click.prompt("密码", hide_input=True, confirmation_prompt="再次输入密码")
            with schema.alone(db.engine, app.config["INSTANCE"]), unit_of_work(actor) as session:
                made = accounts.create_admin(session, actor=actor, password=password, another=another, **values)
        except Refusal as refusal:
            raise click.ClickException(
                "\n".join(getattr(refusal, "fields", {"": refusal.reason}).values())
            ) from refusal
    click.echo(f"系统管理员“{values['username']}”已建立。")
    if made:
        click.echo(f"一次性密码：{made}（首次登录时必须修改）")


@main.command()
def serve() -> None:
    """The demo: everything on this machine, on the loopback address."""
    app = create_app()
    if app.config["PRODUCTION"]:
        raise click.ClickException(
            "PRODUCTION=1: use `run.py init`, `run.py worker` and gunicorn 'app.factory:production()'"
        )
    prepare(app, with_demo=True)
    port = os.environ.get("PORT", "5000")
    click.echo(demo.people_table())
    click.echo(f"打开 http://127.0.0.1:{port}/ （Ctrl-C 停止）")
    with app.app_context():
        db.engine.dispose()
    settle()
    supervise(partial(_work, app), partial(_answer, app, port))


def supervise(work: Callable[[], None], answer: Callable[[], None]) -> None:
    """Run the worker and the server in processes of their own until the server ends, or this process is told to stop.

    A worker that dies is started anew, with a word on stderr: what it was at, the next one goes on with. One that dies
    again and again is left alone.
    """
    server, worker = _begin(answer), _begin(work)
    deaths: list[float] = []
    ending = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal ending
        ending = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    while server.is_alive() and not ending:
        time.sleep(0.3)
        if worker.is_alive() or len(deaths) == MOST_DEATHS or ending:
            continue
        now = time.monotonic()
        deaths = [death for death in deaths if now - death < DEATHS_WITHIN] + [now]
        if len(deaths) == MOST_DEATHS:
            click.echo(f"任务进程反复意外结束（退出码 {worker.exitcode}），不再启动；网页服务继续。", err=True)
        else:
            click.echo(f"任务进程意外结束（退出码 {worker.exitcode}），正在重新启动。", err=True)
            worker = _begin(work)
    for child in (server, worker):
        child.terminate()
    for child in (server, worker):
        child.join()


def _begin(work: Callable[[], None]) -> ForkProcess:
    """A process that does `work`; the application is loaded once, not in each of them."""

    def run() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        work()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    return process


def _answer(app: Flask, port: str) -> None:
    """The web server of the demo: two processes, eight threads each."""

    class Server(BaseApplication):
        def load_config(self) -> None:
            settings = {"bind": f"127.0.0.1:{port}", "worker_class": "gthread", "workers": 2, "threads": 8}
            for name, value in (settings | {"loglevel": "warning"}).items():
                self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    Server().run()


@main.command()
def worker() -> None:
    """Work through jobs until stopped; any number may run with REDIS_URL."""
    app = create_app()
    settle()
    _work(app)


def _work(app: Flask) -> None:
    config = ConsumerConfig(workers=int(os.environ.get("WORKERS", "1")), worker_type="thread", periodic=True)
    config.validate()
    app.extensions["queue"].create_consumer(**config.values).run()


@main.command("load-scale")
def load_scale() -> None:
    """Fill a database, never production's, with a province of dull rows for measuring."""
    app, size, started = create_app(), scale.Size(), time.monotonic()
    if not app.config["PRODUCTION"]:
        prepare(app, with_demo=False)
    with app.app_context():
        try:
            scale.load_scale(app, size)
        except Refusal as refusal:
            raise click.ClickException(str(refusal)) from refusal
    counts = "，".join(f"{name} {count:,}" for name, count in vars(size).items())
    click.echo(f"已装入：{counts}（{time.monotonic() - started:.0f} 秒）。")


@main.command("verify-audit")
def verify_audit() -> None:
    """Walk the audit trail and the certificate log; name every edited, removed or reordered row."""
    app = create_app()
    broken = 0
    with app.app_context(), read_session(Actor.system("verify-audit")) as session:
        for log, name in ((AuditEntry, "审计记录"), (CertificateLog, "证书日志")):
            breaks = list(chain.verify(session, log))
            broken += len(breaks)
            for found in breaks:
                click.echo(f"{name} 第 {found.entry_id} 条：{found.problem}")
            head = session.get(chain.ChainHead, log.__tablename__)
            if head is not None and not breaks:
                click.echo(f"{name} 完好：{head.last_id} 条，末条哈希 {head.last_hash}")
    if broken:
        raise SystemExit(1)
