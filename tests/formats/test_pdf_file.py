"""Files written by hand, read by pikepdf and pypdf."""

import io
from datetime import UTC, datetime, timedelta, timezone

import pikepdf
import pytest

from app.formats.fonts import Subset, base_typeface
from app.formats.pdf_file import PdfFile, date_string, text_string
from app.formats.pictures import Picture


def whole(file: PdfFile, extra: str = "") -> bytes:
    pages = file.reserve()
    leaf = file.add(f"<</Type/Page/Parent {pages} 0 R/MediaBox[0 0 100 100]/Resources<<>>{extra}>>")
    file.add(f"<</Type/Pages/Count 1/Kids[{leaf} 0 R]>>", pages)
    root = file.add(f"<</Type/Catalog/Pages {pages} 0 R>>")
    return file.finish(root=root, info=file.add(f"<</Title{text_string('证书 𬭎')}>>"))


def test_objects_added_out_of_order_are_found() -> None:
    with pikepdf.open(io.BytesIO(whole(PdfFile()))) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert pdf.docinfo["/Title"] == "证书 𬭎"
        assert len(pdf.pages) == 1


def test_copies_share_a_beginning_and_nothing_else() -> None:
    first = PdfFile()
    first.add("<</Shared true>>")
    second = first.copy()
    second.add("<</Second true>>")
    assert (len(first.offsets), len(second.offsets)) == (1, 2)
    one, two = whole(first), whole(second)
    assert b"/Second" not in one
    assert one[: two.index(b"2 0 obj")] == two[: two.index(b"2 0 obj")]
    with pikepdf.open(io.BytesIO(two)) as pdf:
        assert pdf.get_object(2, 0)["/Second"] is True


def test_equal_objects_are_equal_files_and_others_have_another_identifier() -> None:
    assert whole(PdfFile()) == whole(PdfFile())
    with (
        pikepdf.open(io.BytesIO(whole(PdfFile()))) as one,
        pikepdf.open(io.BytesIO(whole(PdfFile(), "/Rotate 90"))) as two,
    ):
        assert bytes(one.trailer["/ID"][0]) != bytes(two.trailer["/ID"][0])  # type: ignore[index]


@pytest.mark.parametrize("compress", [0, 1, 9])
def test_a_stream_comes_back(compress: int) -> None:
    file = PdfFile()
    number = file.stream(b"q Q " * 50, "/Kind/Test", compress=compress)
    with pikepdf.open(io.BytesIO(whole(file))) as pdf:
        stream = pdf.get_object(number, 0)
        assert (stream.read_bytes(), stream["/Kind"]) == (b"q Q " * 50, "/Test")


@pytest.mark.parametrize("components, space", [(1, "/DeviceGray"), (3, "/DeviceRGB")])
def test_a_photograph_goes_in_as_it_is(components: int, space: str) -> None:
    file = PdfFile()
    number = file.image(Picture(3, 4, components, b"\xff\xd8 scan \xff\xd9"))
    with pikepdf.open(io.BytesIO(whole(file))) as pdf:
        image = pdf.get_object(number, 0)
        assert image.read_raw_bytes() == b"\xff\xd8 scan \xff\xd9"
        assert (image["/Width"], image["/Height"], image["/ColorSpace"]) == (3, 4, space)
        assert image["/Filter"] == "/DCTDecode"


def test_a_font_is_named_for_its_characters_and_tells_their_widths() -> None:
    file, subset = PdfFile(), Subset(base_typeface())
    subset.encode("张i")
    number = file.font(subset)
    with pikepdf.open(io.BytesIO(whole(file))) as pdf:
        font = pdf.get_object(number, 0)
        tag, _, name = str(font["/BaseFont"]).lstrip("/").partition("+")
        assert (len(tag), tag.isupper(), name) == (6, True, "NotoSerifCJKsc-Regular")
        widths = font["/DescendantFonts"][0]["/W"]  # type: ignore[index]
        assert [int(widths[0]), int(widths[1][0])] == [2, subset.widths()[2]]
        assert b"<0001><5f20>\n<0002><0069>" in font["/ToUnicode"].read_bytes()


def test_a_time_keeps_its_offset() -> None:
    moment = datetime(2026, 12, 1, 8, 5, 9, tzinfo=UTC)
    assert date_string(moment) == "(D:20261201080509+00'00')"
    assert date_string(moment.astimezone(timezone(timedelta(hours=-3, minutes=-30)))) == "(D:20261201043509-03'30')"
    with pytest.raises(ValueError, match="offset"):
        date_string(datetime(2026, 12, 1))


def test_texts_of_any_plane_are_written() -> None:
    assert text_string("A张𬭎") == "<FEFF00415F20D872DF4E>"
