"""The name of a label as people write it → the label that is meant: exactly, or nearly.

`Confidentiality`, `X-Confidentiality` and `classification` are exact; `confidentialty`, `confi dentiality`, `confidentialities` and
`page_confidentiality` are near. Only the labels that decide who may see a page (`ACCESS_LABELS`) have near names: a page on which such a
name is misspelt must not pass for one that carries no label.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields
from functools import lru_cache
from typing import Literal, NamedTuple

from headgate.records import DocumentMetadata

AccessLabel = Literal["confidentiality", "audience"]

#: What a document may say of itself; `stale_since` is set by the ingest alone.
LABELS = tuple(field.name for field in fields(DocumentMetadata) if field.name != "stale_since")
#: Labels that decide who may see a page.
ACCESS_LABELS: tuple[AccessLabel, ...] = ("confidentiality", "audience")
#: Names that people and formats use for the same thing.
_ALIASES = {
    "lang": "language",
    "author": "owner",
    "subject": "topic",
    "category": "topic",
    "date": "effective_date",
    "classification": "confidentiality",
}
#: Name → (label, edits up to which another name counts as this one misspelt).
_SPELLINGS: dict[str, tuple[AccessLabel, int]] = {
    "confidentiality": ("confidentiality", 4),
    "confidential": ("confidentiality", 2),
    "classification": ("confidentiality", 2),
    "audience": ("audience", 2),
}
#: Words of their own within those distances.
_OTHER_WORDS = frozenset({"clarification", "clarifications", "ambience", "confidence", "confident", "confidently"})
#: However a word goes on that begins so, it speaks of confidentiality, but for `_OTHER_WORDS`.
_STEM = "confid"
_BETWEEN = re.compile(r"[\s\-.]+")
_PARTS = re.compile(r"[\s\-._:/]+")
#: Letters of other scripts that look like Latin ones.
_LOOKALIKES = str.maketrans("асеіорухѕԁոтηѵαεοιυνκ", "aceiopyxsdntnvaeoiuvk")
_LONGEST = 60  # characters; a longer name is a sentence


class Key(NamedTuple):
    """The label that a name means. `exact` is False where it is only close to a name of it."""

    label: str
    exact: bool


@lru_cache(maxsize=4096)
def find_label(name: str) -> Key | None:
    """The label that `name` means, or None for any other name."""
    key = plain_name(name)
    if key in LABELS:
        return Key(key, exact=True)
    if key in _ALIASES:
        return Key(_ALIASES[key], exact=True)
    near = _near(key)
    return Key(near, exact=False) if near else None


def access_label(name: str) -> AccessLabel | None:
    """The label of access that `name` means or nearly means, or None."""
    key = find_label(name)
    return next((label for label in ACCESS_LABELS if key is not None and key.label == label), None)


def begins_with_confidentiality(line: str) -> bool:
    """Whether the letters of a line begin with the word, or nearly, whatever signs stand between and before them."""
    letters = re.sub(r"[^a-z]", "", unicodedata.normalize("NFKC", line[:80]).lower().translate(_LOOKALIKES))
    return any(
        distance(letters[start : start + length], "confidentiality", 3) <= 3
        for start in range(min(4, len(letters)))
        for length in range(12, 18)
        if start + length <= len(letters)
    )


def plain_name(name: str) -> str:
    """Small letters, `_` for what stands between words, without invisible characters and a leading `x_`."""
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return _BETWEEN.sub("_", visible.strip().lower()).removeprefix("x_")


def _near(key: str) -> AccessLabel | None:
    if not key or len(key) > _LONGEST:
        return None
    letters = re.sub(r"[^a-z]", "", key.translate(_LOOKALIKES))
    if (letters.startswith(_STEM) and letters not in _OTHER_WORDS) or "confidentiality" in letters:
        return "confidentiality"
    for spelling, (label, allowed) in _SPELLINGS.items():
        if letters not in _OTHER_WORDS and distance(letters, spelling, allowed) <= allowed:
            return label
    # A longer name that holds one: `page_confidentiality`. An audience of something (`target_audience`) is told by its value.
    for part in _PARTS.split(key):
        found = _SPELLINGS.get(part)
        if found and found[0] == "confidentiality":
            return "confidentiality"
    return None


def distance(one: str, other: str, limit: int) -> int:
    """Edits (insert, delete, replace, swap of neighbours) from one word to the other; `limit + 1` for any more (Damerau 1964)."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for position, letter in enumerate(one, 1):
        before, last, row = row, before, [position]
        for place, wanted in enumerate(other, 1):
            cost = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (letter != wanted))
            if position > 1 and place > 1 and letter == other[place - 2] and one[position - 2] == wanted:
                cost = min(cost, last[place - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]
