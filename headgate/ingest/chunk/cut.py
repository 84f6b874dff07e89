"""Sections → spans within a token budget: cut between sentences, list items, table rows or pieces of code, and inside one only where
it alone is over the budget.

Tokens of slices are looked up in one tokenisation of the whole document, which makes cutting five times as fast; chunker.py counts every
chunk again, and has it cut with exact counts where the sums were wrong.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from headgate.ingest.chunk.code import code_pieces
from headgate.ingest.chunk.sections import Section
from headgate.models.tokens import TokenCounter, TokenizerCounter
from headgate.records import Document, Element
from headgate.text.sentences import split_sentences

#: Context may take this share of a chunk's budget; longer heading paths lose their outer headings.
_CONTEXT_SHARE = 0.4
#: Marks after which text without spaces (Chinese, Japanese) is best cut.
_PAUSES = "、，；：。！？,;:"
_JOINERS = "\u200d\ufe0e\ufe0f"
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is not split further. `document.text[start:end]`; `tokens` without special ones."""

    start: int
    end: int
    tokens: int
    prose: bool  # a sentence of running text: may be repeated as overlap


class Cutter:
    """Cuts one document.

    Args:
        budget: most tokens of a chunk with its context, special ones included.
        overlap: sentences repeated from the chunk before.
        exact: count every slice by itself.
    """

    def __init__(
        self, document: Document, count_tokens: TokenCounter, *, budget: int, overlap: int = 0, exact: bool = False
    ) -> None:
        self._document = document
        self._budget = budget
        self._overlap = overlap
        self._count = count_tokens
        self._empty = count_tokens("")  # special tokens that every count includes
        self._ruler = count_tokens.ruler(document.text) if isinstance(count_tokens, TokenizerCounter) and not exact else None
        self._counts: dict[str, int] = {}

    def count(self, start: int, end: int) -> int:
        """Tokens of a slice without special ones."""
        text = self._document.text
        if self._ruler is None or _within_word(text, start) or _within_word(text, end):
            return self._count(text[start:end]) - self._empty
        return self._ruler(start, end)

    def context(self, path: Path, text: str) -> str:
        """Title and headings, outermost first, each once; none that the text starts with; outer headings go first when too long."""
        lines: list[str] = []
        for line in (self._document.metadata.title, *path):
            if line and _folded(line) not in map(_folded, lines):
                lines.append(line)
        # The title may be one of the headings of a joined chunk.
        if lines and _folded(text).startswith(_folded(lines[-1])):
            lines.pop()
        limit = int(self._budget * _CONTEXT_SHARE)
        while lines and self._remembered("\n".join(lines)) > limit:
            lines.pop(1 if len(lines) > 2 else 0)
        return "\n".join(lines)

    def fits(self, path: Path, start: int, end: int) -> bool:
        """Whether the slice and its context are within the budget."""
        text = self._document.text[start:end]
        context = self.context(path, text)
        if self._ruler is None:
            return self._count(f"{context}\n{text}" if context else text) <= self._budget
        return (self._remembered(context) if context else self._empty) + self.count(start, end) <= self._budget

    def cut(self, group: list[Section]) -> list[tuple[Path, int, int]]:
        """(heading path, start, end) of the chunks of some joined sections."""
        if len(group) > 1:
            path, first = group[0].parent, group[0]
            start = first.start if first.head is None else first.head.start
            if self.fits(path, start, group[-1].end):
                return [(path, start, group[-1].end)]
            return [span for section in group for span in self.cut([section])]
        section = group[0]
        if self.fits(section.path, section.start, section.end):
            return [(section.path, section.start, section.end)]
        units = self.units(section.path, section.elements)
        return [(section.path, start, end) for start, end in self.pack(section.path, units)]

    def units(self, path: Path, elements: Sequence[Element]) -> list[Unit]:
        """Sentences, list items, table rows, whole code or pieces of it; each fits a chunk with the context of `path`."""
        room = self._room(path)
        return [unit for element in elements for unit in self._units(element, room)]

    def pack(self, path: Path, units: list[Unit]) -> list[tuple[int, int]]:
        """Fill chunks with units; the next one repeats the last sentences of the one before."""
        room = self._room(path)
        spans: list[tuple[int, int]] = []
        position = 0
        begin = 0  # first unit of the chunk, overlap included
        while position < len(units):
            size = sum(unit.tokens for unit in units[begin:position])
            end = position
            while end < len(units) and (end == position or size + units[end].tokens <= room):
                size += units[end].tokens
                end += 1
            # Sums of parts may be under the whole's count: check, and give way.
            while end - position > 1 and not self.fits(path, units[begin].start, units[end - 1].end):
                end -= 1
            while begin < position and not self.fits(path, units[begin].start, units[end - 1].end):
                begin += 1
            spans.append((units[begin].start, units[end - 1].end))
            position = end
            begin = self._overlap_start(units, position, room)
        return spans

    def _remembered(self, text: str) -> int:
        if text not in self._counts:
            self._counts[text] = self._count(text)
        return self._counts[text]

    def _room(self, path: Path) -> int:
        return max(self._budget - self._remembered("\n".join([self.context(path, ""), ""])), 8)

    def _overlap_start(self, units: list[Unit], position: int, room: int) -> int:
        begin = position
        tokens = 0
        if position >= len(units):
            return position
        while begin > 0 and position - begin < self._overlap:
            before = units[begin - 1]
            tokens += before.tokens
            if not before.prose or not units[position].prose or tokens > room // 3:
                break
            begin -= 1
        return begin

    def _units(self, element: Element, room: int) -> list[Unit]:
        match element.kind:
            case "code" if self.count(element.start, element.end) + 1 <= room:
                spans = [(0, len(element.text))]
            case "code":
                spans = code_pieces(
                    element.text, lambda start, end: self.count(element.start + start, element.start + end) + 1 <= room
                )
            case "table":
                spans = _lines(element.text)
            case _:
                spans = split_sentences(element.text)
        return [
            Unit(low, high, self.count(low, high) + 1, element.kind == "text")
            for start, end in spans
            for low, high in self._halve(element.start + start, element.start + end, room, cells=element.kind == "table")
        ]

    def _halve(self, start: int, end: int, room: int, *, cells: bool) -> list[tuple[int, int]]:
        """A unit over the budget, cut nearest its middle: between the cells of a row, at white space, at a pause, or between letters."""
        if self.count(start, end) + 1 <= room or end - start < 2:
            return [(start, end)]
        text = self._document.text
        middle = (start + end) // 2
        spaces = _nearest(text, "; ", start, end) if cells else []
        spaces = [position + 1 for position in spaces] or _nearest(text, " ", start, end)
        before = after = (
            min(spaces, key=lambda position: abs(position - middle)) if spaces else _between_letters(text, start, end)
        )
        while after < end and text[after].isspace():
            after += 1
        while before > start and text[before - 1].isspace():
            before -= 1
        parts = [(start, before), (after, end)] if start < before and after < end else [(start, middle), (middle, end)]
        return [span for low, high in parts for span in self._halve(low, high, room, cells=cells)]


def _nearest(text: str, sign: str, start: int, end: int) -> list[int]:
    """Where a sign stands last before the middle and first after it."""
    middle = (start + end) // 2
    found = text.rfind(sign, start + 1, middle), text.find(sign, middle, end - 1)
    return [position for position in found if position > start]


def _between_letters(text: str, start: int, end: int) -> int:
    """Where text without spaces is cut: after a pause mark in its middle half, else at the middle, never before a combining mark."""
    middle, quarter = (start + end) // 2, (end - start) // 4
    pauses = [position + 1 for position in range(start + quarter, end - quarter) if text[position] in _PAUSES]
    if pauses:
        return min(pauses, key=lambda position: abs(position - middle))
    cut = middle
    while cut < end - 1 and (
        unicodedata.category(text[cut]).startswith("M") or text[cut] in _JOINERS or text[cut - 1] in _JOINERS
    ):
        cut += 1
    return cut


def _within_word(text: str, position: int) -> bool:
    return 0 < position < len(text) and text[position - 1].isalnum() and text[position].isalnum()


def _lines(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    position = 0
    for line in text.split("\n"):
        if line.strip():
            spans.append((position, position + len(line)))
        position += len(line) + 1
    return spans


def _folded(text: str) -> str:
    return " ".join(text.lower().split())
