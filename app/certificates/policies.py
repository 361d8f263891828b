"""A holder sees his certificates, a unit those of its people, offices and officers those of their region.

Of their region: the holder's unit lies there, or the authority that issued the certificate does.
"""

from typing import Any

import sqlalchemy as sa

from app.bodies.models import Body, IssuingAuthority
from app.certificates.models import Certificate, CertificateLog, CertificateNumber, NumberPool
from app.core.enums import Role
from app.core.scope import Actor, registry

_c = Certificate.__table__.c
_i = IssuingAuthority.__table__.c
_b = Body.__table__.c


def certificate_rows(actor: Actor) -> Any:
    if actor.role is Role.APPLICANT and actor.person_id:
        return _c.person_id == actor.person_id
    if actor.role is Role.UNIT and actor.body_id:
        return _c.employer_id == actor.body_id
    if actor.role in (Role.HR_OFFICER, Role.TITLE_OFFICE) and actor.region_prefix:
        if len(actor.region_prefix) == 2:
            return True
        ours = sa.select(_i.id).where(_i.body_id == _b.id, _b.region_code.startswith(actor.region_prefix))
        return sa.or_(_c.region_code.startswith(actor.region_prefix), _c.issuing_authority_id.in_(ours))
    return False


registry.scoped(Certificate, certificate_rows)
# The pool holds no person's data, and issuing must see every number to take none twice.
registry.public(NumberPool, CertificateNumber, writers={Role.HR_OFFICER, Role.TITLE_OFFICE})
registry.system(CertificateLog)
