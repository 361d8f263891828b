"""Photographs: passed through, converted, or refused in the user's words."""

import io
from typing import Any

import pytest
from PIL import Image

from app.formats.pictures import LONGEST_SIDE, BadImageError, picture


def image(mode: str = "RGB", size: tuple[int, int] = (60, 84), colour: Any = "steelblue") -> Image.Image:
    return Image.new(mode, size, colour)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def test_a_jpeg_keeps_its_scan_and_loses_what_the_camera_wrote() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of the photographer"
    data = saved(image(), "JPEG", exif=exif, comment=b"taken at home")
    made = picture(data)
    assert (made.width, made.height, made.components) == (60, 84, 3)
    assert b"photographer" not in made.data
    assert b"home" not in made.data
    assert data.endswith(made.data[-200:])
    assert Image.open(io.BytesIO(made.data)).tobytes() == Image.open(io.BytesIO(data)).tobytes()


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_grey_and_progressive_pass_through(options: dict[str, Any]) -> None:
    made = picture(saved(image("L", colour=90), "JPEG", **options))
    assert (made.components, made.width) == (1, 60)


def test_a_converted_picture_loses_it_too() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 3, "Camera of the photographer"
    made = picture(saved(image(), "JPEG", exif=exif, comment=b"taken at home"))
    assert b"photographer" not in made.data
    assert b"home" not in made.data


def test_a_second_picture_behind_the_first_is_left_out() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of the photographer"
    second = image(colour="red")
    data = saved(image(), "MPO", save_all=True, append_images=[second], exif=exif)
    assert data.count(b"\xff\xd9") == 2
    made = picture(data)
    assert made.data.count(b"\xff\xd9") == 1
    assert (made.width, made.height) == (60, 84)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}])
def test_what_follows_the_picture_is_left_out(options: dict[str, Any]) -> None:
    """A telephone's moving photograph: a film behind the picture, here one that holds another picture."""
    data = saved(Image.effect_noise((60, 84), 60), "JPEG", **options)
    made = picture(data + b"a film of the sitting room" + data)
    assert b"sitting room" not in made.data
    assert made == picture(data)
    assert Image.open(io.BytesIO(made.data)).tobytes() == Image.open(io.BytesIO(data)).tobytes()


def test_a_comment_between_two_scans_is_left_out() -> None:
    data = saved(image(), "JPEG", progressive=True)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    made = picture(data[:second] + b"\xff\xfe\x00\x06home" + data[second:])
    assert made == picture(data)


def test_a_turned_photograph_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = picture(saved(image(), "JPEG", exif=exif))
    assert (made.width, made.height) == (84, 60)


@pytest.mark.parametrize(
    "data, components",
    [
        (saved(image(), "PNG"), 3),
        (saved(image("P", colour=3), "PNG"), 3),
        (saved(image("L", colour=9), "PNG"), 1),
        (saved(image("1", colour=1), "PNG"), 1),
        (saved(image("CMYK", colour=(10, 20, 30, 0)), "JPEG"), 3),
        (saved(image(), "BMP"), 3),
    ],
)
def test_other_pictures_become_jpeg(data: bytes, components: int) -> None:
    made = picture(data)
    assert made.data.startswith(b"\xff\xd8")
    assert (made.width, made.height, made.components) == (60, 84, components)


def test_what_is_transparent_becomes_paper() -> None:
    made = picture(saved(image("RGBA", colour=(255, 0, 0, 0)), "PNG"))
    assert Image.open(io.BytesIO(made.data)).getpixel((30, 40)) == (255, 255, 255)


def test_a_large_jpeg_is_made_smaller() -> None:
    made = picture(saved(Image.effect_noise((2000, 2800), 90), "JPEG", quality=95))
    assert max(made.width, made.height) == LONGEST_SIDE


WHOLE = saved(image(), "JPEG")


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "无法识别"),
        (b"GIF of nothing", "无法识别"),
        (b"\xff\xd8", "已损坏"),
        (WHOLE[:100], "已损坏"),
        (WHOLE[:-40], "不完整"),
        (WHOLE[:-2], "不完整"),
        (WHOLE.replace(b"\x00\x54\x00\x3c\x03", b"\xff\xf0\xff\xf0\x03"), "尺寸过大"),
        (saved(image(), "PNG")[:60], "无法识别"),
        (saved(image("1", (9000, 7000), 0), "PNG"), "尺寸过大"),
    ],
)
def test_what_is_no_photograph_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(BadImageError, match=reason):
        picture(data)
