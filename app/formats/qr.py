"""QR codes as PDF path commands."""

from __future__ import annotations

import segno


def qr_commands(text: str, x: float, y: float, size: float) -> str:
    """A QR code of `text` (error correction M) as filled squares, `size` points wide at lower left (x, y)."""
    matrix = segno.make_qr(text, error="m", boost_error=False).matrix
    count = len(matrix)
    cell = size / count
    parts = ["0 0 0 rg\n"]
    for row, line in enumerate(matrix):
        top = y + size - (row + 1) * cell
        column = 0
        while column < count:
            if not line[column]:
                column += 1
                continue
            run = 1
            while column + run < count and line[column + run]:
                run += 1
            parts.append(f"{x + column * cell:.2f} {top:.2f} {run * cell:.2f} {cell:.2f} re\n")
            column += run
    parts.append("f\n")
    return "".join(parts)
