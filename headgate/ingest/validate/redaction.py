"""Document + facts + policy → the document that is chunked: without the personal numbers and orders to the model that must go.

    "Card 4111 1111 1111 1111."  ──redact──►  "Card [credit card removed]."

Offsets of all elements are computed anew, so that whatever is cut from the new document is a slice of it. Pure: the same document,
facts and settings give the same document, and one without anything to remove is returned as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from headgate.ingest.validate.facts import DocumentFacts
from headgate.records import Document, Element
from headgate.settings import ValidationSettings

_SENTENCE_END = re.compile(r"[.!?。！？](?=\s|$)|\n")
_NEUTRALISED = "[text addressed to the assistant removed]"

#: (start, end, what is put there); offsets in the document's text.
Edit = tuple[int, int, str]


def personal_policy(facts: DocumentFacts, settings: ValidationSettings) -> str:
    """`quarantine`, `redact` or `allow`, by the document's confidentiality label."""
    return settings.personal_data_by_label.get(facts.labels.get("confidentiality", ""), settings.personal_data)


def redact(document: Document, facts: DocumentFacts, settings: ValidationSettings) -> Document:
    """`document` with everything replaced that the policies take out of what is indexed."""
    edits: list[Edit] = []
    if personal_policy(facts, settings) == "redact":
        edits += [(value.start, value.end, f"[{value.kind.replace('_', ' ')} removed]") for value in facts.personal]
    if settings.hidden_instructions == "neutralise":
        edits += [
            (*_sentence(document, hit.start, hit.end), _NEUTRALISED)
            for hit in facts.instructions
            if not hit.hidden and hit.start >= 0
        ]
    return apply_edits(document, edits) if edits else document


def apply_edits(document: Document, edits: Sequence[Edit]) -> Document:
    """Replace spans of the text; overlapping ones become one, with the first one's replacement."""
    merged: list[Edit] = []
    for start, end, new in sorted(edits):
        if merged and start < merged[-1][1]:
            first, last, kept = merged[-1]
            merged[-1] = (first, max(last, end), kept)
        else:
            merged.append((start, end, new))
    parts: list[str] = []
    position = 0
    for start, end, new in merged:
        parts += [document.text[position:start], new]
        position = end
    text = "".join([*parts, document.text[position:]])
    starts = [start for start, _, _ in merged]
    shifts = [0, *accumulate(len(new) - (end - start) for start, end, new in merged)]

    def moved(offset: int, *, at_end: bool) -> int:
        index = bisect_left(starts, offset)
        if index and offset < merged[index - 1][1]:  # inside a replaced span
            start, _, new = merged[index - 1]
            return start + shifts[index - 1] + (len(new) if at_end else 0)
        return offset + shifts[index]

    elements: list[Element] = []
    for element in document.elements:
        start, end = moved(element.start, at_end=False), moved(element.end, at_end=True)
        if elements and start < elements[-1].end:  # a span that crossed elements stays with the first
            start = elements[-1].end
        kept = text[start:end]
        start += len(kept) - len(kept.lstrip())
        if kept := kept.strip():
            elements.append(replace(element, text=kept, start=start, end=start + len(kept)))
    return replace(document, text=text, elements=tuple(elements))


def _sentence(document: Document, start: int, end: int) -> tuple[int, int]:
    """The sentence around a span, inside the element that the span begins in."""
    element = next((one for one in document.elements if one.start <= start < one.end), None)
    low, high = (element.start, element.end) if element else (0, len(document.text))
    before = [found.end() for found in _SENTENCE_END.finditer(document.text, low, start)]
    after = _SENTENCE_END.search(document.text, min(end, high), high)
    first = before[-1] if before else low
    last = (after.start() if after.group() == "\n" else after.end()) if after else max(high, end)
    while first < start and document.text[first].isspace():
        first += 1
    return first, max(last, end)
