"""Code that is over a chunk's budget → pieces: cut between functions and classes first, then at empty lines, last between lines.

    code_pieces("def a():\\n    x\\n\\n    y\\ndef b():\\n    z", fits)  →  "def a(): … y" | "def b(): … z"

The rules know no language. A new part begins at a line of the smallest indentation that follows a deeper or an empty one, unless it only
closes what stands above it (`}`, `end`); so a comment stays with the function below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

#: Lines that end a block: brackets and marks alone, and the words of Ruby, Lua, shell, SQL and Pascal; `else` and its like go on with one.
_GOES_ON = re.compile(
    r"\A\s*+(?:[)\]}>;,]|(?:end|fi|done|esac|else|elif|elsif|except|finally|catch|rescue|ensure|then|do|begin)\b)", re.IGNORECASE
)
#: How often a part is cut into smaller ones before all of its lines are: bounds the time for text that is indented ever less.
_DEEPEST = 20
Span = tuple[int, int]
_Line = tuple[int, int, str]  # start, end, text


def code_pieces(text: str, fits: Callable[[int, int], bool]) -> list[Span]:
    """(start, end) of the pieces of `text` in order, without empty lines at their ends. A line that does not fit alone is a piece.

    Args:
        fits: whether `text[start:end]` is within the budget.
    """
    lines: list[_Line] = []
    position = 0
    for line in text.split("\n"):
        lines.append((position, position + len(line), line))
        position += len(line) + 1
    return _split(lines, fits)


def _split(lines: Sequence[_Line], fits: Callable[[int, int], bool]) -> list[Span]:
    spans: list[Span] = []
    waiting = [(lines, 0)]  # the next part last
    while waiting:
        part, depth = waiting.pop()
        part = _without_empty_ends(part)
        if part and (len(part) == 1 or fits(part[0][0], part[-1][1])):
            spans.append((part[0][0], part[-1][1]))
        elif part:
            cuts = _cuts(part) if depth < _DEEPEST else range(1, len(part))
            waiting.extend((part[low:high], depth + 1) for low, high in reversed(list(pairwise([0, *cuts, len(part)]))))
    return spans


def _cuts(lines: Sequence[_Line]) -> Sequence[int]:
    """The best places to cut two lines or more; between all of them where there is no better one."""
    indents = [_indent(text) for _, _, text in lines]
    goes_on = [_GOES_ON.match(text) is not None for _, _, text in lines]
    cuts = _definitions(indents, goes_on, 0)
    if not cuts and indents[0] == min(_full(indents)):  # a head and what it holds: a class and its methods
        cuts = _definitions(indents, goes_on, 1)
    return cuts or _after_empty_lines(indents) or range(1, len(lines))


def _definitions(indents: Sequence[int | None], goes_on: Sequence[bool], first: int) -> list[int]:
    """Where a line of the smallest indentation begins something new, looked for behind line `first`."""
    smallest = min(_full(indents[first:]), default=None)
    return [
        index
        for index in range(first + 1, len(indents))
        if indents[index] == smallest and not goes_on[index] and (indents[index - 1] != smallest or goes_on[index - 1])
    ]


def _full(indents: Sequence[int | None]) -> list[int]:
    return [indent for indent in indents if indent is not None]


def _after_empty_lines(indents: Sequence[int | None]) -> list[int]:
    return [index for index in range(1, len(indents)) if indents[index] is not None and indents[index - 1] is None]


def _indent(line: str) -> int | None:
    """Columns before the first letter, tabs as eight; None for an empty line."""
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip()) if line.strip() else None


def _without_empty_ends(lines: Sequence[_Line]) -> Sequence[_Line]:
    full = [index for index, (_, _, text) in enumerate(lines) if text.strip()]
    return lines[full[0] : full[-1] + 1] if full else ()
