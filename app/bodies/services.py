"""Keeping the register of bodies: adding, naming what a body may decide or issue, deregistering with a reason."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.bodies import queries, rules
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.queries import region_in_force
from app.catalog.rules import initials
from app.core import audit, clock
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor

Use = Callable[[Session, int], str | None]
uses: list[Use] = []
"""What keeps a body from being deregistered: each domain above appends its own question, answered with what uses it."""


def require_keeper(actor: Actor, region_code: str) -> None:
    """Raise NotAllowed unless `actor` keeps the bodies of a region: its HR officers, or an administrator."""
    if actor.role in (Role.SYSADMIN, Role.SYSTEM):
        return
    if actor.role is not Role.HR_OFFICER:
        raise NotAllowed("机构由人社部门维护。")
    if not actor.region_prefix or not region_code.startswith(actor.region_prefix):
        raise NotAllowed("只能维护本统筹区内的机构。")


def create_body(
    session: Session,
    *,
    actor: Actor,
    code: str,
    name: str,
    node_type: NodeType,
    nature: BodyNature,
    region_code: str,
    credit_code: str = "",
    contact_name: str = "",
    contact_phone: str = "",
) -> Body:
    """【新增】 a body in the actor's region. Raises Invalid with every field at fault, NotAllowed outside the region."""
    require_keeper(actor, region_code)
    code, name, credit_code = code.strip().upper(), name.strip(), credit_code.strip().upper()
    checks = {
        "code": rules.code_problem(code),
        "name": rules.text_problem(name, "机构名称"),
        "nature": rules.nature_problem(node_type, nature),
        "credit_code": rules.credit_code_problem(credit_code) if credit_code else None,
        "contact_name": "联系人不超过 40 个字。" if len(contact_name.strip()) > 40 else None,
        "contact_phone": "联系电话不超过 20 个字符。" if len(contact_phone.strip()) > 20 else None,
    }
    if region_in_force(session, region_code, clock.today()) is None:
        checks["region_code"] = "请选择现行的行政区划。"
    for field, column, value in (("code", Body.code, code), ("credit_code", Body.credit_code, credit_code)):
        if value and not checks[field]:
            taken = session.scalar(sa.select(Body.name).where(column == value))
            checks[field] = f"已被“{taken}”使用。" if taken is not None else None
    fields = {field: problem for field, problem in checks.items() if problem}
    if fields:
        raise Invalid(fields)
    body = Body(
        code=code,
        name=name,
        pinyin=initials(name),
        node_type=node_type,
        nature=nature,
        region_code=region_code,
        credit_code=credit_code or None,
        contact_name=contact_name.strip(),
        contact_phone=contact_phone.strip(),
        active=True,
    )
    _insert(session, body, "机构编码或统一社会信用代码刚刚被其他机构使用，请核对。")
    audit.record(session, actor, "bodies.create", body, code=code, name=name, node_type=node_type.value)
    return body


def take_registration(
    session: Session, *, actor: Actor, body_id: int, credit_code: str, contact_name: str, contact_phone: str
) -> Body:
    """A25: what the approved registration of a unit adds to the body it is: the code of its licence, and its contact."""
    body = _kept(session, actor, body_id)
    before = audit.assign(
        body, credit_code=credit_code, contact_name=contact_name.strip()[:40], contact_phone=contact_phone.strip()
    )
    _insert(session, body, "该统一社会信用代码刚刚登记给了其他机构，请核对。")
    audit.record(session, actor, "bodies.take_registration", body, changes=before)
    return body


def add_acceptance(
    session: Session,
    *,
    actor: Actor,
    body_id: int,
    method: AcquisitionMethod,
    level: TitleLevel,
    printed_name: str,
    guideline: str = "",
) -> Acceptance:
    """A3: say that a title office decides 初定 or 认定 of a level, and the name printed. A deregistered one revives."""
    body = _kept(session, actor, body_id)
    fields = {}
    if method is AcquisitionMethod.REVIEW:
        fields["method"] = "评审由评委会决定，受理机构只办初定和认定。"
    if body.node_type is NodeType.COMMITTEE:
        fields["body_id"] = "评委会不能作为初定、认定的受理机构。"
    problem = rules.text_problem(printed_name, "打印在证书上的机构名称")
    if problem:
        fields["printed_name"] = problem
    if fields:
        raise Invalid(fields)
    found = session.scalar(
        sa.select(Acceptance).where(
            Acceptance.body_id == body_id, Acceptance.method == method, Acceptance.level == level
        )
    )
    if found is not None and found.active:
        raise Conflict(f"“{body.name}”已经受理{level.label}的{method.label}。")
    row = found or Acceptance(body_id=body_id, method=method, level=level)
    row.printed_name, row.guideline = printed_name.strip(), guideline.strip()
    _revive(row)
    _insert(session, row, f"“{body.name}”已经受理{level.label}的{method.label}。")
    audit.record(session, actor, "bodies.add_acceptance", row, method=method.value, level=level.value)
    return row


def add_issuing_authority(
    session: Session, *, actor: Actor, body_id: int, code: str, printed_name: str
) -> IssuingAuthority:
    """A9 发证单位编码: a body's code on certificates, up to 8 letters and digits. A deregistered one revives as it was.

    The code of a body that was deregistered stays its own: numbers under it are in people's hands.
    """
    body = _kept(session, actor, body_id)
    code = code.strip().upper()
    fields = {}
    if not (1 <= len(code) <= 8 and code.isascii() and code.isalnum()):
        fields["code"] = "发证单位编码为 1 至 8 位字母和数字，一般取行政区划后四位。"
    problem = rules.text_problem(printed_name, "打印在证书上的机构名称")
    if problem:
        fields["printed_name"] = problem
    if fields:
        raise Invalid(fields)
    owner = session.scalar(sa.select(IssuingAuthority).where(IssuingAuthority.code == code))
    found = session.scalar(sa.select(IssuingAuthority).where(IssuingAuthority.body_id == body_id))
    if found is not None and found.active:
        raise Conflict(f"“{body.name}”已有发证单位编码 {found.code}。")
    if owner is not None and owner.body_id != body_id:
        raise Invalid({"code": f"编码 {code} 已由“{owner.printed_name}”使用。"})
    if found is not None and found.code != code:
        raise Invalid({"code": f"“{body.name}”曾用编码 {found.code} 发证，恢复时不能更改编码。"})
    row = found or IssuingAuthority(body_id=body_id, code=code)
    row.printed_name = printed_name.strip()
    _revive(row)
    _insert(session, row, f"编码 {code} 刚刚被其他机构使用。")
    audit.record(session, actor, "bodies.add_issuing_authority", row, code=code)
    return row


def change_acceptance(
    session: Session, *, actor: Actor, acceptance_id: int, printed_name: str, guideline: str = ""
) -> None:
    """A3 编辑: what is printed, and 【申报须知】; the body, method and level stay what they are."""
    row = session.get(Acceptance, acceptance_id, with_for_update=True, populate_existing=True)
    _change(session, actor, row, "bodies.change_acceptance", printed_name=printed_name, guideline=guideline.strip())


def change_issuing_authority(session: Session, *, actor: Actor, authority_id: int, printed_name: str) -> None:
    """A9 编辑: what is printed. The code stays: numbers under it are in people's hands."""
    row = session.get(IssuingAuthority, authority_id, with_for_update=True, populate_existing=True)
    _change(session, actor, row, "bodies.change_issuing_authority", printed_name=printed_name)


def _change(
    session: Session,
    actor: Actor,
    row: Acceptance | IssuingAuthority | None,
    action: str,
    *,
    printed_name: str,
    **values: str,
) -> None:
    if row is None:
        raise NotFound
    require_keeper(actor, session.get_one(Body, row.body_id).region_code)
    if not row.active:
        raise Conflict("这条记录已经注销，不能修改。")
    problem = rules.text_problem(printed_name, "打印在证书上的机构名称")
    if problem:
        raise Invalid({"printed_name": problem})
    audit.record(session, actor, action, row, changes=audit.assign(row, printed_name=printed_name.strip(), **values))


def deregister_body(session: Session, *, actor: Actor, body_id: int, reason: str) -> Body:
    """注销 with a reason: the row and its history stay. Refused while anything uses the body, naming what does."""
    body = _kept(session, actor, body_id)
    _require_reason(reason)
    found = [what for use in (_decides, _issues, *uses) if (what := use(session, body_id))]
    if found:
        raise Refusal(f"“{body.name}”正在使用，不能注销：{'；'.join(found)}。请先处理这些内容。")
    _end(body, reason)
    audit.record(session, actor, "bodies.deregister", body, reason=reason.strip())
    return body


def deregister_acceptance(session: Session, *, actor: Actor, acceptance_id: int, reason: str) -> None:
    """End what a body decides; applications on their way keep the path copied at submission."""
    row = session.get(Acceptance, acceptance_id, with_for_update=True, populate_existing=True)
    _deregister(session, actor, row, reason, "bodies.deregister_acceptance")


def deregister_issuing_authority(session: Session, *, actor: Actor, authority_id: int, reason: str) -> None:
    """A9 注销: no number is taken under the code any more; those given out stay."""
    row = session.get(IssuingAuthority, authority_id, with_for_update=True, populate_existing=True)
    _deregister(session, actor, row, reason, "bodies.deregister_issuing_authority")


def _deregister(
    session: Session, actor: Actor, row: Acceptance | IssuingAuthority | None, reason: str, action: str
) -> None:
    if row is None:
        raise NotFound
    require_keeper(actor, session.get_one(Body, row.body_id).region_code)
    if not row.active:
        raise Conflict("这条记录已经注销。")
    _require_reason(reason)
    _end(row, reason)
    audit.record(session, actor, action, row, reason=reason.strip())


def _kept(session: Session, actor: Actor, body_id: int) -> Body:
    body = session.get(Body, body_id, with_for_update=True, populate_existing=True)
    if body is None:
        raise NotFound
    require_keeper(actor, body.region_code)
    if not body.active:
        raise Conflict(f"“{body.name}”已经注销。")
    return body


def _require_reason(reason: str) -> None:
    problem = rules.text_problem(reason, "注销原因", 300)
    if problem:
        raise Invalid({"reason": problem})


def _insert(session: Session, row: Body | Acceptance | IssuingAuthority, taken: str) -> None:
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(taken) from error


def _end(row: Body | Acceptance | IssuingAuthority, reason: str) -> None:
    row.active, row.deregistered_at, row.deregistered_reason = False, clock.now(), reason.strip()


def _revive(row: Acceptance | IssuingAuthority) -> None:
    row.active, row.deregistered_at, row.deregistered_reason = True, None, ""


def _decides(session: Session, body_id: int) -> str | None:
    found = session.scalars(
        sa.select(Acceptance).where(Acceptance.body_id == body_id, Acceptance.active).order_by(Acceptance.id)
    ).all()
    return "受理" + "、".join(f"{row.level.label}{row.method.label}" for row in found) if found else None


def _issues(session: Session, body_id: int) -> str | None:
    authority = queries.issuing_authority_of(session, body_id)
    return f"发证单位编码 {authority.code}" if authority else None
