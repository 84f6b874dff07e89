"""Vectors of passages and of the units that answers quote of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from headgate.models.embedder import Vectors
from headgate.models.files import model_files
from headgate.models.open import open_embedder
from headgate.models.openvino import OpenVinoEmbedder, pool
from headgate.models.passages import Passage, Span, embed_passages, to_int8, unit_cosines
from headgate.settings import Settings
from tests.models.counting_engine import DIMENSIONS, CountingEngine
from tests.verbs import ensure_model


def passage(text: str, units: Sequence[Span], *, context: str = "Help", quoted: str = "") -> Passage:
    return Passage(context=context, text=text, quoted=quoted or text, units=tuple(units))


class PoolingEngine(CountingEngine):
    """Counts the texts of either way."""

    pools = True

    def __init__(self) -> None:
        super().__init__()
        self.pooled: list[str] = []

    def embed_parts(self, texts: Sequence[str], parts: Sequence[Sequence[Span]]) -> tuple[Vectors, list[Vectors]]:
        self.pooled += texts
        units = [
            CountingEngine().embed([text[start:end] for start, end in spans] or [""])[: len(spans)]
            for text, spans in zip(texts, parts, strict=True)
        ]
        return CountingEngine().embed(texts), units


def test_int8_vectors_give_the_cosines_of_float32_ones() -> None:
    numbers = np.random.default_rng(1).normal(size=(200, 384)).astype(np.float32)
    vectors = numbers / np.linalg.norm(numbers, axis=1, keepdims=True)
    stored = to_int8(vectors)
    assert len(stored) == 200 * 384
    assert np.abs(unit_cosines(stored, vectors[0]) - vectors @ vectors[0]).max() < 0.002
    assert to_int8(np.zeros((0, 384), dtype=np.float32)) == b""
    assert unit_cosines(b"", vectors[0]).shape == (0,)


def test_units_come_out_of_the_pass_over_their_passage() -> None:
    engine = PoolingEngine()
    (embedded,) = embed_passages(engine, [passage("One here. Two there.", [(0, 9), (10, 20)])])
    assert engine.pooled == ["Help\nOne here. Two there."]
    assert engine.asked == []
    alone = CountingEngine().embed(["One here.", "Two there."])
    assert embedded.units == to_int8(alone)  # the spans fit the text behind the context


@pytest.mark.parametrize("engine", [CountingEngine(), PoolingEngine()], ids=["an engine without tokens", "a window"])
def test_elsewhere_each_unit_is_embedded_after_its_context_and_each_text_once(engine: CountingEngine) -> None:
    window = "One here. Two there."
    rows = [passage("One here.", [(0, 9), (10, 20)], quoted=window), passage("Two there.", [(0, 9), (10, 20)], quoted=window)]
    first, second = embed_passages(engine, rows)
    assert engine.asked == ["Help\nOne here.", "Help\nTwo there."]  # the chunks are the units of both windows
    assert first.units == second.units == to_int8(np.stack([first.vector, second.vector]))
    assert len(first.units) == 2 * DIMENSIONS


def test_a_part_is_the_mean_of_its_tokens_and_one_without_tokens_is_its_text() -> None:
    tokens = np.array([[9, 9], [1, 0], [0, 1], [3, 0], [9, 9], [7, 7]], dtype=np.float32)  # the last one is padding
    offsets = [(0, 0), (0, 3), (4, 7), (9, 12), (0, 0)]
    whole = np.array([0.6, 0.8], dtype=np.float32)
    parts = pool(tokens, offsets, [(0, 7), (9, 12), (7, 8)], whole)
    assert np.allclose(parts, [[np.sqrt(0.5), np.sqrt(0.5)], [1, 0], whole])


@pytest.fixture
def engine(settings: Settings) -> OpenVinoEmbedder:
    model, folder = ensure_model(settings)
    opened = open_embedder(model, model_files(model, folder), too_long="refuse")
    assert isinstance(opened, OpenVinoEmbedder)
    assert opened.pools
    return opened


def test_vectors_of_parts_depend_on_their_text_alone_and_change_no_vector_of_a_text(engine: OpenVinoEmbedder) -> None:
    texts = ["Refunds take ten days. A card is faster.", "Hold the button. Then wait for the light, which turns green.", "Short."]
    spans = [[(0, 22), (23, 40)], [(0, 16)], []]
    together, parts = engine.embed_parts(texts, spans)
    assert np.array_equal(together, engine.embed(texts))
    alone = engine.embed_parts(texts[:1], spans[:1])[1]
    assert np.array_equal(parts[0], alone[0])
    assert [len(part) for part in parts] == [2, 1, 0]
    question = engine.embed(["How fast is a payment by card?"])[0]
    assert parts[0][1] @ question > parts[0][0] @ question


def test_a_unit_over_the_models_limit_is_cut_as_the_tokenizer_would(settings: Settings, engine: OpenVinoEmbedder) -> None:
    model, folder = ensure_model(settings)
    cutting = open_embedder(model, model_files(model, folder), too_long="cut")
    long = "refund " * 400
    assert np.array_equal(engine.embed([long], cut=True), cutting.embed([long]))
