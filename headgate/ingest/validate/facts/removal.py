"""What the policies may take out of a document, and how many words that is: values of personal data, sentences addressed to the model.

The count is a fact of the document; which of it is taken out is decided by settings, so that a changed policy needs no new facts. A sentence
that ends inside a value (`12 St. Anne Road`) goes on to the value's end: nothing is taken out by half, and no word is counted twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from headgate.detect.instructions import Hit
from headgate.detect.personal_data import PersonalValue
from headgate.ingest.parse.left_out import count_words
from headgate.records import Document

_SENTENCE_END = re.compile(r"[.!?。！？](?=\s|$)|\n")


@dataclass(frozen=True, slots=True)
class Removable:
    """Words of all places in the text. `inside`: of `personal`, those that stand in `sentences` addressed to the model."""

    personal: Mapping[str, int] = field(default_factory=dict)  # kind → words
    inside: Mapping[str, int] = field(default_factory=dict)
    sentences: int = 0

    def words(self, kinds: Iterable[str], *, sentences: bool) -> int:
        """Words that are taken out with these kinds, and with the sentences or without."""
        chosen = list(kinds)
        personal = sum(self.personal.get(kind, 0) for kind in chosen)
        return personal + (self.sentences - sum(self.inside.get(kind, 0) for kind in chosen) if sentences else 0)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Removable:
        return cls(**content)


def measure_removal(document: Document, personal: Sequence[PersonalValue], instructions: Sequence[Hit]) -> Removable:
    """Words that the policies may take out of a document."""
    spans = order_spans(document, personal, instructions)
    words, inside = Counter[str](), Counter[str]()
    for value in personal:
        count = count_words(document.text[value.start : value.end])
        words[value.kind] += count
        if any(start <= value.start and value.end <= end for start, end in spans):
            inside[value.kind] += count
    sentences = sum(count_words(document.text[start:end]) for start, end in spans)
    return Removable(dict(sorted(words.items())), dict(sorted(inside.items())), sentences)


def order_spans(document: Document, personal: Sequence[PersonalValue], instructions: Sequence[Hit]) -> list[tuple[int, int]]:
    """(start, end) of the sentences of visible orders to the model, whole values included; by position, none overlaps another."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(
        _sentence(document, hit.start, hit.end) for hit in instructions if not hit.hidden and hit.start >= 0
    ):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    for value in personal:
        for number, (start, end) in enumerate(merged):
            if start < value.end and value.start < end:
                merged[number] = min(start, value.start), max(end, value.end)
    joined: list[tuple[int, int]] = []
    for start, end in sorted(merged):
        if joined and start < joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


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
