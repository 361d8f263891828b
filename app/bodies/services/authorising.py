"""What a body may decide (A3) and issue certificates under (A9)."""

from __future__ import annotations

from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.bodies import queries, rules
from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.bodies.services.keeping import Use, hold, require_keeper, uses
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core import audit, clock
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import Actor

Row = TypeVar("Row", Acceptance, IssuingAuthority)
code_uses: list[Use] = []
"""What keeps an issuing code as it is: asked of the authority by each domain that writes the code somewhere."""


# -- A3 职称初定/认定受理机构管理 -------------------------------------------------------------------------------


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
    """Say that a body decides 初定 or 认定 of a level, and the name printed. A deregistered one revives."""
    body = _authorised(session, actor, body_id)
    fields = rules.acceptance_problem(body.node_type, method, level) | _said_problem(printed_name, guideline)
    if fields:
        raise Invalid(fields)
    taken = Conflict(f"“{body.name}”已经受理{level.label}的{method.label}。")
    row = session.scalar(
        sa.select(Acceptance).where(
            Acceptance.body_id == body_id, Acceptance.method == method, Acceptance.level == level
        )
    )
    if row is not None and row.active:
        raise taken
    row = row or Acceptance(body=body, method=method, level=level)
    row.printed_name, row.guideline = printed_name.strip(), guideline.strip()
    _revive(session, row, taken)
    audit.record(
        session,
        actor,
        "bodies.add_acceptance",
        row,
        body=body.name,
        method=method,
        level=level,
        printed_name=row.printed_name,
        guideline=row.guideline,
    )
    return row


def change_acceptance(session: Session, *, actor: Actor, acceptance_id: int, printed_name: str) -> None:
    """A3 编辑: what is printed; the body, method and level stay what they are."""
    row = _kept(session, actor, Acceptance, acceptance_id)
    _raise(_said_problem(printed_name))
    _record(session, actor, "bodies.change_acceptance", row, printed_name=printed_name.strip())


def set_guideline(session: Session, *, actor: Actor, acceptance_id: int, guideline: str) -> None:
    """【申报须知】: what applicants read when they choose this body."""
    row = _kept(session, actor, Acceptance, acceptance_id)
    if problem := rules.guideline_problem(guideline):
        raise Invalid({"guideline": problem})
    _record(session, actor, "bodies.set_guideline", row, guideline=guideline.strip())


def deregister_acceptance(session: Session, *, actor: Actor, acceptance_id: int, reason: str) -> None:
    """End what a body decides; applications on their way keep the path copied at submission."""
    _end(session, actor, _kept(session, actor, Acceptance, acceptance_id), "bodies.deregister_acceptance", reason)


# -- A9 发证单位编码配置 ----------------------------------------------------------------------------------------


def add_issuing_authority(
    session: Session, *, actor: Actor, body_id: int, code: str, printed_name: str
) -> IssuingAuthority:
    """A body's code on certificates, up to 8 letters and digits. A deregistered one revives.

    The code of a deregistered one stays its own: numbers under it may be in people's hands.
    """
    body, code = _authorised(session, actor, body_id), code.strip().upper()
    row = session.scalar(
        sa.select(IssuingAuthority).where(IssuingAuthority.body_id == body_id).with_for_update(of=IssuingAuthority)
    )
    if row is not None and row.active:
        raise Conflict(f"“{body.name}”已有发证单位编码 {row.code}。")
    _raise(_code_problem(session, code, row) | _said_problem(printed_name))
    row = row or IssuingAuthority(body=body)
    row.code, row.printed_name = code, printed_name.strip()
    _revive(session, row, Conflict(f"编码 {code} 刚刚被其他机构使用。"))
    audit.record(
        session,
        actor,
        "bodies.add_issuing_authority",
        row,
        body=body.name,
        code=code,
        printed_name=row.printed_name,
    )
    return row


def change_issuing_authority(
    session: Session, *, actor: Actor, authority_id: int, code: str, printed_name: str
) -> None:
    """A9 编辑: what is printed, and the code while no number was issued under it."""
    row, code = _kept(session, actor, IssuingAuthority, authority_id), code.strip().upper()
    _raise(_code_problem(session, code, row) | _said_problem(printed_name))
    taken = Conflict(f"编码 {code} 刚刚被其他机构使用。")
    _record(session, actor, "bodies.change_issuing_authority", row, taken, code=code, printed_name=printed_name.strip())


def deregister_issuing_authority(session: Session, *, actor: Actor, authority_id: int, reason: str) -> None:
    """A9 注销: no number is taken under the code any more; those given out stay."""
    row = _kept(session, actor, IssuingAuthority, authority_id)
    _end(session, actor, row, "bodies.deregister_issuing_authority", reason)


def _code_problem(session: Session, code: str, row: IssuingAuthority | None) -> dict[str, str]:
    """What is wrong with a code for `row`: malformed, another's in numbers, or not the one its numbers bear."""
    if problem := rules.issuing_code_problem(code):
        return {"code": problem}
    same = sa.func.rtrim(IssuingAuthority.code, "0") == rules.stem(code)
    others = IssuingAuthority.id != row.id if row else sa.true()
    other = session.scalar(sa.select(IssuingAuthority).where(same, others).order_by(IssuingAuthority.id).limit(1))
    if other is not None:
        alike = "" if other.code == code else f"（{other.code}，补足位数后相同）"
        return {"code": f"编码 {code} 已由“{other.printed_name}”使用{alike}。"}
    if (
        row is not None
        and code != row.code
        and (found := [what for use in code_uses if (what := use(session, row.id))])
    ):
        return {"code": f"编码 {row.code} 已用于{'；'.join(found)}，不能更改。"}
    return {}


# -- both ------------------------------------------------------------------------------------------------------


def _authorised(session: Session, actor: Actor, body_id: int) -> Body:
    """The body, held; NotFound, NotAllowed, or Conflict where it is deregistered."""
    body = hold(session, [body_id])[body_id]
    require_keeper(actor, body.region_code)
    return body


def _kept(session: Session, actor: Actor, model: type[Row], key: int) -> Row:
    row = session.get(model, key, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    require_keeper(actor, row.body.region_code)
    if not row.active:
        raise Conflict("这条记录已经注销，不能修改。")
    return row


def _said_problem(printed_name: str, guideline: str = "") -> dict[str, str]:
    checks = {
        "printed_name": rules.name_problem(printed_name, rules.PRINTED_NAME),
        "guideline": rules.guideline_problem(guideline),
    }
    return {field: problem for field, problem in checks.items() if problem}


def _raise(fields: dict[str, str]) -> None:
    if fields:
        raise Invalid(fields)


def _record(
    session: Session,
    actor: Actor,
    action: str,
    row: Acceptance | IssuingAuthority,
    taken: Conflict | None = None,
    **values: str,
) -> None:
    """Change a row, and say so where anything differs."""
    changes = audit.assign(row, **values)
    _flush(session, taken)
    if changes:
        audit.record(session, actor, action, row, changes=changes)


def _revive(session: Session, row: Acceptance | IssuingAuthority, taken: Conflict) -> None:
    row.active, row.deregistered_at, row.deregistered_reason = True, None, ""
    session.add(row)
    _flush(session, taken)


def _end(session: Session, actor: Actor, row: Acceptance | IssuingAuthority, action: str, reason: str) -> None:
    if problem := rules.text_problem(reason, "注销原因", 300):
        raise Invalid({"reason": problem})
    row.active, row.deregistered_at, row.deregistered_reason = False, clock.now(), reason.strip()
    audit.record(session, actor, action, row, reason=reason.strip())


def _flush(session: Session, taken: Conflict | None) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        if taken is None:
            raise
        raise taken from error


def _decides(session: Session, body_id: int) -> str | None:
    found = session.scalars(
        sa.select(Acceptance).where(Acceptance.body_id == body_id, Acceptance.active).order_by(Acceptance.id)
    ).all()
    return "受理" + "、".join(f"{row.level.label}{row.method.label}" for row in found) if found else None


def _issues(session: Session, body_id: int) -> str | None:
    authority = queries.issuing_authority_of(session, body_id)
    return f"发证单位编码 {authority.code}" if authority else None


uses += [_decides, _issues]
