"""Certificates: the number pool, issuing, the signed PDF, and the log anyone can check."""
