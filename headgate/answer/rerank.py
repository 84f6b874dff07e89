"""Passages in the order of the search → the first of them in the order of a model that reads each together with the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from headgate.models.rerank.reranker import Reranker
from headgate.records import Hit


def rerank(question: str, hits: Sequence[Hit], reranker: Reranker, *, passages: int) -> list[Hit]:
    """The first `passages` hits by the model's score, best first, then the others as they were. Equal scores keep the order of the search.

    Raises:
        ModelError: the model failed.
    """
    first, others = hits[:passages], hits[passages:]
    scores = reranker.score(question, [_shown(hit) for hit in first])
    read = [replace(hit, reranked=float(score)) for hit, score in zip(first, scores, strict=True)]
    return [*sorted(read, key=lambda hit: -(hit.reranked or 0.0)), *others]


def _shown(hit: Hit) -> str:
    """What the model reads: a passage with the headings that it stands under, as the embedding model reads it."""
    return f"{hit.context}\n{hit.text}" if hit.context else hit.text
