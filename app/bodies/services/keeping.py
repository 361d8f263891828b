"""机构管理: bodies added, changed, ended with a reason, and held while something begins to use them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.bodies import queries, rules
from app.bodies.enums import BodyNature, NodeType
from app.bodies.models import Body
from app.catalog.queries import region_in_force
from app.catalog.rules import initials
from app.core import audit, clock
from app.core.crypto import mask_phone
from app.core.db import parts
from app.core.enums import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from app.core.scope import Actor

Use = Callable[[Session, int], str | None]
uses: list[Use] = []
"""What keeps a body from being deregistered: each domain above appends its own question, answered with what uses it."""
endings: list[Callable[[Session, Actor, int], None]] = []
"""What ends with a body, once nothing uses it any more."""
TAKEN = "机构编码或统一社会信用代码刚刚被其他机构使用，请核对。"


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
    another: bool = True,
) -> Body:
    """【新增】 a body in the actor's region. Raises Invalid with every field at fault, NotAllowed outside the region.

    `another`: where one of its name is there already, it is known to be another.
    """
    require_keeper(actor, region_code)
    code, said = code.strip().upper(), _cleaned(name, nature, credit_code, contact_name, contact_phone)
    fields = rules.body_problem(node_type=node_type, **said)
    what = "评委会编码" if node_type is NodeType.COMMITTEE else "机构编码"
    if problem := rules.code_problem(code, what):
        fields["code"] = problem
    region = region_in_force(session, region_code, clock.today())
    if region is None:
        fields["region_code"] = "请选择现行的行政区划。"
    fields |= _taken(session, fields, code=code, credit_code=said["credit_code"])
    if not another:
        fields |= _namesake(session, said["name"], region_code)
    if fields:
        raise Invalid(fields)
    body = Body(
        code=code,
        pinyin=initials(said["name"]),
        node_type=node_type,
        region_code=region_code,
        active=True,
        **said | {"credit_code": said["credit_code"] or None},
    )
    session.add(body)
    _flush(session)
    said |= {"contact_phone": mask_phone(body.contact_phone)}
    audit.record(session, actor, "bodies.create", body, code=code, node_type=node_type, region=str(region), **said)
    return body


def change_body(
    session: Session,
    *,
    actor: Actor,
    body_id: int,
    name: str,
    nature: BodyNature,
    credit_code: str = "",
    contact_name: str = "",
    contact_phone: str = "",
    another: bool = True,
) -> Body:
    """【编辑】: code, node type and region stay, for paths and certificates were made by them. Invalid by field."""
    body = _kept(session, actor, body_id)
    if body.node_type is NodeType.COMMITTEE:
        raise Refusal("评委会在“评委会管理”中维护。")
    said = _cleaned(name, nature, credit_code, contact_name, contact_phone)
    fields = rules.body_problem(node_type=body.node_type, **said)
    fields |= _taken(session, fields, body, credit_code=said["credit_code"])
    if not another and said["name"] != body.name:
        fields |= _namesake(session, said["name"], body.region_code)
    if fields:
        raise Invalid(fields)
    changes = audit.assign(body, **said | {"credit_code": said["credit_code"] or None})
    body.pinyin = initials(body.name)
    _flush(session)
    _record_change(session, actor, "bodies.change", body, changes)
    return body


def take_registration(
    session: Session, *, actor: Actor, body_id: int, credit_code: str, contact_name: str, contact_phone: str
) -> Body:
    """A25: what the approved registration of a unit adds to the body it is: the code of its licence, and its contact."""
    body = _kept(session, actor, body_id)
    changes = audit.assign(
        body, credit_code=credit_code, contact_name=contact_name.strip()[:40], contact_phone=contact_phone.strip()
    )
    _flush(session, "该统一社会信用代码刚刚登记给了其他机构，请核对。")
    _record_change(session, actor, "bodies.take_registration", body, changes)
    return body


def deregister_body(session: Session, *, actor: Actor, body_id: int, reason: str) -> Body:
    """注销 with a reason: the row and its history stay. Refused while anything uses the body, naming what does."""
    body = _kept(session, actor, body_id)
    if problem := rules.text_problem(reason, "注销原因", 300):
        raise Invalid({"reason": problem})
    if problem := ending_problem(session, body):
        raise Refusal(problem)
    body.active, body.deregistered_at, body.deregistered_reason = False, clock.now(), reason.strip()
    for end in endings:
        end(session, actor, body_id)
    audit.record(session, actor, "bodies.deregister", body, reason=reason.strip())
    return body


def ending_problem(session: Session, body: Body) -> str:
    """What uses the body, so that it can't be deregistered now; "" if nothing does."""
    found = [what for use in uses if (what := use(session, body.id))]
    return f"“{body.name}”正在使用，不能注销：{'；'.join(found)}。请先处理这些内容。" if found else ""


def restore_body(session: Session, *, actor: Actor, body_id: int, reason: str) -> Body:
    """【恢复】 of a body that was deregistered by mistake, with the reason: it is active again, and no more than that.

    What ended with it stays ended: posts and accounts are granted anew.
    """
    body = _locked(session, actor, body_id)
    if body.node_type is NodeType.COMMITTEE:
        raise Refusal("评委会注销后不能恢复，请重新建立。")
    if body.active:
        raise Conflict(f"“{body.name}”没有注销，不用恢复。")
    if problem := rules.text_problem(reason, "恢复原因", 300):
        raise Invalid({"reason": problem})
    body.active, body.deregistered_at, body.deregistered_reason = True, None, ""
    session.flush()
    audit.record(session, actor, "bodies.restore", body, reason=reason.strip())
    return body


def hold(session: Session, body_ids: Collection[int]) -> dict[int, Body]:
    """The bodies a new record is about to use, by key: nobody deregisters them before this transaction ends.

    Locked in the order of their keys, shared among those who use them. Raises NotFound, and Conflict naming the
    first that is deregistered.
    """
    found: dict[int, Body] = {}
    for keys in parts(body_ids):
        query = sa.select(Body).where(Body.id.in_(keys)).order_by(Body.id)
        locked = query.with_for_update(read=True, of=Body).execution_options(populate_existing=True)
        found |= {body.id: body for body in session.scalars(locked)}
    if len(found) < len({*body_ids}):
        raise NotFound
    for body in found.values():
        if not body.active:
            raise Conflict(f"“{body.name}”已经注销。")
    return found


def _locked(session: Session, actor: Actor, body_id: int) -> Body:
    body = session.get(Body, body_id, with_for_update=True, populate_existing=True)
    if body is None:
        raise NotFound
    require_keeper(actor, body.region_code)
    return body


def _kept(session: Session, actor: Actor, body_id: int) -> Body:
    body = _locked(session, actor, body_id)
    if not body.active:
        raise Conflict(f"“{body.name}”已经注销。")
    return body


def _namesake(session: Session, name: str, region_code: str) -> dict[str, str]:
    """What is asked once more where the region has a body of that name."""
    other = queries.namesake(session, name, region_code)
    if other is None:
        return {}
    return {"another": f"本统筹区已有同名机构“{other.name}”（编码 {other.code}）；确是另一家的，请勾选后再保存。"}


def _cleaned(name: str, nature: BodyNature, credit_code: str, contact_name: str, contact_phone: str) -> dict[str, Any]:
    return {
        "name": name.strip(),
        "nature": nature,
        "credit_code": credit_code.strip().upper(),
        "contact_name": contact_name.strip(),
        "contact_phone": contact_phone.strip(),
    }


def _taken(session: Session, wrong: Collection[str], row: Body | None = None, /, **codes: str) -> dict[str, str]:
    """Codes, by field, that another body has; those found `wrong` already are not looked up."""
    fields = {}
    for field, value in codes.items():
        if not value or field in wrong:
            continue
        other = session.scalar(sa.select(Body).where(getattr(Body, field) == value))
        if other is not None and other is not row:
            fields[field] = f"已被“{other.name}”使用{'' if other.active else _ended(other)}。"
    return fields


def _ended(body: Body) -> str:
    return "（已注销）" if body.node_type is NodeType.COMMITTEE else "，它已注销；确属误注销的，可以在“机构管理”中恢复"


def _record_change(
    session: Session, actor: Actor, action: str, body: Body, changes: dict[str, tuple[Any, Any]]
) -> None:
    if "contact_phone" in changes:
        before, after = changes["contact_phone"]
        changes["contact_phone"] = mask_phone(before), mask_phone(after)
    if changes:
        audit.record(session, actor, action, body, changes=changes)


def _flush(session: Session, taken: str = TAKEN) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(taken) from error
