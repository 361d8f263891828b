"""The real parts tests stand on: a private PostgreSQL, a Redis, a Chromium. Missing ones skip, and fail in CI."""

from __future__ import annotations

import atexit
import glob
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

CI = os.environ.get("CI") == "true"


def need(part: str, present: bool) -> None:
    """Skip with the part's name on a laptop; fail where everything must be there."""
    if not present:
        (pytest.fail if CI else pytest.skip)(f"{part} is not on this machine")


def in_memory() -> str | None:
    """A folder in memory with room for everything tests write: a disk makes each copy of a database ten times slower."""
    folder = Path("/dev/shm")
    if folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > 4 << 30:
        return str(folder)
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


def start_postgres() -> str | None:
    """Start a throwaway cluster on loopback; its URL without a database name, or None where there is no server."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not found:
        return None
    binaries, folder, port = Path(found[-1]), Path(tempfile.mkdtemp(prefix="zc-pg-")), free_port()
    as_server = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_server = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(
        [*as_server, binaries / "initdb", "-D", data, "-U", "zc", "-A", "trust", "-E", "UTF8", "--locale=C"], **quiet
    )
    settings = {"listen_addresses": "127.0.0.1", "max_connections": 200} | dict.fromkeys(
        ("fsync", "full_page_writes", "synchronous_commit", "autovacuum", "jit"),
        "off",  # nothing here outlives a test
    )
    options = f"-p {port} -k {folder} " + " ".join(f"-c {name}={value}" for name, value in settings.items())
    subprocess.run([*as_server, binaries / "pg_ctl", "-D", data, "-w", "-o", options, "start"], **quiet)

    def stop() -> None:
        subprocess.run(
            [*as_server, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **(quiet | {"check": False})
        )
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql+psycopg://zc@127.0.0.1:{port}"


def start_redis() -> str | None:
    """Start a throwaway Redis on loopback; its URL, or None where there is none."""
    binary = shutil.which("redis-server")
    if binary is None:
        return None
    port = free_port()
    process = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
    )
    atexit.register(process.kill)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"redis://127.0.0.1:{port}/0"
        time.sleep(0.05)
    return None
