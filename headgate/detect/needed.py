"""Words without which a pattern can't match: looking for them takes a hundredth of the time of trying the pattern everywhere.

    override    a line with "ignore" or "forget" … and with "instruction" or "rule" …        else the pattern need not be tried

A condition is necessary, never enough: what it lets pass is still up to the pattern. Each line is looked at once for each word, however
long the text is.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

#: One way in which a pattern may match: a word of every group has to be there, in one line where there are several groups.
Way = tuple[tuple[str, ...], ...]
#: Letters that patterns which ignore case take for others, and `lower` does not.
_LOOKALIKES = tuple(zip("ſıİ\u1c80\u1c81\u1c82\u1c83\u1c84\u1c85\u1c86", "siiвдосттъ", strict=True))


def small(text: str) -> str:
    """The text in small letters, as a pattern that ignores case compares them."""
    if not text.isascii():
        for letter, like in _LOOKALIKES:
            text = text.replace(letter, like)
    return text.lower()


def may_match(ways: Iterable[Way], text: str) -> bool:
    """Whether the words of some way are there. Blanks between words may be several, and for a way of one group line breaks as well."""
    flat = _flat(text)
    return any(_is_open(way, flat, text) for way in ways)


def joined(first: Iterable[str], *others: Iterable[str]) -> tuple[str, ...]:
    """Every first word with every word that may follow: `act as`, `act like`, `speak as`, …"""
    words = tuple(first)
    for following in others:
        following = tuple(following)
        words = tuple(f"{word} {after}" for word in words for after in following)
    return words


@lru_cache(maxsize=1)  # a page is asked for one rule after the other
def _flat(text: str) -> str:
    return " ".join(small(text).split())


def _is_open(way: Way, flat: str, text: str) -> bool:
    for group in way:
        if not any(word in flat for word in group):
            return False
    return len(way) == 1 or _in_one_line(way, text)


def _in_one_line(way: Way, text: str) -> bool:
    lines = (" ".join(line.split()) for line in small(text).split("\n"))
    return any(all(any(word in line for word in group) for group in way) for line in lines)
