#!/bin/sh
# Installs what the tests need and runs them all: style, types, contracts, tests on both databases, browser.
# sh tests/run.sh          under ten minutes on two cores
# sh tests/run.sh --long   the same tests with larger counts (kills, random walks, benchmarks)
set -eu
cd "$(dirname "$0")/.."
if [ "${1:-}" = "--long" ]; then export LONG=1; shift; fi

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
command -v pdftotext >/dev/null 2>&1 || missing="$missing poppler-utils"
ldconfig -p 2>/dev/null | grep -q libzbar || missing="$missing libzbar0"
fc-list 2>/dev/null | grep -qi "noto.*cjk" || missing="$missing fonts-noto-cjk fontconfig"
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing:$missing"
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing) >/dev/null
fi

[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install -q --disable-pip-version-check -r requirements.txt -r tests/requirements.txt

PATH="$PWD/.venv/bin:$PATH"
export DATABASES="${DATABASES:-sqlite,postgresql}"
ruff check --config tests/ruff.toml app config.py run.py seeds tests
mypy --config-file tests/mypy.ini
lint-imports --config tests/importlinter.ini --no-cache
exec python -m pytest -c tests/pytest.ini -n 2 --dist worksteal -q "$@" tests
