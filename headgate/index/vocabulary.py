"""Which words a table version knows, and in how many chunks each occurs: term weights and spelling.

Counted when a bundle is made and stored with it, so that weights are those of the very version that is served.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence

import orjson
from rapidfuzz import process
from rapidfuzz.distance import OSA

from headgate.index.analyze import analyze
from headgate.records import Record

_WORD = re.compile(r"[^\W\d_]{2,}")
#: Shorter words have too many neighbours to be corrected.
_MIN_CORRECTABLE = 4


class Vocabulary(Record):
    """`terms` maps a search term, `words` a case-folded word, to the number of chunks that hold it."""

    chunks: int
    terms: dict[str, int]
    words: dict[str, int]

    def idf(self, term: str) -> float:
        """Inverse document frequency, ln(1 + (N - n + 0.5) / (n + 0.5)), as in BM25 (Robertson & Zaragoza 2009)."""
        found = self.terms.get(term, 0)
        return math.log(1 + (self.chunks - found + 0.5) / (found + 0.5))

    def correct(self, question: str, language: str) -> str:
        """`question` with unknown words replaced by the closest known one.

        A word is replaced only if it has four letters or more, is not a name in capitals, and a known word lies within one
        edit (two from eight letters on; optimal string alignment). Of several the closest, then the most frequent is taken.
        """

        def fix(match: re.Match[str]) -> str:
            word = match.group()
            folded = unicodedata.normalize("NFKC", word).casefold()
            if len(folded) < _MIN_CORRECTABLE or folded in self.words or word.isupper() or not folded.isascii():
                return word
            if all(term in self.terms for term in analyze(word, language, keep_stop_words=True)):
                return word
            limit = 2 if len(folded) >= 8 else 1
            close = process.extract(folded, self.words.keys(), scorer=OSA.distance, score_cutoff=limit, limit=20)
            close = [entry for entry in close if entry[0][0] == folded[0] or limit == 2]
            if not close:
                return word
            best = min(close, key=lambda entry: (entry[1], -self.words[entry[0]], entry[0]))
            return str(best[0])

        return _WORD.sub(fix, question)

    def to_bytes(self) -> bytes:
        return orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)


def count_vocabulary(texts: Iterable[tuple[Sequence[str], str]]) -> Vocabulary:
    """Count over chunks given as (search terms, full text)."""
    terms: Counter[str] = Counter()
    words: Counter[str] = Counter()
    chunks = 0
    for chunk_terms, text in texts:
        chunks += 1
        terms.update(set(chunk_terms))
        words.update({word.casefold() for word in _WORD.findall(text)})
    return Vocabulary(chunks=chunks, terms=dict(terms), words=dict(words))
