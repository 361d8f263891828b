"""The commands of production, each as the process README names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import factory
from tests.conftest import Backend
from tests.people import id_number

ROOT = Path(__file__).resolve().parents[1]
WHO = ("--username", "zhuguan", "--name", "王主管", "--id-number", id_number(serial=11), "--phone", "13812340011")
NEW = "Shengchan@2026x"


class Server:
    """A machine with an empty database of its own and production's environment."""

    def __init__(self, url: str, folder: Path) -> None:
        self.settings = {
            "DATABASE_URL": url,
            "INSTANCE": str(folder),
            "SECRET_KEY": "s" * 40,
            "DATA_KEY": "d" * 40,
            "REDIS_URL": "",
        }

    def run(self, *arguments: str, typed: str = "", **settings: str) -> tuple[int, str]:
        """Exit code and everything `python run.py …` said; no terminal, so that passwords are read from its input."""
        environment = {name: value for name, value in os.environ.items() if name not in self.settings}
        done = subprocess.run(
            [sys.executable, "run.py", *arguments],
            cwd=ROOT,
            env=environment | self.settings | settings | {"PYTHONWARNINGS": "ignore"},
            input=typed,
            capture_output=True,
            text=True,
            start_new_session=True,
        )
        return done.returncode, done.stdout + done.stderr

    def site(self, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
        """The web service, as gunicorn makes it."""
        for name, value in self.settings.items():
            monkeypatch.setenv(name, value)
        app = factory.production()
        app.config["WTF_CSRF_ENABLED"] = False
        app.config["SESSION_COOKIE_SECURE"] = False
        return app.test_client()


@pytest.fixture
def server(database: Backend, tmp_path: Path) -> Iterator[Server]:
    if database.kind == "sqlite":
        yield Server(f"sqlite:///{tmp_path / 'production.db'}", tmp_path)
        return
    name = f"{database.name}_production"
    database.admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    yield Server(f"{database.server}/{name}", tmp_path)
    database.admin(f"DROP DATABASE {name} WITH (FORCE)")


def test_from_an_empty_database_to_the_first_administrators_desk(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = server.run("create-admin", "--one-time", *WHO)
    assert (code, said) == (1, "Error: 数据库还没有建立，请先运行 run.py init。\n")
    assert server.run("init") == (0, "")
    code, said = server.run("create-admin", "--one-time", *WHO)
    made = re.fullmatch(r"系统管理员“zhuguan”已建立。\n一次性密码：(\S+)（首次登录时必须修改）\n", said)
    assert code == 0 and made, said

    browser = server.site(monkeypatch)
    page = browser.post("/login/", data={"login": "zhuguan", "password": made[1]}, follow_redirects=True)
    assert page.request.path == "/account/"  # the password is changed before anything else is done
    assert browser.get("/bodies/").location == "/post/"
    assert browser.post("/account/", data={"old": made[1], "new": NEW, "repeat": NEW}).status_code == 302
    browser.post("/login/", data={"login": "zhuguan", "password": NEW})
    assert "机构管理" in browser.get("/").text
    body = {"code": "HN0001", "name": "湖南省人力资源和社会保障厅", "node_type": "title_office", "nature": "government"}
    page = browser.post("/bodies/add", data=body | {"region_code": "430000"}, follow_redirects=True).text
    assert "已新增。" in page
    assert "授予身份" in browser.get("/accounts/1").text


def test_a_second_one_must_be_asked_for(server: Server) -> None:
    server.run("init")
    typed = f"zhuguan\n王主管\n{id_number(serial=11)}\n13812340011\n{NEW}\n{NEW}\n"
    code, said = server.run("create-admin", typed=typed)
    assert code == 0 and "系统管理员“zhuguan”已建立。\n" in said, said
    assert NEW not in said
    second = (
        "--username",
        "fuzhuguan",
        "--name",
        "李主管",
        "--id-number",
        id_number(serial=13),
        "--phone",
        "13812340013",
    )
    code, said = server.run("create-admin", "--one-time", *second)
    assert code == 1 and "已有系统管理员“zhuguan”" in said and "--another" in said
    code, said = server.run("create-admin", "--one-time", "--another", *WHO)
    assert code == 1 and "这个用户名已被使用。" in said and "这个身份证号已有账号" in said
    code, said = server.run("create-admin", "--one-time", "--another", *second)
    assert code == 0 and "一次性密码：" in said


def test_keys_come_first(server: Server) -> None:
    """An identity number encrypted with the demo's key could not be read with production's."""
    server.run("init")
    for name in ("SECRET_KEY", "DATA_KEY"):
        code, said = server.run("create-admin", "--one-time", *WHO, **{name: "demo-only-secret-never-in-production"})
        assert code == 1 and "请先设置环境变量 SECRET_KEY 和 DATA_KEY" in said
