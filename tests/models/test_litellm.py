"""Embedding models of a provider, against a real HTTP server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from headgate.bundle import open_bundle
from headgate.errors import ClosedError, ModelError, SettingsError
from headgate.models.litellm import RemoteEmbedder
from headgate.models.open import open_embedder
from headgate.orchestration import views
from headgate.process import retry
from headgate.records import Question
from headgate.settings import Settings
from headgate.storage import open_store, sha256_hex
from tests.conftest import help_chunks, put_chunks
from tests.models.counting_engine import passages_of
from tests.models.embedding_server import EmbeddingServer, serve_embeddings
from tests.verbs import create_bundle, ensure_model, open_vectors, token_counter, update_table

Make = Callable[..., Settings]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddingServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setattr(retry, "PROVIDER_PAUSE", 0.01)
    with serve_embeddings() as state:
        yield state


@pytest.fixture
def remote(make_project: Make, server: EmbeddingServer) -> Callable[..., Settings]:
    def make(**embedding: Any) -> Settings:
        wanted = {"engine": "litellm", "model": "openai/house-model", "api_base": server.url, "max_tokens": 512, "batch": 2}
        return make_project(embedding=wanted | embedding)

    return make


def embedder(settings: Settings) -> RemoteEmbedder:
    model, _ = ensure_model(settings)
    opened = open_embedder(model, {})
    assert isinstance(opened, RemoteEmbedder)
    return opened


def test_vectors_come_in_batches_of_unit_length_in_the_order_asked(
    remote: Callable[..., Settings], server: EmbeddingServer
) -> None:
    opened = embedder(remote())
    del server.requests[:]
    texts = ["a refund", "router lights", "moving home", "a refund again", "plans"]
    vectors = opened.embed(texts)
    expected = np.asarray([server.vector(text) for text in texts], dtype=np.float32)
    assert np.allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert [len(request["input"]) for request in server.requests] == [2, 2, 1]
    assert (opened.usage.requests, opened.usage.tokens, opened.usage.cost) == (3, 10, None)  # no price is known


def test_the_price_of_a_known_model_is_counted(remote: Callable[..., Settings], server: EmbeddingServer) -> None:
    server.dimensions = 1536
    opened = embedder(remote(model="openai/text-embedding-3-small", max_tokens=0))
    opened.embed(["one two three four"])
    assert opened.usage.cost == pytest.approx(4 * 0.02 / 1e6)


def test_a_run_tells_what_its_provider_was_paid(remote: Callable[..., Settings], server: EmbeddingServer) -> None:
    server.dimensions = 1536
    settings = remote(model="openai/text-embedding-3-small", max_tokens=0)
    chunk_set = put_chunks(settings, help_chunks())
    paid = update_table(settings, chunk_set)
    assert paid.usage.requests > 1
    assert paid.usage.cost == pytest.approx(paid.usage.tokens * 0.02 / 1e6)
    assert views.index(paid)["embedding_cost_usd"].value == pytest.approx(paid.usage.cost)
    again = update_table(settings, chunk_set)
    assert (again.usage.requests, again.usage.cost) == (0, 0.0)
    assert "embedding_cost_usd" not in views.index(again)


def test_a_closed_model_asks_nobody(remote: Callable[..., Settings], server: EmbeddingServer) -> None:
    opened = embedder(remote())
    asked = len(server.requests)
    opened.close()
    with pytest.raises(ClosedError, match="was closed"):
        opened.embed(["too late"])
    assert len(server.requests) == asked


def test_dimensions_are_found_by_asking_and_remembered(remote: Callable[..., Settings], server: EmbeddingServer) -> None:
    settings = remote()
    model, _ = ensure_model(settings)
    assert model.dimensions == 16
    asked = len(server.requests)
    assert ensure_model(settings)[0] == model
    assert len(server.requests) == asked


def test_wanted_dimensions_are_asked_for_and_must_come(remote: Callable[..., Settings], server: EmbeddingServer) -> None:
    with pytest.raises(ModelError, match=r"vectors of 16 numbers, expected 8"):
        ensure_model(remote(model="openai/text-embedding-3-small", dimensions=8))
    assert server.requests[-1]["dimensions"] == 8


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ([[0.1] * 15, [0.1] * 15], "vectors of 15 numbers, expected 16"),
        ([[0.1] * 16, [0.1] * 15], "vectors of 15, 16 numbers"),
        ([[0.1] * 16], "asked for 2 vectors and replied with 1"),
        ([[0.1] * 16] * 3, "asked for 2 vectors and replied with 3"),
        ([], "replied with 0|refused the call"),
        ([[0.1] * 16, [float("nan")] * 16], "zero or not finite"),
        ([[0.1] * 16, [float("inf"), *[0.1] * 15]], "zero or not finite"),
        ([[0.1] * 16, [0.0] * 16], "zero or not finite"),
        ([[0.1] * 16, ["x"] * 16], "not numbers|refused the call"),
    ],
)
def test_a_wrong_reply_is_an_error_and_is_not_kept(
    remote: Callable[..., Settings], server: EmbeddingServer, reply: list[Any], problem: str
) -> None:
    settings = remote()
    model, folder = ensure_model(settings)
    texts = {sha256_hex(text.encode()): text for text in ("a refund", "router lights")}
    server.reply = reply
    with open_vectors(settings, model, folder) as source, pytest.raises(ModelError, match=problem):
        list(source.vectors(passages_of(texts)))
    server.reply = None
    with open_vectors(settings, model, folder) as source:
        list(source.vectors(passages_of(texts)))
        assert (source.embedded, source.reused) == (2, 0)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_failures_are_tried_again(remote: Callable[..., Settings], server: EmbeddingServer, status: int) -> None:
    opened = embedder(remote())
    del server.requests[:]
    server.statuses = [status, status]
    assert opened.embed(["a refund"]).shape == (1, 16)
    assert len(server.requests) == 3


def test_a_provider_that_stays_down_is_an_error_after_the_last_try(
    remote: Callable[..., Settings], server: EmbeddingServer
) -> None:
    opened = embedder(remote(retries=2))
    del server.requests[:]
    server.statuses = [500] * 20
    with pytest.raises(ModelError, match=r"'openai/house-model' failed 3 time\(s\)"):
        opened.embed(["a refund"])
    assert len(server.requests) == 3


def test_a_refusal_is_not_tried_again(remote: Callable[..., Settings], server: EmbeddingServer) -> None:
    opened = embedder(remote())
    del server.requests[:]
    server.statuses = [401]
    with pytest.raises(ModelError, match="refused the call: AuthenticationError"):
        opened.embed(["a refund"])
    assert len(server.requests) == 1


def test_nobody_there_is_an_error(remote: Callable[..., Settings]) -> None:
    with pytest.raises(ModelError, match="failed 2 time"):
        ensure_model(remote(api_base="http://127.0.0.1:9/v1", retries=1))


def test_a_model_of_unknown_length_asks_for_its_limit(remote: Callable[..., Settings]) -> None:
    with pytest.raises(SettingsError, match=r"set embedding\.max_tokens"):
        token_counter(remote(max_tokens=0))


def test_a_failed_build_keeps_what_was_paid_for(remote: Callable[..., Settings], server: EmbeddingServer) -> None:
    settings = remote(retries=0)
    model, folder = ensure_model(settings)
    texts = {sha256_hex(text.encode()): text for text in (f"text {number:04}" for number in range(1100))}
    del server.requests[:]
    server.statuses = [200] * 300 + [500] * 9
    with open_vectors(settings, model, folder) as source, pytest.raises(ModelError):
        list(source.vectors(passages_of(texts)))
    server.statuses = []
    del server.requests[:]
    with open_vectors(settings, model, folder) as source:
        list(source.vectors(passages_of(texts)))
        assert (source.embedded, source.reused) == (1100 - 512, 512)
    assert len(server.texts) == 1100 - 512


def test_a_bundle_of_a_provider_answers(remote: Callable[..., Settings], server: EmbeddingServer) -> None:
    settings = remote(batch=64)
    bundle = create_bundle(settings, update_table(settings, put_chunks(settings, help_chunks())))
    answer = open_bundle(open_store(settings), bundle.bundle_id).answer_now(
        Question(text="How long does a refund take in working days?")
    )
    assert answer.citations[0].doc_id == "billing/refunds.md"
    assert any("How long does a refund" in text for text in server.texts)
