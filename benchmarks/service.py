"""How long `headgate serve` takes to start, and how fast it answers on loopback.

    python -m benchmarks.service [--starts 5] [--requests 200]

A throw-away project of 40 paragraphs is built, evaluated, gated and promoted as any other. Clients are threads of another process on the
same cores, so that eight at once measure the queue as much as the service.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.projects import REPOSITORY, make_project, public_data
from benchmarks.public_qa import read_rows, write_documents
from benchmarks.tables import print_table
from headgate.build import build
from headgate.bundle import last_built
from headgate.evaluate.gates.gate import gate
from headgate.evaluate.suite_run import evaluate
from headgate.release.ledger import promote
from headgate.settings import load_settings
from headgate.storage import open_store

PARAGRAPHS = 40
#: Longest wait for a start or an answer, seconds.
PATIENCE = 120.0
SETTINGS = """
[corpus]
name = "service"
folder = "documents"
[[corpus.labels]]
pattern = "**"
audience = "customer"
confidentiality = "public"
[evaluation]
suites = ["service.jsonl"]
gates = "gates.yaml"
bootstrap_samples = 200
"""
GATES = """
gates:
  - {name: answers, metric: service/errors, at_most: 0, compare: value}
"""


@dataclass(frozen=True)
class Start:
    """Seconds from the start of the process."""

    bound: float  # interpreter, imports and application: the port is bound
    ready: float  # the promoted bundle is verified, opened and in service


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--requests", type=int, default=200, help="of each measurement, however many clients share them")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headgate-service-") as folder:
        questions = make_promoted_project(Path(folder))
        starts = []
        for _ in range(arguments.starts):
            with running(Path(folder)) as (_, start):
                starts.append(start)
        print_starts(starts)
        with running(Path(folder)) as (port, _):
            ask_many(port, questions, 20, clients=1)  # warm-up
            rows = []
            for clients in (1, 8):
                seconds, took = ask_many(port, questions, arguments.requests, clients=clients)
                rows.append(_latency_row(clients, seconds, took))
            print_table(("clients at once", "requests", "p50 ms", "p95 ms", "answers/s"), rows)


def make_promoted_project(folder: Path) -> list[str]:
    """Build, judge and promote; returns questions that the documents answer."""
    questions = make_built_project(folder, paragraphs=PARAGRAPHS)
    promote_built(folder)
    return questions


def make_built_project(folder: Path, *, paragraphs: int) -> list[str]:
    """Build, and write the suite and the gates; returns questions that the documents answer."""
    data = public_data("qa_squad2")
    settings = make_project(folder, name="service")
    documents = write_documents(settings, islice(read_rows(data / "passages.jsonl"), paragraphs))
    cases = [
        {
            "id": row["question_id"],
            "question": row["question"],
            "answerable": True,
            "gold_documents": [documents[row["relevant_passage_ids"][0]]],
        }
        for row in read_rows(data / "questions.jsonl")
        if row["answerable"] and row["relevant_passage_ids"][0] in documents
    ]
    (folder / "service.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases[:20]), encoding="utf-8")
    (folder / "gates.yaml").write_text(GATES, encoding="utf-8")
    (folder / "headgate.toml").write_text(SETTINGS, encoding="utf-8")
    build(load_settings(folder / "headgate.toml", environment={}))
    return [str(case["question"]) for case in cases]


def promote_built(folder: Path) -> None:
    """Judge and promote what was built in `folder`."""
    settings = load_settings(folder / "headgate.toml", environment={})
    store = open_store(settings)
    bundle_id = last_built(store)
    evaluate(store, bundle_id, settings.evaluation_setup)
    verdict = gate(store, bundle_id, settings.evaluation_setup)
    if verdict.verdict != "passed":
        raise SystemExit(f"the throw-away bundle did not pass: {[result.reason for result in verdict.gates]}")
    promote(store, bundle_id, settings.release, settings.gate_files, promoted_by="benchmark")


@contextmanager
def running(folder: Path) -> Iterator[tuple[int, Start]]:
    """`headgate serve` as a process of its own; yields its port and how its start went."""
    command = [sys.executable, "-m", "headgate.cli.main", "serve", "--port", "0"]
    environment = {**os.environ, "HEADGATE_SETTINGS": str(folder / "headgate.toml"), "PYTHONPATH": str(REPOSITORY)}
    environment.pop("HEADGATE_STORE", None)
    with (folder / "serve.log").open("w+", encoding="utf-8") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            port = _wait_for_port(folder / "serve.log", process)
            bound = time.perf_counter() - started
            _wait_until_ready(port, process)
            yield port, Start(bound, time.perf_counter() - started)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def ask_many(port: int, questions: Sequence[str], requests: int, *, clients: int) -> tuple[list[float], float]:
    """Seconds of every answer, and of all of them together; each client keeps its connection.

    Raises:
        SystemExit: an answer was not 200.
    """

    def ask(client: int) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        seconds = []
        for number in range(client, requests, clients):
            body = json.dumps({"question": questions[number % len(questions)]})
            began = time.perf_counter()
            connection.request("POST", "/v1/answers", body, {"content-type": "application/json"})
            response = connection.getresponse()
            content = response.read()
            seconds.append(time.perf_counter() - began)
            if response.status != 200:
                raise SystemExit(f"request {number}: {response.status} {content[:200]!r}")
        connection.close()
        return seconds

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        seconds = [second for part in threads.map(ask, range(clients)) for second in part]
    return seconds, time.perf_counter() - began


def print_starts(starts: Sequence[Start]) -> None:
    def row(name: str, seconds: Sequence[float]) -> tuple[str, ...]:
        return (name, f"{statistics.median(seconds):.2f}", f"{min(seconds):.2f}", f"{max(seconds):.2f}")

    rows = [
        row("interpreter, imports, port bound", [start.bound for start in starts]),
        row("bundle verified and opened", [start.ready - start.bound for start in starts]),
        row("together: ready to answer", [start.ready for start in starts]),
    ]
    print_table((f"start-up, {len(starts)} starts", "median s", "least s", "most s"), rows)


def _latency_row(clients: int, seconds: Sequence[float], took: float) -> tuple[str, ...]:
    cuts = statistics.quantiles(seconds, n=100)
    return (
        str(clients),
        str(len(seconds)),
        f"{cuts[49] * 1000:.0f}",
        f"{cuts[94] * 1000:.0f}",
        f"{len(seconds) / took:.1f}",
    )


def _wait_for_port(log: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline and process.poll() is None:
        if found := re.search(r"serving on http://\S+:(\d+)", log.read_text(encoding="utf-8")):
            return int(found[1])
        time.sleep(0.005)
    raise SystemExit(f"the service did not start: {log.read_text(encoding='utf-8')[-2000:]}")


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", "/readyz")
        if connection.getresponse().status == 200:
            return
        connection.close()
        time.sleep(0.005)
    raise SystemExit("the service did not become ready")


if __name__ == "__main__":
    main()
