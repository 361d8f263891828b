"""Files people hand in and documents we make: kept under generated names, typed by their content.

Nothing of the person's file name reaches the disk, and no file is served by name: a view loads the row that
owns it, within scope, and streams what the row's `storage_key` names.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import sqlalchemy as sa
from PIL import Image, UnidentifiedImageError
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.core.errors import Invalid
from app.core.text import cleaned

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_IMAGE_PIXELS = 60_000_000
_UNOWNED = "storage_unowned"
_KEY = re.compile(r"^[0-9a-f]{2}/[0-9a-f]{32}$")

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
ACCEPTED = {PDF: "PDF", JPEG: "JPG", PNG: "PNG"}


class FileColumns:
    """Columns of a row that owns one stored file."""

    storage_key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    file_name: Mapped[str] = mapped_column(sa.String(200))
    media_type: Mapped[str] = mapped_column(sa.String(40))
    byte_size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))


@dataclass(frozen=True)
class StoredFile:
    """What `Storage.put` answers: the values of FileColumns."""

    storage_key: str
    file_name: str
    media_type: str
    byte_size: int
    sha256: str

    def columns(self) -> dict[str, str | int]:
        return dict(self.__dict__)


class Storage(Protocol):
    """Where the bytes are. A key is made here and means nothing to anybody."""

    def write(self, content: bytes) -> str: ...
    def take(self, content: IO[bytes]) -> str: ...
    def open(self, key: str) -> IO[bytes]: ...
    def delete(self, key: str) -> None: ...


class FolderStorage:
    """A folder of files; written whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, key: str) -> Path:
        if not _KEY.match(key):
            raise ValueError("not a storage key")
        return self._root / key

    def write(self, content: bytes) -> str:
        return self.take(io.BytesIO(content))

    def take(self, content: IO[bytes]) -> str:
        name = secrets.token_hex(16)
        key = f"{name[:2]}/{name}"
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        with open(temporary, "wb") as file:
            shutil.copyfileobj(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        return key

    def open(self, key: str) -> IO[bytes]:
        return open(self._path(key), "rb")

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)


def detect(content: bytes) -> str:
    """The media type by content; Invalid with the reason if it is none we take, or lies about itself."""
    if content[:5] == b"%PDF-":
        if b"%%EOF" not in content[-2048:]:
            raise Invalid({"file": "这个 PDF 文件不完整，请重新导出后再上传。"})
        return PDF
    if content[:3] == b"\xff\xd8\xff" or content[:8] == b"\x89PNG\r\n\x1a\n":
        try:
            with Image.open(io.BytesIO(content)) as image:
                kind, (width, height) = image.format, image.size
                if width * height > MAX_IMAGE_PIXELS:
                    raise Invalid({"file": "图片的像素过大，请缩小后再上传。"})
                image.verify()
        except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise Invalid({"file": "图片已损坏，无法打开，请重新拍摄或导出。"}) from error
        return JPEG if kind == "JPEG" else PNG
    raise Invalid({"file": "只接受 PDF、JPG、PNG 文件（按文件内容判断，改后缀无效）。"})


def clean_name(name: str) -> str:
    """A file name for people to recognise: no path, no control characters, 200 characters at most."""
    base = re.split(r"[\\/]", name)[-1]
    base = "".join(char for char in cleaned(base, keep="") if char not in '<>:"|?*').strip(". ")
    return base[-200:] or "未命名"


def put(storage: Storage, name: str, content: bytes, *, accept: tuple[str, ...] = (PDF, JPEG, PNG)) -> StoredFile:
    """Check and keep one file; Invalid({'file': …}) if it is empty, over MAX_FILE_BYTES or of a wrong type."""
    if not content:
        raise Invalid({"file": "文件是空的。"})
    if len(content) > MAX_FILE_BYTES:
        raise Invalid({"file": f"文件超过 {MAX_FILE_BYTES // 1024 // 1024} MB，请压缩后再上传。"})
    media_type = detect(content)
    if media_type not in accept:
        raise Invalid({"file": "这里只接受 " + "、".join(ACCEPTED[kind] for kind in accept) + " 文件。"})
    return keep(storage, name, content, media_type)


def keep(storage: Storage, name: str, content: bytes, media_type: str) -> StoredFile:
    """Keep a document of our own making."""
    return StoredFile(
        storage_key=storage.write(content),
        file_name=clean_name(name),
        media_type=media_type,
        byte_size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def keep_file(storage: Storage, name: str, content: IO[bytes], media_type: str) -> StoredFile:
    """Keep a document of our own making that is too large to hold in memory."""
    content.seek(0)
    digest = hashlib.sha256()
    while block := content.read(1 << 20):
        digest.update(block)
    size = content.tell()
    content.seek(0)
    return StoredFile(storage.take(content), clean_name(name), media_type, size, digest.hexdigest())


def write_for(session: Session, content: bytes) -> str:
    """Keep a file that a row of this transaction is going to own; without the row, after a rollback, it goes again."""
    key = current().write(content)
    session.info.setdefault(_UNOWNED, []).append(key)
    return key


def _owned(session: Session) -> None:
    session.info.pop(_UNOWNED, None)


def _let_go(session: Session) -> None:
    for key in session.info.pop(_UNOWNED, ()):
        current().delete(key)


event.listen(Session, "after_commit", _owned)
event.listen(Session, "after_rollback", _let_go)

_storage: Storage | None = None


def configure(storage: Storage) -> None:
    """Set the process's storage, once, when the application is made."""
    global _storage
    _storage = storage


def current() -> Storage:
    if _storage is None:
        raise RuntimeError("storage.configure() has not been called")
    return _storage
