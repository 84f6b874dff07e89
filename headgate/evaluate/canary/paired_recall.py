"""Recall of the same questions on two versions of an index, paired by case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from headgate.evaluate.canary.hits import Found
from headgate.evaluate.metrics.score import Scorable, recall
from headgate.evaluate.statistics import paired_difference
from headgate.evaluate.suites.quotes import SearchableText, searchable
from headgate.evaluate.suites.suite import Case, Suite, Variant, choose_variant
from headgate.records import Answer, CanarySlice, Question, RetrievedChunk
from headgate.settings import EvaluationSettings

#: Slices with fewer cases are not shown.
_SMALLEST_SLICE = 3


@dataclass(frozen=True, slots=True)
class AskedOfBoth:
    """A question with its hits before and after. `case` is None for logged questions."""

    suite: str
    case: Case | None
    question: Question
    old: tuple[Found, ...]
    new: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class PairedRecalls:
    """Recall by case, where both versions can answer it, and the cases whose passages are gone."""

    before: dict[str, float]
    after: dict[str, float]
    tags: dict[str, tuple[str, ...]]
    lost: tuple[str, ...]


def paired_recalls(
    asked: Sequence[AskedOfBoth],
    old: Mapping[str, SearchableText],
    new: Mapping[str, SearchableText],
    k: int,
    *,
    moved: Mapping[str, str],
) -> PairedRecalls:
    """Recall@k of every case of a suite that the older version can answer.

    Args:
        old, new: from `gold_texts`, of either version.
        moved: id before → id after of documents that only moved. A case may name either; both mean the same document in both versions.
    """
    # No id before is in the newer version and no id after in the older one, so that ids after can stand for both.
    old = {moved.get(name, name): text for name, text in old.items()}
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    tags: dict[str, tuple[str, ...]] = {}
    lost = []
    for pair in asked:
        if pair.case is None:
            continue
        case = _after_moves(pair.case, moved)
        variant = choose_variant(case, old)
        if variant is None or not variant.answerable:
            continue
        name = f"{pair.suite}/{pair.case.id}"
        current = choose_variant(case, new)
        if current is not None and not current.answerable:
            continue  # the suite knows a corpus in which nothing answers it
        before[name] = _recall(variant, case, [replace(hit, doc_id=moved.get(hit.doc_id, hit.doc_id)) for hit in pair.old], k)
        after[name] = _recall(current, case, pair.new, k) if current is not None else 0.0
        tags[name] = (pair.suite, *pair.case.tags)
        if current is None:
            lost.append(name)
    return PairedRecalls(before, after, tags, tuple(lost))


def _after_moves(case: Case, moved: Mapping[str, str]) -> Case:
    """The case with the ids that its gold documents have after they moved."""

    def renamed(variant: Variant) -> Variant:
        documents = tuple(dict.fromkeys(moved.get(name, name) for name in variant.gold_documents))
        passages = tuple(
            passage.model_copy(update={"document": moved.get(passage.document, passage.document)})
            for passage in variant.gold_passages
        )
        return variant.model_copy(update={"gold_documents": documents, "gold_passages": passages})

    return case.model_copy(update={"variants": tuple(renamed(variant) for variant in case.variants)})


def _recall(variant: Variant, case: Case, hits: Sequence[Found], k: int) -> float:
    retrieved = tuple(RetrievedChunk(chunk_id=hit.chunk_id, doc_id=hit.doc_id, score=hit.score) for hit in hits)
    answer = Answer(text="", refused=True, retrieved=retrieved, bundle_id="", model="")
    chunks = {hit.chunk_id: searchable([hit.text]) for hit in hits[:k]}
    answer = answer.model_copy(update={"retrieved": retrieved[:k]})
    value = recall(Scorable(variant, case.language, answer, chunks, lambda _left, _right: 0.0), k)
    assert value is not None  # the variant is answerable
    return value


def recall_slices(settings: EvaluationSettings, recalls: PairedRecalls) -> tuple[CanarySlice, ...]:
    """All cases, then suites and tags, those that fell most first."""
    names = {"all": set(recalls.before)}
    for case, tags in recalls.tags.items():
        for tag in tags:
            names.setdefault(tag, set()).add(case)
    slices = []
    for name, cases in names.items():
        if not cases or (name != "all" and len(cases) < _SMALLEST_SLICE):
            continue
        before, after = ({case: side[case] for case in cases} for side in (recalls.before, recalls.after))
        estimate = paired_difference(after, before, bounded=True, seed=settings.seed, samples=settings.bootstrap_samples)
        assert estimate is not None
        slices.append(
            CanarySlice(
                name=name,
                n=len(cases),
                before=fmean(before.values()),
                after=fmean(after.values()),
                difference=estimate.value,
                low=estimate.low,
                high=estimate.high,
            )
        )
    return tuple(sorted(slices, key=lambda entry: (entry.name != "all", entry.difference, entry.name)))


def _passages(variant: Variant) -> Sequence[Any]:
    return [passage for part in variant.parts for passage in part]


def gold_texts(table: Any, suites: Iterable[Suite], *, moved: Mapping[str, str]) -> dict[str, SearchableText]:
    """The texts of the gold documents that `table`, a LanceDB table, holds, prepared for quotes; by the ids that they have in it.

    Args:
        moved: as for `paired_recalls`; a document is read under its other id as well.
    """
    named = {
        passage.document
        for suite in suites
        for case in suite.cases
        for variant in case.variants
        for passage in _passages(variant)
    }
    wanted = {*named, *(moved[name] for name in named if name in moved)}
    wanted |= {before for before, after in moved.items() if after in named}
    chunks: dict[str, list[tuple[int, str]]] = {}
    for batch in table.search().select(["doc_id", "ordinal", "text"]).limit(table.count_rows() or 1).to_batches():
        for row in batch.to_pylist():
            if row["doc_id"] in wanted:
                chunks.setdefault(row["doc_id"], []).append((row["ordinal"], row["text"]))
    return {name: searchable([text for _, text in sorted(found)]) for name, found in chunks.items()}
