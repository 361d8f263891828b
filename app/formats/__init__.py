"""Spreadsheet and PDF engines. No domain words, no web, no database."""
