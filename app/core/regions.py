"""Codes of administrative regions (GB/T 2260): six digits, two each for province, city and county."""

from __future__ import annotations


def region_prefix(code: str) -> str:
    """'43' of the province's code, '4301' of a city's, '430102' of a county's."""
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def region_above(code: str) -> str:
    """The code of the region directly around another: a county's city, a city's province, "" of the province."""
    return "" if code.endswith("0000") else code[:2] + "0000" if code.endswith("00") else code[:4] + "00"
