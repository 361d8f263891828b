"""Screens of approval paths."""
