"""What a question asks about by name: names, versions and codes, which must stand in the passages, or another one's answer is given.

    names("Do you ship to Australia?", "en")           →  ("Australia",)
    names("What changed in version 2.10?", "en")       →  ("2.10",)
    names("I live in Leeds. Is error E42 bad?", "en")  →  ("E42",)          the last sentence asks

A page on Austria answers no question on Australia, however alike the two are to an embedding model and to spelling correction: what names
something that the passages don't know, and could be mistaken for something that they do, is declined. Other names that they don't know
(a street, a friend, a product beside the point) are left to the weighing of evidence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import OSA

from headgate.records import Hit
from headgate.text.sentences import split_sentences
from headgate.text.terms import analyze

_WORD = re.compile(r"[^\W_]+(?:[.'’_-][^\W_]+)*")
#: Three numbers or more are a version wherever they stand; two only behind a word that says so, since 24.00 may be a price.
_VERSION = re.compile(r"\d+(?:\.\d+){2,}|(?:(?<=version )|(?<=release )|(?<=\bv)|(?<=\bv\.))\d+(?:\.\d+)+", re.IGNORECASE)
#: Letters and digits in one word: E42, RFC-2119, X500b. Ordinals and units (5th, 10GB, 2pm) are none.
_CODE = re.compile(r"(?=[^\W_-]*[^\W\d_])(?=[\w-]*\d)[A-Z][\w-]*")
#: Languages that write common nouns, or nothing, in capitals: there a capital tells no name.
_NO_CAPITALS = frozenset({"de", "lb", "ja", "zh", "ko", "ar", "he", "hi", "th", "fa", "ur"})
#: Capitalised in English, and no names of a thing that a page speaks of alone.
_COMMON = frozenset(
    "i i'm i'd i've i'll ok okay monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september october november december hi hello dear please thanks english".split()
)


def names(question: str, language: str) -> tuple[str, ...]:
    """Names, versions and codes of the sentence that asks, in order, each once.

    Args:
        question: as it was asked, spelling uncorrected.
        language: ISO 639-1 code of the question.
    """
    spans = split_sentences(question)
    asking = [question[start:end] for start, end in spans if question[start:end].rstrip("\"'”’) ").endswith(("?", "？"))]
    sentence = asking[-1] if asking else question
    found = [*_VERSION.findall(sentence), *(word for word in _WORD.findall(sentence) if _CODE.fullmatch(word))]
    words = _WORD.findall(sentence)
    inside = [
        word for word in words if any(letter.isupper() for letter in word[1:]) and any(letter.islower() for letter in word)
    ]  # iPad
    shouting = len(words) > 1 and not any(word[0].islower() for word in words)  # all in capitals, or In Title Case
    if language not in _NO_CAPITALS and not shouting:
        capitals = [word for word in words[1:] if word[0].isupper() and word.casefold() not in _COMMON]
        found += [word for word in [*inside, *capitals] if not _CODE.fullmatch(word)]
    return tuple(dict.fromkeys(found))


def speaks_of_another_version(question: str, text: str) -> bool:
    """Whether `text` names versions, and none that `question` names."""
    asked, named = set(_VERSION.findall(question)), set(_VERSION.findall(text))
    return bool(asked and named) and not asked & named


def missing_names(wanted: Collection[str], language: str, passages: Sequence[Hit]) -> tuple[str, ...]:
    """Those of `wanted` that none of `passages` holds, in its text, its headings or its title.

    A name is held when all its terms are; so "Northbeam's" is "Northbeam", and 2.1 is not 2.10.
    """
    if not wanted:
        return ()
    held: set[str] = set()
    for hit in passages:
        for code in {hit.language, language}:
            held.update(analyze(_read(hit), code, keep_stop_words=True))
    return tuple(name for name in wanted if not set(analyze(name, language, keep_stop_words=True)) <= held)


def mistaken_names(missing: Collection[str], passages: Sequence[Hit]) -> tuple[str, ...]:
    """Those of the names that `passages` lack for which a hasty reader takes something that they do speak of."""
    return tuple(name for name in missing if mistakable(name, passages))


def mistakable(name: str, passages: Iterable[Hit]) -> bool:
    """Whether the passages speak of something else that a hasty reader takes for `name`: Austria for Australia, 2.1 for 2.10.

    A version or a code is taken for another one; a word for a name that differs from it by at most two letters, and by at most a third.
    """
    identifier = any(letter.isdigit() for letter in name)
    limit = min(2, len(name) // 3)
    for hit in passages:
        found = _named(_read(hit))
        if (identifier and found.identifiers) or any(
            0 < OSA.distance(word, name.casefold(), score_cutoff=limit) <= limit for word in found.words
        ):
            return True
    return False


class _Named(NamedTuple):
    """What a text speaks of: whether of versions or codes, and its distinct words with a capital, case-folded."""

    identifiers: bool
    words: frozenset[str]


@lru_cache(maxsize=512)
def _named(text: str) -> _Named:
    words = _WORD.findall(text)
    identifiers = _VERSION.search(text) is not None or any(_CODE.fullmatch(word) for word in words)
    return _Named(identifiers, frozenset(word.casefold() for word in words if any(letter.isupper() for letter in word)))


def _read(hit: Hit) -> str:
    return f"{hit.title}\n{hit.context}\n{hit.heading}\n{hit.text}"
