"""TrueType glyph records made from any outline, and small TrueType fonts assembled from them.

A CFF font costs tens of milliseconds to subset; a font put together from ready records costs a fraction of one.
Units are font units, 1000 to the em.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack

UNITS_PER_EM = 1000
TOLERANCE = 0.5
"""How far a quadratic may leave the cubic it stands for, in font units."""

_MADE = 3_786_912_000
"""2024-01-01 in seconds since 1904: a fixed date, so that equal documents are equal bytes."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Glyph:
    """A simple glyph. `record` is its entry in `glyf`, padded to four bytes; empty for a blank."""

    advance: int
    left: int
    points: int
    contours: int
    record: bytes


BLANK = Glyph(UNITS_PER_EM, 0, 0, 0, b"")


class OutlinePen:
    """Receives an outline by fontTools' pen protocol and keeps it as quadratic contours."""

    def __init__(self) -> None:
        self.contours: list[list[tuple[int, int, int]]] = []
        self._at: Point = (0, 0)

    def moveTo(self, to: Point) -> None:  # noqa: N802  the protocol's name
        self.contours.append([])
        self._add(to, 1)

    def lineTo(self, to: Point) -> None:  # noqa: N802
        self._add(to, 1)

    def qCurveTo(self, *points: Point) -> None:  # noqa: N802
        for point in points[:-1]:
            self._add(point, 0)
        self._add(points[-1], 1)

    def curveTo(self, one: Point, two: Point, to: Point) -> None:  # noqa: N802
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = self._at, one, two, to
        cx, cy = 3 * (x1 - x0), 3 * (y1 - y0)
        bx, by = 3 * (x2 - x1) - cx, 3 * (y2 - y1) - cy
        ax, ay = x3 - x0 - cx - bx, y3 - y0 - cy - by
        error = math.hypot(ax, ay) * math.sqrt(3) / 36
        parts = max(1, math.ceil((error / TOLERANCE) ** (1 / 3)))
        step = 1 / parts
        for part in range(parts):
            t = part * step
            # the control point at which the part's two end tangents meet, on average
            px, py = ((ax * t + bx) * t + cx) * t + x0, ((ay * t + by) * t + cy) * t + y0
            dx, dy = (3 * ax * t + 2 * bx) * t + cx, (3 * ay * t + 2 * by) * t + cy
            u = t + step
            qx, qy = ((ax * u + bx) * u + cx) * u + x0, ((ay * u + by) * u + cy) * u + y0
            ex, ey = (3 * ax * u + 2 * bx) * u + cx, (3 * ay * u + 2 * by) * u + cy
            self._add(((px + qx) / 2 + (dx - ex) * step / 4, (py + qy) / 2 + (dy - ey) * step / 4), 0)
            self._add((qx, qy), 1)
        self._at = to

    def closePath(self) -> None:  # noqa: N802
        contour = self.contours[-1]
        if len(contour) > 1 and contour[0] == contour[-1]:
            contour.pop()

    endPath = closePath  # noqa: N815

    def _add(self, point: Point, on: int) -> None:
        self.contours[-1].append((round(point[0]), round(point[1]), on))
        self._at = point

    def glyph(self, advance: int) -> Glyph:
        """The outline drawn so far as a record; `advance` in font units."""
        # CFF runs its outer contours the other way round
        contours = [[c[0], *reversed(c[1:])] for c in self.contours if len(c) > 2]
        if not contours:
            return Glyph(advance, 0, 0, 0, b"")
        flags, xs, ys, ends = bytearray(), bytearray(), bytearray(), array("H")
        last_x = last_y = 0
        points = [point for contour in contours for point in contour]
        for x, y, on in points:
            flag = on
            flag |= _coordinate(x - last_x, xs, short=2, same=16)
            flag |= _coordinate(y - last_y, ys, short=4, same=32)
            flags.append(flag)
            last_x, last_y = x, y
        count = -1
        for contour in contours:
            count += len(contour)
            ends.append(count)
        all_x, all_y = [p[0] for p in points], [p[1] for p in points]
        record = pack(">5h", len(contours), min(all_x), min(all_y), max(all_x), max(all_y))
        record += _big_endian(ends) + b"\0\0" + flags + xs + ys
        record += bytes(-len(record) % 4)
        return Glyph(advance, min(all_x), len(points), len(contours), record)


def _coordinate(delta: int, into: bytearray, *, short: int, same: int) -> int:
    """Appends a coordinate's difference and returns its flag bits."""
    if delta == 0:
        return same
    if -256 < delta < 256:
        into.append(abs(delta))
        return short | same if delta > 0 else short
    into += delta.to_bytes(2, "big", signed=True)
    return 0


def _big_endian(values: array[int]) -> bytes:
    if sys.byteorder == "little":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def assemble(glyphs: Sequence[Glyph]) -> bytes:
    """A TrueType font of the tables a PDF needs, `glyphs` numbered from 0; glyph 0 is what an unknown code shows."""
    records = b"".join([glyph.record for glyph in glyphs])
    offsets, at = array("I", [0]), 0
    for glyph in glyphs:
        at += len(glyph.record)
        offsets.append(at)
    metrics = b"".join([pack(">Hh", glyph.advance, glyph.left) for glyph in glyphs])
    number = len(glyphs)
    tables = {
        b"glyf": records,
        b"head": pack(
            ">4I2H2Q4h2H3h",
            0x10000,
            0x10000,
            0,
            0x5F0F3CF5,
            3,
            UNITS_PER_EM,
            _MADE,
            _MADE,
            -1000,
            -1000,
            3000,
            2000,
            0,
            8,
            2,
            1,
            0,
        ),
        b"hhea": pack(
            ">I3hH11hH",
            0x10000,
            1151,
            -286,
            0,
            max(g.advance for g in glyphs),
            -1000,
            -1000,
            3000,
            1,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            number,
        ),
        b"hmtx": metrics,
        b"loca": _big_endian(offsets),
        b"maxp": pack(
            ">I14H",
            0x10000,
            number,
            max(g.points for g in glyphs),
            max(g.contours for g in glyphs),
            0,
            0,
            2,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ),
    }
    power = 1 << (len(tables).bit_length() - 1)
    directory = pack(">I4H", 0x10000, len(tables), power * 16, power.bit_length() - 1, (len(tables) - power) * 16)
    body, at = [], 12 + 16 * len(tables)
    for tag, table in tables.items():
        padded = table + bytes(-len(table) % 4)
        directory += pack(">4s3I", tag, _checksum(padded), at, len(table))
        body.append(padded)
        at += len(padded)
    return directory + b"".join(body)


def _checksum(table: bytes) -> int:
    words = array("I", table)
    if sys.byteorder == "little":
        words.byteswap()
    return sum(words) & 0xFFFFFFFF
