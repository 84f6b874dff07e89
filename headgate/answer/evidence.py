"""Do the passages hold an answer to the question? One number from 0 to 1, compared with `answer.evidence_threshold`.

A logistic model over a few readable features. Its weights were fitted on questions that are in no evaluation suite
(benchmarks/fit_evidence.py, which prints them).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from headgate.answer.retrieve import Query
from headgate.answer.weigh import ScoredUnit
from headgate.index.vocabulary import Vocabulary
from headgate.records import Hit


@dataclass(frozen=True, slots=True)
class Features:
    """All 0 to 1 unless said; higher speaks for an answer, except `unknown`."""

    passage_cosine: float  # best passage against the question, -1 to 1
    unit_cosine: float  # best unit against the question, -1 to 1
    passage_coverage: float  # share of the question's term weight in the best passage with its headings
    unknown: float  # share of the question's term weight that the whole collection never uses
    other_language: float  # 1 when the question is not in the collection's default language


#: intercept and weights, in the order of `Features`.
INTERCEPT = -4.38
WEIGHTS = Features(passage_cosine=2.11, unit_cosine=4.63, passage_coverage=3.59, unknown=-0.74, other_language=0.83)


def extract_features(
    query: Query, hits: Sequence[Hit], scored: Sequence[ScoredUnit], vocabulary: Vocabulary, *, default_language: str
) -> Features:
    """Features of one question with its passages and scored units (best first)."""
    weights = {term: vocabulary.idf(term) for term in query.terms}
    total = sum(weights.values()) or 1.0
    best = scored[0] if scored else None
    return Features(
        passage_cosine=max((hit.cosine or 0.0 for hit in hits), default=0.0),
        unit_cosine=max((unit.cosine for unit in scored), default=0.0),
        passage_coverage=best.passage_coverage if best else 0.0,
        unknown=sum(weight for term, weight in weights.items() if term not in vocabulary.terms) / total,
        other_language=float(query.language != default_language),
    )


def evidence(features: Features) -> float:
    """Probability, as fitted, that the passages answer the question; 0 to 1."""
    values = asdict(features)
    score = INTERCEPT + sum(weight * values[name] for name, weight in asdict(WEIGHTS).items())
    return 1 / (1 + math.exp(-score))
