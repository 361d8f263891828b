"""A running site: the real server and worker as README starts them, on a fresh database with the demo's world."""

from __future__ import annotations

import multiprocessing
import os
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from app import cli
from tests import parts
from tests.conftest import Backend

LOADED = multiprocessing.get_context("forkserver")
"""Where the program's modules are loaded once for all sites, in a process without threads."""
LOADED.set_forkserver_preload(["app.cli"])
ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "tests" / ".artifacts"
PICTURES = bool(os.environ.get("LONG") or os.environ.get("PICTURES"))
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Gone with its module: Playwright's event loop must not outlive it in the process, signing starts its own."""
    parts.need("Chromium", parts.chromium() is not None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=parts.chromium(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def _run(environment: dict[str, str], log: Path) -> None:
    """`python run.py`, its imports done."""
    os.environ.update(environment)
    with open(log, "w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    cli.main(args=[])


@pytest.fixture
def site(demo_world: object, database: Backend, tmp_path: Path) -> Iterator[str]:
    """The address of the site; its clock is the demo's."""
    port, log = parts.free_port(), tmp_path / "server.log"
    environment = {
        "INSTANCE": str(tmp_path),
        "DATABASE_URL": database.url,
        "PORT": str(port),
        "REDIS_URL": "",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    process = LOADED.Process(target=_run, args=(environment, log))
    process.start()
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 180
        while True:
            try:
                urllib.request.urlopen(address, timeout=2).close()
                break
            except OSError:
                if not process.is_alive() or time.monotonic() > deadline:
                    pytest.fail(log.read_text())
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.join(30)


class Person:
    """Somebody at a browser: opens the site, clicks the guide's words, keeps pictures."""

    def __init__(self, context: BrowserContext, site: str, name: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(30_000)
        self.site, self.name, self.shots = site, name, 0
        self.problems: list[str] = []
        self._cookies: dict[str, list[Any]] = {}
        self.page.on("console", lambda message: message.type == "error" and self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def sign_in(self, username: str) -> None:
        """By the first page's one click; whoever was here before and is still signed in comes back as he is."""
        home = self.page.get_by_role("heading", name="首页")
        self.page.context.clear_cookies()
        self.page.context.add_cookies(self._cookies.get(username, []))
        self.page.goto(self.site)
        if not home.count():
            self.page.get_by_role("button", name=f"{username} ", exact=False).first.click()
            home.wait_for()
        self._cookies[username] = [
            {"name": c["name"], "value": c["value"], "url": self.site} for c in self.page.context.cookies()
        ]

    def menu(self, words: str) -> None:
        self.page.get_by_role("navigation", name="功能菜单").get_by_role("link", name=words, exact=True).click()
        self.page.get_by_role("heading", name=words, exact=True).wait_for()

    def press(self, words: str, *, agree: bool = False) -> None:
        self.page.get_by_role("button", name=words, exact=True).first.click()
        if agree:
            self.page.get_by_role("button", name="确定", exact=True).click()

    def follow(self, words: str) -> None:
        self.page.get_by_role("link", name=words, exact=True).first.click()

    def says(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for()

    def search(self, label: str, text: str, pick: str) -> None:
        """录入关键字，回车查询，选择."""
        box = self.page.get_by_label(label)
        box.fill(text)
        box.press("Enter")
        self.page.get_by_role("option", name=pick).click()

    def picture(self, title: str) -> None:
        """Kept in tests/.artifacts under --long, or where PICTURES is set."""
        if not PICTURES:
            return
        ARTIFACTS.mkdir(exist_ok=True)
        self.shots += 1
        self.page.screenshot(path=ARTIFACTS / f"{self.name}-{self.shots:02d}-{title}.png", full_page=True)

    def no_sideways_scrolling(self) -> None:
        self.page.wait_for_load_state()
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px too wide"


@pytest.fixture
def desk(chromium: Browser, site: str) -> Iterator[Person]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN", accept_downloads=True)
    yield Person(context, site, "desk")
    context.close()


@pytest.fixture
def phone(chromium: Browser, site: str) -> Iterator[Person]:
    context = chromium.new_context(
        viewport={"width": 375, "height": 740}, locale="zh-CN", is_mobile=True, has_touch=True, accept_downloads=True
    )
    yield Person(context, site, "phone")
    context.close()
