"""Handing out stored files: by the row that owns them, under headers that let nothing in them run."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from flask import Response, abort, request, send_file
from werkzeug.http import dump_options_header

from app.core import storage
from app.core.storage import JPEG, PDF, PNG

_LOCKED = "default-src 'none'; frame-ancestors 'self'; sandbox"
_READER = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; object-src 'self'; frame-ancestors 'self'"
)
"""A sandbox would switch off the browser's PDF reader; the reader runs nothing in our origin."""


class Owner(Protocol):
    """A row with FileColumns, loaded within scope by the view."""

    storage_key: str
    file_name: str
    media_type: str
    byte_size: int
    sha256: str


def disposition(name: str, *, inline: bool) -> str:
    """A Content-Disposition header with the name in UTF-8 (RFC 5987) and an ASCII fallback."""
    ascii_name = "".join(
        char if char.isascii() and char.isprintable() and char not in '"\\;%' else "_" for char in name
    )
    plain = dump_options_header("inline" if inline else "attachment", {"filename": ascii_name or "file"})
    return f"{plain}; filename*=UTF-8''{quote(name, safe='')}"


def send_stored(row: Owner, *, inline: bool = False) -> Response:
    """Stream a row's file. Inline only for PDF, JPG and PNG; everything else is downloaded.

    404 where the bytes are gone. `ETag` is the content's digest; nothing is cached on shared machines.
    """
    shown = inline and row.media_type in (PDF, JPEG, PNG)
    try:
        stream = storage.current().open(row.storage_key)
    except (FileNotFoundError, ValueError):
        abort(404)
    response = send_file(stream, mimetype=row.media_type, etag=False, conditional=False)
    response.set_etag(row.sha256)
    response.content_length = row.byte_size
    response.headers["Content-Disposition"] = disposition(row.file_name, inline=shown)
    response.headers["Content-Security-Policy"] = _READER if shown and row.media_type == PDF else _LOCKED
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response
