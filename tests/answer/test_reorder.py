"""The built-in re-ranker: the nearest sentence beside the search, and weights that are fitted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from headgate.answer.reorder import FEATURES, PACKAGED, features, reorder
from headgate.evaluate.calibrate import fit_order
from headgate.models.passages import to_int8
from headgate.records import Hit, OrderModel

QUESTION = np.array([1.0, 0.0], dtype=np.float32)


def hit(name: str, score: float, *sentences: float, language: str = "en") -> Hit:
    """A passage whose sentences have these cosines to `QUESTION`."""
    units = np.array([[cosine, (1 - cosine**2) ** 0.5] for cosine in sentences], dtype=np.float32).reshape(-1, 2)
    return Hit(
        chunk_id=name, doc_id=name, text=name, heading_path=(), context="", page=None, line=None, start=0, end=1, title=name,
        language=language, confidentiality="public", effective_date="", score=score, cosine=0.0, bm25=0.0, unit_vectors=to_int8(units),
    )  # fmt: skip


def order(hits: list[Hit], model: OrderModel = PACKAGED, shares: dict[str, float] | None = None) -> list[str]:
    values = features(hits, QUESTION, shares or {}, share=0.5)
    return [one.chunk_id for one in reorder(hits, values, model)]


def test_a_passage_with_one_sentence_that_answers_goes_before_one_that_is_near_as_a_whole() -> None:
    hits = [hit("whole", 0.62, 0.5, 0.5), hit("sentence", 0.6, 0.0, 0.95), hit("far", 0.1, 0.1)]
    assert order(hits) == ["sentence", "whole", "far"]


def test_in_a_language_that_the_vectors_say_nothing_of_the_order_of_the_search_stays() -> None:
    hits = [hit("first", 0.62, 0.5, language="ja"), hit("second", 0.6, 0.95, language="ja")]
    assert order(hits, shares={"ja": 0.0}) == ["first", "second"]
    assert order(hits, shares={"ja": 1.0}) == ["second", "first"]


@given(st.lists(st.tuples(st.floats(0, 1), st.lists(st.floats(-1, 1), max_size=3)), max_size=8))
def test_nothing_is_lost_and_scores_fall_from_1_to_0(made: list[tuple[float, list[float]]]) -> None:
    hits = [
        hit(str(number), score, *sentences) for number, (score, sentences) in enumerate(sorted(made, key=lambda one: -one[0]))
    ]
    ordered = reorder(hits, features(hits, QUESTION, {}, share=0.5), PACKAGED)
    assert sorted(one.chunk_id for one in ordered) == sorted(one.chunk_id for one in hits)
    scores = [one.reranked for one in ordered]
    assert all(score is not None and 0 <= score <= 1 + 1e-9 for score in scores)
    assert scores == sorted(scores, key=lambda score: -(score or 0.0))


def test_what_tells_right_passages_from_wrong_ones_gets_the_weight() -> None:
    generator = np.random.default_rng(1)
    told = FEATURES.index("sentence")
    questions = []
    for _ in range(100):
        values = generator.random((10, len(FEATURES)))
        values[0, told] = 1.0
        questions.append((values, np.arange(10) == 0))
    weights = fit_order(questions).weights
    assert weights["sentence"] > 5 * max(weights[name] for name in FEATURES if name != "sentence")
    assert min(weights.values()) >= 0
    # The same questions give the same weights; those without a right passage change nothing.
    nothing = (generator.random((10, len(FEATURES))), np.zeros(10, dtype=bool))
    assert fit_order([*questions, nothing]).weights == weights


@pytest.mark.parametrize("weights", [{"search": -1.0}, {"search": 0.0}, {"search": float("nan")}])
def test_weights_that_order_nothing_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match="built-in re-ranker"):
        OrderModel(weights=weights)
