"""QR codes as PDF path operators: sharp at any size, no image."""

from __future__ import annotations

import segno

MASK = 2
"""Readers take any mask; choosing the best of eight costs four times the rest of the code's making."""
QUIET = 4
"""Blank modules the standard asks for on each side."""


def qr_modules(text: str) -> list[bytearray]:
    """The rows of the code without its quiet zone, 1 for dark. Error correction M.

    Raises `ValueError` if `text` is empty or does not fit a code.
    """
    if not text:
        raise ValueError("nothing to encode")
    return list(segno.make(text, error="m", boost_error=False, micro=False, mask=MASK).matrix)


def qr_path(text: str, x: float, y: float, size: float) -> str:
    """Operators filling the code into the square at `x`, `y` (its lower left), `size` wide, all in points.

    The quiet zone lies inside the square. Raises `ValueError` as `qr_modules` does.
    """
    rows = qr_modules(text)
    count = len(rows)
    module = size / (count + 2 * QUIET)
    # in units of one module, y down from the code's top; rows overlap a little so that no seam shows
    parts = [f"q {module:.4f} 0 0 {-module:.4f} {x + QUIET * module:.3f} {y + size - QUIET * module:.3f} cm"]
    for number, row in enumerate(rows):
        start = row.find(1)
        while start >= 0:
            end = row.find(0, start)
            if end < 0:
                end = count
            parts.append(f"{start} {number} {end - start} 1.02 re")
            start = row.find(1, end)
    parts.append("f Q")
    return "\n".join(parts)
