"""The index at scale: build, one per cent changed, queries, recall against exact search. Vectors are generated, words are real.

    python -m benchmarks.index_scale [--chunks 100000] [--sweep]

Five chunks make a document. Vectors lie in topics and documents like those of a sentence model: 400 topics, variance falling with the
dimension, chunks of a document close to each other. They are put into the vector cache, so that no time goes into a model. Texts
are sentences of SQuAD's paragraphs, mixed. `--sweep` tries other numbers of probed partitions and refined candidates.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import numpy.typing as npt

from benchmarks.projects import public_data
from benchmarks.tables import print_table
from headgate.index.chunk_set import ChunkSetWriter, chunk_row, encode_chunks
from headgate.index.search import ChunkTable, open_table
from headgate.index.table import update_table
from headgate.index.table_rows import passage_digest, passage_of
from headgate.index.vectors import open_cache
from headgate.models.passages import EmbeddedPassage, to_int8
from headgate.models.prepare import ensure_model
from headgate.records import Chunk, ChunkSetRef, DocumentMetadata, IndexResult
from headgate.settings import Settings, parse_settings
from headgate.storage import open_store, sha256_hex
from headgate.text.terms import analyze

Vectors = npt.NDArray[np.float32]
_PER_DOCUMENT = 5
_TOPICS = 400
_DIMENSIONS = 384
_QUERIES = 300
_VISIBLE = ("public",)
_ITERATIONS_AT_ONCE = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--sweep", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headgate-scale-") as folder:
        measure(Path(folder), arguments.chunks, sweep=arguments.sweep)


def measure(folder: Path, count: int, *, sweep: bool) -> None:
    """Build, change, ask; prints tables."""
    sentences = _sentences()
    settings, scratch = (
        parse_settings({"corpus": {"name": name, "folder": "."}, "storage": {"root": str(folder / "store")}}, project_dir=folder)
        for name in ("scale", "scratch")
    )
    store = open_store(settings)
    model, _ = ensure_model(store, settings.embedding_setup)
    cache = open_cache(settings.local_root, settings.embedding, model)
    started = time.monotonic()
    first = _write(settings, cache, sentences, count, changed=0)
    second = _write(settings, cache, sentences, count, changed=count // 100)
    cache.close()
    print(f"{count} chunks generated in {time.monotonic() - started:.0f} s\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    built = update_table(store, first, settings.index_setup)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    size = _size(folder / "store" / "lance")
    changed = update_table(store, second, settings.index_setup)
    grown = _size(folder / "store" / "lance") - size
    again = update_table(store, second, settings.index_setup)
    whole = update_table(store, second, scratch.index_setup)
    rows = [
        ("build from scratch", built, f"{size:.0f} MiB"),
        ("1 % of the chunks changed", changed, f"{grown:.0f} MiB more"),
        ("nothing changed", again, ""),
        ("that state from scratch", whole, ""),
    ]
    header = ("run", "seconds", "share", "rows written", "rows", "disk")
    print_table(
        header,
        [
            (name, f"{r.seconds:.2f}", f"{r.seconds / built.seconds:.1%}", str(r.written), str(r.total), disk)
            for name, r, disk in rows
        ],
    )
    print(f"digests of the changed table and the one from scratch are {'equal' if changed.ref.digest == whole.ref.digest else 'DIFFERENT'}; "
          f"memory {before} MiB before the build, {peak} MiB at its peak\n")  # fmt: skip
    asyncio.run(_ask(settings, sentences, changed, whole, sweep=sweep))


async def _ask(
    settings: Settings,
    sentences: Sequence[Sequence[str]],
    changed: IndexResult,
    whole: IndexResult,
    *,
    sweep: bool,
) -> None:
    store = open_store(settings)
    table, other = await open_table(store, changed.ref), await open_table(store, whole.ref)
    raw = lancedb.connect(store.lance_uri()).open_table(changed.ref.table)
    raw.checkout(changed.ref.version)
    columns = raw.search().select(["chunk_id", "vector"]).limit(changed.total).to_arrow()
    ids = np.array(columns["chunk_id"].to_pylist())
    matrix = columns["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(ids), -1)
    chance = np.random.default_rng(11)
    queries = _unit(matrix[chance.integers(0, len(matrix), _QUERIES)] + 0.6 * _unit(chance.normal(size=(_QUERIES, _DIMENSIONS))))
    exact = [set(ids[np.argpartition(-(matrix @ query), 10)[:10]]) for query in queries]
    words = [analyze(" ".join(chance.choice(sentences[chance.integers(len(sentences))]).split()[:8]), "en") for _ in queries]

    def dense(table: ChunkTable, n: int) -> Awaitable[Any]:
        return table.dense(queries[n], limit=10, confidentiality=_VISIBLE)

    def text(table: ChunkTable, n: int) -> Awaitable[Any]:
        return table.full_text(words[n], limit=10, confidentiality=_VISIBLE)

    def hybrid(table: ChunkTable, n: int) -> Awaitable[Any]:
        return asyncio.gather(dense(table, n), text(table, n))

    rows = []
    for name, ask in (("vector", dense), ("full text", text), ("both", hybrid)):
        await ask(table, 0)
        alone, crowd = await _times(table, ask, 1), await _times(table, ask, _ITERATIONS_AT_ONCE)
        rows.append((name, *(f"{1000 * np.quantile(times, share):.1f}" for times in (alone, crowd) for share in (0.5, 0.95))))
    print_table(("search", "p50 ms", "p95 ms", "p50 ms, 8 at once", "p95 ms, 8 at once"), rows)
    found = [{hit.chunk_id for hit in await dense(table, n)} for n in range(_QUERIES)]
    recall = np.mean([len(mine & truth) / 10 for mine, truth in zip(found, exact, strict=True)])
    kinds = {index.name: index.index_type for index in raw.list_indices()}
    print(f"recall@10 of vector search ({kinds.get('vector_idx', 'exact')}) against exact: {recall:.4f}")
    same_vectors = np.mean([_same(await dense(table, n), await dense(other, n)) for n in range(_QUERIES)])
    same_words = np.mean([_same(await text(table, n), await text(other, n)) for n in range(_QUERIES)])
    scores = 0.0
    for n in range(0, _QUERIES, 10):
        pairs = zip(await text(table, n), await text(other, n), strict=True)
        scores = max([scores, *(abs((one.bm25 or 0) - (two.bm25 or 0)) for one, two in pairs)])
    print(f"changed table and the one from scratch: the same 10 chunks for {same_vectors:.1%} of vector and {same_words:.1%} of text "
          f"queries; BM25 scores differ by {scores:.6f} at most\n")  # fmt: skip
    if sweep:
        _sweep(raw, queries, exact)


def _sweep(raw: Any, queries: Vectors, exact: Sequence[set[str]]) -> None:
    rows = []
    for probes in (5, 10, 20, 40, 80):
        for refine in (1, 2, 4, 10):
            times, hits = [], []
            for query, truth in zip(queries[:100], exact, strict=False):
                started = time.monotonic()
                search = (
                    raw.search(query, vector_column_name="vector").distance_type("cosine").nprobes(probes).refine_factor(refine)
                )
                found = (
                    search.where("confidentiality = 'public'", prefilter=True)
                    .select(["chunk_id", "_distance"])
                    .limit(10)
                    .to_arrow()
                )
                times.append(time.monotonic() - started)
                hits.append(len(set(found["chunk_id"].to_pylist()) & truth) / 10)
            rows.append((str(probes), str(refine), f"{np.mean(hits):.4f}", f"{1000 * np.median(times):.1f}"))
    print_table(("probes", "refine", "recall@10", "p50 ms"), rows)


def _same(one: Sequence[Any], two: Sequence[Any]) -> bool:
    return {hit.chunk_id for hit in one} == {hit.chunk_id for hit in two}


async def _times(table: ChunkTable, ask: Callable[[ChunkTable, int], Awaitable[Any]], at_once: int) -> list[float]:
    gate = asyncio.Semaphore(at_once)

    async def timed(n: int) -> float:
        async with gate:
            started = time.monotonic()
            await ask(table, n)
            return time.monotonic() - started

    return await asyncio.gather(*(timed(n) for n in range(_QUERIES)))


def _write(settings: Settings, cache: Any, sentences: Sequence[Sequence[str]], count: int, *, changed: int) -> ChunkSetRef:
    """A chunk set whose vectors are in the cache; `changed` chunks have another text than in the set without changes."""
    other = set(np.random.default_rng(5).choice(count, changed, replace=False).tolist()) if changed else set()
    store = open_store(settings)
    with tempfile.TemporaryDirectory() as folder, ChunkSetWriter(Path(folder) / "chunks") as writer:
        pending: dict[str, EmbeddedPassage] = {}
        for number, chunks, vectors in _documents(sentences, count, other):
            writer.add(encode_chunks(chunks))
            for chunk, vector in zip(chunks, vectors, strict=True):
                passage = passage_of(chunk_row(chunk))
                pending[passage_digest(passage)] = EmbeddedPassage(vector, to_int8(np.stack([vector] * len(passage.units))))
            if len(pending) > 5000 or number * _PER_DOCUMENT + _PER_DOCUMENT >= count:
                cache.put(pending)
                pending = {}
        cache.put(pending)
        return writer.store(store, f"scale-{changed}")


def _documents(sentences: Sequence[Sequence[str]], count: int, other: set[int]) -> Iterator[tuple[int, list[Chunk], Vectors]]:
    chance = np.random.default_rng(3)
    weights = 1 / np.sqrt(1 + np.arange(_DIMENSIONS))
    topics = chance.normal(size=(_TOPICS, _DIMENSIONS)) * weights
    for document in range(count // _PER_DOCUMENT):
        topic = chance.integers(_TOPICS)
        centre = topics[topic] + 0.6 * chance.normal(size=_DIMENSIONS) * weights
        vectors = centre + 0.5 * chance.normal(size=(_PER_DOCUMENT, _DIMENSIONS)) * weights
        own = sentences[document % len(sentences)]
        chunks = []
        for ordinal in range(_PER_DOCUMENT):
            picked = [own[n] for n in chance.integers(0, len(own), 5)]
            if document * _PER_DOCUMENT + ordinal in other:
                picked.append("This was changed since.")
                vectors[ordinal] += 0.05 * weights
            chunks.append(_chunk(document, ordinal, f"{' '.join(picked)} ({document}.{ordinal})"))
        yield document, chunks, _unit(vectors)


def _chunk(document: int, ordinal: int, text: str) -> Chunk:
    doc_id = f"area-{document % 97}/page-{document}.md"
    return Chunk(
        chunk_id=sha256_hex(f"{doc_id}\0{text}".encode())[:32],
        doc_id=doc_id,
        ordinal=ordinal,
        text=text,
        heading_path=("Section",),
        start=0,
        end=len(text),
        page=None,
        line=1,
        metadata=DocumentMetadata(title=f"Page {document}", language="en", confidentiality="public"),
        context=f"Page {document} > Section",
    )


def _unit(vectors: Any) -> Vectors:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _sentences() -> list[list[str]]:
    """The sentences of each paragraph of SQuAD that has three or more."""
    with (public_data("qa_squad2") / "passages.jsonl").open(encoding="utf-8") as stream:
        texts = [json.loads(line)["text"] for line in stream]
    found = [[part.strip() for part in text.split(". ") if len(part) > 20] for text in texts]
    return [parts for parts in found if len(parts) >= 3]


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


if __name__ == "__main__":
    main()
