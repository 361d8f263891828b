"""Committees and batches are public; who sits in one is not (and is not here)."""

from app.committees.models import (
    AnnualBatch,
    BatchSpeciality,
    Committee,
    CoveredSpeciality,
    FeeStandard,
    FoundingBody,
)
from app.core.enums import Role
from app.core.scope import registry

registry.public(Committee, CoveredSpeciality, FoundingBody, FeeStandard, writers={Role.HR_OFFICER, Role.SYSADMIN})
registry.public(AnnualBatch, BatchSpeciality, writers={Role.COMMITTEE, Role.HR_OFFICER})
