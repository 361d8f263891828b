"""Stretches of road both journeys share."""

from __future__ import annotations

import io
import re
from pathlib import Path

from fpdf import FPDF
from PIL import Image

from tests.journeys.conftest import Person

UNIT, BUREAU, AGENCY = "长沙市城区排水事务中心", "长沙市住房和城乡建设局", "长沙市本级专业技术人员管理处"


def papers(folder: Path) -> dict[str, Path]:
    """A photo and a PDF as an applicant would upload them."""
    photo, paper = folder / "照片.jpg", folder / "材料.pdf"
    buffer = io.BytesIO()
    Image.effect_noise((295, 413), 40).convert("RGB").save(buffer, "JPEG")
    photo.write_bytes(buffer.getvalue())
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=20)
    pdf.cell(0, 20, "MATERIAL")
    paper.write_bytes(bytes(pdf.output()))
    return {"照片": photo, "材料": paper}


def fill(person: Person, values: dict[str, str]) -> None:
    """Fill the fields of the form on the page by label; selects by their words."""
    for label, value in values.items():
        field = person.page.get_by_label(label).first
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(label=value)
            person.page.wait_for_load_state()
        else:
            field.fill(value)


def head(person: Person, *, method: str, level: str, title: str, final: str) -> None:
    """职称申报信息 up to 【暂存申报】."""
    person.menu("职称申报")
    person.follow("开始申报")
    person.search("单位", "排水事务", UNIT)
    for label, words in (("取得方式", method), ("系列", "工程技术人员"), ("拟申报职称等级", level)):
        with person.page.expect_navigation():
            person.page.get_by_label(label).select_option(label=words)
    with person.page.expect_navigation():
        person.page.get_by_label(re.compile("^专业")).select_option(label="给排水")
    person.page.get_by_label("职称名称").select_option(label=title)
    person.page.get_by_label("终审机构").select_option(label=final)
    person.picture("申报信息")
    person.press("暂存申报")
    person.says("已暂存申报信息")


def upload_all(person: Person, files: dict[str, Path]) -> None:
    """【申报材料上传】: every required line of the checklist."""
    while True:
        missing = person.page.locator(".file-row--missing")
        if not missing.count():
            return
        row = missing.first
        name = row.locator(".file-row__title").inner_text()
        with person.page.expect_navigation():
            row.locator("input[type=file]").set_input_files(files["照片" if "照" in name else "材料"])
        person.says("已上传")


def send_up(person: Person, who: str, name: str, words: str) -> None:
    """One body on the path: its queue, 【审核】, 审核通过."""
    person.sign_in(who)
    person.menu(words)
    person.follow("审核")
    person.page.get_by_label("审核意见").fill("情况属实，同意。")
    person.press("审核通过")
    person.says(f"{name}：已审核通过")


def publish_and_forward(person: Person, name: str) -> None:
    """U1.1.1 and U1.1.2: notice of five working days, then 【上报】; pressing too early is refused with the reason."""
    person.sign_in("unit")
    person.menu("所在单位申报公示")
    person.follow("新增")
    person.page.get_by_label("受理异议的联系人和电话").fill("李秀英 0731-80000000")
    person.page.get_by_label(f"选择 {name}").check()
    person.picture("新增公示")
    person.press("保存")
    person.says("公示已发布")
    person.menu("单位推荐上报")
    person.page.locator("[data-tick]").first.check()
    person.press("上报", agree=True)
    person.says("所在单位公示尚未结束")
    person.picture("上报被拒")
    a_week_later(person)
    person.sign_in("unit")
    person.menu("所在单位申报公示")
    person.page.locator("tbody a").first.click()
    person.follow("办结公示")
    person.press("保存")
    person.says("公示已办结")
    person.menu("单位推荐上报")
    person.page.locator("[data-tick]").first.check()
    person.press("上报", agree=True)
    person.says("已上报 1 条，未上报 0 条")


def a_week_later(person: Person) -> None:
    """The demo's clock: a notice lasts five working days, and holidays may make a week too short."""
    for _ in range(2):
        person.press("前进一周")
        person.says("演示日期已拨到")


def issue_and_render(person: Person, document: str | None) -> None:
    """A17 by the title office, A29 by the province."""
    person.sign_in("agency")
    person.menu("证书发放")
    person.page.locator("[data-tick]").first.check()
    if document:
        person.page.get_by_label("发文文号").fill(document)
    person.picture("证书发放")
    person.press("发放证书", agree=True)
    person.says("已发放 1 份证书，未发放 0 份")
    person.sign_in("province")
    person.menu("生成电子证书")
    person.page.locator("[data-tick]").first.check()
    person.picture("生成电子证书")
    person.press("生成证书", agree=True)
    person.says("已开始生成 1 份电子证书")
    person.menu("任务进度")
    for _ in range(60):
        if person.page.get_by_text("已完成").count():
            break
        person.page.wait_for_timeout(500)
        person.page.reload()
    person.says("已完成")


def download_and_check(person: Person, who: str, name: str, title: str, folder: Path) -> None:
    """The holder downloads the PDF; its QR's address says valid; number and name say valid too."""
    import pypdf

    person.sign_in(who)
    person.page.get_by_role("link", name="我的证书").click()
    with person.page.expect_download() as waiting:
        person.follow("下载证书")
    path = folder / "certificate.pdf"
    waiting.value.save_as(path)
    text = "".join(pypdf.PdfReader(path).pages[0].extract_text().split())
    assert name in text
    assert title in text
    number = person.page.locator("tbody td[data-label=证书编号]").first.inner_text()
    assert number in text
    person.page.goto(qr_address(path))
    person.says("证书有效")
    person.picture("查验")
    person.page.goto(f"{person.site}/check/")
    person.page.get_by_label("证书编号").fill(number)
    person.page.get_by_label("姓名").fill("别人")
    person.press("查验")
    person.says("没有查到这份证书")
    person.page.get_by_label("姓名").fill(name)
    person.press("查验")
    person.says("证书有效")


def qr_address(path: Path) -> str:
    """What the printed QR code says, read from the page as a camera would."""
    import subprocess

    from pyzbar.pyzbar import decode

    subprocess.run(["pdftoppm", "-r", "200", "-png", str(path), str(path.with_suffix(""))], check=True)
    image = Image.open(next(path.parent.glob(path.stem + "-*.png")))
    return str(decode(image)[0].data.decode())
