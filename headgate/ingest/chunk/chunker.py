"""Document → chunks: by headings first, then by size.

    heading            sections: the elements between one heading and the next
    ├─ paragraph       small neighbours with the same parent heading are joined (their headings then stand in the text)
    ├─ list            large ones are split between sentences, list items, table rows or pieces of code, never inside a row
    └─ table           rows repeat their column headers (tables.py), so any group of rows stands alone

    chunks.strategy    searched                     handed to the answer
    structure          a passage                    the passage
    sentence_window    a sentence, row or item      it and `window_sentences` around it, within the section
    parent_document    a passage of `child_tokens`  the section around it, up to `parent_tokens`

Every chunk is a slice of the document's text: `document.text[chunk.start:chunk.end] == chunk.text`, and so is its window. Its `context`
(title and headings) is embedded and indexed with it; the token budget covers both, and a chunk over it is an error.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from headgate.errors import IntegrityError
from headgate.ingest.chunk.cut import Cutter
from headgate.ingest.chunk.sections import Section, join_small, split_sections
from headgate.models.tokens import TokenCounter, TokenizerCounter
from headgate.records import Chunk, Document, Element
from headgate.settings import ChunkSettings

__all__ = ["CHUNKER_VERSION", "TokenCounter", "chunk_document", "chunk_id"]

#: Raised whenever the same document would be chunked differently.
CHUNKER_VERSION = "4"


class _Span(NamedTuple):
    """Where a chunk lies, and its window; equal where it has none."""

    path: tuple[str, ...]
    start: int
    end: int
    window_start: int
    window_end: int


def chunk_document(document: Document, settings: ChunkSettings, count_tokens: TokenCounter) -> list[Chunk]:
    """Chunks in document order; they cover all of the document's text but headings, which stand in `heading_path`.

    Raises:
        IntegrityError: a chunk with its context is over the budget; the embedding model might cut it.
    """
    chunks = _chunks(document, settings, count_tokens, exact=False)
    if _over_budget(chunks, settings, count_tokens) is not None and isinstance(count_tokens, TokenizerCounter):
        chunks = _chunks(document, settings, count_tokens, exact=True)
    if (chunk := _over_budget(chunks, settings, count_tokens)) is not None:
        raise IntegrityError(
            f"a chunk of {document.doc_id!r} at character {chunk.start} has {count_tokens(_embedded(chunk))} tokens with its context, "
            f"over the {settings.budget} allowed: {chunk.text[:60]!r}; this is a fault of the chunker, please report it"
        )
    return chunks


def chunk_id(doc_id: str, heading_path: tuple[str, ...], text: str, occurrence: int) -> str:
    """First 32 hex digits of SHA-256 over the parts, each ended by a NUL (which no text contains)."""
    parts = (doc_id, *heading_path, "", text, str(occurrence))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _chunks(document: Document, settings: ChunkSettings, count_tokens: TokenCounter, *, exact: bool) -> list[Chunk]:
    overlap = settings.overlap_sentences if settings.strategy == "structure" else 0
    cutter = Cutter(document, count_tokens, budget=settings.budget, overlap=overlap, exact=exact)
    sections = split_sections(document.elements)
    match settings.strategy:
        case "structure":
            spans = _passages(sections, settings, cutter)
        case "sentence_window":
            spans = _sentences(sections, settings.window_sentences, cutter)
        case "parent_document":
            wide = Cutter(document, count_tokens, budget=settings.parent_tokens, exact=exact)
            parents = _passages(sections, settings.model_copy(update={"max_tokens": settings.parent_tokens}), wide)
            spans = [child for parent in parents for child in _children(parent, document.elements, cutter)]
    occurrences: Counter[tuple[tuple[str, ...], str]] = Counter()
    chunks = []
    for ordinal, span in enumerate(spans):
        start, end = _trimmed(document.text, span.start, span.end)
        window_start, window_end = _trimmed(document.text, span.window_start, span.window_end)
        if (window_start, window_end) == (start, end):
            window_start = window_end = 0
        text = document.text[start:end]
        occurrence = occurrences[span.path, text]
        occurrences[span.path, text] += 1
        element = _element_at(document.elements, start)
        chunks.append(
            Chunk(
                chunk_id=chunk_id(document.doc_id, span.path, text, occurrence),
                doc_id=document.doc_id,
                ordinal=ordinal,
                text=text,
                heading_path=span.path,
                start=start,
                end=end,
                page=element.page,
                line=_line_at(document.text, element, start),
                metadata=document.metadata,
                context=cutter.context(span.path, text),
                window=document.text[window_start:window_end],
                window_start=window_start,
                window_end=window_end,
            )
        )
    return chunks


def _passages(sections: list[Section], settings: ChunkSettings, cutter: Cutter) -> list[_Span]:
    groups = join_small(sections, settings, cutter.count)
    return [_Span(path, start, end, start, end) for group in groups for path, start, end in cutter.cut(group)]


def _sentences(sections: list[Section], around: int, cutter: Cutter) -> list[_Span]:
    spans: list[_Span] = []
    for section in sections:
        units = cutter.units(section.path, section.elements)
        for position, unit in enumerate(units):
            first, last = units[max(0, position - around)], units[min(len(units) - 1, position + around)]
            spans.append(_Span(section.path, unit.start, unit.end, first.start, last.end))
    return spans


def _children(parent: _Span, elements: Sequence[Element], cutter: Cutter) -> list[_Span]:
    """The passages of a parent; one that fits is its own only child."""
    if cutter.fits(parent.path, parent.start, parent.end):
        return [parent]
    within = [element for element in elements if element.end > parent.start and element.start < parent.end]
    # A parent is made of whole units, but its first or last element may go on beyond it.
    units = [unit for unit in cutter.units(parent.path, within) if parent.start <= unit.start and unit.end <= parent.end]
    return [_Span(parent.path, start, end, parent.start, parent.end) for start, end in cutter.pack(parent.path, units)]


def _over_budget(chunks: list[Chunk], settings: ChunkSettings, count_tokens: TokenCounter) -> Chunk | None:
    texts = [_embedded(chunk) for chunk in chunks]
    counts = count_tokens.each(texts) if isinstance(count_tokens, TokenizerCounter) else map(count_tokens, texts)
    return next((chunk for chunk, count in zip(chunks, counts, strict=True) if count > settings.budget), None)


def _embedded(chunk: Chunk) -> str:
    return f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the white space at its ends."""
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))


def _element_at(elements: tuple[Element, ...], start: int) -> Element:
    return next(element for element in elements if element.end > start)


def _line_at(text: str, element: Element, start: int) -> int | None:
    """The source line where a chunk starts: that of its first element, and within code the very line."""
    if element.line is None:
        return None
    offset = text.count("\n", element.start, max(start, element.start)) if element.kind == "code" else 0
    return element.line + offset
