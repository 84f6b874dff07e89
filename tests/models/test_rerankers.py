"""Models that order passages anew: a small cross-encoder made here, and a provider on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headgate.answer.rerank import rerank
from headgate.bundle import load_manifest, open_bundle
from headgate.errors import ClosedError, IntegrityError, ModelError, SettingsError
from headgate.models.open import open_reranker
from headgate.models.prepare import ensure_reranker
from headgate.models.rerank.reranker import RerankerModel
from headgate.process import retry
from headgate.records import Hit, IndexResult, Question
from headgate.settings import Settings, parse_settings
from headgate.storage import Store, open_store
from tests.verbs import create_bundle

QUESTION = "When does a refund reach my payment method?"
PASSAGES = [
    "Hold the recessed button for 12 seconds.",
    "Refunds reach your payment method within 10 working days.",
    "A much longer passage, " * 200,
]


def make_cross_encoder(folder: Path, *, labels: int = 1, kinds: bool = True) -> Path:
    """A BERT of two layers with random weights, as sentence-transformers saves one."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = sorted(
        {word for text in (QUESTION, *PASSAGES) for word in text.lower().replace("?", " ?").replace(",", " ,").split()}
    )
    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=64,
        model_input_names=["input_ids", "attention_mask", *(["token_type_ids"] if kinds else [])],
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, num_labels=labels, initializer_range=0.5,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder, safe_serialization=True)
    fast.save_pretrained(folder)
    return folder


def with_reranker(settings: Settings, **reranker: Any) -> Settings:
    content = settings.model_dump(mode="json", exclude={"project_dir"}, exclude_defaults=True)
    return parse_settings(content | {"reranker": reranker}, project_dir=settings.project_dir)


def hit(chunk_id: str, text: str, score: float) -> Hit:
    return Hit(
        chunk_id=chunk_id, doc_id=f"{chunk_id}.md", text=text, heading_path=(), context="", page=None, line=1, start=0, end=len(text),
        title="", language="en", confidentiality="public", effective_date="", score=score, cosine=0.5, bm25=None,
    )  # fmt: skip


class Fixed:
    """Gives each passage the number that it begins with."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def score(self, question: str, passages: Any) -> Any:
        self.read = list(passages)
        return np.asarray([float(passage.split()[0]) for passage in passages], dtype=np.float32)

    def close(self) -> None:
        return


def test_the_first_passages_go_by_the_model_and_the_others_stay_behind_them() -> None:
    hits = [hit("a", "0.1 x", 0.9), hit("b", "0.9 x", 0.8), hit("c", "0.1 y", 0.7), hit("d", "1.0 x", 0.6)]
    model = Fixed()
    ordered = rerank("?", hits, model, passages=3)
    assert [one.chunk_id for one in ordered] == ["b", "a", "c", "d"]
    assert [one.reranked for one in ordered] == pytest.approx([0.9, 0.1, 0.1, None])
    assert [one.score for one in ordered] == [0.8, 0.9, 0.7, 0.6]
    assert len(model.read) == 3


# --- a cross-encoder in a folder ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cross_encoder(tmp_path_factory.mktemp("cross-encoder"))


def prepared(settings: Settings) -> tuple[RerankerModel, dict[str, Path]]:
    found = ensure_reranker(open_store(settings), settings.bundle_setup.reranker)
    assert found is not None
    model, place = found
    return model, {name: place / name for name in model.files}


@pytest.mark.parametrize("kinds", [True, False], ids=["kinds of tokens", "no kinds of tokens"])
def test_an_exported_cross_encoder_scores_as_sentence_transformers_does(settings: Settings, tmp_path: Path, kinds: bool) -> None:
    import torch
    from sentence_transformers import CrossEncoder

    folder = make_cross_encoder(tmp_path / "model", kinds=kinds)
    model, files = prepared(with_reranker(settings, engine="cross-encoder", model=str(folder)))
    opened = open_reranker(model, files, threads=1)
    original = CrossEncoder(str(folder), device="cpu", local_files_only=True)
    expected = original.predict([(QUESTION, passage) for passage in PASSAGES], activation_fn=torch.nn.Sigmoid())
    assert opened.score(QUESTION, PASSAGES) == pytest.approx(expected, abs=1e-4)
    assert np.ptp(expected) > 0.01  # they differ at all


def test_a_score_depends_on_its_pair_alone(settings: Settings, folder: Path) -> None:
    model, files = prepared(with_reranker(settings, engine="cross-encoder", model=str(folder)))
    opened = open_reranker(model, files, threads=1)
    together = opened.score(QUESTION, PASSAGES)
    alone = np.concatenate([opened.score(QUESTION, [passage]) for passage in PASSAGES])
    assert (together == alone).all()
    assert len(opened.score(QUESTION, [])) == 0


def test_a_long_question_leaves_room_for_the_passage(settings: Settings, folder: Path) -> None:
    model, files = prepared(with_reranker(settings, engine="cross-encoder", model=str(folder)))
    opened = open_reranker(model, files, threads=1)
    scores = opened.score(QUESTION * 500, PASSAGES)
    assert len(set(scores.tolist())) > 1


def test_a_closed_model_says_so(settings: Settings, folder: Path) -> None:
    model, files = prepared(with_reranker(settings, engine="cross-encoder", model=str(folder)))
    opened = open_reranker(model, files, threads=1)
    opened.close()
    opened.close()
    with pytest.raises(ClosedError):
        opened.score(QUESTION, PASSAGES)


def test_what_is_no_cross_encoder_is_refused(settings: Settings, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"config\.json, model\.safetensors, tokenizer\.json is missing"):
        prepared(with_reranker(settings, engine="cross-encoder", model=str(tmp_path / "none")))
    with pytest.raises(SettingsError, match="gives 3 scores a pair"):
        prepared(with_reranker(settings, engine="cross-encoder", model=str(make_cross_encoder(tmp_path / "three", labels=3))))


@pytest.mark.parametrize(
    "reranker",
    [{"engine": "cross-encoder"}, {"model": "somewhere"}, {"engine": "cross-encoder", "model": "m", "api_base": "http://x"}],
)
def test_settings_that_do_not_fit_together_are_refused(settings: Settings, reranker: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        with_reranker(settings, **reranker)


def test_a_bundle_carries_its_re_ranking_model_and_refuses_another(
    settings: Settings, indexed: IndexResult, folder: Path
) -> None:
    store = open_store(settings)
    plain = create_bundle(with_reranker(settings, engine="none"), indexed)
    made = create_bundle(with_reranker(settings, engine="cross-encoder", model=str(folder), passages=3), indexed)
    assert made.bundle_id != plain.bundle_id
    model = load_manifest(store, made.bundle_id).reranker
    assert model is not None
    assert model.files.keys() == {"model.onnx", "tokenizer.json"}

    answerer = open_bundle(store, made.bundle_id)
    answer = answerer.answer_now(Question(text=QUESTION))
    answerer.close()
    read = [chunk.reranked for chunk in answer.retrieved]
    assert None not in read[:3]
    assert read[:3] == sorted(read[:3], reverse=True)  # type: ignore[type-var]
    assert read[3:] == [None] * len(read[3:])
    unread = open_bundle(store, plain.bundle_id).answer_now(Question(text=QUESTION))
    assert {chunk.reranked for chunk in unread.retrieved} == {None}

    _damage(store, f"objects/{model.files['model.onnx']}")
    with pytest.raises(IntegrityError, match="re-ranking model"):
        open_bundle(store, made.bundle_id)


def _damage(store: Store, key: str) -> None:
    path = store.local(key)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


# --- a provider ---------------------------------------------------------------------------------------------------------


@dataclass
class RerankServer:
    """What it does next, and what it was asked. `reply` replaces the results of every request."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    reply: list[Any] | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RerankServer]:
    """Speaks Cohere's protocol; a passage scores as many tenths as it has words in common with the question."""
    monkeypatch.setenv("COHERE_API_KEY", "none")
    monkeypatch.setattr(retry, "PROVIDER_PAUSE", 0.01)
    state = RerankServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(asked)
            status = state.statuses.pop(0) if state.statuses else 200
            words = set(asked["query"].lower().strip("?").split())
            results = [
                {"index": number, "relevance_score": len(words & set(text.lower().strip(".").split())) / 10}
                for number, text in enumerate(asked["documents"])
            ]
            best_first = sorted(results, key=lambda entry: -entry["relevance_score"])
            content = {"id": "1", "results": best_first if state.reply is None else state.reply, "meta": {}}
            body = json.dumps(content if status == 200 else {"message": "broken"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            return

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{listening.server_address[1]}"
    yield state
    listening.shutdown()
    listening.server_close()
    thread.join(5)


@pytest.fixture
def remote(settings: Settings, server: RerankServer) -> Callable[..., Any]:
    def opened(**wanted: Any) -> Any:
        asked = {"engine": "litellm", "model": "cohere/rerank-v3.5", "api_base": f"{server.url}/v2/rerank", "timeout_seconds": 5}
        model, files = prepared(with_reranker(settings, **(asked | wanted)))
        return open_reranker(model, files)

    return opened


def test_a_provider_s_scores_come_in_the_order_of_the_passages(remote: Callable[..., Any], server: RerankServer) -> None:
    scores = remote().score(QUESTION, PASSAGES[:2])
    assert scores.tolist() == pytest.approx([0.0, 0.3])
    assert server.requests[0]["documents"] == PASSAGES[:2]


def test_a_failure_that_passes_is_tried_again_and_one_that_stays_is_told(
    remote: Callable[..., Any], server: RerankServer
) -> None:
    server.statuses = [503]
    assert len(remote(retries=2).score(QUESTION, PASSAGES)) == 3
    assert len(server.requests) == 2
    server.statuses = [503] * 9
    with pytest.raises(ModelError, match=r"failed 2 time\(s\)"):
        remote(retries=1).score(QUESTION, PASSAGES)


@pytest.mark.parametrize(
    "reply",
    [
        [],
        [{"index": 0, "relevance_score": 0.5}],
        [{"index": 0, "relevance_score": 0.5}, {"index": 0, "relevance_score": 0.5}],
        [{"index": 0, "relevance_score": "high"}, {"index": 1, "relevance_score": 0.5}],
        [{"index": 0, "relevance_score": float("nan")}, {"index": 1, "relevance_score": 0.5}],
    ],
)
def test_a_reply_without_one_score_a_passage_is_refused(
    remote: Callable[..., Any], server: RerankServer, reply: list[dict[str, Any]]
) -> None:
    server.reply = reply
    with pytest.raises(ModelError):
        remote().score(QUESTION, PASSAGES[:2])
