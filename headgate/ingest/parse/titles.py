"""Whether a line that stands alone in plain text is a title: told by its form, in any language.

A title is short, names one thing and begins as names do; it does not end as a sentence does, and is no address, date, number or greeting.

    Opening hours            title        We open at nine.          text: ends as a sentence
    How do I pay?            title        Dear Ms Lovelace,         text: ends open
    3.2 Fees and taxes       title        Doylestown, PA 18901      text: a place with its number
    料金プラン                title        see the notes below       text: begins small
"""

from __future__ import annotations

import re

_MAX_CHARACTERS = 80
_MAX_WORDS = 12
#: Scripts without spaces say in as many characters what others say in as many words and more.
_MAX_UNSPACED = 30
#: Longer lines before a colon are sentences that lead over to what follows.
_MAX_INTRODUCED = 4
#: What ends a sentence, or leaves it open. A question may be a title, as in lists of questions; a colon may end one above a list.
_ENDS_OPEN = re.compile(r"[.!,;。．！、，；।॥۔؛،…‥\-–—][\"'»”’)\]]*$")
#: The end of a sentence inside of the line: a word of four letters or more, so that "St. Louis" and "Dr. No" are none.
_SENTENCE_WITHIN = re.compile(r"[^\W\d_]{4}[.!?]\s|[。！？]\s{0,20}\S")
_CONTACT = re.compile(r"@|://|\bwww\.")
#: A name with a number behind a comma, as in addresses and dates.
_PLACE_OR_DATE = re.compile(r",.{0,300}\d{2}\W{0,10}$")
_OPENING_MARKS = "\"'“”„«‘(["
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def looks_like_title(line: str) -> bool:
    """Whether `line`, a paragraph of one line, is a title; whether something follows that it could be the title of is for the caller."""
    line = " ".join(line.split())
    words = [word for word in line.split() if any(character.isalpha() for character in word)]
    if not words or not line.lstrip(_OPENING_MARKS)[:1].isalnum() or len(line) > _MAX_CHARACTERS or len(words) > _MAX_WORDS:
        return False
    numbered = [word for word in line.split() if any(character.isdigit() for character in word)]
    first = next(character for character in line if character.isalpha())
    longest = max(len(word) for word in words)
    return not (
        first.islower()
        or _ENDS_OPEN.search(line)
        or _SENTENCE_WITHIN.search(line)
        or _CONTACT.search(line)
        or _PLACE_OR_DATE.search(line)
        or len(numbered) * 2 > len(line.split())
        or (line.endswith((":", "：")) and len(words) > _MAX_INTRODUCED)
        or (longest > _MAX_UNSPACED and (len(words) == 1 or _UNSPACED.search(line) is not None))
    )
