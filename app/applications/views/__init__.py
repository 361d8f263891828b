"""The screens of applications, one file a group of people."""

from app.applications.views import cautions

__all__ = ["cautions"]
