"""Chunks a second of the embedding engines on the same paragraphs in the same run, and how far each is from sentence-transformers in fp32.

    python -m benchmarks.embedding [--paragraphs 150] [--rounds 3]

Engines take turns, so that a machine that is busy for a while slows all of them; the figure is each engine's fastest round.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import openvino
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from benchmarks.projects import make_project, public_data
from benchmarks.tables import print_table
from headgate.models.embedder import Vectors
from headgate.models.files import model_files
from headgate.models.open import open_embedder
from headgate.models.prepare import ensure_model
from headgate.models.source import locate_source
from headgate.storage import open_store

#: Texts of a batch; they are padded to its longest.
BATCH = 16
REFERENCE = "sentence-transformers fp32, batches of 16"
Embed = Callable[[Sequence[str]], Vectors]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paragraphs", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with (public_data("qa_squad2") / "passages.jsonl").open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line, _ in zip(lines, range(arguments.paragraphs), strict=False)]
    with tempfile.TemporaryDirectory(prefix="headgate-embedding-") as folder:
        engines = open_engines(Path(folder))
        vectors, seconds = run_rounds(engines, texts, arguments.rounds)
    rows = []
    for name in engines:
        cosines = (vectors[name] * vectors[REFERENCE]).sum(axis=1)
        rows.append(
            (
                name,
                f"{len(texts) / seconds[name]:.1f}",
                f"{seconds[REFERENCE] / seconds[name]:.2f}",
                f"{cosines.min():.6f}",
                f"{cosines.mean():.6f}",
            )
        )
    print_table(("engine", "chunks/s", "speed to fp32 reference", "least cosine to it", "mean cosine"), rows)


def open_engines(folder: Path) -> dict[str, Embed]:
    """Name → engine; the first is what the others are compared with. The model is exported into `folder`."""
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    settings = make_project(folder, name="embedding")
    original = SentenceTransformer(str(locate_source(settings.embedding_setup)), device="cpu", local_files_only=True)
    model, exported = ensure_model(open_store(settings), settings.embedding_setup)

    def encode(texts: Sequence[str]) -> Vectors:
        return np.asarray(original.encode(list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False))

    engines: dict[str, Embed] = {REFERENCE: encode}
    for precision in ("f32", "bf16"):
        chosen = model.model_copy(update={"precision": precision})
        ours = open_embedder(chosen, model_files(model, exported), streams=0)
        engines[f"OpenVINO {precision}, batches of one length (Headgate)"] = ours.embed
        engines[f"OpenVINO {precision}, batches of {BATCH} by length"] = open_batched(exported, model.max_tokens, precision)
    return engines


def open_batched(folder: Path, max_tokens: int, precision: str) -> Embed:
    """The same graph on batches: texts sorted by length, padded to the longest of their batch."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding()
    options = {"INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": os.cpu_count() or 1}
    compiled = openvino.Core().compile_model(str(folder / "model.onnx"), "CPU", options)

    def embed(texts: Sequence[str]) -> Vectors:
        order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
        vectors: dict[int, Vectors] = {}
        for start in range(0, len(order), BATCH):
            positions = order[start : start + BATCH]
            encodings = tokenizer.encode_batch([texts[position] for position in positions])
            ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
            mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
            vectors.update(zip(positions, compiled({0: ids, 1: mask})[0].copy(), strict=True))
        return np.stack([vectors[position] for position in range(len(texts))])

    return embed


def run_rounds(engines: dict[str, Embed], texts: Sequence[str], rounds: int) -> tuple[dict[str, Vectors], dict[str, float]]:
    """Vectors of every engine, and seconds of its fastest round; a round of 16 texts warms each up."""
    vectors: dict[str, Vectors] = {}
    seconds: dict[str, float] = {}
    for embed in engines.values():
        embed(texts[:BATCH])
    for _ in range(rounds):
        for name, embed in engines.items():
            started = time.perf_counter()
            vectors[name] = embed(texts)
            seconds[name] = min(time.perf_counter() - started, seconds.get(name, float("inf")))
    return vectors, seconds


if __name__ == "__main__":
    main()
