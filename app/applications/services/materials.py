"""申报材料: the checklist, the files against it, and what is on file from earlier applications."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.applications.models import Application, ApplicationMaterial
from app.applications.queries import materials_on_file
from app.applications.services.moving import editable
from app.catalog.models import MaterialRequirement
from app.catalog.queries import requirements_for
from app.core import audit, clock, storage
from app.core.errors import Invalid, NotFound
from app.core.scope import Actor
from app.formats.pictures import BadImageError, picture


def attach_material(
    session: Session, *, actor: Actor, application_id: int, requirement_id: int, name: str, content: bytes
) -> ApplicationMaterial:
    """【申报材料上传】: one file against a line of the checklist. Invalid({"file": …}) says what is wrong with it."""
    application = editable(session, actor, application_id)
    requirement = next((r for r in checklist(session, application) if r.id == requirement_id), None)
    if requirement is None:
        raise NotFound("材料清单中没有这一项。")
    held = [material for material in application.materials if material.requirement_id == requirement_id]
    if len(held) >= requirement.max_files:
        raise Invalid({"file": f"“{requirement.name}”最多上传 {requirement.max_files} 个文件，请先删除再上传。"})
    accept = (storage.JPEG, storage.PNG) if requirement.images_only else (storage.PDF, storage.JPEG, storage.PNG)
    if requirement.images_only and content:
        _check_photo(content)
    stored = storage.put(storage.current(), name, content, accept=accept)
    material = ApplicationMaterial(
        application_id=application.id, requirement_id=requirement_id, uploaded_at=clock.now(), **stored.columns()
    )
    session.add(material)
    session.flush()
    session.expire(application, ["materials"])
    audit.record(session, actor, "applications.attach", material, application=application.id, sha256=stored.sha256)
    return material


def _check_photo(content: bytes) -> None:
    """A photo must print on the certificate: found out now, while the applicant can still send another."""
    storage.detect(content)
    try:
        picture(content)
    except BadImageError as error:
        raise Invalid({"file": error.reason}) from error


def reuse_material(session: Session, *, actor: Actor, application_id: int, material_id: int) -> ApplicationMaterial:
    """Hand in again what the person uploaded for an earlier application: its bytes are copied, both stay whole.

    NotFound unless `material_id` is one of `queries.materials_on_file`.
    """
    application = editable(session, actor, application_id)
    offered = materials_on_file(session, application, [r.id for r in checklist(session, application)])
    known = next((material for material in offered if material.id == material_id), None)
    if known is None:
        raise NotFound
    with storage.current().open(known.storage_key) as file:
        content = file.read()
    return attach_material(
        session,
        actor=actor,
        application_id=application_id,
        requirement_id=known.requirement_id,
        name=known.file_name,
        content=content,
    )


def remove_material(session: Session, *, actor: Actor, material_id: int) -> None:
    """Take back an uploaded file while the application is still the applicant's."""
    material = session.get(ApplicationMaterial, material_id)
    if material is None:
        raise NotFound
    application = editable(session, actor, material.application_id)
    session.delete(material)
    session.flush()
    session.expire(application, ["materials"])
    audit.record(
        session, actor, "applications.detach", ("application_materials", material_id), application=application.id
    )


def checklist(session: Session, application: Application) -> list[MaterialRequirement]:
    return requirements_for(
        session, series_id=application.series_id, level=application.level, method=application.method
    )
