"""Which sentence, list item or table row of the passages answers the question best?

A unit's score joins meaning (cosine of its vector, made when the index was built, with the question's), words (share of the question's term weight it holds, headings
included) and the rank of its passage. The weights were chosen on evals/calibration.jsonl, which no gate uses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from headgate.answer.retrieve import Query
from headgate.errors import IntegrityError
from headgate.index.vocabulary import Vocabulary
from headgate.models.passages import unit_cosines
from headgate.records import Hit
from headgate.text.terms import analyze
from headgate.text.units import Unit, only_asks, units

#: Weight of meaning against words. MiniLM was trained on English; elsewhere words are the better guide.
_MEANING = {"en": 0.75}
_MEANING_ELSEWHERE = 0.3
_PASSAGE_WEIGHT = 0.25
#: For list items, where steps are asked for.
_STEP_BONUS = 0.06
#: Units shorter than this many characters are headings or leftovers, seldom an answer.
_SHORT = 25
_SHORT_PENALTY = 0.1
#: Characters.
_LONGEST_HEADING = 100

_HOW_TO = re.compile(
    r"\bhow (?:do|can|should|would|to)\b|\bsteps?\b|\bwhat (?:should|do|can) i do\b|\bset ?up\b|\bcómo\b"
    r"|\bwie (?:kann|richte|mache|melde|ändere|setze)\b|\bcomment\b|方法|どうすれば|やり方|どうやって",
    re.IGNORECASE,
)


def asks_how(question: str) -> bool:
    """Whether steps are asked for."""
    return _HOW_TO.search(question) is not None


@dataclass(frozen=True, slots=True)
class ScoredUnit:
    """A unit of `hit.text`. `score` orders; `cosine` is -1 to 1; coverages are shares of the question's term weight, 0 to 1."""

    unit: Unit
    hit: Hit
    passage: int  # rank of the passage, from 0
    score: float
    cosine: float
    coverage: float  # unit and headings
    passage_coverage: float  # passage and headings
    terms: frozenset[str]


class UnitScorer:
    """Scores units. Nothing is embedded; may be used from any thread."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def score(self, query: Query, hits: Sequence[Hit]) -> list[ScoredUnit]:
        """All units of `hits` (best first), best unit first; ties keep the order of the passages.

        Raises:
            IntegrityError: a passage has other units than its row has vectors of.
        """
        weights = {term: self._vocabulary.idf(term) for term in query.terms}
        total = sum(weights.values()) or 1.0

        def covered(terms: frozenset[str], headings: frozenset[str]) -> float:
            return sum(w if t in terms else 0.7 * w if t in headings else 0.0 for t, w in weights.items()) / total

        meaning = _MEANING.get(query.language, _MEANING_ELSEWHERE)
        how_to = asks_how(query.text)
        scored = []
        for rank, hit in enumerate(hits):
            headings = _terms(f"{hit.context} {hit.heading}", hit.language)
            found = [(unit, _terms(unit.text, hit.language)) for unit in units(hit.text)]
            cosines = unit_cosines(hit.unit_vectors, query.vector)
            if len(found) != len(cosines):
                raise IntegrityError(
                    f"chunk {hit.chunk_id!r} of {hit.doc_id!r} has {len(found)} sentences and vectors of {len(cosines)}; build the bundle again"
                )
            passage_coverage = covered(frozenset().union(*(terms for _, terms in found)), headings)
            for (unit, terms), cosine in zip(found, cosines.tolist(), strict=True):
                coverage = covered(terms, headings)
                score = meaning * cosine + (1 - meaning) * coverage + _PASSAGE_WEIGHT * hit.score
                if how_to and unit.item:
                    score += _STEP_BONUS
                if len(unit.text) < _SHORT and not only_asks(unit.text):
                    score -= _SHORT_PENALTY
                scored.append(ScoredUnit(unit, hit, rank, score, cosine, coverage, passage_coverage, terms))
        return sorted(_answers_for_questions(scored), key=lambda entry: -entry.score)


def _answers_for_questions(scored: Sequence[ScoredUnit]) -> list[ScoredUnit]:
    """The units that say something, in the order given; one that follows a question or a heading answers it and is weighed as well as it.

    Args:
        scored: units of each passage in reading order.
    """
    answers: list[ScoredUnit] = []
    asked: ScoredUnit | None = None
    for entry, following in zip(scored, [*scored[1:], None], strict=False):
        if asked is not None and asked.hit.chunk_id != entry.hit.chunk_id:
            asked = None
        if only_asks(entry.unit.text) or _opens(entry, following):
            asked = entry if asked is None or entry.score > asked.score else asked
            continue
        if asked is not None:
            entry = replace(
                entry,
                score=max(entry.score, asked.score),
                cosine=max(entry.cosine, asked.cosine),
                coverage=max(entry.coverage, asked.coverage),
            )
            asked = None
        answers.append(entry)
    return answers


def _opens(entry: ScoredUnit, following: ScoredUnit | None) -> bool:
    """Whether a unit is a heading that stands in the text: a line of its own without an end mark, above the next block."""
    return (
        following is not None
        and following.hit.chunk_id == entry.hit.chunk_id
        and following.unit.block > entry.unit.block
        and entry.unit.alone
        and not entry.unit.item
        and not entry.unit.row
        and len(entry.unit.text) <= _LONGEST_HEADING
        and entry.unit.text[-1].isalnum()
    )


@lru_cache(maxsize=20_000)
def _terms(text: str, language: str) -> frozenset[str]:
    return frozenset(analyze(text, language))
