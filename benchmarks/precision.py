"""Is retrieval with vectors of less precision as good? nDCG@10 of f32, bf16 and int8 on public question sets, with paired intervals.

    python -m benchmarks.precision [qa_squad2 qa_xquad qa_pubmedqa] [--precisions bf16,int8] [--questions N] [--threads 2]

Dense retrieval alone, exact cosine: full-text search would hide differences. Passages are cut by the default chunker; a passage ranks with
its best chunk. A precision is non-inferior where the 95 % interval of (its nDCG@10 − that of f32), bootstrapped over questions, lies above
−0.005. Reference of every difference: f32 in the same run.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.projects import make_project, public_data
from benchmarks.tables import print_table
from headgate.evaluate.statistics import paired_difference
from headgate.ingest.chunk.chunker import chunk_document
from headgate.ingest.parse.blocks import Block, assemble
from headgate.models.embedder import Embedder
from headgate.models.files import model_files
from headgate.models.open import open_embedder, token_counter
from headgate.models.prepare import ensure_model
from headgate.records import Document, DocumentMetadata
from headgate.settings import Settings
from headgate.storage import open_store

SETS = ("qa_squad2", "qa_xquad", "qa_pubmedqa")
MARGIN = 0.005
K = 10
SEED = 20260202
Floats = npt.NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}; all unless said")
    parser.add_argument("--precisions", default="bf16,int8")
    parser.add_argument("--questions", type=int, default=0, help="questions of each set, spread over it; 0 = all")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    rows: list[list[str]] = []
    worse: list[str] = []
    with tempfile.TemporaryDirectory(prefix="headgate-precision-") as folder:
        engines = {name: open_engine(Path(folder), name, arguments.threads) for name in ("f32", *arguments.precisions.split(","))}
        for name in arguments.sets or SETS:
            rows += measure(name, engines, make_project(Path(folder), name="precision"), arguments.questions, worse)
    print_table(
        (
            "set",
            "questions",
            "chunks",
            "precision",
            "nDCG@10",
            "minus f32",
            "95 % interval",
            "least cosine",
            "mean cosine",
            "verdict",
        ),
        rows,
    )
    if worse:
        raise SystemExit(f"not shown non-inferior at a margin of {MARGIN}: {', '.join(worse)}")


def open_engine(folder: Path, precision: str, threads: int) -> Embedder:
    settings = make_project(folder, name="precision", embedding={"precision": precision})
    model, files = ensure_model(open_store(settings), settings.embedding_setup)
    print(f"{precision}: computes in {model.precision}", file=sys.stderr, flush=True)
    return open_embedder(model, model_files(model, files), threads=threads, streams=0)


def measure(name: str, engines: dict[str, Embedder], settings: Settings, limit: int, worse: list[str]) -> list[list[str]]:
    """Table rows of one set; precisions that are not shown non-inferior are added to `worse`."""
    data = public_data(name)
    passages, texts, owners = cut(settings, read_rows(data / "passages.jsonl"))
    questions = [row for row in read_rows(data / "questions.jsonl") if row["answerable"] and row["relevant_passage_ids"]]
    if 0 < limit < len(questions):
        questions = [questions[number * len(questions) // limit] for number in range(limit)]
    asked = [row["question"] for row in questions]
    wanted = [{passages[passage] for passage in row["relevant_passage_ids"] if passage in passages} for row in questions]
    rows: list[list[str]] = []
    reference: Floats | None = None
    exact = None
    for precision, engine in engines.items():
        chunks = engine.embed(texts)
        scores = ndcg(rank(engine.embed(asked), chunks, owners), wanted)
        row = [name, str(len(asked)), str(len(texts)), precision, f"{scores.mean():.4f}"]
        if reference is None or exact is None:
            reference, exact = scores, chunks
            rows.append([*row, "", "", "", "", "reference"])
            continue
        found = paired_difference(by_question(scores), by_question(reference), bounded=True, seed=SEED, samples=10_000)
        agreement = (exact * chunks).sum(axis=1)
        if found is None or found.low is None or found.high is None:
            raise SystemExit(f"{name}: too few questions for an interval")
        good = found.low > -MARGIN
        if not good:
            worse.append(f"{precision} on {name}")
        verdict = "non-inferior" if good else "NOT shown non-inferior"
        interval = f"{found.low:+.4f} to {found.high:+.4f}"
        rows.append([*row, f"{found.value:+.4f}", interval, f"{agreement.min():.4f}", f"{agreement.mean():.4f}", verdict])
        print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    return rows


def cut(settings: Settings, rows: Iterator[dict[str, Any]]) -> tuple[dict[str, int], list[str], npt.NDArray[np.int64]]:
    """Passage id → number, texts to embed, and the number of the passage that each text is of."""
    count = token_counter(settings.embedding_setup, settings.chunks)
    numbers: dict[str, int] = {}
    texts: list[str] = []
    owners: list[int] = []
    for row in rows:
        number = numbers.setdefault(row["passage_id"], len(numbers))
        parsed = assemble([Block("text", row["text"])])
        title = str(row.get("title") or row.get("section") or "")
        made = Document(row["passage_id"], "", "text/plain", parsed.text, parsed.elements, DocumentMetadata(title=title), "")
        for chunk in chunk_document(made, settings.chunks, count):
            texts.append(f"{chunk.context}\n{chunk.text}" if chunk.context else chunk.text)
            owners.append(number)
    return numbers, texts, np.array(owners)


def rank(questions: npt.NDArray[np.float32], chunks: npt.NDArray[np.float32], owners: npt.NDArray[np.int64]) -> list[list[int]]:
    """The K best passages of every question; ties by chunk order."""
    ranked = []
    for start in range(0, len(questions), 256):
        for similarities in questions[start : start + 256] @ chunks.T:
            best = np.argsort(-similarities, kind="stable")[: 8 * K]
            ranked.append(list(dict.fromkeys(int(owner) for owner in owners[best]))[:K])
    return ranked


def ndcg(ranked: Sequence[list[int]], wanted: Sequence[set[int]]) -> Floats:
    """nDCG@K with binary relevance (Järvelin & Kekäläinen, TOIS 2002), one value a question, 0 to 1."""
    gains = 1 / np.log2(np.arange(2, K + 2))
    values = []
    for passages, right in zip(ranked, wanted, strict=True):
        reached = sum(gains[position] for position, passage in enumerate(passages) if passage in right)
        values.append(reached / gains[: min(len(right), K)].sum())
    return np.array(values)


def by_question(scores: Floats) -> dict[str, float]:
    return {str(number): float(score) for number, score in enumerate(scores)}


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


if __name__ == "__main__":
    main()
