"""The five procedures."""

from app.catalog.enums import AcquisitionMethod, TitleLevel
from app.core.enums import Labelled


class Procedure(Labelled):
    INITIAL_DETERMINATION = "initial_determination", "职称初定"
    RECOGNITION = "recognition", "职称认定"
    JUNIOR_REVIEW = "junior_review", "初评会"
    INTERMEDIATE_REVIEW = "intermediate_review", "中评会"
    SENIOR_REVIEW = "senior_review", "高评会"

    @classmethod
    def of(cls, method: AcquisitionMethod, level: TitleLevel) -> "Procedure":
        """The procedure an application of `method` at `level` follows."""
        if method is AcquisitionMethod.INITIAL_DETERMINATION:
            return cls.INITIAL_DETERMINATION
        if method is AcquisitionMethod.RECOGNITION:
            return cls.RECOGNITION
        if level.rank >= TitleLevel.ASSOCIATE_SENIOR.rank:
            return cls.SENIOR_REVIEW
        return cls.INTERMEDIATE_REVIEW if level is TitleLevel.INTERMEDIATE else cls.JUNIOR_REVIEW


class Direction(Labelled):
    """A28: which neighbours of a body are asked for."""

    UP = "up", "查询机构上级机构"
    DOWN = "down", "查询机构下级机构"
