"""Configuration from the environment; the defaults are a demo on the loopback address.

DATABASE_URL   postgresql+psycopg://… (default: SQLite in instance/)
REDIS_URL      redis://… for the job queue (default: a SQLite queue in instance/)
SECRET_KEY     signs cookies; DATA_KEY encrypts personal data and keys the audit chain
PUBLIC_URL     what a certificate's QR code opens, e.g. https://zc.example.gov.cn
SIGNING_KEY, SIGNING_CERTIFICATE  PEM files that sign certificates (default: a self-signed identity in instance/)
INSTANCE       folder of the database, files, fonts and keys
EXPORT_ROWS    query results of more rows are exported by a job (default: 50000)
PRODUCTION     1: demo accounts and default secrets are refused, cookies are Secure
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
DEFAULT_SECRET = "demo-only-secret-never-in-production"


def settings(**overrides: Any) -> dict[str, Any]:
    """The application's configuration; `overrides` win over the environment."""
    env = os.environ
    instance = Path(overrides.get("INSTANCE") or env.get("INSTANCE") or ROOT / "instance")
    production = bool(overrides.get("PRODUCTION", env.get("PRODUCTION") == "1"))
    values: dict[str, Any] = {
        "INSTANCE": instance,
        "PRODUCTION": production,
        "SECRET_KEY": env.get("SECRET_KEY", DEFAULT_SECRET),
        "DATA_KEY": env.get("DATA_KEY", DEFAULT_SECRET),
        "PUBLIC_URL": env.get("PUBLIC_URL", f"http://127.0.0.1:{env.get('PORT', '5000')}"),
        "SQLALCHEMY_DATABASE_URI": env.get("DATABASE_URL", f"sqlite:///{instance / 'zhicheng.db'}"),
        "SIGNING_KEY": env.get("SIGNING_KEY", ""),
        "SIGNING_CERTIFICATE": env.get("SIGNING_CERTIFICATE", ""),
        "REDIS_URL": env.get("REDIS_URL", ""),
        "DEMO": not production,
        "APP_NAME": "职称网上申报评审",
        "BABEL_DEFAULT_LOCALE": "zh_Hans_CN",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "app" / "translations"),
        "LANGUAGES": {"zh_Hans_CN": {"flag": "cn", "name": "简体中文"}},
        "FAB_UPDATE_PERMS": False,
        "FAB_CREATE_DB": False,
        "FAB_ADD_SECURITY_VIEWS": False,
        "FAB_ADD_OPENAPI_VIEWS": False,
        "RATELIMIT_ENABLED": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "MAX_CONTENT_LENGTH": 24 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 12 * 1024 * 1024,
        "MAX_FORM_PARTS": 2000,
        "SESSION_COOKIE_NAME": "zhicheng",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": production,
        "EXPORT_ROWS": int(env.get("EXPORT_ROWS", "50000")),
        "IDLE_MINUTES": int(env.get("IDLE_MINUTES", "30")),
        "TRUSTED_PROXIES": int(env.get("TRUSTED_PROXIES", "0")),
    }
    return values | overrides
