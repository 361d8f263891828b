"""What an edge may be: whom it may join, who may say so, and whether it says anything new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from app.approval_paths.enums import Procedure
from app.approval_paths.rules.loops import Way
from app.bodies.enums import NodeType
from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core.regions import region_above, region_prefix

LEVELS: Mapping[Procedure, frozenset[TitleLevel]] = {
    Procedure.INITIAL_DETERMINATION: AcquisitionMethod.INITIAL_DETERMINATION.levels,
    Procedure.RECOGNITION: AcquisitionMethod.RECOGNITION.levels,
    Procedure.JUNIOR_REVIEW: frozenset({TitleLevel.CLERK, TitleLevel.ASSISTANT}),
    Procedure.INTERMEDIATE_REVIEW: frozenset({TitleLevel.INTERMEDIATE}),
    Procedure.SENIOR_REVIEW: frozenset({TitleLevel.ASSOCIATE_SENIOR, TitleLevel.FULL_SENIOR}),
}
"""The levels an application of a procedure can have (Procedure.of)."""
WITHOUT_COMMITTEE = frozenset({Procedure.INITIAL_DETERMINATION, Procedure.RECOGNITION})


def edge_problem(
    procedure: Procedure, level: TitleLevel | None, below: NodeType | None, above: NodeType | None
) -> dict[str, str]:
    """What is wrong with an edge by the kinds of its ends, by field (guide 1.4 to 1.8): applications rise from units.

    Of what is None, nothing is known.
    """
    fields: dict[str, str] = {}
    if level and level not in LEVELS[procedure]:
        fields["level"] = f"{procedure.label}审核路径不办{level.label}。"
    if below is NodeType.COMMITTEE:
        fields["subordinate_id"] = "评委会是终审机构，不能作为下级。"
    if above is NodeType.UNIT:
        fields["superior_id"] = "所在单位不能作为上级机构。"
    elif above is NodeType.COMMITTEE and procedure in WITHOUT_COMMITTEE:
        fields["superior_id"] = f"{procedure.label}由受理机构终审，不经评委会。"
    return fields


def keeping_problem(region: str, *, own: bool, above: str) -> dict[str, str]:
    """Why an HR officer of a region can't say who is above a body of it, by field: the superior stands in that region or in
    the one directly around it; and whom his own body is below, its superior says (guide 1.28).

    own: whether the subordinate is the officer's own body; above: the region of the superior.
    """
    if not above.startswith(region_prefix(region)) and above != region_above(region):
        return {"superior_id": "上级机构应在本统筹区内，或是上一级统筹区的；其他的路径由上级人社部门配置。"}
    if own and region_above(region):
        return {"subordinate_id": "本机构的上级由上级人社部门或评委会指定，再由本机构确认。"}
    return {}


def wider(way: Way, ancestors: Sequence[int]) -> Iterator[Way]:
    """The way itself, then all between the same two that carry whatever it carries. `ancestors`: of its speciality, itself first."""
    yield way
    for speciality in (*ancestors, None) if way.speciality is not None else (None,):
        for series in (way.series, None):
            if (series, speciality) != (way.series, way.speciality):
                yield way._replace(series=series, speciality=speciality)


def twice(below: str, above: str, *, wholly: bool = True) -> str:
    """What is said of an edge that is there, or (not `wholly`) that one without its limits makes superfluous."""
    if wholly:
        return f"“{below}”已经是“{above}”的下级，无需重复配置。"
    return f"“{below}”已经是“{above}”的下级，已有的路径范围更大，包括这一条，无需重复配置。"
