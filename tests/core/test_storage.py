import io
from pathlib import Path

import pytest
from PIL import Image

from app.core import storage
from app.core.errors import Invalid


def picture(kind: str, size: tuple[int, int] = (4, 4)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "white").save(buffer, kind)
    return buffer.getvalue()


PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PDF, storage.PDF), (picture("JPEG"), storage.JPEG), (picture("PNG"), storage.PNG)],
)
def test_the_type_follows_from_the_content(tmp_path: Path, content: bytes, media_type: str) -> None:
    kept = storage.put(storage.FolderStorage(tmp_path), "x.exe", content)
    assert (kept.media_type, kept.byte_size) == (media_type, len(content))
    with storage.FolderStorage(tmp_path).open(kept.storage_key) as file:
        assert file.read() == content


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "文件是空的。"),
        (b"MZ\x90\x00 not a pdf", "只接受 PDF、JPG、PNG 文件（按文件内容判断，改后缀无效）。"),
        (b"<html><script>alert(1)</script>", "只接受 PDF、JPG、PNG 文件（按文件内容判断，改后缀无效）。"),
        (b"%PDF-1.4 cut off", "这个 PDF 文件不完整，请重新导出后再上传。"),
        (picture("PNG")[:40], "图片已损坏，无法打开，请重新拍摄或导出。"),
        (b"\xff\xd8\xff\xe0 lies", "图片已损坏，无法打开，请重新拍摄或导出。"),
        (b"%PDF-" + b"0" * storage.MAX_FILE_BYTES, "文件超过 10 MB，请压缩后再上传。"),
    ],
)
def test_what_is_refused_says_why(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        storage.put(storage.FolderStorage(tmp_path), "x.pdf", content)
    assert refused.value.fields == {"file": reason}
    assert list(tmp_path.iterdir()) == []


def test_a_picture_of_too_many_pixels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="像素过大"):
        storage.put(storage.FolderStorage(tmp_path), "x.png", picture("PNG", (10_000, 7_000)))


def test_only_pictures_where_pictures_are_wanted(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="这里只接受 JPG、PNG 文件。"):
        storage.put(storage.FolderStorage(tmp_path), "x.pdf", PDF, accept=(storage.JPEG, storage.PNG))


@pytest.mark.parametrize("key", ["../../etc/passwd", "ab/../cd", "", "ab/" + "g" * 32])
def test_a_key_that_was_not_made_here_opens_nothing(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        storage.FolderStorage(tmp_path).open(key)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("C:\\照片\\证 件.jpg", "证 件.jpg"),
        ("../../x.pdf", "x.pdf"),
        ("a\r\nb.pdf", "ab.pdf"),
        ("", "未命名"),
        ("x" * 300, "x" * 200),
    ],
)
def test_clean_name(name: str, clean: str) -> None:
    assert storage.clean_name(name) == clean
