"""Does a quoted passage stand in a text? Wording is compared; case, white space, markup and table layout are not.

contains(searchable(["plan: Home Plus; price a month: £31.00"]), "Home Plus | £31.00")  →  True
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from headgate.evaluate.suites.wording import tokens

_MARKUP = re.compile(r"[*_#`~|\\\u00ad\u200b\ufeff]|^\s*>\s?|\]\([^)\s]*\)|[\[\]]|<[^<>\n]{1,80}>|^\s*[-+•‣▪]\s+", re.MULTILINE)
_TYPOGRAPHY = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "–": "-", "—": "-", "‑": "-", "−": "-"}
)
_UNSPACED = "\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uff00-\uffef"
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_AROUND_UNSPACED = re.compile(rf"(?<=[{_UNSPACED}])\s+|\s+(?=[{_UNSPACED}])")
#: Characters that two neighbouring chunks may share.
_LONGEST_OVERLAP = 1500
_SHORTEST_OVERLAP = 12
#: A chunk border may cut a passage: it still counts as found when this share of its tokens stands in the chunk in one run …
PARTIAL_SHARE = 0.6
#: … of at least this many tokens; shorter runs are found by chance.
PARTIAL_TOKENS = 6


@dataclass(frozen=True, slots=True)
class SearchableText:
    """A text prepared for `contains`: as one run of words, and line by line for table rows."""

    flat: str
    lines: tuple[str, ...]


def normalise(text: str) -> str:
    """Compatibility forms, case, quotation marks, dashes, markup and white space levelled."""
    levelled = _MARKUP.sub(" ", unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY))
    spaced = " ".join(levelled.casefold().split())
    return _AROUND_UNSPACED.sub("", re.sub(r"\s+([,.;:!?)])", r"\1", spaced))


def searchable(chunks: Sequence[str]) -> SearchableText:
    """One text from a document's chunks in order; what two neighbours share at their border is kept once."""
    flat = ""
    for chunk in chunks:
        following = normalise(chunk)
        flat = f"{flat} {following[_shared(flat, following) :].lstrip()}".strip()
    lines = tuple(line for chunk in chunks for line in map(normalise, chunk.split("\n")) if line)
    return SearchableText(flat=_AROUND_UNSPACED.sub("", flat), lines=lines)


def contains(text: SearchableText, quote: str) -> bool:
    """Whether `quote` stands in `text`.

    A quote with pipes is a table row: its cells must stand in this order in one line, whatever is between them, or next to each
    other anywhere. Numbers and words at the quote's edges must be whole: `£3` is not found in `£31`.
    """
    cells = [cell for cell in map(normalise, quote.split("|")) if cell]
    if not cells:
        return False
    if _find(text.flat, " ".join(cells)) >= 0:
        return True
    return len(cells) > 1 and any(_in_order(line, cells) for line in text.lines)


def overlaps(text: SearchableText, quote: str) -> bool:
    """Whether `quote` stands in `text` in whole or, for running text, for the larger part (see `PARTIAL_SHARE`)."""
    if contains(text, quote):
        return True
    wanted = tokens(normalise(quote))
    if "|" in quote or len(wanted) < PARTIAL_TOKENS:
        return False
    present = tokens(text.flat)
    run = SequenceMatcher(None, wanted, present, autojunk=False).find_longest_match().size
    return run >= max(PARTIAL_TOKENS, PARTIAL_SHARE * len(wanted))


def _in_order(line: str, cells: Sequence[str]) -> bool:
    """Whether all cells stand in `line`, each after the one before."""
    end = 0
    for cell in cells:
        if (place := _find(line, cell, end)) < 0:
            return False
        end = place + len(cell)
    return True


def _find(text: str, wanted: str, start: int = 0) -> int:
    """Where `wanted` stands first, from `start` on, without beginning or ending inside a word or number; -1 = nowhere.

    A pattern would say the same; to compile one for each quote took half of the time of an evaluation.
    """
    begins, ends = _is_spaced(wanted[0]), _is_spaced(wanted[-1])
    while (place := text.find(wanted, start)) >= 0:
        end = place + len(wanted)
        inside = (
            begins
            and place > 0
            and (_is_word(text[place - 1]) or (text[place - 1] in ".," and text[place - 2 : place - 1].isdecimal()))
        )
        goes_on = (
            ends and end < len(text) and (_is_word(text[end]) or (text[end] in ".," and text[end + 1 : end + 2].isdecimal()))
        )
        if not inside and not goes_on:
            return place
        start = place + 1
    return -1


def _is_word(character: str) -> bool:
    """Whether a character makes a word or number longer; 料金はHome Maxです has Home Max whole."""
    return (character.isalnum() or character == "_") and not _IS_UNSPACED.match(character)


def _is_spaced(character: str) -> bool:
    return (character.isalnum() or character in "£$€¥") and not _IS_UNSPACED.match(character)


def _shared(before: str, after: str) -> int:
    """Length of the longest end of `before` that begins `after`."""
    for length in range(min(len(before), len(after), _LONGEST_OVERLAP), _SHORTEST_OVERLAP - 1, -1):
        if before.endswith(after[:length]):
            return length
    return 0
