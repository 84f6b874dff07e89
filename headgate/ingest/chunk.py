"""Document → chunks: by headings first, then by size.

    heading            sections: the elements between one heading and the next
    ├─ paragraph       small neighbours with the same parent heading are joined (their headings then stand in the text)
    ├─ list            large ones are split between sentences, list items, table rows or lines of code, never inside a row
    └─ table           rows repeat their column headers (tables.py), so any group of rows stands alone

Every chunk is a slice of the document's text: `document.text[chunk.start:chunk.end] == chunk.text`. Its `context` (title and
headings) is embedded and indexed with it; the token budget covers both.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from headgate.index.sentences import split_sentences
from headgate.records import Chunk, Document, Element
from headgate.settings import ChunkSettings

TokenCounter = Callable[[str], int]
#: Raised whenever the same document would be chunked differently.
CHUNKER_VERSION = "1"
#: Context may take this share of a chunk's budget; longer heading paths lose their outer headings.
_CONTEXT_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class _Section:
    """Content below one heading. `head` is the heading's element, None before the first one."""

    path: tuple[str, ...]
    head: Element | None
    elements: tuple[Element, ...]

    @property
    def start(self) -> int:
        return self.elements[0].start

    @property
    def end(self) -> int:
        return self.elements[-1].end


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is not split further unless it alone is over the budget."""

    start: int
    end: int
    tokens: int
    element: Element
    prose: bool  # a sentence of running text: may be repeated as overlap


def chunk_document(document: Document, settings: ChunkSettings, count_tokens: TokenCounter) -> list[Chunk]:
    """Chunks in document order; they cover all of the document's text but headings, which stand in `heading_path`."""
    cutter = _Cutter(document, settings, count_tokens)
    spans: list[tuple[tuple[str, ...], int, int]] = []
    for group in _join_small(_sections(document.elements), settings, cutter):
        spans += cutter.cut(group)
    occurrences: Counter[tuple[tuple[str, ...], str]] = Counter()
    chunks = []
    for ordinal, (path, first, last) in enumerate(spans):
        text = document.text[first:last].strip()
        start = document.text.index(text, first)
        end = start + len(text)
        occurrence = occurrences[path, text]
        occurrences[path, text] += 1
        element = _element_at(document.elements, start)
        chunks.append(
            Chunk(
                chunk_id=chunk_id(document.doc_id, path, text, occurrence),
                doc_id=document.doc_id,
                ordinal=ordinal,
                text=text,
                heading_path=path,
                start=start,
                end=end,
                page=element.page,
                line=_line_at(document.text, element, start),
                metadata=document.metadata,
                context=cutter.context(path, text),
            )
        )
    return chunks


def chunk_id(doc_id: str, heading_path: tuple[str, ...], text: str, occurrence: int) -> str:
    """First 32 hex digits of SHA-256 over the parts, each ended by a NUL (which no text contains)."""
    parts = (doc_id, *heading_path, "", text, str(occurrence))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _sections(elements: tuple[Element, ...]) -> list[_Section]:
    sections: list[_Section] = []
    stack: list[Element] = []
    body: list[Element] = []

    def close(next_level: int) -> None:
        path = tuple(title.text.replace("\n", " ") for title in stack)
        head = stack[-1] if stack else None
        if body:
            sections.append(_Section(path, head, tuple(body)))
            body.clear()
        elif head is not None and next_level <= head.level:
            # A heading with nothing below it still says something.
            sections.append(_Section(path[:-1], None, (head,)))

    for element in elements:
        if element.kind != "title":
            body.append(element)
            continue
        close(element.level)
        while stack and stack[-1].level >= element.level:
            stack.pop()
        stack.append(element)
    close(0)
    return sections


def _join_small(sections: list[_Section], settings: ChunkSettings, cutter: _Cutter) -> list[list[_Section]]:
    """Groups of neighbouring sections: those below `min_tokens` join the one before, while it is small too and the parent is the same."""
    groups: list[list[_Section]] = []
    sizes: list[int] = []
    for section in sections:
        size = cutter.count(section.start if section.head is None else section.head.start, section.end)
        previous = groups[-1][-1] if groups else None
        if (
            previous is not None
            and _parent(previous) == _parent(section)
            and min(size, sizes[-1]) < settings.min_tokens
            and max(size, sizes[-1]) < settings.min_tokens * 2
            and size + sizes[-1] <= settings.max_tokens // 2
        ):
            groups[-1].append(section)
            sizes[-1] += size
        else:
            groups.append([section])
            sizes.append(size)
    return groups


def _parent(section: _Section) -> tuple[str, ...]:
    return section.path if section.head is None else section.path[:-1]


class _Cutter:
    def __init__(self, document: Document, settings: ChunkSettings, count_tokens: TokenCounter) -> None:
        self._document = document
        self._settings = settings
        self._count = count_tokens
        self._empty = count_tokens("")  # special tokens that every count includes

    def count(self, start: int, end: int) -> int:
        """Tokens of a slice without special ones."""
        return self._count(self._document.text[start:end]) - self._empty

    def context(self, path: tuple[str, ...], text: str) -> str:
        """Title and headings, outermost first, each once; none that the text starts with; outer headings go first when too long."""
        lines: list[str] = []
        for line in (self._document.metadata.title, *path):
            if line and _folded(line) not in map(_folded, lines):
                lines.append(line)
        # The title may be one of the headings of a joined chunk.
        if lines and _folded(text).startswith(_folded(lines[-1])):
            lines.pop()
        limit = int(self._settings.max_tokens * _CONTEXT_SHARE)
        while lines and self._count("\n".join(lines)) > limit:
            lines.pop(1 if len(lines) > 2 else 0)
        return "\n".join(lines)

    def cut(self, group: list[_Section]) -> list[tuple[tuple[str, ...], int, int]]:
        """(heading path, start, end) of the chunks of some joined sections."""
        if len(group) > 1:
            path, first = _parent(group[0]), group[0]
            start = first.start if first.head is None else first.head.start
            if self._fits(path, start, group[-1].end):
                return [(path, start, group[-1].end)]
            return [span for section in group for span in self.cut([section])]
        section = group[0]
        if self._fits(section.path, section.start, section.end):
            return [(section.path, section.start, section.end)]
        return [(section.path, start, end) for start, end in self._pack(section)]

    def _fits(self, path: tuple[str, ...], start: int, end: int) -> bool:
        return self._total(path, start, end) <= self._settings.max_tokens

    def _total(self, path: tuple[str, ...], start: int, end: int) -> int:
        text = self._document.text[start:end]
        context = self.context(path, text)
        return self._count(f"{context}\n{text}" if context else text)

    def _pack(self, section: _Section) -> list[tuple[int, int]]:
        """Fill chunks with units; the next one repeats the last sentences of the one before."""
        fixed = self._count("\n".join([self.context(section.path, ""), ""]))
        room = max(self._settings.max_tokens - fixed, 8)
        units = [unit for element in section.elements for unit in self._units(element, room)]
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
            while end - position > 1 and not self._fits(section.path, units[begin].start, units[end - 1].end):
                end -= 1
            while begin < position and not self._fits(section.path, units[begin].start, units[end - 1].end):
                begin += 1
            spans.append((units[begin].start, units[end - 1].end))
            position = end
            begin = self._overlap_start(units, position, room)
        return spans

    def _overlap_start(self, units: list[_Unit], position: int, room: int) -> int:
        begin = position
        tokens = 0
        if position >= len(units):
            return position
        while begin > 0 and position - begin < self._settings.overlap_sentences:
            before = units[begin - 1]
            tokens += before.tokens
            if not before.prose or not units[position].prose or tokens > room // 3:
                break
            begin -= 1
        return begin

    def _units(self, element: Element, room: int) -> list[_Unit]:
        text = element.text
        match element.kind:
            case "table" | "code":
                spans = _lines(text)
            case _:
                spans = split_sentences(text)
        units: list[_Unit] = []
        for start, end in spans:
            for low, high in self._halve(element.start + start, element.start + end, room):
                units.append(_Unit(low, high, self.count(low, high) + 1, element, element.kind == "text"))
        return units

    def _halve(self, start: int, end: int, room: int) -> list[tuple[int, int]]:
        """A unit over the budget, cut at the white space nearest its middle, or in the middle where there is none."""
        if self.count(start, end) + 1 <= room or end - start < 2:
            return [(start, end)]
        text = self._document.text
        middle = (start + end) // 2
        left, right = text.rfind(" ", start + 1, middle), text.find(" ", middle, end - 1)
        candidates = [position for position in (left, right) if position > start]
        cut = min(candidates, key=lambda position: abs(position - middle)) if candidates else middle
        after = cut + 1 if candidates else cut
        while after < end and text[after].isspace():
            after += 1
        before = cut
        while before > start and text[before - 1].isspace():
            before -= 1
        parts = [(start, before), (after, end)]
        if before <= start or after >= end:
            parts = [(start, middle), (middle, end)]
        return [span for low, high in parts for span in self._halve(low, high, room)]


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


def _element_at(elements: tuple[Element, ...], start: int) -> Element:
    return next(element for element in elements if element.end > start)


def _line_at(text: str, element: Element, start: int) -> int | None:
    """The source line where a chunk starts: that of its first element, and within code the very line."""
    if element.line is None:
        return None
    offset = text.count("\n", element.start, max(start, element.start)) if element.kind == "code" else 0
    return element.line + offset
