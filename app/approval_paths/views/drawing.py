"""The picture of A28: bodies as boxes, steps as arrows between and around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.approval_paths.queries import PathNode, Reach, mending
from app.approval_paths.rules import layout

STEP, ROW, WIDTH, HEIGHT = 250, 132, 200, 56
"""Pixels of the picture: from one step to the next, from one body to the next, and a body's box."""
GAP, LANE, EDGE = STEP - WIDTH, 16, 10
"""Between two steps, where arrows rise and fall; a lane above a row for one that passes it by; the picture's margin."""
LINE, NOTE, NOTES = 13, 17, 4
"""Characters of a name that fit a line of its box, of a note below it, and the most lines of that."""

NOT_TAKEN = "仍逐级上报，不走这一步"


@dataclass(frozen=True)
class Box:
    """A body in the picture. tone: start, plain, final, broken or obstructed; `lines` its name, `notes` why it ends and who mends it."""

    x: int
    y: int
    lines: Sequence[str]
    tone: str
    notes: Sequence[str]


@dataclass(frozen=True)
class Arrow:
    """A step upwards; `word` at (x, y) says of one that is there and not taken that it isn't."""

    line: str
    word: str = ""
    x: int = 0
    y: int = 0


@dataclass(frozen=True)
class Picture:
    width: int
    height: int
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]


def picture(found: Reach, start: PathNode) -> Picture:
    """The paths as boxes and arrows, the employer on the left; where they break stands out, with who must mend it.

    An arrow that passes steps by has a lane of its own above the row it comes from, clear of boxes and notes.
    """
    nodes = {start.body_id: start} | {n.body_id: n for pair in found.climbed for n in pair}
    steps = dict.fromkeys((low.body_id, high.body_id) for low, high in found.climbed)
    places = layout(start.body_id, steps)
    drawn = [(low, high) for low, high in steps if low in places and high in places]
    passing = [one for one in drawn if places[one[1]].step - places[one[0]].step > 1]
    rows, tops, lanes = max(place.row for place in places.values()) + 1, [], dict[tuple[int, int], int]()
    y = EDGE
    for row in range(rows):
        here = [one for one in passing if places[one[0]].row == row]
        lanes |= {one: y + LANE * (number + 1) for number, one in enumerate(here)}
        y += LANE * (len(here) + 1) if here else 0
        tops.append(y)
        y += ROW
    corners = {key: (place.step * STEP + EDGE, tops[place.row]) for key, place in places.items()}
    broken, obstructed = ({n.body_id for n in ends} for ends in (found.broken, found.obstructed))
    boxes = []
    for key in places:
        node, tone, notes = nodes[key], "plain", list[str]()
        if key in broken:
            tone, notes = "broken", ["路径断在这里", *_lines(mending(found, node), NOTE)]
        elif key in obstructed:
            tone, notes = "obstructed", _lines(node.obstacle, NOTE)
        elif node.is_final:
            tone, notes = "final", ["终审机构"]
        elif key == start.body_id:
            tone = "start"
        boxes.append(Box(*corners[key], _lines(node.name, LINE)[:3], tone, notes[:NOTES]))
    arrows = [
        _arrow(corners[low], corners[high], lanes.get((low, high)), taken=(low, high) not in found.shortcuts)
        for low, high in drawn
    ]
    return Picture(max(x for x, _ in corners.values()) + WIDTH + EDGE, y, boxes, arrows)


def _arrow(low: tuple[int, int], high: tuple[int, int], lane: int | None, *, taken: bool) -> Arrow:
    """From the right of one box to the left of another, straight over the gap between, or along a lane."""
    (x, y), (end, last) = (low[0] + WIDTH, low[1] + HEIGHT // 2), (high[0] - 2, high[1] + HEIGHT // 2)
    if lane is None:
        return Arrow(f"M{x} {y} C {x + 30} {y}, {end - 28} {last}, {end} {last}")
    up, down = x + GAP, high[0] - GAP
    line = f"M{x} {y} C {x + 30} {y}, {x + 20} {lane}, {up} {lane} L {down} {lane} C {down + 30} {lane}, {end - 28} {last}, {end} {last}"
    return Arrow(line) if taken else Arrow(line, NOT_TAKEN, (up + down) // 2, lane - 4)


def _lines(text: str, length: int) -> list[str]:
    return [text[at : at + length] for at in range(0, len(text), length)]
