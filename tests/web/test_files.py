from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound

from app.core import storage
from app.core.storage import PDF, PNG
from app.web.files import disposition, send_stored


@dataclass
class Row:
    storage_key: str
    file_name: str = '学历"证书.pdf'
    media_type: str = PDF
    byte_size: int = 4
    sha256: str = "ab" * 32


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Row:
    folder = storage.FolderStorage(tmp_path)
    monkeypatch.setattr(storage, "_storage", folder)
    return Row(folder.write(b"%PDF"))


def test_headers_let_nothing_run(kept: Row) -> None:
    with Flask("x").test_request_context("/"):
        for media_type, inline, begins, sandbox in [
            (PDF, True, "inline", False),
            (PNG, True, "inline", True),
            (PDF, False, "attachment", True),
            ("text/html", True, "attachment", True),
        ]:
            kept.media_type = media_type
            answer = send_stored(kept, inline=inline)
            assert answer.headers["Content-Disposition"].startswith(begins)
            assert ("sandbox" in answer.headers["Content-Security-Policy"]) is sandbox
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            answer.close()


def test_a_file_that_is_gone_is_not_found(kept: Row) -> None:
    with Flask("x").test_request_context("/"), pytest.raises(NotFound):
        send_stored(Row("not-a-key"))


def test_names_are_utf8_with_a_fallback() -> None:
    assert (
        disposition('学"历.pdf', inline=False)
        == "attachment; filename=___.pdf; filename*=UTF-8''%E5%AD%A6%22%E5%8E%86.pdf"
    )
    assert "\n" not in disposition("a\r\nSet-Cookie: x.pdf", inline=True)
