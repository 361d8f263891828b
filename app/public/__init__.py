"""Pages anyone may open without signing in: the front page, notices, the certificate check."""
