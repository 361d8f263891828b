from tests.review_plans.conftest import days, stage, world

__all__ = ["days", "stage", "world"]
