"""Document + facts + policy → the document that is chunked: without the personal data and orders to the model that must go.

    "Card 4111 1111 1111 1111."  ──redact──►  "Card [credit card removed]."

Offsets of all elements are computed anew, so that whatever is cut from the new document is a slice of it. Pure: the same document,
facts and settings give the same document, and one without anything to remove is returned as it is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

from headgate.ingest.parse.left_out import LeftOut
from headgate.ingest.validate.facts.document_facts import DocumentFacts
from headgate.ingest.validate.facts.removal import order_spans
from headgate.records import Document, Element
from headgate.settings import PersonalKindPolicy, ValidationSettings

_NEUTRALISED = "[text addressed to the assistant removed]"

#: (start, end, what is put there); offsets in the document's text.
Edit = tuple[int, int, str]


def redact(document: Document, facts: DocumentFacts, settings: ValidationSettings) -> Document:
    """`document` with everything replaced that the policies take out of what is indexed."""
    kinds = kinds_under("redact", facts, settings)
    edits: list[Edit] = [
        (value.start, value.end, f"[{value.kind.replace('_', ' ')} removed]") for value in facts.personal if value.kind in kinds
    ]
    if settings.hidden_instructions == "neutralise":
        edits += [(start, end, _NEUTRALISED) for start, end in order_spans(document, facts.personal, facts.instructions)]
    return apply_edits(document, edits) if edits else document


def kinds_under(policy: PersonalKindPolicy, facts: DocumentFacts, settings: ValidationSettings) -> set[str]:
    """Kinds of personal data that have this policy in a document with this label."""
    policies = settings.personal_policies(facts.labels.get("confidentiality", ""))
    return {kind for kind, of_kind in policies.items() if of_kind == policy}


def removed_words(facts: DocumentFacts, settings: ValidationSettings) -> LeftOut | None:
    """What `redact` takes out, as what parsers leave out is told: words, and their kinds in place of a sample. None for nothing."""
    kinds, neutralise = kinds_under("redact", facts, settings), settings.hidden_instructions == "neutralise"
    words = facts.removable.words(kinds, sentences=neutralise)
    said = [kind.replace("_", " ") for kind in facts.removable.personal if kind in kinds]
    said += ["text addressed to the assistant"] if neutralise and facts.removable.sentences else []
    return LeftOut("removed", words, ", ".join(said)) if words else None


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
