"""Words of a PDF whose letters stand one below the other, as on the side of a form: read from the top, as one line.

A column of a table whose cells are single letters is none: its letters stand on the lines of the other columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from headgate.ingest.parse.pdf_words import Line, Word

_FEWEST = 3  # letters
_STEP = (0.6, 1.7)  # from letter to letter, in parts of the font's size
_SPACE = 3.4  # up to here the next letter begins another word of the same line
_LIKE_A_TABLE = 0.4  # share of letters that stand on one line with other words


def take_stacked(words: Sequence[Word], page: int) -> tuple[list[Line], list[Word]]:
    """(lines of letters that stand below each other, the other words)."""
    letters = [word for word in words if len(word.text) == 1 and word.text.isalpha()]
    if len(letters) < _FEWEST:
        return [], list(words)
    lines: list[Line] = []
    taken: set[int] = set()
    for stack in _stacks(letters):
        if len(stack) < _FEWEST or _is_listing(stack) or _share_beside(stack, words) >= _LIKE_A_TABLE:
            continue
        taken.update(map(id, stack))
        lines.append(_line(stack, page))
    return lines, [word for word in words if id(word) not in taken]


def _stacks(letters: Sequence[Word]) -> list[list[Word]]:
    """Letters with one middle and of one size, each close below the one before."""
    stacks: list[list[Word]] = []
    for letter in sorted(letters, key=lambda letter: -letter.middle):
        for stack in stacks:
            last = stack[-1]
            near = abs(_middle(last) - _middle(letter)) <= 0.3 * letter.size and abs(last.size - letter.size) <= 0.1 * letter.size
            if near and _STEP[0] * letter.size <= last.middle - letter.middle <= _SPACE * letter.size:
                stack.append(letter)
                break
        else:
            stacks.append([letter])
    return stacks


def _middle(word: Word) -> float:
    return (word.x0 + word.x1) / 2


def _is_listing(stack: Sequence[Word]) -> bool:
    """Whether letters count: a, b, c."""
    steps = {ord(after.text) - ord(before.text) for before, after in pairwise(stack)}
    return steps == {1}


def _share_beside(stack: Sequence[Word], words: Sequence[Word]) -> float:
    """Share of the letters that stand on one line with other words, or close beside one."""
    own = set(map(id, stack))
    others = [word for word in words if id(word) not in own]
    beside = 0
    for letter in stack:
        aligned = (word for word in others if abs(word.middle - letter.middle) <= 0.5 * letter.size)
        beside += any(
            abs(word.middle - letter.middle) <= 0.12 * letter.size
            or -0.5 * letter.size < max(word.x0 - letter.x1, letter.x0 - word.x1) < 0.6 * letter.size
            for word in aligned
        )
    return beside / len(stack)


def _line(stack: Sequence[Word], page: int) -> Line:
    text = stack[0].text
    for before, letter in pairwise(stack):
        text += ("" if before.middle - letter.middle <= _STEP[1] * letter.size else " ") + letter.text
    return Line(
        text,
        min(word.x0 for word in stack),
        max(word.x1 for word in stack),
        stack[-1].y0,
        stack[0].y1,
        stack[0].size,
        all(word.bold for word in stack),
        page,
    )
