"""The certificate page: every word on it, nothing outside its place, refused rather than wrong, signed."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from app.certificates import documents
from app.certificates.documents import CertificateFace, Press, render, render_signed
from app.core.errors import Refusal
from app.formats.fonts import MissingGlyphsError
from app.formats.pictures import BadImageError
from app.formats.signing import create_demo_signer
from tests.formats.checks import pixels, poppler_text, sound, text_of, validate


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (413, 579), (0, 0, 255)).save(out, "JPEG")
    return out.getvalue()


FACE = CertificateFace(
    name="张㛃𬭎",
    gender="女",
    id_number_masked="430102********1224",
    photo=photo(),
    title="高级工程师",
    level="副高级",
    series="工程技术人员",
    speciality="建筑工程（土木建筑）",
    method="评审",
    number="B06261430000000001",
    obtained_on=date(2026, 11, 3),
    approving_body="湖南省建设工程专业高级职称评审委员会",
    issuing_authority="湖南省人力资源和社会保障厅",
    document_number="湘人社函〔2026〕128号",
    issued_on=date(2026, 12, 1),
    check_url="https://zc.example.gov.cn/c/B06261430000000001?s=" + "aZ9-_" * 17,
)
LONG = replace(
    FACE,
    name="阿卜杜拉·买买提·艾合买提江·吐尔逊尼亚孜·玉素甫",
    title="正高级工程师（公路与桥梁隧道工程及交通运输管理）" * 2,
    speciality="新型城镇化规划与历史文化名城名镇名村保护利用及城市更新综合技术研究应用（交叉学科方向）" * 3,
    approving_body="湖南省长株潭国家自主创新示范区先进装备制造产业集群工程技术人员高级职称评审委员会（联合组建）" * 3,
    issuing_authority="湖南省长株潭国家自主创新示范区人力资源和社会保障局（联合）",
    document_number="湘人社函" * 60,
)


@pytest.fixture
def machine() -> Press:
    return Press()


WORDS = """姓　　名 张㛃𬭎
性　　别 女
身份证号 430102********1224
职称名称 高级工程师
级　　别 副高级
系　　列 工程技术人员
专　　业 建筑工程（土木建筑）
取得方式 评审
取得时间 2026年11月3日
评审机构 湖南省建设工程专业高级职称评审委员会
批准文号 湘人社函〔2026〕128号
证书编号 B06261430000000001
2026年12月1日"""


def test_every_word_can_be_read_and_copied(machine: Press) -> None:
    assert text_of(render(FACE, machine)) == (
        "湖南省\n专业技术职称证书\n扫码查验\n湖南省人力资源和社会保障厅\n"
        "本电子证书与纸质证书具有同等效力，内容以扫码查验结果为准。\n" + WORDS
    )


def test_poppler_reads_label_and_value_on_one_line(machine: Press) -> None:
    lines = [line.split() for line in poppler_text(render(FACE, machine)).splitlines()]
    assert ["姓", "名", "张㛃𬭎"] in lines
    assert ["证书编号", "B06261430000000001"] in lines


def test_file_is_sound_and_small_and_the_same_each_time(machine: Press) -> None:
    document = render(FACE, machine)
    assert sound(document) == []
    assert len(document) < 80_000
    assert render(FACE, machine) == document
    with pikepdf.open(io.BytesIO(document)) as pdf:
        assert str(pdf.docinfo["/Title"]) == "湖南省专业技术职称证书 B06261430000000001"
        assert len(pdf.pages) == 1


@pytest.mark.parametrize("name", ["堃喆犇", "𠅤", "李𬭎", "𠀡"])
def test_rare_names_print(machine: Press, name: str) -> None:
    assert f"姓　　名 {name}\n" in text_of(render(replace(FACE, name=name), machine))


def test_a_name_no_font_draws_is_refused_with_the_character(machine: Press) -> None:
    face = replace(FACE, name="李\U0003106c", speciality="\U000323a0学")
    with pytest.raises(MissingGlyphsError) as refused:
        render(face, machine)
    assert isinstance(refused.value, Refusal)
    assert refused.value.reason == "字库中没有这些字：“\U0003106c”(U+3106C)"


def test_recognition_names_its_body_so(machine: Press) -> None:
    assert "\n认定机构 湖南省建设" in text_of(render(replace(FACE, method="认定"), machine))


@pytest.mark.parametrize("face", [LONG, replace(LONG, photo=None, check_url="x" * 900)])
def test_long_texts_stay_in_their_places(machine: Press, face: CertificateFace) -> None:
    """Beside the photograph, beside and below the rows and in the margin nothing is drawn that a short face has not."""
    short = replace(FACE, photo=face.photo, check_url=face.check_url)
    full, plain = (pixels(render(each, machine), dpi=127) for each in (face, short))
    gaps = ((140, 84, 144, 134), (182, 136, 190, 212), (17, 80, 29, 280), (0, 0, 210, 80), (30, 211.5, 120, 213))
    for gap in gaps:
        left, top, right, bottom = (round(value * 5) for value in gap)
        box = (left, top, right, bottom)
        assert full.crop(box).tobytes() == plain.crop(box).tobytes(), gap
    assert face.speciality in text_of(render(face, machine)).replace("\n", "")


def test_photograph_fills_its_frame(machine: Press) -> None:
    page = pixels(render(FACE, machine), dpi=127)
    x, y, width, height = (round(value * 5) for value in documents.PHOTO)
    for place in ((x + 3, y + 3), (x + width - 4, y + height - 4), (x + width // 2, y + height // 2)):
        red, green, blue = page.getpixel(place)  # type: ignore[misc]
        assert (red < 10, green < 10, blue > 245) == (True, True, True)


def test_without_a_photograph_the_frame_says_so(machine: Press) -> None:
    assert text_of(render(replace(FACE, photo=None), machine)).endswith("无照片\n2026年12月1日")


@pytest.mark.parametrize(
    "photo, reason",
    [
        (b"", "照片无法识别，请上传 JPG 或 PNG 格式的照片"),
        (b"no picture", "照片无法识别，请上传 JPG 或 PNG 格式的照片"),
        (FACE.photo[:400] if FACE.photo else b"", "照片文件已损坏，请重新上传"),
        (FACE.photo[:-2] if FACE.photo else b"", "照片文件不完整，请重新上传"),
    ],
)
def test_a_bad_photograph_is_refused_in_words_for_people(machine: Press, photo: bytes, reason: str) -> None:
    with pytest.raises(BadImageError) as refused:
        render(replace(FACE, photo=photo), machine)
    assert isinstance(refused.value, Refusal)  # a job shows the reason of these, of others "an error happened"
    assert refused.value.reason == reason


def test_a_demonstration_says_so_in_words() -> None:
    assert "演示环境生成，不具有证明效力。" in text_of(render(FACE, Press(demo=True)))
    assert pixels(render(FACE, Press(demo=True))).tobytes() != pixels(render(FACE, Press())).tobytes()


def test_signed_certificate_holds_and_a_changed_byte_is_found(tmp_path: Path) -> None:
    identity = create_demo_signer(tmp_path)
    signed = render_signed(FACE, Press(identity))
    status = validate(signed, identity)
    assert (status.intact, status.valid, status.trusted, status.coverage.name) == (True, True, True, "ENTIRE_FILE")
    assert text_of(signed) == text_of(render(FACE, Press()))
    tampered = bytearray(signed)
    tampered[signed.index(b"/DCTDecode") + 2000] ^= 1
    assert not validate(bytes(tampered), identity).intact


def test_without_a_key_nothing_is_signed(machine: Press) -> None:
    with pytest.raises(RuntimeError, match="no key"):
        render_signed(FACE, machine)


@pytest.fixture
def unconfigured() -> Iterator[None]:
    before = documents._press, documents._recipe
    documents._press, documents._recipe = None, None
    yield
    documents._press, documents._recipe = before


def test_the_process_press_is_made_once_from_its_configuration(unconfigured: None, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="configure"):
        documents.press()
    documents.configure(tmp_path, "", "", demo=True)
    first = documents.press()
    assert first is documents.press()
    assert first.identity is not None
    assert validate(render_signed(FACE), first.identity).trusted
    pem = str(tmp_path / "keys" / "signing.pem")
    documents.configure(tmp_path, pem, pem, demo=False)
    again = documents.press()
    assert again.identity is not None
    assert (again.demo, again.identity.certificate_pem) == (False, first.identity.certificate_pem)
