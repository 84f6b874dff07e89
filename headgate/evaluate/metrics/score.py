"""(what is right, what was answered) → scores of one case. Every metric here is per case; `headgate.evaluate.report.summary` joins them.

What applies to which case:

    metric                                    answerable               can't be answered
    resolved                                  always                   always
    forbidden                                 where a case names what no reply may say
    recall@k strict_recall@k doc_recall@k
      mrr ndcg@k                              always                   –
    citation_precision                        answered                 –
    citation_recall                           always (refused: 0)      –
    token_f1 rouge_l semantic_similarity
      answer_correctness ragas_*              reference (refused: 0)   –
    groundedness                              answered                 answered
    refusal_precision                         refused: 0               refused: 1
    refusal_recall                            –                        refused: 1, answered: 0
    over_refusal                              refused: 1, answered: 0  –
    latency first_token cost                  always                   always

A reply to small talk is neither an answer nor a refusal. An answer that only asks cites nothing and is not grounded: 0.
A refusal where an answer exists scores 0 on correctness: that is its real value, the asker got nothing. Its citations don't exist, so their
precision is not 0 but undefined. A metric that raises becomes a `Score` with an error, which counts as unscored and never as a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from headgate.answer.ground import ground, without_markers
from headgate.evaluate.metrics.ragas_adapter import RAGAS_METRICS, ragas_score
from headgate.evaluate.metrics.resolved import forbidden, resolved
from headgate.evaluate.suites.quotes import SearchableText, overlaps
from headgate.evaluate.suites.suite import GoldPassage, Variant
from headgate.evaluate.suites.wording import fact_recall, rouge_l, token_f1
from headgate.records import Answer, Score
from headgate.text.units import only_asks, units

#: Raised when a metric's meaning changes: reports of another version are not compared.
METRICS_VERSION = 3
#: The figure that a release is decided by: 1 where the asker was helped.
RESOLVED = "resolved"
#: Weights of `answer_correctness`: facts against meaning, as in ragas's metric of that name.
_FACTS, _MEANING = 0.75, 0.25
_NEED_REFERENCE = frozenset({"token_f1", "rouge_l", "semantic_similarity", "answer_correctness", *RAGAS_METRICS})
#: Cosine of two texts, -1 to 1.
Similarity = Callable[[str, str], float]


@dataclass(frozen=True)
class Scorable:
    """A case, answered. `chunks` maps the id of every retrieved chunk to its text."""

    variant: Variant
    language: str  # ISO 639-1, of the question
    answer: Answer
    chunks: Mapping[str, SearchableText]
    similarity: Similarity

    @cached_property
    def passages(self) -> tuple[tuple[int, GoldPassage], ...]:
        """Every gold passage with the number of its part."""
        return tuple((number, passage) for number, part in enumerate(self.variant.parts) for passage in part)

    @cached_property
    def held(self) -> tuple[frozenset[int], ...]:
        """Per retrieved chunk, in rank order, which of `passages` it holds."""
        return tuple(
            frozenset(
                position for position, (_, passage) in enumerate(self.passages) if self._holds(hit.doc_id, hit.chunk_id, passage)
            )
            for hit in self.answer.retrieved
        )

    @cached_property
    def found(self) -> tuple[frozenset[int], ...]:
        """Per retrieved chunk, in rank order, the parts of the answer that it holds."""
        return tuple(frozenset(self.passages[position][0] for position in positions) for positions in self.held)

    @cached_property
    def statement(self) -> str:
        """The answer's text without citation marks."""
        return without_markers(self.answer.text)

    @cached_property
    def says_something(self) -> bool:
        """Whether a sentence of the answer is no question: one that only repeats what was asked answers nothing, whatever it cites."""
        return not all(only_asks(unit.text) for unit in units(self.statement))

    @cached_property
    def meaning(self) -> float:
        """Cosine of answer and reference, 0 to 1."""
        return min(1.0, max(0.0, self.similarity(self.statement, self.variant.reference_answer)))

    def _holds(self, doc_id: str, chunk_id: str, passage: GoldPassage) -> bool:
        if doc_id != passage.document:
            return False
        return not passage.quote or overlaps(self.chunks[chunk_id], passage.quote)


#: A metric of one case: a finite number, or None where it does not apply.
Scorer = Callable[[Scorable], float | None]


def scorers(recall_at: Sequence[int]) -> dict[str, Scorer]:
    """All metrics of a case by name, for the cut-offs `recall_at`."""
    at_k: dict[str, Scorer] = {}
    for k in recall_at:
        at_k |= {
            f"recall@{k}": partial(recall, k=k),
            f"strict_recall@{k}": partial(strict_recall, k=k),
            f"doc_recall@{k}": partial(doc_recall, k=k),
            f"ndcg@{k}": partial(ndcg, k=k),
        }
    return (
        {RESOLVED: lambda s: resolved(s.variant, s.answer, s.language)}
        | at_k
        | {
            "mrr": reciprocal_rank,
            "citation_precision": citation_precision,
            "citation_recall": citation_recall,
            "token_f1": partial(_against_reference, measure=token_f1),
            "rouge_l": partial(_against_reference, measure=rouge_l),
            "semantic_similarity": semantic_similarity,
            "answer_correctness": answer_correctness,
            **{name: partial(_against_reference, measure=partial(ragas_score, name)) for name in RAGAS_METRICS},
            "groundedness": groundedness,
            "forbidden": lambda s: float(bool(forbidden(s.variant, s.answer))) if s.variant.must_not_contain else None,
            "refusal_precision": lambda s: None if not s.answer.refused else float(not s.variant.answerable),
            "refusal_recall": lambda s: None if s.variant.answerable or s.answer.small_talk else float(s.answer.refused),
            "over_refusal": lambda s: float(s.answer.refused) if s.variant.answerable else None,
            "latency": lambda s: s.answer.timings.total,
            "first_token": lambda s: s.answer.timings.first_token,
            "cost": cost,
        }
    )


def score_case(scorable: Scorable, metrics: Mapping[str, Scorer]) -> tuple[Score, ...]:
    """Every metric that applies, as value or error, in the order of `metrics`."""
    scores = []
    for name, metric in metrics.items():
        try:
            value = metric(scorable)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"the metric gave {value!r}")
        except Exception as error:  # noqa: BLE001 - whatever a scorer raises becomes a typed failure that is counted
            scores.append(Score(metric=name, error=f"{type(error).__name__}: {error}"))
            continue
        if value is not None:
            scores.append(Score(metric=name, value=value))
    return tuple(scores)


#: What applies to a question that can't be answered.
_UNANSWERABLE = frozenset({RESOLVED, "groundedness", "refusal_precision", "refusal_recall", "latency", "first_token", "cost"})


def applicable(variant: Variant, metrics: Mapping[str, Scorer]) -> list[str]:
    """Metrics that would apply to a case had it been answered; all of them are unscored when it was not."""
    left_out = set() if variant.must_not_contain else {"forbidden"}
    if not variant.answerable:
        return [name for name in metrics if name in _UNANSWERABLE | {"forbidden"} and name not in left_out]
    left_out |= {"refusal_recall"} if variant.reference_answer else {"refusal_recall", *_NEED_REFERENCE}
    return [name for name in metrics if name not in left_out]


def recall(scorable: Scorable, k: int) -> float | None:
    """Share of the parts of the answer that the first k retrieved chunks hold (of fewer, where the bundle retrieves fewer than k).

    A chunk holds a gold passage when it is of that document and contains the quote, or, for running text, at least 60 % of it in one
    run of tokens, since a chunk border may cut it. A part is found with any of its alternative passages; a suite with one passage a
    part gives recall as usual, and most questions have one part (subtopic recall: Zhai, Cohen & Lafferty 2003).
    """
    if not scorable.variant.answerable:
        return None
    return len(frozenset[int]().union(*scorable.found[:k])) / len(scorable.variant.parts)


def strict_recall(scorable: Scorable, k: int) -> float | None:
    """Share of all gold passages, alternatives included, that the first k retrieved chunks hold."""
    if not scorable.variant.answerable:
        return None
    return len(frozenset[int]().union(*scorable.held[:k])) / len(scorable.passages)


def doc_recall(scorable: Scorable, k: int) -> float | None:
    """Share of the parts of which a gold document is among the documents of the first k chunks."""
    if not scorable.variant.answerable:
        return None
    retrieved = {chunk.doc_id for chunk in scorable.answer.retrieved[:k]}
    parts = scorable.variant.parts
    return sum(any(passage.document in retrieved for passage in part) for part in parts) / len(parts)


def reciprocal_rank(scorable: Scorable) -> float | None:
    """1 / rank of the first chunk that holds any part; 0 when none does."""
    if not scorable.variant.answerable:
        return None
    return next((1 / rank for rank, parts in enumerate(scorable.found, start=1) if parts), 0.0)


def ndcg(scorable: Scorable, k: int) -> float | None:
    """Discounted gain of the first k chunks (gain = parts not held by an earlier chunk, discount log2(rank + 1)) over that of one part a
    rank from the top (Järvelin & Kekäläinen 2002); 1 at most, which a chunk with several parts would pass.
    """
    if not scorable.variant.answerable:
        return None
    held: set[int] = set()
    gain = 0.0
    for rank, parts in enumerate(scorable.found[:k], start=1):
        gain += len(parts - held) / math.log2(rank + 1)
        held |= parts
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(scorable.variant.parts)) + 1))
    return min(1.0, gain / ideal)


def citation_precision(scorable: Scorable) -> float | None:
    """Share of citations whose document is a gold document; 0 for an answer without citations."""
    if not scorable.variant.answerable or scorable.answer.refused:
        return None
    if not scorable.says_something:
        return 0.0
    cited = [citation.doc_id for citation in scorable.answer.citations]
    return sum(doc_id in scorable.variant.gold_documents for doc_id in cited) / len(cited) if cited else 0.0


def citation_recall(scorable: Scorable) -> float | None:
    """Share of the parts of which a gold document is cited."""
    if not scorable.variant.answerable:
        return None
    if not scorable.says_something:
        return 0.0
    cited = {citation.doc_id for citation in scorable.answer.citations}
    parts = scorable.variant.parts
    return sum(any(passage.document in cited for passage in part) for part in parts) / len(parts)


def semantic_similarity(scorable: Scorable) -> float | None:
    """Cosine of answer and reference under the bundle's own embedding model, 0 to 1."""
    if not _has_reference(scorable):
        return None
    return 0.0 if scorable.answer.refused else scorable.meaning


def answer_correctness(scorable: Scorable) -> float | None:
    """0.75 × share of the reference's facts in the answer + 0.25 × semantic similarity.

    The weights are those of ragas's AnswerCorrectness, whose factual part needs a model to compare claims; here the reference's
    content terms stand for them, numbers counting three times. Only recall is taken: a right answer that says more, as quoted sentences
    do, is not less correct (`token_f1` tells how much more it says).
    """
    if not _has_reference(scorable):
        return None
    if scorable.answer.refused:
        return 0.0
    facts = fact_recall(scorable.statement, scorable.variant.reference_answer, scorable.language)
    return _FACTS * facts + _MEANING * scorable.meaning


def groundedness(scorable: Scorable) -> float | None:
    """Share of the answer's sentences that its passages support (`headgate.answer.ground`); 0 for one that only asks."""
    answer = scorable.answer
    if answer.refused or answer.small_talk:
        return None
    if not scorable.says_something:
        return 0.0
    return ground(answer.text, answer.contexts, language=answer.language or scorable.language).share


def cost(scorable: Scorable) -> float:
    """US dollars of the model calls.

    Raises:
        ValueError: the model's price is unknown.
    """
    price = scorable.answer.usage.cost
    if price is None:
        raise ValueError(f"the price of model {scorable.answer.model!r} is unknown")
    return price


def _against_reference(scorable: Scorable, measure: Callable[[str, str], float]) -> float | None:
    if not _has_reference(scorable):
        return None
    return 0.0 if scorable.answer.refused else measure(scorable.statement, scorable.variant.reference_answer)


def _has_reference(scorable: Scorable) -> bool:
    return scorable.variant.answerable and bool(scorable.variant.reference_answer)
