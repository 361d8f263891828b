"""The vocabulary of titles, regions and checklists."""

from app.core.enums import Labelled


class RegionLevel(Labelled):
    PROVINCE = "province", "省"
    CITY = "city", "市州"
    COUNTY = "county", "县市区"


class TitleLevel(Labelled):
    """职称级别, lowest first: `rank` orders them."""

    CLERK = "clerk", "员级"
    ASSISTANT = "assistant", "助理级"
    INTERMEDIATE = "intermediate", "中级"
    ASSOCIATE_SENIOR = "associate_senior", "副高级"
    FULL_SENIOR = "full_senior", "正高级"

    @property
    def rank(self) -> int:
        return list(TitleLevel).index(self)


class AcquisitionMethod(Labelled):
    """取得方式."""

    INITIAL_DETERMINATION = "initial_determination", "初定"
    RECOGNITION = "recognition", "认定"
    REVIEW = "review", "评审"

    @property
    def levels(self) -> frozenset[TitleLevel]:
        """The levels it gives: 初定 ends at 中级 (law.md)."""
        if self is AcquisitionMethod.INITIAL_DETERMINATION:
            return frozenset(level for level in TitleLevel if level.rank <= TitleLevel.INTERMEDIATE.rank)
        return frozenset(TitleLevel)


class Education(Labelled):
    """学历, lowest first: `rank` orders them."""

    SECONDARY = "secondary", "中专"
    JUNIOR_COLLEGE = "junior_college", "大专"
    BACHELOR = "bachelor", "本科"
    MASTER = "master", "硕士"
    DOCTOR = "doctor", "博士"

    @property
    def rank(self) -> int:
        return list(Education).index(self)
