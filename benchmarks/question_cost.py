"""What a question costs beside the plain search that it stands on: the same model, the same table, the same run.

    python -m benchmarks.question_cost [--paragraphs 200] [--questions 100]
    python -m benchmarks.question_cost --service          # also with `headgate serve`: rates, one large request, a start of `headgate ask`

Plain search is: embed the question, dense search, full-text search, reciprocal rank fusion of the ids. Processor time of the whole process is
counted, all threads, so that a busy machine changes the ratio little. Cold: no passage was found before; warm: the same questions again.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from benchmarks.projects import REPOSITORY, public_data
from benchmarks.public_qa import read_rows
from benchmarks.service import ask_many, make_built_project, promote_built, running
from benchmarks.tables import print_table
from headgate.answer.engine import Answerer
from headgate.bundle import last_built, load_manifest, open_bundle
from headgate.index.search import ChunkTable, open_table
from headgate.models.embedder import Embedder
from headgate.models.open import open_embedder
from headgate.records import Question
from headgate.settings import load_settings
from headgate.storage import Store, open_store
from headgate.storage.layout import OBJECTS
from headgate.text.terms import analyze

_VISIBLE = ("public",)
_CANDIDATES = 40
_RRF_K = 15
_SENTENCES = 200
_RATES = (5, 20)
_SECONDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paragraphs", type=int, default=200)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--service", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headgate-question-cost-") as folder:
        questions = make_built_project(Path(folder), paragraphs=arguments.paragraphs)
        store = open_store(load_settings(Path(folder) / "headgate.toml", environment={}))
        bundle_id = last_built(store)
        asyncio.run(compare(store, bundle_id, questions[: arguments.questions], warm_up=other_questions(questions)))
        if arguments.service:
            promote_built(Path(folder))
            in_service(Path(folder), questions)


def other_questions(questions: Sequence[str]) -> list[str]:
    """Questions of every length that are about other passages: they compile the model's kernels and import what is imported late."""
    asked = set(questions)
    rows = [row["question"] for row in read_rows(public_data("qa_squad2") / "questions.jsonl")]
    return [question for question in reversed(rows) if question not in asked][:60]


async def compare(store: Store, bundle_id: str, questions: Sequence[str], *, warm_up: Sequence[str]) -> None:
    """Print processor time a question, plain and whole, cold and warm."""
    manifest = load_manifest(store, bundle_id)
    files = {name: store.local(OBJECTS.key(digest), digest) for name, digest in manifest.embedding.files.items()}
    embedder = open_embedder(manifest.embedding, files)
    table = await open_table(store, manifest.table)
    answerer = open_bundle(store, bundle_id)
    for question in warm_up:
        await plain_search(table, embedder, question)
    for question in warm_up[:5]:
        await answerer.answer(Question(text=question))
    rows = []
    for name in ("cold", "warm"):
        plain, whole = [], []
        for question in questions:
            plain.append(await cost(lambda question=question: plain_search(table, embedder, question)))  # type: ignore[misc]
            whole.append(await cost(lambda question=question: ask(answerer, question)))  # type: ignore[misc]
        ratio = statistics.mean(whole) / statistics.mean(plain)
        rows.append((name, *(f"{statistics.mean(times) * 1000:.1f}" for times in (plain, whole)), f"{ratio:.2f}"))
    print(f"{manifest.table.rows} chunks, {len(questions)} questions, {manifest.embedding.precision}\n")
    print_table(("processor time a question", "plain search ms", "answer ms", "ratio"), rows)
    answerer.close()
    embedder.close()
    table.close()


async def plain_search(table: ChunkTable, embedder: Embedder, question: str) -> list[str]:
    """Ids of the fused list, best first."""
    vector = embedder.embed([question])[0]
    terms = tuple(dict.fromkeys(analyze(question, "en")))
    rankings = await asyncio.gather(
        table.dense(vector, limit=_CANDIDATES, confidentiality=_VISIBLE),
        table.full_text(terms, limit=_CANDIDATES, confidentiality=_VISIBLE),
    )
    sums: dict[str, float] = {}
    for ranking in rankings:
        for rank, match in enumerate(ranking, start=1):
            sums[match.chunk_id] = sums.get(match.chunk_id, 0.0) + 1 / (_RRF_K + rank)
    return sorted(sums, key=lambda chunk_id: (-sums[chunk_id], chunk_id))


async def ask(answerer: Answerer, question: str) -> None:
    await answerer.answer(Question(text=question))


async def cost(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of processor time of this process."""
    began = time.process_time()
    await work()
    return time.process_time() - began


# --- with the service ---------------------------------------------------------------------------------------------------


def in_service(folder: Path, questions: Sequence[str]) -> None:
    with running(folder) as (port, _):
        ask_many(port, questions, 40, clients=2)  # warm-up
        rows = [rate_row(port, questions, rate) for rate in _RATES]
        print_table(("questions a second", "asked", "p50 ms", "p95 ms", "most ms"), rows)
        large_request(port)
    start_of_ask(folder, questions[0])


def rate_row(port: int, questions: Sequence[str], rate: int) -> tuple[str, ...]:
    """Questions come at a rate whether or not those before have ended."""
    seconds: list[float] = []

    def one(number: int) -> None:
        seconds.extend(ask_many(port, questions[number % len(questions) :][:1], 1, clients=1)[0])

    threads = []
    for number in range(rate * _SECONDS):
        threads.append(threading.Thread(target=one, args=(number,)))
        threads[-1].start()
        time.sleep(1 / rate)
    for thread in threads:
        thread.join()
    cuts = statistics.quantiles(seconds, n=100)
    return (str(rate), str(len(seconds)), f"{cuts[49] * 1000:.0f}", f"{cuts[94] * 1000:.0f}", f"{max(seconds) * 1000:.0f}")


def large_request(port: int) -> None:
    """One question of many short sentences, and how long the health check takes meanwhile."""
    question = " ".join(f"Where is parcel number {number} now?" for number in range(_SENTENCES))[:3999]
    asking = threading.Thread(target=ask_many, args=(port, [question], 1), kwargs={"clients": 1})
    began = time.perf_counter()
    asking.start()
    checks = []
    while asking.is_alive() or not checks:
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        connection.close()
        checks.append(time.perf_counter() - started)
        time.sleep(0.002)
    print(
        f"\na question of {_SENTENCES} short sentences ({len(question)} characters): {(time.perf_counter() - began) * 1000:.0f} ms; "
        f"health check meanwhile {max(checks) * 1000:.0f} ms at most, of {len(checks)}"
    )


def start_of_ask(folder: Path, question: str) -> None:
    environment = {**os.environ, "HEADGATE_SETTINGS": str(folder / "headgate.toml"), "PYTHONPATH": str(REPOSITORY)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "headgate.cli.main", "ask", "--json", question]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"\n`headgate ask` from a cold start: {used:.1f} s of processor time (refused: {json.loads(done.stdout)['refused']})")


if __name__ == "__main__":
    main()
