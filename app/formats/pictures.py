"""Photographs as PDF images. JPEG goes in as it is, without what the camera wrote about itself."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps

from app.core.errors import Refusal

PLAIN_BYTES = 400_000
"""A JPEG larger than this is made smaller; smaller ones pass through untouched."""
LONGEST_SIDE = 1200
"""Pixels a converted picture keeps on its longer side."""
MOST_PIXELS = 60_000_000
"""A picture of more is refused, however few bytes it takes: drawing it would need hundreds of megabytes."""

_FRAMES = (0xC0, 0xC1, 0xC2)
_SCAN = 0xDA
_END = 0xD9
_ADOBE = 0xEE
_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""What ends a scan's data: inside it 0xFF is followed by 0, a restart number or another 0xFF."""


class BadImageError(Refusal, ValueError):
    """The bytes are not a picture we can print; the reason is in the user's words."""

    def __init__(self, reason: str = "照片文件已损坏，请重新上传") -> None:
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Picture:
    """`data` is a JPEG of `width` × `height` pixels with `components` 1 (grey) or 3 (colour)."""

    width: int
    height: int
    components: int
    data: bytes


def picture(data: bytes) -> Picture:
    """JPEG, PNG or another bitmap as a picture to print. Raises `BadImageError`."""
    if data.startswith(b"\xff\xd8"):
        plain = _plain_jpeg(data)
        if plain is not None and len(plain.data) <= PLAIN_BYTES:
            return plain
    return _converted(data)


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Marker, whole segment and offset of each segment up to and including the start of the scan."""
    at = 2
    while True:
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if data[at : at + 1] != b"\xff" or length < 2 or end > len(data):
            raise BadImageError
        yield data[at + 1], data[at:end], at
        if data[at + 1] == _SCAN:
            return
        at = end


def _plain_jpeg(data: bytes) -> Picture | None:
    """The JPEG without comments and application segments, None where it must be converted. Raises `BadImageError`."""
    kept, frame, scan = [b"\xff\xd8"], b"", 0
    for marker, segment, at in _segments(data):
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0" and _turned(segment[10:]):
            return None
        if marker == 0xE2 and segment[4:8] == b"MPF\0":
            return None  # a second picture follows, with all its own camera data
        if marker in _FRAMES:
            frame = segment
        if marker == _SCAN:
            scan = at
        elif not _private(marker):
            kept.append(segment)
    if len(frame) < 10:
        return None
    height, width, components = int.from_bytes(frame[5:7], "big"), int.from_bytes(frame[7:9], "big"), frame[9]
    if frame[4] != 8 or components not in (1, 3) or not width or not height:
        return None
    _check_size(width, height)
    return Picture(width, height, components, b"".join([*kept, *_scans(data, scan)]))


def _scans(data: bytes, at: int) -> Iterator[bytes]:
    """What is to be kept of the file from its first scan, at `at`, to the picture's end: whatever follows is not it."""
    while data[at + 1] != _END:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        after = _MARKER.search(data, at + 2 + length)
        if after is None or length < 2:
            raise BadImageError("照片文件不完整，请重新上传")
        if not _private(data[at + 1]):
            yield data[at : after.start()]
        at = after.end() - 2
    yield data[at : at + 2]


def _private(marker: int) -> bool:
    """Whether a segment is a comment or a program's own; Adobe's says how the colours are meant."""
    return marker != _ADOBE and (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise BadImageError("照片尺寸过大，请缩小后重新上传")


def _turned(tiff: bytes) -> bool:
    """Whether an Exif block says the picture must be turned before it is shown."""
    exif = Image.Exif()
    try:
        exif.load(b"Exif\0\0" + tiff)
        return bool(exif.get(0x0112, 1) not in (0, 1))
    except (SyntaxError, ValueError, KeyError, OSError):
        return False


def _converted(data: bytes) -> Picture:
    try:
        image = Image.open(io.BytesIO(data))
        _check_size(image.width, image.height)
        image.load()
        turned: Image.Image = ImageOps.exif_transpose(image)
    except BadImageError:
        raise
    except Exception as error:  # Pillow's decoders raise whatever the bytes provoke
        raise BadImageError("照片无法识别，请上传 JPG 或 PNG 格式的照片") from error
    if turned.has_transparency_data:
        paper = Image.new("RGB", turned.size, "white")
        paper.paste(turned, mask=turned.convert("RGBA").getchannel("A"))
        turned = paper
    turned = turned.convert("L" if turned.mode in ("1", "L") else "RGB")
    turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    turned.info = {}
    out = io.BytesIO()
    turned.save(out, "JPEG", quality=90)
    return Picture(turned.width, turned.height, 1 if turned.mode == "L" else 3, out.getvalue())
