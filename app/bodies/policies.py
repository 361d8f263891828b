"""Bodies are a public register; title offices and HR officers keep it."""

from app.bodies.models import Acceptance, Body, IssuingAuthority
from app.core.enums import Role
from app.core.scope import registry

registry.public(Body, Acceptance, IssuingAuthority, writers={Role.HR_OFFICER, Role.SYSADMIN})
