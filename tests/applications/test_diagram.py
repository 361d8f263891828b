"""The diagrams in app/README.md are those of the transition tables."""

from __future__ import annotations

import re
from pathlib import Path

from app.applications.workflow import APPLICATION
from app.review_plans.workflow import PLAN

README = Path(__file__).resolve().parents[2] / "app" / "README.md"
BLOCK = re.compile(r"```mermaid\n(.*?)\n```", re.DOTALL)


def test_the_diagrams_are_current() -> None:
    assert BLOCK.findall(README.read_text(encoding="utf-8")) == [APPLICATION.diagram(), PLAN.diagram()]


if __name__ == "__main__":
    current = iter((APPLICATION.diagram(), PLAN.diagram()))
    text = BLOCK.sub(lambda _: f"```mermaid\n{next(current)}\n```", README.read_text(encoding="utf-8"))
    README.write_text(text, encoding="utf-8")
