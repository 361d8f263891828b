"""What applications use of the two trees is named when somebody would delete it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.applications.services import uses
from app.approval_paths.models import PathEdge
from app.bodies.models import Acceptance
from app.catalog import services as catalog
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.committees import services as committees
from app.committees.models import AnnualBatch
from app.core.db import read_session
from app.core.enums import Role
from app.core.errors import Invalid, Refusal
from tests.applications.world import World
from tests.places import PROVINCE, SYSTEM, act, actor_of


def test_a_draft_nobody_else_sees_still_holds_its_speciality_and_title(world: World) -> None:
    row = world.get(world.draft(world.applicant()))
    with pytest.raises(Refusal, match="1 份职称申报"):
        act(PROVINCE, catalog.delete_speciality, speciality_id=row.speciality_id)
    with pytest.raises(Refusal, match="1 份职称申报"):
        act(PROVINCE, catalog.delete_title, title_id=row.title_id)
    with pytest.raises(Invalid, match="不能改变职称级别"):
        act(PROVINCE, catalog.change_title, title_id=row.title_id, level=TitleLevel.FULL_SENIOR, name="教授级")


def test_a_batch_somebody_entered_can_only_be_lengthened(world: World) -> None:
    row = world.get(world.draft(world.applicant(), AcquisitionMethod.REVIEW))
    actor = actor_of(row.final_body_id, Role.COMMITTEE)
    with read_session(SYSTEM) as session:
        batch = session.get_one(AnnualBatch, row.batch_id)
        values = {name: getattr(batch, name) for name in ("opens_on", "closes_on", "review_from", "review_until")}
        values |= {"name": batch.name, "levels": [TitleLevel(value) for value in batch.levels]}
    at = {"batch_id": row.batch_id}
    for changes in (
        {"name": "改名"},
        {"levels": [TitleLevel.FULL_SENIOR]},
        {"opens_on": values["opens_on"] - timedelta(days=1)},
        {"closes_on": values["closes_on"] - timedelta(days=1)},
    ):
        with pytest.raises(Refusal, match="已有1 份职称申报，只能延长"):
            act(actor, committees.change_batch, **at, **(values | changes))
    later = values["closes_on"] + timedelta(days=1)
    act(actor, committees.change_batch, **at, **(values | {"closes_on": later}))
    with read_session(SYSTEM) as session:
        assert session.get_one(AnnualBatch, row.batch_id).closes_on == later


def test_a_body_an_application_has_yet_to_pass_stays(world: World) -> None:
    row = world.get(world.draft(world.applicant()))
    with read_session(SYSTEM) as session:
        assert uses.body_in_use(session, row.employer_id) == "1 份职称申报"
        assert uses.body_in_use(session, row.final_body_id) == "1 份职称申报"
        assert uses.body_in_use(session, 999_999) is None


def test_applications_on_their_way_are_counted_by_edge_and_acceptance(world: World) -> None:
    row = world.get(world.submitted(world.applicant()))
    with read_session(SYSTEM) as session:
        nodes = world.get(row.id).nodes
        first, second, last = nodes[0].body_id, nodes[1].body_id, nodes[-1].body_id
        edges = session.scalars(sa.select(PathEdge).where(PathEdge.level == row.level)).all()
        here = [one for one in edges if (one.subordinate_id, one.superior_id) == (first, second)]
        assert [uses.affected(session, one) for one in here] == ["1 份职称申报"]
        assert all(uses.affected(session, one) is None for one in edges if one.subordinate_id == last)
        taken = session.scalars(sa.select(Acceptance).where(Acceptance.body_id == row.final_body_id)).all()
        assert [uses.affected(session, one) for one in taken if one.level == row.level] == ["1 份职称申报"]
