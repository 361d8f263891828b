"""Reference data is read by all; the province keeps it."""

from app.catalog.models import (
    EligibilityRule,
    MaterialRequirement,
    Region,
    Setting,
    Speciality,
    Title,
    TitleSeries,
)
from app.core.enums import Role
from app.core.scope import registry

registry.public(
    Region,
    Speciality,
    TitleSeries,
    Title,
    MaterialRequirement,
    EligibilityRule,
    Setting,
    writers={Role.HR_OFFICER, Role.SYSADMIN},
)
