"""Chunks a second from pages to a searchable index: ours against LangChain + Chroma, LlamaIndex + LanceDB and Haystack.

    python -m benchmarks.ingest_peers [--pages N] [--threads 2] [--rounds 1] [--precisions bf16,f32,int8] [--environments DIR]

The 687 pages of kb_sourcegraph_handbook, the same MiniLM weights, chunks of 200 tokens. Every peer is installed into an environment of its
own (kept in DIR if given, else thrown away) and runs in a process of its own; models are loaded and warmed up before the clock starts. Ours
does more in its time: pages are parsed in a sandbox, validated, chunked by structure, embedded, and written with full-text and filter
indexes and digests. References: the best peer, and the bare embedding loop of our own engine over the same chunks, in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import venv
from pathlib import Path

import numpy as np

from benchmarks.projects import make_project, public_data
from benchmarks.tables import print_table
from headgate.index.chunk_set import read_rows
from headgate.index.table import update_table
from headgate.index.table_rows import passage_of
from headgate.ingest.run import ingest
from headgate.models.embedder import Embedder
from headgate.models.files import model_files
from headgate.models.open import open_embedder
from headgate.models.prepare import ensure_model
from headgate.models.source import locate_source
from headgate.settings import Settings
from headgate.storage import open_store

#: PyTorch first and alone, so that the CPU build is taken and no GPU packages come along.
TORCH = "torch==2.13.0"
PEERS = {
    "langchain_chroma": (
        "LangChain + Chroma",
        ["langchain-chroma", "langchain-huggingface", "langchain-text-splitters", "sentence-transformers==6.2.0"],
    ),
    "llama_index_lancedb": (
        "LlamaIndex + LanceDB",
        [
            "llama-index-core",
            "pandas",
            "llama-index-vector-stores-lancedb",
            "llama-index-embeddings-huggingface",
            "sentence-transformers==6.2.0",
        ],
    ),
    "haystack_memory": ("Haystack, in memory", ["haystack-ai<3", "sentence-transformers==6.2.0"]),
}
GPU_PACKAGES = ("nvidia", "triton", "cuda")
TOKENS = 200
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "TOKENIZERS_PARALLELISM": "true",
}
Row = tuple[str, int, float, float]  # name, chunks, characters a chunk, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=0, help="pages, spread over the handbook; 0 = all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="each contestant's fastest round counts")
    parser.add_argument("--precisions", default="bf16,f32,int8", help="of ours")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--environments", type=Path, help="folder of the peers' environments, made where missing")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headgate-peers-") as place:
        folder = Path(place)
        pages = write_pages(folder / "documents", arguments.pages)
        source = str(locate_source(make_project(folder, name="handbook").embedding_setup))
        environments = arguments.environments or folder / "environments"
        pythons = {peer: install(environments.resolve() / peer, PEERS[peer][1]) for peer in arguments.peers.split(",") if peer}
        rows: dict[str, Row] = {}
        for number in range(arguments.rounds):
            for peer, python in pythons.items():
                keep_fastest(rows, PEERS[peer][0], run_peer(python, peer, folder / "documents", source, arguments.threads))
            for precision in arguments.precisions.split(","):
                for name, row in run_ours(folder, precision, arguments.threads, number).items():
                    keep_fastest(rows, name, row)
        report(pages, rows, [PEERS[peer][0] for peer in pythons])


def write_pages(target: Path, limit: int) -> int:
    """Unpack the handbook's base, or `limit` pages of it."""
    with tarfile.open(public_data("kb_sourcegraph_handbook") / "base.tar.gz") as archive:
        archive.extractall(target, filter="data")
    paths = sorted(path for path in target.rglob("*") if path.is_file())
    kept = {paths[number * len(paths) // limit] for number in range(limit)} if 0 < limit < len(paths) else set(paths)
    for path in set(paths) - kept:
        path.unlink()
    return len(kept)


def install(folder: Path, packages: list[str]) -> Path:
    """The Python of an environment with `packages`."""
    python = folder / "bin" / "python"
    if not (folder / "complete").is_file():
        print(f"installing {', '.join(packages)}", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        for wanted in ([TORCH], packages):
            subprocess.run([python, "-m", "pip", "install", "--quiet", TORCH, *wanted], check=True, timeout=1800)
        listed = subprocess.run([python, "-m", "pip", "freeze"], check=True, capture_output=True, text=True, timeout=120).stdout
        if found := [line for line in listed.splitlines() if line.lower().startswith(GPU_PACKAGES)]:
            raise SystemExit(f"GPU packages came along: {', '.join(found)}")
        (folder / "complete").touch()
    return python


def run_peer(python: Path, peer: str, documents: Path, source: str, threads: int) -> Row:
    program = Path(__file__).parent / "peers" / f"{peer}.py"
    environment = {**os.environ, **OFFLINE, "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [python, "-P", program, documents, source, str(TOKENS), str(threads)],
        capture_output=True, text=True, env=environment, timeout=3600, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{peer} failed:\n{done.stderr[-2000:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    return announce((PEERS[peer][0], said["chunks"], said["characters"] / said["chunks"], said["seconds"]))


def run_ours(folder: Path, precision: str, threads: int, number: int) -> dict[str, Row]:
    """The whole path, its embed-and-index half, the bare loop over the same chunks, and a note of how near f32 it is."""
    settings = project(folder, precision, threads, number)
    ensure_model(open_store(settings), settings.embedding_setup)  # exported or quantised once in a project's life
    started = time.perf_counter()
    ingested = ingest(open_store(settings), settings.ingest_setup)
    parsed = time.perf_counter()
    indexed = update_table(open_store(settings), ingested.chunk_set, settings.index_setup)
    ended = time.perf_counter()
    texts = [passage_of(row).whole for row in read_rows(open_store(settings), ingested.chunk_set)]
    distinct = sorted(set(texts), key=len)
    characters = sum(map(len, texts)) / len(texts)
    bare = open_engine(settings, threads)
    bare.embed(distinct[:: max(1, len(distinct) // 64)])
    looped = time.perf_counter()
    vectors = bare.embed(distinct)
    bare_seconds = time.perf_counter() - looped
    exact = open_engine(project(folder, "f32", threads, number), threads).embed(distinct[::5])
    cosine = (exact * vectors[::5]).sum(axis=1)
    print(f"ours {precision}: cosine to f32 on {len(cosine)} chunks: least {cosine.min():.5f}, mean {np.mean(cosine):.5f}")
    rows = [
        (f"ours {precision}: pages to index", indexed.total, characters, ended - started),
        (f"ours {precision}: chunks to index", indexed.total, characters, ended - parsed),
        (f"ours {precision}: bare embedding loop", len(distinct), characters, bare_seconds),
    ]
    return {row[0]: announce(row) for row in rows}


def project(folder: Path, precision: str, threads: int, number: int) -> Settings:
    embedding = {"precision": precision, "threads": threads, "cache_gib": 4.0}
    return make_project(folder, name="handbook", store=f"store-{precision}-{number}", embedding=embedding)


def open_engine(settings: Settings, threads: int) -> Embedder:
    model, files = ensure_model(open_store(settings), settings.embedding_setup)
    return open_embedder(model, model_files(model, files), threads=threads, streams=0)


def keep_fastest(rows: dict[str, Row], name: str, row: Row) -> None:
    if name not in rows or row[3] < rows[name][3]:
        rows[name] = row


def announce(row: Row) -> Row:
    print(f"{row[0]}: {row[1]} chunks in {row[3]:.1f} s", file=sys.stderr, flush=True)
    return row


def report(pages: int, rows: dict[str, Row], peers: list[str]) -> None:
    rates = {name: row[1] / row[3] for name, row in rows.items()}
    best = max((rates[name] for name in peers), default=float("nan"))
    table = []
    for name, row in rows.items():
        loop = rates.get(f"{name.split(':')[0]}: bare embedding loop")
        share = f"{rates[name] / loop:.2f}" if loop else ""
        table.append(
            [name, str(row[1]), f"{row[2]:.0f}", f"{row[3]:.1f}", f"{rates[name]:.1f}", f"{rates[name] / best:.2f}", share]
        )
    print(f"\n{pages} pages, chunks of {TOKENS} tokens\n")
    print_table(("", "chunks", "characters each", "seconds", "chunks/s", "of the best peer", "of the bare loop"), table)


if __name__ == "__main__":
    main()
