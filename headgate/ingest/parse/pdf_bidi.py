"""Right-to-left text of a PDF in logical order: most programs draw it from left to right."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise


def is_right_to_left(text: str) -> bool:
    """Whether any character is Arabic, Hebrew or the like."""
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)


def logical_order(glyphs: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """(middle x, text) of every character in the order they are read, from the order they are drawn in."""
    glyphs = list(glyphs)
    strong = [(x, text) for x, text in glyphs if is_right_to_left(text)]
    if len(strong) < 2:
        return glyphs
    rising = sum(second[0] > first[0] for first, second in pairwise(strong))
    if rising * 2 <= len(strong) - 1:
        return glyphs
    latin = sum(text.isalnum() and not is_right_to_left(text) and not text.isdigit() for _, text in glyphs)
    if latin > len(strong):  # the line itself runs from left to right: only its right-to-left words are turned
        return _with_turned_runs(
            glyphs, lambda text: is_right_to_left(text) or not text.strip() or unicodedata.category(text[0])[0] == "M"
        )
    turned = glyphs[::-1]
    return _with_turned_runs(turned, lambda text: (text.isalnum() and not is_right_to_left(text)) or text in ".,:/-+%€$£@")


def _with_turned_runs(glyphs: list[tuple[float, str]], belongs: Callable[[str], bool]) -> list[tuple[float, str]]:
    """With every run of characters that `belongs` chooses in reverse; white space at the ends of a run stays outside of it."""
    result: list[tuple[float, str]] = []
    run: list[tuple[float, str]] = []

    def close() -> None:
        tail: list[tuple[float, str]] = []
        while run and not run[-1][1].strip():
            tail.insert(0, run.pop())
        result.extend([*run[::-1], *tail])
        run.clear()

    for glyph in glyphs:
        if belongs(glyph[1]) and (run or glyph[1].strip()):
            run.append(glyph)
        else:
            close()
            result.append(glyph)
    close()
    return result
