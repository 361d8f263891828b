"""What-if: whoever acts for a body no longer can once it is deregistered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.accounts.services import posts_at
from app.bodies.models import Body
from app.web.cautions import Caution, consequences


def _posts(session: Session, body: Body) -> Sequence[Caution]:
    count = posts_at(session, body.id, officers=False) if body.active else 0
    return (Caution(f"{count} 个代表它办理业务的身份将随之终止。"),) if count else ()


consequences[Body].append(_posts)
