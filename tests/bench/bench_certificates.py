"""CPU time of one certificate: fpdf2 as its manual has it, ours, and the least a hand-made file can cost.

    .venv/bin/python -m tests.bench.bench_certificates [rounds]

Each face differs in every field, so that nothing is drawn twice; the three are measured in turn on each face.
"""

from __future__ import annotations

import gc
import io
import logging
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import mplfonts
import segno
from fpdf import FPDF
from PIL import Image

from app.certificates import documents
from app.certificates.documents import CertificateFace, Press
from app.formats.fonts import Subset, base_typeface
from app.formats.paged_pdf import MM
from app.formats.pictures import picture
from app.formats.qr import qr_path
from app.formats.signing import SigningIdentity, create_demo_signer, sign

FULL_FONT = Path(mplfonts.__file__).parent / "fonts" / "NotoSerifCJKsc-Regular.otf"
SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖"
    "石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉萍红建文慧欣怡子涵梓轩浩宇雨泽思远嘉懿晨曦博俊熙若曦诗琪可馨铭瀚睿哲"
    "皓翔昊天沐宸芷晴钰彤昕妍"
)
SPECIALITIES = (
    "建筑工程",
    "道路与桥梁",
    "水利水电",
    "林业调查规划",
    "临床医学检验",
    "农业技术推广",
    "档案管理",
    "环境监测",
    "舞台美术设计",
    "机械制造",
)


def photo(seed: int = 0) -> bytes:
    """A JPEG such as a photographer hands over: 413 × 579 pixels, some 30 KB."""
    grain = Image.effect_noise((413, 579), 18 + seed % 5)
    colour = Image.new("RGB", grain.size, (96, 142, 196))
    out = io.BytesIO()
    Image.blend(colour, Image.merge("RGB", (grain, grain, grain)), 0.25).save(out, "JPEG", quality=82)
    return out.getvalue()


def make_faces(count: int) -> list[CertificateFace]:
    faces = []
    for n in range(count):
        name = SURNAMES[n * 7 % len(SURNAMES)] + GIVEN[n * 5 % len(GIVEN)] + GIVEN[n * 11 % len(GIVEN)]
        speciality = SPECIALITIES[n % len(SPECIALITIES)]
        number = f"B0626143000000{n:04d}"
        faces.append(
            CertificateFace(
                name=name,
                gender="男女"[n % 2],
                id_number_masked=f"4301{n % 30:02d}********{n:04d}",
                photo=photo(n),
                title="高级工程师",
                level="副高级",
                series="工程技术人员",
                speciality=speciality,
                method="评审",
                number=number,
                obtained_on=date(2026, 11, 1 + n % 28),
                approving_body=f"湖南省{speciality}专业高级职称评审委员会",
                issuing_authority="湖南省人力资源和社会保障厅",
                document_number=f"湘人社函〔2026〕{n}号",
                issued_on=date(2026, 12, 1),
                check_url=f"https://zc.example.gov.cn/c/{number}?s={n:04d}" + "aB3_x" * 15,
            )
        )
    return faces


def words_of(face: CertificateFace) -> list[tuple[str, str]]:
    return list(documents._fields(face))


def by_fpdf2(face: CertificateFace) -> bytes:
    """As fpdf2's manual draws Chinese text, a photograph and a code; its page is plainer than ours."""
    pdf = FPDF(format="A4")
    pdf.add_page()
    pdf.add_font("serif", fname=str(FULL_FONT))
    pdf.set_draw_color(168, 20, 26)
    pdf.rect(6, 5.5, 198, 286)
    pdf.rect(15.8, 15.3, 178.4, 266.4)
    pdf.set_font("serif", size=37)
    pdf.set_xy(0, 45)
    pdf.cell(210, 16, documents.TITLE, align="C")
    pdf.set_font("serif", size=15)
    for row, (label, value) in enumerate(words_of(face)):
        pdf.set_xy(30, 83 + row * 10.6)
        pdf.cell(24, 10, label)
        pdf.cell(100, 10, value)
    pdf.set_xy(114, 246)
    pdf.cell(68, 8, face.issuing_authority, align="C")
    pdf.set_xy(114, 255)
    pdf.cell(68, 8, documents._day(face.issued_on), align="C")
    assert face.photo is not None
    pdf.image(io.BytesIO(face.photo), 146, 83.5, 35, 49)
    code = io.BytesIO()
    segno.make(face.check_url, error="m", boost_error=False, micro=False, mask=2).save(code, kind="png", scale=6)
    pdf.image(code, 27.5, 219, 40, 40)
    return bytes(pdf.output())


@dataclass(frozen=True)
class Prepared:
    """Everything of one face that the floor may have ready: the design and the fonts, as finished objects."""

    codes: dict[str, str]
    start: bytes
    offsets: list[int]
    font: int


def prepare(face: CertificateFace) -> Prepared:
    design = documents._design(face.issuing_authority, False)
    file = design._prefix.copy()
    subset = Subset(base_typeface())
    subset.encode("".join(label + value for label, value in words_of(face)) + documents._day(face.issued_on))
    font = file.font(subset)
    codes = {char: f"{number:04X}" for number, char in enumerate(subset.characters, 1)}
    return Prepared(codes, b"".join(file.parts), file.offsets, font)


def by_hand(face: CertificateFace, ready: Prepared) -> bytes:
    """The floor: fixed places and sizes, fonts ready; only text, photograph, code and the table of offsets are new."""
    codes, parts, offsets = ready.codes, [ready.start], ready.offsets[:]
    lines = ["BT 0.12 0.11 0.1 rg /F1 15 Tf"]
    y = 590
    for label, value in words_of(face):
        lines.append(f"1 0 0 1 85 {y} Tm <{''.join([codes[c] for c in label])}> Tj")
        lines.append(f"1 0 0 1 153 {y} Tm <{''.join([codes[c] for c in value])}> Tj")
        y -= 30
    day = documents._day(face.issued_on)
    lines.append(f"1 0 0 1 380 104 Tm <{''.join([codes[c] for c in day])}> Tj ET 0 g")
    lines.append(qr_path(face.check_url, 27.5 * MM, 38 * MM, 40 * MM))
    lines.append("q 99 0 0 139 414 466 cm /Im0 Do Q")
    content = zlib.compress("\n".join(lines).encode("ascii"))
    assert face.photo is not None
    image = picture(face.photo)
    size, number = len(ready.start), len(offsets)
    for body in (
        b"<</Length %d/Filter/FlateDecode>>stream\n%b\nendstream" % (len(content), content),
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode"
        b"/Length %d>>stream\n%b\nendstream" % (image.width, image.height, len(image.data), image.data),
    ):
        number += 1
        offsets.append(size)
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        size += len(parts[-1])
    offsets[2] = size
    parts.append(
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.28 841.89]/Contents[4 0 R %d 0 R]/Resources"
        b"<</Font<</F0 9 0 R/F1 %d 0 R>>/XObject<</Im0 %d 0 R>>>>>>\nendobj\n" % (number - 1, ready.font, number)
    )
    size += len(parts[-1])
    table = "".join([f"{offset:010d} 00000 n \n" for offset in offsets])
    parts.append(
        f"xref\n0 {number + 1}\n0000000000 65535 f \n{table}trailer\n<</Size {number + 1}/Root 1 0 R>>\n"
        f"startxref\n{size}\n%%EOF\n".encode("ascii")
    )
    return b"".join(parts)


def sign_simply(identity_file: Path) -> Callable[[bytes], bytes]:
    """pyHanko's own signer of the same key, which parses it again and again."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import SigSeedSubFilter

    signer = signers.SimpleSigner.load(str(identity_file), str(identity_file))
    meta = signers.PdfSignatureMetadata(
        field_name="Signature1", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
    )

    def signed(document: bytes) -> bytes:
        out = io.BytesIO()
        signers.PdfSigner(meta, signer=signer).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(document)), output=out)
        return out.getvalue()

    return signed


@dataclass
class Samples:
    """CPU milliseconds of each call, and the last file's bytes."""

    milliseconds: list[float]
    size: int = 0

    def take(self, work: Callable[[], bytes]) -> bytes:
        gc.collect()  # fpdf2 leaves whole fonts in cycles: nobody is to pay for what another left
        start = time.process_time()
        result = work()
        self.milliseconds.append((time.process_time() - start) * 1000)
        self.size = len(result)
        return result

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)


def run(*, rounds: int, fpdf2_rounds: int, signatures: int) -> dict[str, Samples]:
    """Measures each way on as many faces; the first faces warm up imports and fonts and are not counted."""
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    logging.getLogger("fpdf").setLevel(logging.ERROR)
    names = ("cold", "fpdf2", "ours", "floor", "sign", "simple")
    samples = {name: Samples([]) for name in names}
    faces = make_faces(rounds + 1)
    machine = Press()
    samples["cold"].take(lambda: documents.render(faces[0], machine))
    by_fpdf2(faces[0])
    by_hand(faces[0], prepare(faces[0]))
    for face in faces[1 : fpdf2_rounds + 1]:
        samples["fpdf2"].take(lambda face=face: by_fpdf2(face))
    drawn = []
    for face in faces[1:]:
        ready = prepare(face)
        drawn.append(samples["ours"].take(lambda face=face: documents.render(face, machine)))
        samples["floor"].take(lambda face=face, ready=ready: by_hand(face, ready))
    if not signatures:
        return samples
    with tempfile.TemporaryDirectory() as folder:
        identity: SigningIdentity = create_demo_signer(Path(folder))
        simply = sign_simply(Path(folder) / "signing.pem")
        sign(drawn[0], identity, reason="试签", location="湖南省")
        simply(drawn[0])
        for document in drawn[:signatures]:
            samples["sign"].take(lambda document=document: sign(document, identity, reason="签发", location="湖南省"))
            samples["simple"].take(lambda document=document: simply(document))
    return samples


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    samples = run(rounds=rounds, fpdf2_rounds=max(3, rounds // 10), signatures=max(3, rounds // 4))
    fpdf2, floor, ours = samples["fpdf2"].median, samples["floor"].median, samples["ours"].median
    print(f"{'one certificate, CPU, median':50}{'ms':>9}{'× faster':>10}{'of floor':>10}{'bytes':>10}{'n':>5}")
    for name, label in (
        ("fpdf2", "fpdf2 as documented, Noto Serif CJK in full"),
        ("ours", "ours"),
        ("floor", "hand-made, fonts ready"),
        ("cold", "ours, the first of a process"),
    ):
        one = samples[name]
        median = one.median
        ratios = f"{fpdf2 / median:10.1f}{median / floor:10.2f}"
        print(f"{label:50}{median:9.2f}{ratios}{one.size:10d}{len(one.milliseconds):5d}")
    print(f"{'signature, pyHanko with the key held':50}{samples['sign'].median:9.2f}")
    print(f"{'signature, pyHanko SimpleSigner':50}{samples['simple'].median:9.2f}")
    print(f"{'ours, drawn and signed':50}{ours + samples['sign'].median:9.2f}")


if __name__ == "__main__":
    main()
