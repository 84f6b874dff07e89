"""Colours of CSS and old HTML as red, green and blue; whether text can be told from what is behind it.

Only what the page itself says of an element counts. What it does not say is unknown, and text of unknown contrast is visible: a
variable, a function that is not read here, a colour that lets through what is behind it, a background that a style sheet may set.
"""

from __future__ import annotations

import re
from typing import Literal

Rgb = tuple[int, int, int]
#: A colour, or `unknown`: a picture, a gradient, a variable, a style sheet.
Colour = Rgb | Literal["unknown"]
WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)
YELLOW: Rgb = (255, 255, 0)

#: The sixteen names of HTML 4 and those that pages use for pale text.
_NAMES: dict[str, Rgb] = {
    "black": BLACK, "white": WHITE, "red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "yellow": YELLOW, "aqua": (0, 255, 255),
    "cyan": (0, 255, 255), "fuchsia": (255, 0, 255), "magenta": (255, 0, 255), "silver": (192, 192, 192), "gray": (128, 128, 128),
    "grey": (128, 128, 128), "maroon": (128, 0, 0), "olive": (128, 128, 0), "green": (0, 128, 0), "teal": (0, 128, 128), "navy": (0, 0, 128),
    "purple": (128, 0, 128), "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245), "ghostwhite": (248, 248, 255),
    "floralwhite": (255, 250, 240), "mintcream": (245, 255, 250), "azure": (240, 255, 255), "aliceblue": (240, 248, 255),
}  # fmt: skip
_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*(?:[,/]\s*([\d.]+)(%?)\s*)?\)")
#: A word of a value, or a function with what it is given.
_WORD = re.compile(r"[^\s,()]++(?:\([^()]*+\))?+")
#: Words that say where and how a picture stands, in the shorthand `background`: they are no colours.
_NO_COLOUR = re.compile(
    r"none|transparent|repeat(?:-[xy])?|no-repeat|space|round|scroll|fixed|local|top|bottom|left|right|center|cover|contain|auto"
    r"|(?:border|padding|content)-box|/|!important|[-+]?[\d.]+(?:px|pt|em|rem|%|v[wh])?/?"
)
#: Channels that differ by less than this can't be told apart by eye.
_NEAR = 12


def parse_colour(value: str) -> Colour | None:
    """A colour as it would be without what shows through it; None for one that shows what is behind or around it (`transparent`,
    `inherit`), `unknown` for what can't be read."""
    value = value.strip().lower().removesuffix("!important").strip()
    if value in ("", "transparent", "inherit", "unset", "none", "currentcolor"):
        return None
    return _opaque(value)[0]


def parse_background(value: str) -> Colour | None:
    """As `parse_colour`, for `background` and `background-color`: what lets anything through, a picture or a gradient is `unknown`."""
    value = value.strip().lower()
    if value in ("inherit", "initial", "unset"):
        return None
    words = [word for word in _WORD.findall(value) if not _NO_COLOUR.fullmatch(word)]
    if not words:
        return None
    if len(words) > 1:
        return "unknown"
    colour, alpha = _opaque(words[0])
    return None if alpha == 0 else colour if alpha == 1 else "unknown"


def _opaque(value: str) -> tuple[Colour | None, float]:
    """(the colour, how much of it covers what is behind, 0 to 1)."""
    if value in _NAMES:
        return _NAMES[value], 1.0
    if found := _HEX.fullmatch(value):
        digits = found[1]
        if len(digits) in (3, 4):
            digits = "".join(digit * 2 for digit in digits)
        alpha = int(digits[6:] or "ff", 16) / 255
        return (None if alpha == 0 else (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))), alpha
    if found := _RGB.fullmatch(value):
        try:
            alpha = float(found[4] or 1) / (100 if found[5] else 1)
        except ValueError:
            return "unknown", 1.0
        red, green, blue = (min(int(channel), 255) for channel in found.groups()[:3])
        return (None if alpha == 0 else (red, green, blue)), min(alpha, 1.0)
    return "unknown", 1.0


def can_be_told_apart(text: Colour, behind: Colour) -> bool:
    """Whether text in one colour is visible on another; what is unknown is taken for visible."""
    if text == "unknown" or behind == "unknown":
        return True
    return any(abs(one - other) >= _NEAR for one, other in zip(text, behind, strict=True))
