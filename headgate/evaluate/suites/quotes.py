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
#: A character that makes a word or number longer; 料金はHome Maxです has Home Max whole.
_WORD = rf"[^\W{_UNSPACED}]"
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
    if _whole(" ".join(cells)).search(text.flat):
        return True
    if len(cells) == 1:
        return False
    row = re.compile(".*?".join(_whole(cell).pattern for cell in cells))
    return any(row.search(line) for line in text.lines)


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


def _whole(normalised: str) -> re.Pattern[str]:
    """A pattern that does not begin or end inside a word or number."""
    before = rf"(?<!{_WORD})(?<!\d[.,])" if _is_spaced(normalised[0]) else ""
    after = rf"(?!{_WORD})(?![.,]\d)" if _is_spaced(normalised[-1]) else ""
    return re.compile(before + re.escape(normalised) + after)


def _is_spaced(character: str) -> bool:
    return (character.isalnum() or character in "£$€¥") and not re.match(f"[{_UNSPACED}]", character)


def _shared(before: str, after: str) -> int:
    """Length of the longest end of `before` that begins `after`."""
    for length in range(min(len(before), len(after), _LONGEST_OVERLAP), _SHORTEST_OVERLAP - 1, -1):
        if before.endswith(after[:length]):
            return length
    return 0
