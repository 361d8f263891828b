"""The dossier: sections, materials, and what is on file."""

from __future__ import annotations

from app.applications import services
from app.applications.enums import Section
from app.applications.models import Application
from app.applications.queries import materials_on_file
from app.core.db import unit_of_work
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.scope import Actor
from tests.applications.asking import attach
from tests.applications.world import BASIC, PDF, PHOTO, SCHOOL, World
from tests.refusals import refusal, wrong_fields


def save(person: Actor, key: int, section: Section, *records: dict[str, str]) -> None:
    with unit_of_work(person) as session:
        services.save_section(session, actor=person, application_id=key, section=section, records=records)


def test_a_section_is_replaced_whole_or_not_at_all(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    save(person, key, Section.EDUCATION, SCHOOL)
    fields = wrong_fields(lambda: save(person, key, Section.EDUCATION, SCHOOL, SCHOOL | {"graduated_on": "2010-01-01"}))
    assert fields == {"1-graduated_on": "毕业时间不能早于入学时间。"}
    assert [record.data["school"] for record in world.get(key).records] == ["湖南大学"]
    save(person, key, Section.EDUCATION, SCHOOL | {"school": "中南大学"}, SCHOOL)
    assert [record.data["school"] for record in world.get(key).records] == ["中南大学", "湖南大学"]
    save(person, key, Section.EDUCATION)
    assert world.get(key).records == []


def test_saving_the_same_again_changes_nothing(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    save(person, key, Section.BASIC, BASIC)
    before = world.get(key).records[0].changed_at
    world.days.pass_(days=1)
    save(person, key, Section.BASIC, BASIC)
    assert world.get(key).records[0].changed_at == before


def test_single_sections_take_one_record_and_others_a_bounded_number(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    assert wrong_fields(lambda: save(person, key, Section.BASIC, BASIC, BASIC)) == {
        "records": "“个人基本信息”最多填写 1 条。"
    }
    assert wrong_fields(lambda: save(person, key, Section.EDUCATION, *[SCHOOL] * 11)) == {
        "records": "“学历学位”最多填写 10 条。"
    }


def test_five_megabytes_of_text_are_refused(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    fields = wrong_fields(lambda: save(person, key, Section.ACHIEVEMENTS, {"summary": "长" * 5_000_000}))
    assert fields == {"0-summary": "主要业绩不超过 3000 个字，现有 5000000 个。"}


def test_materials_are_what_the_checklist_asks(world: World) -> None:
    person = world.applicant()
    key = world.draft(person)
    attach(world, person, key, "ID_CARD", PDF)
    attach(world, person, key, "ID_CARD", PHOTO)
    kept = world.get(key).materials
    assert [(m.file_name, m.media_type) for m in kept] == [
        ("证件.pdf", "application/pdf"),
        ("证件.pdf", "image/jpeg"),
    ]
    for code, content, words in (
        ("ID_CARD", PDF, "最多上传 2 个文件"),
        ("PHOTO", PDF, "照片无法识别"),
        ("CONTRACT", b"MZ" + PDF, "只接受 PDF、JPG、PNG"),
        ("CONTRACT", b"", "文件是空的"),
        ("CONTRACT", b"%PDF-1.4 cut off", "不完整"),
    ):
        fields = wrong_fields(lambda code=code, content=content: attach(world, person, key, code, content))
        assert words in fields["file"]
    with unit_of_work(person) as session:
        refusal(
            NotFound,
            lambda: services.attach_material(
                session, actor=person, application_id=key, requirement_id=999, name="x", content=PDF
            ),
        )


def test_the_dossier_is_closed_while_others_hold_it(world: World) -> None:
    person = world.applicant()
    key = world.at("unit", actor=person)
    material = world.get(key).materials[0].id
    closed = "申报已是“待单位推荐”，不能再修改。"
    assert refusal(Conflict, lambda: save(person, key, Section.BASIC, BASIC)) == closed
    assert refusal(Conflict, lambda: attach(world, person, key, "CONTRACT", PDF)) == closed
    with unit_of_work(person) as session:
        assert closed == refusal(
            Conflict, lambda: services.remove_material(session, actor=person, material_id=material)
        )
        assert closed == refusal(
            Conflict,
            lambda: services.save_draft(session, actor=person, values=world.head(), application_id=key),
        )


def test_nobody_else_touches_the_dossier(world: World) -> None:
    person, other = world.applicant(), world.applicant()
    key = world.at("unit", actor=person)
    material = world.get(key).materials[0].id
    for actor, kind in ((other, NotFound), (world.actors["unit"], NotAllowed), (world.actors["sibling"], NotFound)):
        refusal(kind, lambda actor=actor: save(actor, key, Section.BASIC, BASIC))
        refusal(kind, lambda actor=actor: world.submit(actor, key))
        with unit_of_work(actor) as session:
            refusal(kind, lambda s=session, a=actor: services.remove_material(s, actor=a, material_id=material))
        with unit_of_work(actor) as session:
            refusal(kind, lambda s=session, a=actor: services.withdraw(s, actor=a, application_id=key))


def test_what_is_on_file_is_offered_and_copied(world: World) -> None:
    person, other = world.applicant(), world.applicant()
    first = world.draft(person)
    attach(world, person, first, "CONTRACT", PDF)
    with unit_of_work(person) as session:
        services.withdraw(session, actor=person, application_id=first)
    second = world.draft(person)
    with unit_of_work(person) as session:
        application = session.get_one(Application, second)
        [offered] = materials_on_file(session, application, [r.id for r in services.checklist(session, application)])
        copy = services.reuse_material(session, actor=person, application_id=second, material_id=offered.id)
        assert (copy.sha256, copy.file_name) == (offered.sha256, offered.file_name)
        assert copy.storage_key != offered.storage_key
        known = offered.id
    theirs = world.draft(other)
    with unit_of_work(other) as session:
        refusal(
            NotFound,
            lambda: services.reuse_material(session, actor=other, application_id=theirs, material_id=known),
        )
