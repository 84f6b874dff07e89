from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headgate.answer.retrieve import fuse
from headgate.records import Hit

VECTOR = np.array([1.0, 0.0], dtype=np.float32)


def hit(chunk_id: str, *, cosine: float | None = None, bm25: float | None = None) -> Hit:
    return Hit(
        chunk_id=chunk_id, doc_id=f"{chunk_id}.md", text=chunk_id, heading_path=(), context="", page=None, line=None, start=0, end=1,
        title="", language="en", confidentiality="public", effective_date="", score=0.0, cosine=cosine, bm25=bm25, vector=VECTOR,
    )  # fmt: skip


def test_a_passage_found_by_both_comes_before_one_found_by_one() -> None:
    dense = [hit("a", cosine=0.9), hit("b", cosine=0.8)]
    words = [hit("b", bm25=7.0), hit("c", bm25=6.0)]
    fused = fuse([dense, words], [1.0, 1.0], rrf_k=60, vector=VECTOR)
    assert [entry.chunk_id for entry in fused] == ["b", "a", "c"]
    assert fused[0].bm25 == 7.0
    assert fused[2].cosine == 1.0
    assert abs(fused[1].score - (1 / 61) / (2 / 61)) < 1e-9


def test_first_in_every_ranking_scores_one_and_ties_go_by_id() -> None:
    fused = fuse([[hit("b"), hit("a")], [hit("b"), hit("a")]], [1.0, 2.0], rrf_k=60, vector=VECTOR)
    assert fused[0].score == 1.0
    tied = fuse([[hit("z")], [hit("a")]], [1.0, 1.0], rrf_k=60, vector=VECTOR)
    assert [entry.chunk_id for entry in tied] == ["a", "z"]


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8), min_size=1, max_size=4))
def test_fusion_keeps_every_hit_once_in_falling_order(rankings: list[list[str]]) -> None:
    fused = fuse([[hit(name) for name in ranking] for ranking in rankings], [1.0] * len(rankings), rrf_k=60, vector=VECTOR)
    assert sorted(entry.chunk_id for entry in fused) == sorted({name for ranking in rankings for name in ranking})
    scores = [entry.score for entry in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 + 1e-9 for score in scores)
