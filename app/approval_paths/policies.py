"""The configured paths are no secret: every applicant's choice of final body follows from them."""

from app.approval_paths.models import PathEdge
from app.core.enums import Role
from app.core.scope import registry

registry.public(PathEdge, writers={Role.HR_OFFICER, Role.TITLE_OFFICE, Role.COMMITTEE, Role.DEPARTMENT, Role.UNIT})
