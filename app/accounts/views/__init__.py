"""The screens of accounts: signing in, and the administrator's lists."""
