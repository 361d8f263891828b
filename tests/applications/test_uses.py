"""What applications use of the two trees is named when somebody would delete it."""

import pytest

from app.catalog import services as catalog
from app.catalog.enums import TitleLevel
from app.core.errors import Invalid, Refusal
from tests.applications.world import World
from tests.places import PROVINCE, act


def test_a_draft_nobody_else_sees_still_holds_its_speciality_and_title(world: World) -> None:
    row = world.get(world.draft(world.applicant()))
    with pytest.raises(Refusal, match="1 份职称申报"):
        act(PROVINCE, catalog.delete_speciality, speciality_id=row.speciality_id)
    with pytest.raises(Refusal, match="1 份职称申报"):
        act(PROVINCE, catalog.delete_title, title_id=row.title_id)
    with pytest.raises(Invalid, match="不能改变职称级别"):
        act(PROVINCE, catalog.change_title, title_id=row.title_id, level=TitleLevel.FULL_SENIOR, name="教授级")
