"""Which words a table version knows, in each of its languages, and in how many chunks each occurs: term weights, languages, spelling.

Stored with the version, so that weights are those of the very rows that are served. It is brought from one version to the next by the
rows that differ, and is equal to what counting all rows gives.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, ValidationError
from rapidfuzz import process
from rapidfuzz.distance import OSA

from headgate.errors import NotFoundError
from headgate.index.table_rows import quoted
from headgate.records import PinnedVersion, Record
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import OBJECTS
from headgate.text.terms import analyze

_WORD = re.compile(r"[^\W\d_]{2,}")
_BATCH = 500
_COUNTED = ["search_text", "context", "text", "language"]
#: Shorter words have too many neighbours to be corrected.
_MIN_CORRECTABLE = 4
#: Unknown words of a question that are looked up: each is compared with every word of the collection, and whoever writes more is not
#: misspelling them.
MOST_UNKNOWN = 16


@dataclass(frozen=True, slots=True)
class Spelling:
    """A question as it was written, with what may be meant by its unknown words."""

    written: str
    corrections: Mapping[str, str]  # misspelt word → the word of the collection that is probably meant
    lookalikes: Mapping[str, str]  # real word that the collection lacks → the word of the collection that it resembles

    @property
    def corrected(self) -> str:
        """The question with its corrections."""
        return _WORD.sub(lambda match: self.corrections.get(match.group(), match.group()), self.written)


class LanguageCounts(Record):
    """What the chunks of one language hold. `terms` maps a search term, `words` a case-folded word, to the number of chunks that hold it."""

    chunks: int = 0
    length: int = 0  # search terms of all chunks, repeats included
    terms: dict[str, int] = Field(default_factory=dict)
    words: dict[str, int] = Field(default_factory=dict)

    def idf(self, term: str) -> float:
        """Inverse document frequency, ln(1 + (N - n + 0.5) / (n + 0.5)), as in BM25 (Robertson & Zaragoza 2009)."""
        found = self.terms.get(term, 0)
        return math.log(1 + (self.chunks - found + 0.5) / (found + 0.5))


class Vocabulary(Record):
    """`languages` maps the language of chunks, "" where it is not known, to what these hold."""

    languages: dict[str, LanguageCounts]

    @cached_property
    def chunks(self) -> int:
        return sum(counts.chunks for counts in self.languages.values())

    @cached_property
    def terms(self) -> Mapping[str, int]:
        """Search term → number of chunks of any language that hold it."""
        return _summed([counts.terms for counts in self.languages.values()])

    @cached_property
    def words(self) -> Mapping[str, int]:
        """Case-folded word → number of chunks of any language that hold it."""
        return _summed([counts.words for counts in self.languages.values()])

    def idf(self, term: str) -> float:
        """Inverse document frequency over the chunks of all languages."""
        found = self.terms.get(term, 0)
        return math.log(1 + (self.chunks - found + 0.5) / (found + 0.5))

    def spell(self, question: str, language: str, *, real_words: Collection[str] = ()) -> Spelling:
        """Words of `question` that the collection lacks and that resemble one it has.

        A word is taken for misspelt only if it has four letters or more, no capital (but the first of the question may) and is not in
        `real_words`, and a known word lies within one edit (two from eight letters on; optimal string alignment). Of several the closest,
        then the most frequent is taken. A real word is never corrected: Australia is not Austria. It is told as a lookalike. Of a question with
        many unknown words the first `MOST_UNKNOWN` are looked up.

        Args:
            real_words: case-folded words of a general list of English. With one, only English is corrected: of another language nobody could
                say which words are real.
        """
        corrections: dict[str, str] = {}
        correctable = not real_words or language == "en"
        looked_up: set[str] = set()
        lookalikes: dict[str, str] = {}
        for match in _WORD.finditer(question):
            word = match.group()
            folded = unicodedata.normalize("NFKC", word).casefold()
            if len(folded) < _MIN_CORRECTABLE or folded in self.words or not folded.isascii():
                continue
            if all(term in self.terms for term in analyze(word, language, keep_stop_words=True)):
                continue
            if len(looked_up | {folded}) > MOST_UNKNOWN:
                break
            looked_up.add(folded)
            name = any(letter.isupper() for letter in (word[1:] if match.start() == 0 else word))
            if (closest := self._closest(folded)) is None:
                continue
            if folded in real_words:
                lookalikes[word] = closest
            elif not name and correctable:
                corrections[word] = closest
        return Spelling(question, corrections, lookalikes)

    def _closest(self, folded: str) -> str | None:
        limit = 2 if len(folded) >= 8 else 1
        close = process.extract(folded, self.words.keys(), scorer=OSA.distance, score_cutoff=limit, limit=20)
        close = [entry for entry in close if entry[0][0] == folded[0] or limit == 2]
        return str(min(close, key=lambda entry: (entry[1], -self.words[entry[0]], entry[0]))[0]) if close else None

    def to_bytes(self) -> bytes:
        return orjson.dumps(self.model_dump(), option=orjson.OPT_SORT_KEYS)


def _summed(counts: Sequence[Mapping[str, int]]) -> Mapping[str, int]:
    if len(counts) == 1:
        return counts[0]
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return total


def count_vocabulary(chunks: Iterable[tuple[Sequence[str], str, str]]) -> Vocabulary:
    """Count over chunks given as (search terms, full text, language)."""
    counts = _Counts()
    for terms, text, language in chunks:
        counts.add(terms, text, language)
    return counts.vocabulary()


def vocabulary_of_version(store: Store, table: Any, earlier: PinnedVersion | None) -> Vocabulary:
    """The vocabulary of the rows of `table`, an open LanceDB table at its newest version.

    Args:
        earlier: a pinned version of the same table; only rows in which the two differ are read. None = all are read.
    """
    if earlier is None or (known := _read_vocabulary(store, earlier.vocabulary)) is None:
        return count_vocabulary(_texts(table, None))
    now = _digests(table)
    newest = int(table.version)
    try:
        table.checkout(earlier.ref.version)
        before = _digests(table)
        gone = before.filter(pc.invert(pc.is_in(before, value_set=now))).to_pylist()
        counts = _Counts(known)
        for terms, text, language in _texts(table, gone):
            counts.add(terms, text, language, sign=-1)
    finally:
        table.checkout(newest)
        table.checkout_latest()
    for terms, text, language in _texts(table, now.filter(pc.invert(pc.is_in(now, value_set=before))).to_pylist()):
        counts.add(terms, text, language)
    return counts.vocabulary()


class _Counts:
    """Numbers of chunks by language, counted up and down."""

    def __init__(self, known: Vocabulary | None = None) -> None:
        languages = known.languages if known else {}
        self._chunks = Counter({language: counts.chunks for language, counts in languages.items()})
        self._lengths = Counter({language: counts.length for language, counts in languages.items()})
        self._terms = {language: Counter(counts.terms) for language, counts in languages.items()}
        self._words = {language: Counter(counts.words) for language, counts in languages.items()}

    def add(self, terms: Sequence[str], text: str, language: str, *, sign: int = 1) -> None:
        self._chunks[language] += sign
        self._lengths[language] += sign * len(terms)
        counted = self._terms.setdefault(language, Counter())
        for term in set(terms):
            counted[term] += sign
        words = self._words.setdefault(language, Counter())
        for word in {word.casefold() for word in _WORD.findall(text)}:
            words[word] += sign

    def vocabulary(self) -> Vocabulary:
        return Vocabulary(
            languages={
                language: LanguageCounts(
                    chunks=chunks,
                    length=self._lengths[language],
                    terms=_positive(self._terms[language]),
                    words=_positive(self._words[language]),
                )
                for language, chunks in self._chunks.items()
                if chunks > 0
            }
        )


def _positive(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count > 0}


def _read_vocabulary(store: Store, digest: str) -> Vocabulary | None:
    """A stored vocabulary, None when it is gone, of an earlier kind or not what its name says: then all rows are counted."""
    try:
        content = store.get(OBJECTS.key(digest))
    except NotFoundError:
        return None
    if sha256_hex(content) != digest:
        return None
    try:
        return Vocabulary.model_validate_json(content)
    except ValidationError:  # counted by an earlier headgate
        return None


def _digests(table: Any) -> pa.ChunkedArray:
    return table.search().select(["row_digest"]).limit(table.count_rows() or 1).to_arrow()["row_digest"]


def _texts(table: Any, row_digests: Sequence[str] | None) -> Iterator[tuple[list[str], str, str]]:
    """(search terms, context and text, language) of the rows with these digests; of all rows, batch by batch, for None."""
    conditions = (
        [""]
        if row_digests is None
        else [f"row_digest IN ({quoted(row_digests[start : start + _BATCH])})" for start in range(0, len(row_digests), _BATCH)]
    )
    for condition in conditions:
        query = table.search().select(_COUNTED).limit(table.count_rows() or 1)
        for batch in (query.where(condition) if condition else query).to_batches():
            for row in batch.to_pylist():
                yield row["search_text"].split(), f"{row['context']}\n{row['text']}", row["language"]
