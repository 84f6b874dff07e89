"""What vectors count against words is found out with probes from the passages themselves."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from headgate.index.fusion.probes import (
    DEFAULT_SHARE,
    FEWEST,
    PROBED,
    SHARES,
    UNTRAINED_SHARE,
    Passage,
    choose_share,
    make_probes,
    measure_fusion,
)
from headgate.index.table_rows import search_terms
from headgate.index.vocabulary import LanguageCounts

Vector = npt.NDArray[np.float32]


def noise(text: str) -> Vector:
    """A vector that has nothing to do with what a text says."""
    vector = np.random.default_rng(int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)).normal(size=64)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def topic(text: str) -> Vector:
    """A vector by the first topic that a text names: a perfect model."""
    named = next((word.strip(".,") for word in text.split() if word.startswith(("topic", "synonym"))), text)
    return noise(named.replace("synonym", "topic"))


def embed_noise(texts: Sequence[str]) -> Vector:
    return np.stack([noise(text) for text in texts])


def embed_topic(texts: Sequence[str]) -> Vector:
    return np.stack([topic(text) for text in texts])


def passages(count: int, *, embed: str, shared_words: bool) -> list[Passage]:
    """`count` pages of three sentences. With `shared_words` a sentence has words of its page, else all pages have the same words."""
    made = []
    for number in range(count):
        words = [f"word{number}x{place}" if shared_words else f"word{place}" for place in range(8)]
        text = " ".join(
            f"The synonym{number} {' '.join(words[place:] + words[:place])} is number so and so." for place in range(3)
        )
        terms = tuple(search_terms(text, "en"))
        vector = topic(text) if embed == "topic" else noise(text)
        made.append(Passage(f"{number:04}", f"{number}.md", "", text, terms, 0, vector))
    return made


def test_vectors_that_mean_nothing_get_no_say_and_words_that_mean_nothing_neither() -> None:
    by_words = measure_fusion("en", passages(80, embed="noise", shared_words=True), embed_noise, trained=True)
    assert by_words.measured
    assert by_words.ndcg["0"] > by_words.ndcg["1"] + 0.5
    assert by_words.share < DEFAULT_SHARE
    assert by_words.probes == PROBED
    one = passages(80, embed="topic", shared_words=False)
    stripped = [
        Passage(p.chunk_id, p.doc_id, "", p.text, tuple(t for t in p.terms if "synonym" not in t), 0, p.vector) for p in one
    ]
    by_meaning = measure_fusion("en", stripped, embed_topic, trained=True)
    assert by_meaning.ndcg["1"] > by_meaning.ndcg["0"] + 0.5
    assert by_meaning.share > by_words.share


def test_the_same_passages_give_the_same_share_in_any_run() -> None:
    rows = passages(60, embed="topic", shared_words=True)
    assert measure_fusion("en", rows, embed_topic, trained=True) == measure_fusion("en", list(rows), embed_topic, trained=True)


@pytest.mark.parametrize(("trained", "share"), [(True, DEFAULT_SHARE), (False, UNTRAINED_SHARE)])
def test_with_too_few_passages_it_is_said_that_nothing_was_measured(trained: bool, share: float) -> None:
    fusion = measure_fusion("ja", passages(FEWEST - 1, embed="noise", shared_words=True), embed_noise, trained=trained)
    assert (fusion.measured, fusion.share, fusion.ndcg) == (False, share, {})


def test_where_shares_are_not_told_apart_the_assumed_one_stays() -> None:
    level = np.full((20, len(SHARES)), 0.5)
    assert choose_share(level, 0.5) == 0.5
    assert choose_share(level, 0.0) == 0.0
    level[:, 10] = 0.9
    assert choose_share(level, 0.0) == 1.0


def test_probes_are_bounded_of_several_kinds_and_each_of_another_passage() -> None:
    rows = [
        Passage(p.chunk_id, p.doc_id, f"Manual\nChapter {p.chunk_id} of synonyms", p.text, p.terms, 0, p.vector)
        for p in passages(100, embed="noise", shared_words=True)
    ]
    probes = make_probes("en", rows, LanguageCounts(chunks=100))
    assert len(probes) == PROBED
    assert {probe.kind for probe in probes} == {"held_out", "heading", "reworded"}
    assert len({probe.number for probe in probes}) == PROBED
    for probe in probes:
        if probe.kind == "held_out":
            assert probe.question not in probe.text
        if probe.kind == "heading":
            assert probe.context == ""


def test_sentences_without_spaces_are_probed_too() -> None:
    text = "返金は十営業日以内に行われます。料金は毎月の請求書に記載されます。解約の手続きは電話で受け付けています。"
    rows = [
        Passage(f"{n}", f"{n}.md", "", f"{text}番号{n}の説明です。", tuple(search_terms(text, "ja")), 0, noise(str(n)))
        for n in range(30)
    ]
    assert len(make_probes("ja", rows, LanguageCounts(chunks=30))) == 30
