"""The screens of accounts: signing in, and the administrator's lists."""

from app.accounts.views import cautions

__all__ = ["cautions"]
