"""Reading the reference data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.catalog.models import EligibilityRule, MaterialRequirement, Region, Setting, Speciality, Title, TitleSeries
from app.core import clock, search

_MANY = 1_000


def setting(session: Session, key: str, default: str) -> str:
    """The value in force of a setting, or `default` where the authority never set one."""
    found = session.scalar(
        sa.select(Setting.value)
        .where(Setting.key == key, Setting.since <= clock.now())
        .order_by(Setting.since.desc())
        .limit(1)
    )
    return default if found is None else found


def requirements_for(
    session: Session, *, series_id: int, level: TitleLevel, method: AcquisitionMethod
) -> list[MaterialRequirement]:
    """The checklist of 申报材料 of a series, level and method, in its order."""
    return list(
        session.scalars(
            sa.select(MaterialRequirement)
            .where(
                sa.or_(MaterialRequirement.series_id.is_(None), MaterialRequirement.series_id == series_id),
                sa.or_(MaterialRequirement.level.is_(None), MaterialRequirement.level == level),
                sa.or_(MaterialRequirement.method.is_(None), MaterialRequirement.method == method),
            )
            .order_by(MaterialRequirement.seq, MaterialRequirement.id)
        )
    )


def eligibility_rules(
    session: Session, *, method: AcquisitionMethod, level: TitleLevel, year: int
) -> list[EligibilityRule]:
    """Every rule of a method and level in force in a year of policy."""
    return list(
        session.scalars(
            sa.select(EligibilityRule).where(
                EligibilityRule.method == method,
                EligibilityRule.level == level,
                EligibilityRule.year_from <= year,
                sa.or_(EligibilityRule.year_until.is_(None), EligibilityRule.year_until >= year),
            )
        )
    )


def speciality_ancestors(session: Session, speciality_id: int) -> list[int]:
    """The node itself and every node above it, nearest first: one recursive query."""
    node = sa.select(Speciality.id, Speciality.parent_id, sa.literal(0).label("depth")).where(
        Speciality.id == speciality_id
    )
    above = node.cte("above", recursive=True)
    above = above.union_all(
        sa.select(Speciality.id, Speciality.parent_id, above.c.depth + 1).where(Speciality.id == above.c.parent_id)
    )
    return list(session.scalars(sa.select(above.c.id).order_by(above.c.depth)))


def speciality_and_below(speciality_id: int) -> sa.Select[tuple[int]]:
    """The keys of a node and of everything below it, as a subquery."""
    below = sa.select(Speciality.id).where(Speciality.id == speciality_id).cte("below", recursive=True)
    below = below.union_all(sa.select(Speciality.id).where(Speciality.parent_id == below.c.id))
    return sa.select(below.c.id)


def search_specialities(
    session: Session, text: str, *, series_id: int | None = None, limit: int = 20
) -> list[Speciality]:
    """By name, code or pinyin initials, a code that is whole first, then the nearest; leaves and branches alike."""
    found = search.finds(text, name=Speciality.name, initials=Speciality.pinyin, codes=(Speciality.code,))
    query = sa.select(Speciality).where(Speciality.active, found)
    if series_id is not None:
        query = query.where(Speciality.series_id == series_id)
    whole = sa.case((Speciality.code == text.strip().upper(), 0), else_=1)
    order = (whole, *search.nearest(text, name=Speciality.name), Speciality.code)
    return list(session.scalars(query.options(joinedload(Speciality.parent)).order_by(*order).limit(limit)))


def all_series(session: Session) -> list[TitleSeries]:
    return list(session.scalars(sa.select(TitleSeries).order_by(TitleSeries.number)))


def titles_of(session: Session, series_id: int, level: TitleLevel) -> list[Title]:
    """The titles of a series at a level: one per branch."""
    return list(
        session.scalars(
            sa.select(Title).where(Title.series_id == series_id, Title.level == level, Title.active).order_by(Title.id)
        )
    )


def specialities_of(session: Session, series_id: int) -> list[Speciality]:
    """The leaves of a series' tree: what an applicant may choose."""
    below = sa.orm.aliased(Speciality)
    return list(
        session.scalars(
            sa.select(Speciality)
            .where(
                Speciality.series_id == series_id,
                Speciality.active,
                ~sa.exists().where(below.parent_id == Speciality.id, below.active),
            )
            .order_by(Speciality.code)
        )
    )


def region_in_force(session: Session, code: str, on: date) -> Region | None:
    """The region of a code if the code was in force on `on` (431121 祁阳县 until 2021-01-19)."""
    return session.scalar(
        sa.select(Region).where(
            Region.code == code,
            sa.or_(Region.valid_from.is_(None), Region.valid_from <= on),
            sa.or_(Region.valid_until.is_(None), Region.valid_until >= on),
        )
    )


def speciality_nodes(session: Session) -> list[sa.Row[tuple[int, int | None, str, str, str]]]:
    """Every node of the speciality tree as (id, parent_id, code, name, pinyin), by code: rows, not entities."""
    query = sa.select(Speciality.id, Speciality.parent_id, Speciality.code, Speciality.name, Speciality.pinyin)
    return list(session.execute(query.order_by(Speciality.code)))


def specialities_by_key(session: Session, keys: Sequence[int]) -> Iterator[Speciality]:
    """The nodes of these keys with the nodes above them, in the order of the keys."""
    query = sa.select(Speciality).options(joinedload(Speciality.parent))
    for start in range(0, len(keys), _MANY):
        piece = keys[start : start + _MANY]
        found = {row.id: row for row in session.scalars(query.where(Speciality.id.in_(piece)))}
        yield from (found[key] for key in piece)


def speciality_path(session: Session, speciality_id: int) -> list[Speciality]:
    """The nodes from the top to the node itself."""
    ids = speciality_ancestors(session, speciality_id)
    found = {row.id: row for row in session.scalars(sa.select(Speciality).where(Speciality.id.in_(ids)))}
    return [found[key] for key in reversed(ids)]


def next_code(session: Session, parent: Speciality) -> str:
    """A free code for a node below `parent`, two digits longer than its own; empty where there is none."""
    taken = set(session.scalars(sa.select(Speciality.code).where(Speciality.code.startswith(parent.code))))
    return next((code for n in range(1, 100) if (code := f"{parent.code}{n:02d}") not in taken and len(code) <= 20), "")


def all_titles(session: Session) -> list[Title]:
    """The title tree's leaves: by series, branch, then from the highest level down."""
    rows = session.scalars(sa.select(Title)).all()
    return sorted(rows, key=lambda row: (row.series_id, row.branch, -row.level.rank, row.id))


def first_of_branch(session: Session, title: Title) -> int | None:
    """The least id among the titles of a title's branch, None where it stands in none: the tree names a branch by it."""
    same = sa.select(sa.func.min(Title.id)).where(Title.series_id == title.series_id, Title.branch == title.branch)
    return session.scalar(same) if title.branch else None


def top_speciality(session: Session, series_id: int) -> int | None:
    """The 栏目大类 of a series: all its specialities."""
    return session.scalar(
        sa.select(Speciality.id).where(Speciality.series_id == series_id, Speciality.parent_id.is_(None))
    )


def regions_of(session: Session, prefix: str) -> list[Region]:
    """The regions in force whose code begins with `prefix`, from the largest down."""
    today = clock.today()
    return list(
        session.scalars(
            sa.select(Region)
            .where(
                Region.code.startswith(prefix),
                sa.or_(Region.valid_from.is_(None), Region.valid_from <= today),
                sa.or_(Region.valid_until.is_(None), Region.valid_until >= today),
            )
            .order_by(Region.code)
        )
    )
