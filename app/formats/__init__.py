"""Spreadsheet and PDF engines: no domain words, no Flask, no SQLAlchemy."""
