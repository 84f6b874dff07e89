"""Engines on this machine: what a vector depends on, and what is refused."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from headgate.bundle import load_manifest, open_bundle
from headgate.errors import ClosedError, IntegrityError, ModelError, SettingsError
from headgate.models import openvino
from headgate.models.embedder import Embedder
from headgate.models.files import model_files
from headgate.models.int8 import calibration_texts
from headgate.models.open import open_embedder, token_limit
from headgate.models.openvino import same_length_batches, usable_precision
from headgate.records import Question
from headgate.settings import Settings, parse_settings
from headgate.storage import open_store
from tests.conftest import REPOSITORY, help_chunks, put_chunks
from tests.verbs import create_bundle, ensure_model, token_counter, update_table

TEXTS = calibration_texts()
Make = Callable[..., Settings]


def engine(settings: Settings, **options: object) -> Embedder:
    model, folder = ensure_model(settings)
    return open_embedder(model, model_files(model, folder), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_a_vector_depends_on_its_text_alone_to_the_last_bit(make_project: Make, precision: str) -> None:
    settings = make_project(embedding={"precision": precision})
    together = engine(settings, threads=2, streams=2).embed(TEXTS)
    order = list(range(len(TEXTS)))
    random.Random(5).shuffle(order)
    shuffled = engine(settings, threads=2, streams=1).embed([TEXTS[position] for position in order])
    alone = engine(settings, threads=1)
    assert np.array_equal(together[order], shuffled)
    for position in (0, 13, 60, 84):
        assert np.array_equal(alone.embed([TEXTS[position]])[0], together[position])


def _open_models() -> int:
    gc.collect()
    return sum(type(one).__name__ == "CompiledModel" for one in gc.get_objects())


def test_a_closed_engine_frees_its_model_after_what_is_being_embedded(settings: Settings) -> None:
    before = _open_models()
    opened = engine(settings, streams=2)
    assert _open_models() == before + 1
    began = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        embedding = thread.submit(opened.embed, TEXTS * 3, progress=lambda *_: began.set())
        began.wait()
        opened.close()
        assert embedding.result().shape == (len(TEXTS) * 3, 384)
    opened.close()
    assert _open_models() == before
    with pytest.raises(ClosedError, match="was closed"):
        opened.embed(["too late"])


def test_a_closed_model_of_sentence_transformers_embeds_no_more(make_project: Make) -> None:
    opened = engine(make_project("torch", embedding={"engine": "sentence-transformers", "precision": "f32"}))
    assert opened.embed(["in time"]).shape == (1, 384)
    opened.close()
    with pytest.raises(ClosedError, match="was closed"):
        opened.embed(["too late"])


def test_bf16_agrees_with_f32(make_project: Make) -> None:
    exact = engine(make_project("exact", embedding={"precision": "f32"})).embed(TEXTS)
    fast = engine(make_project("fast", embedding={"precision": "bf16"})).embed(TEXTS)
    assert (exact * fast).sum(axis=1).min() >= 0.999


def test_batches_hold_texts_of_one_length_and_every_text_once() -> None:
    lengths = [random.Random(3).randint(1, 256) for _ in range(50)] * 3 + [0]
    batches = same_length_batches(lengths)
    assert sorted(position for _, positions in batches for position in positions) == list(range(len(lengths)))
    assert all(0 <= padded - lengths[position] <= 8 for padded, positions in batches for position in positions)
    assert max(len(positions) for _, positions in batches) == 8


@pytest.mark.slow
def test_int8_is_prepared_once_agrees_and_answers(make_project: Make) -> None:
    settings = make_project(embedding={"precision": "int8"})
    model, folder = ensure_model(settings)
    assert model.precision in ("int8/bf16", "int8/f32")
    assert set(model.files) == {"model.xml", "model.bin", "tokenizer.json"}
    before = (folder / "model.bin").stat().st_mtime_ns
    again, _ = ensure_model(settings)
    assert again.digest == model.digest
    assert (folder / "model.bin").stat().st_mtime_ns == before
    small = engine(settings).embed(TEXTS)
    exact = engine(make_project("exact", embedding={"precision": "f32"})).embed(TEXTS)
    assert (exact * small).sum(axis=1).mean() > 0.99
    assert np.array_equal(engine(settings).embed(TEXTS[40:41])[0], small[40])

    indexed = update_table(settings, put_chunks(settings, help_chunks()))
    bundle = create_bundle(settings, indexed)
    answer = open_bundle(open_store(settings), bundle.bundle_id).answer_now(Question(text="How long does a refund take?"))
    assert answer.citations[0].doc_id == "billing/refunds.md"


def test_the_precision_really_used_is_in_the_manifest_and_decides_the_model(
    make_project: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = make_project()
    assert settings.embedding.precision == "bf16"
    model, _ = ensure_model(settings)
    bundle = create_bundle(settings, update_table(settings, put_chunks(settings, help_chunks())))
    manifest = load_manifest(open_store(settings), bundle.bundle_id)
    assert manifest.embedding.precision == model.precision == usable_precision("bf16")
    # A CPU without bfloat16 can't be had here: its one trait is put in place.
    monkeypatch.setattr(openvino, "cpu_has_bf16", lambda: False)
    without, _ = ensure_model(settings)
    assert without.precision == "f32"
    assert without.digest != ensure_model(make_project("wide", embedding={"precision": "bf16"}))[0].name
    assert "no bfloat16" in caplog.text
    served = open_bundle(open_store(settings), bundle.bundle_id)
    assert not served.answer_now(Question(text="How long does a refund take?")).refused


def test_a_chunk_over_the_limit_is_an_error_and_a_question_is_cut(settings: Settings) -> None:
    long = "router " * 300
    with pytest.raises(ModelError, match=r"602 tokens is over the 256"):
        engine(settings, too_long="refuse").embed(["short", long])
    assert engine(settings).embed([long]).shape == (1, 384)


def test_a_table_refuses_a_chunk_that_the_model_would_cut(settings: Settings) -> None:
    chunk = help_chunks()[0]
    from dataclasses import replace

    with pytest.raises(ModelError, match=r"would be cut.*chunks.max_tokens"):
        update_table(settings, put_chunks(settings, [replace(chunk, text="router " * 300)]))


@pytest.mark.parametrize(
    ("chunks", "key"),
    [
        ({"max_tokens": 257}, "chunks.max_tokens is 257"),
        ({"max_tokens": 500, "strategy": "sentence_window"}, "chunks.max_tokens is 500"),
        ({"child_tokens": 300, "strategy": "parent_document"}, "chunks.child_tokens is 300"),
    ],
)
def test_chunks_larger_than_the_model_takes_are_refused_before_any_work(
    make_project: Make, chunks: dict[str, object], key: str
) -> None:
    with pytest.raises(SettingsError, match=rf"{key}.*takes 256 tokens"):
        token_counter(make_project(chunks=chunks))


def test_the_limit_is_the_models_own(make_project: Make) -> None:
    assert token_limit(make_project(chunks={"max_tokens": 256}).embedding_setup) == 256


def test_counting_slices_agrees_with_counting_texts(settings: Settings) -> None:
    count = token_counter(settings)
    text = " ".join(TEXTS)
    measure = count.ruler(text)  # type: ignore[attr-defined]
    chance = random.Random(11)
    spaces = [position for position, letter in enumerate(text) if letter == " "]
    for _ in range(300):
        start, end = sorted(chance.sample(spaces, 2))
        assert measure(start, end) == count(text[start:end]) - 2


# --- sentence-transformers ------------------------------------------------------------------------------------------


def test_sentence_transformers_agrees_with_the_fast_engine_and_answers(make_project: Make) -> None:
    settings = make_project("torch", embedding={"engine": "sentence-transformers", "precision": "f32", "threads": 2})
    slow = engine(settings, too_long="refuse").embed(TEXTS[:30])
    fast = engine(make_project("fast", embedding={"precision": "f32"})).embed(TEXTS[:30])
    assert (slow * fast).sum(axis=1).min() > 0.9999

    bundle = create_bundle(settings, update_table(settings, put_chunks(settings, help_chunks())))
    answer = open_bundle(open_store(settings), bundle.bundle_id).answer_now(Question(text="How long does a refund take?"))
    assert answer.citations[0].doc_id == "billing/refunds.md"
    with pytest.raises(ModelError, match="over the 256"):
        engine(settings, too_long="refuse").embed(["router " * 300])

    program = f"""
from headgate.serve.thin import refuse_pipeline_imports
refuse_pipeline_imports()
from pathlib import Path
from headgate.bundle import open_bundle
from headgate.storage import FolderStore
try:
    open_bundle(FolderStore(Path({str(settings.store_root)!r})), {bundle.bundle_id!r})
except Exception as error:
    print(type(error).__name__, error)
"""
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=900
    )
    assert told.stdout.startswith("SettingsError embedding.engine 'sentence-transformers' needs the package")
    assert 'embedding.engine = "openvino"' in told.stdout


def test_a_gpu_that_is_not_there_is_told_at_once(make_project: Make) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(SettingsError, match="sees no GPU"):
        ensure_model(make_project(embedding={"engine": "sentence-transformers", "device": "cuda"}))


def test_a_changed_file_of_the_model_is_refused(make_project: Make) -> None:
    settings = make_project(embedding={"engine": "sentence-transformers"})
    _, folder = ensure_model(settings)
    (folder / "config.json").write_text("{}")
    with pytest.raises(IntegrityError, match=r"config\.json"):
        ensure_model(settings)


@pytest.mark.parametrize(
    ("embedding", "problem"),
    [
        ({"engine": "litellm", "precision": "int8"}, "precision 'int8' is for engine 'openvino'"),
        ({"device": "cuda"}, "device 'cuda' is for engine 'sentence-transformers'"),
        ({"dimensions": 64, "api_base": "http://a"}, "api_base, dimensions: for engine 'litellm'"),
        ({"engine": "litellm", "api_base": "ftp://a"}, "does not begin with https://"),
    ],
)
def test_settings_that_do_not_fit_the_engine_are_refused(tmp_path: Path, embedding: dict[str, object], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem):
        parse_settings({"embedding": embedding}, project_dir=tmp_path)
