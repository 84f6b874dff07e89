"""Colours of CSS and old HTML as red, green and blue; whether text can be told from what is behind it.

Only what the page itself says of an element counts: a background by class may stand in a style sheet that is not read, so behind an element
with a class on a page with style sheets the colour is unknown, and text of unknown contrast is visible.
"""

from __future__ import annotations

import re
from typing import Literal

Rgb = tuple[int, int, int]
#: A colour, or `unknown`: a picture, a gradient, a variable, a style sheet.
Colour = Rgb | Literal["unknown"]
WHITE: Rgb = (255, 255, 255)
BLACK: Rgb = (0, 0, 0)

#: The sixteen names of HTML 4 and those that pages use for pale text.
_NAMES: dict[str, Rgb] = {
    "black": BLACK, "white": WHITE, "red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0), "aqua": (0, 255, 255),
    "cyan": (0, 255, 255), "fuchsia": (255, 0, 255), "magenta": (255, 0, 255), "silver": (192, 192, 192), "gray": (128, 128, 128),
    "grey": (128, 128, 128), "maroon": (128, 0, 0), "olive": (128, 128, 0), "green": (0, 128, 0), "teal": (0, 128, 128), "navy": (0, 0, 128),
    "purple": (128, 0, 128), "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245), "ghostwhite": (248, 248, 255),
    "floralwhite": (255, 250, 240), "mintcream": (245, 255, 250), "azure": (240, 255, 255), "aliceblue": (240, 248, 255),
}  # fmt: skip
_HEX = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*(?:[,/]\s*([\d.]+%?)\s*)?\)")
#: Channels that differ by less than this can't be told apart by eye.
_NEAR = 12


def parse_colour(value: str) -> Colour | None:
    """A colour; None for one that shows what is behind it (`transparent`, `inherit`), `unknown` for what can't be read."""
    value = value.strip().lower().removesuffix("!important").strip()
    if value in ("", "transparent", "inherit", "initial", "unset", "none", "currentcolor"):
        return None
    if value in _NAMES:
        return _NAMES[value]
    if found := _HEX.fullmatch(value):
        digits = found[1]
        if len(digits) in (3, 4):
            digits = "".join(digit * 2 for digit in digits)
        return None if digits[6:] == "00" else (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16))
    if found := _RGB.fullmatch(value):
        if found[4] and float(found[4].rstrip("%")) == 0:
            return None
        red, green, blue = (min(int(channel), 255) for channel in found.groups()[:3])
        return red, green, blue
    return "unknown"


def parse_background(value: str) -> Colour | None:
    """As `parse_colour`, for the shorthand `background`: a picture or a gradient is `unknown`, of other words the colour counts."""
    value = value.strip().lower()
    if "url(" in value or "gradient(" in value or "var(" in value or "image" in value:
        return "unknown"
    colours = [colour for word in re.split(r"\s+(?![^(]*\))", value) if (colour := parse_colour(word)) not in (None, "unknown")]
    return colours[0] if colours else parse_colour(value) if " " not in value else None


def can_be_told_apart(text: Colour, behind: Colour) -> bool:
    """Whether text in one colour is visible on another; what is unknown is taken for visible."""
    if text == "unknown" or behind == "unknown":
        return True
    return any(abs(one - other) >= _NEAR for one, other in zip(text, behind, strict=True))
