"""A holder sees his certificates, a unit those of its people, offices and officers those of their region."""

from typing import Any

from app.certificates.models import Certificate, CertificateLog, CertificateNumber, NumberPool
from app.core.enums import Role
from app.core.scope import Actor, registry

_c = Certificate.__table__.c


def certificate_rows(actor: Actor) -> Any:
    if actor.role is Role.APPLICANT and actor.person_id:
        return _c.person_id == actor.person_id
    if actor.role is Role.UNIT and actor.body_id:
        return _c.employer_id == actor.body_id
    if actor.role in (Role.HR_OFFICER, Role.TITLE_OFFICE) and actor.region_prefix:
        return True if len(actor.region_prefix) == 2 else _c.region_code.startswith(actor.region_prefix)
    return False


registry.scoped(Certificate, certificate_rows)
# The pool holds no person's data, and issuing must see every number to take none twice.
registry.public(NumberPool, CertificateNumber, writers={Role.HR_OFFICER, Role.TITLE_OFFICE})
registry.system(CertificateLog)
