"""What is drawn on a page of a PDF, whoever read it: glyphs, rules and panels with their places, before anything is made of them.

All places are points; x grows to the right, y upwards. A glyph's box is given in the frame in which it stands upright: text that
runs up the page has `turn` 90, and lies in a frame turned by that much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

#: x0, y0, x1, y1.
Box = tuple[float, float, float, float]
#: Stands for a glyph of which the font does not say what character it is.
UNKNOWN = "\ufffd"


@dataclass(frozen=True, slots=True)
class Glyph:
    """One drawn character; `text` may be several, as for a ligature."""

    text: str
    x0: float
    x1: float
    y0: float
    y1: float
    size: float  # height of the font's box
    bold: bool = False
    turn: float = 0.0  # degrees, anticlockwise


@dataclass(frozen=True, slots=True)
class Page:
    """`rules`: boxes of drawn lines and rectangles. `hidden`: text that is on the page and can't be seen. `notes`: of annotations."""

    number: int  # 1-based
    box: Box  # what of it is shown
    glyphs: list[Glyph] = field(default_factory=list)
    rules: list[Box] = field(default_factory=list)
    hidden: str = ""
    struck: list[Box] = field(default_factory=list)  # marked as struck out
    written: list[str] = field(default_factory=list)  # text that was typed onto the page
    notes: list[str] = field(default_factory=list)
    pictures: list[Box] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pages:
    """All pages of a file. `problem` says why reading stopped, "" = it did not. `form`: (label, value) of fields that were filled in."""

    pages: list[Page] = field(default_factory=list)
    count: int = 0  # of the file, those without text included
    properties: dict[str, Any] = field(default_factory=dict)
    form: list[tuple[str, str]] = field(default_factory=list)
    cut: bool = False
    problem: str = ""
    encrypted: bool = False  # the problem is the encryption
    password: str = ""

    @property
    def glyphs(self) -> int:
        """How many characters were read."""
        return sum(len(page.glyphs) for page in self.pages)


def turned(x0: float, y0: float, x1: float, y1: float, degrees: float) -> Box:
    """The box around a box that was turned clockwise around the origin."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(x * cosine + y * sine, y * cosine - x * sine) for x in (x0, x1) for y in (y0, y1)]
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def in_own_frame(box: Box, advance: float, degrees: float) -> Box:
    """The upright box, in the frame turned by `degrees`, of a glyph whose box on the page is `box`.

    Args:
        advance: how wide the glyph is along its line.
    """
    x0, y0, x1, y1 = box
    cosine, sine = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
    width, height = x1 - x0, y1 - y0
    tall = (width - advance * cosine) / sine if sine > cosine else (height - advance * sine) / cosine
    middle = turned((x0 + x1) / 2, (y0 + y1) / 2, (x0 + x1) / 2, (y0 + y1) / 2, degrees)
    return middle[0] - advance / 2, middle[1] - tall / 2, middle[0] + advance / 2, middle[1] + tall / 2


def upright(page: Page) -> Page:
    """The page turned so that most of its text stands upright; other text keeps the turn it has against that.

    Vertical writing (Japanese, Chinese) is laid down: its lines run from left to right then, the first one on top.
    """
    counts: dict[float, int] = {}
    for glyph in page.glyphs:
        counts[glyph.turn] = counts.get(glyph.turn, 0) + 1
    most = max(counts, key=lambda turn: (counts[turn], -turn), default=0.0)
    if most == 0.0 and _is_vertical(page.glyphs):
        laid = [replace(glyph, x0=-glyph.y1, x1=-glyph.y0, y0=glyph.x0, y1=glyph.x1) for glyph in page.glyphs]
        return replace(page, box=_laid(page.box), glyphs=laid, rules=[_laid(rule) for rule in page.rules], struck=[], pictures=[])
    if most not in (90.0, 180.0, 270.0):
        return page
    return replace(
        page,
        box=turned(*page.box, most),
        glyphs=[replace(glyph, turn=(glyph.turn - most) % 360) for glyph in page.glyphs],
        rules=[turned(*rule, most) for rule in page.rules],
        struck=[turned(*box, most) for box in page.struck],
        pictures=[turned(*box, most) for box in page.pictures],
    )


def _is_vertical(glyphs: list[Glyph]) -> bool:
    """Whether most glyphs stand right below the one drawn before them."""
    below = sum(
        abs(after.x0 - before.x0) < 0.3 * after.size and 0.7 * after.size < before.y0 - after.y0 < 1.6 * after.size
        for before, after in pairwise(glyphs)
    )
    return len(glyphs) >= 4 and below >= 0.6 * (len(glyphs) - 1)


def _laid(box: Box) -> Box:
    return -box[3], box[0], -box[1], box[2]
