from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dagster as dg
import orjson
import pytest
from rich.console import Console

from headgate.evaluate.gates.gate_file import load_gates
from headgate.records import (
    ChunkSetRef,
    FileOutcome,
    GateDecision,
    GateResult,
    IndexResult,
    IngestCounts,
    IngestResult,
    Remark,
    TableRef,
    Verdict,
)
from pipelines.demo import summaries
from pipelines.demo.override import KNOWN_SHORT, override_reason
from pipelines.demo.runs import JobRunner
from pipelines.demo.service import ServiceError, ask
from pipelines.demo.traffic import Outcome, steady_traffic
from tests.conftest import REPOSITORY
from tests.small_project import SmallProject

INGEST = IngestResult(
    corpus_revision="r" * 32,
    counts=IngestCounts(files=4, indexed=2, quarantined=1, dead_lettered=1, excluded=0),
    outcomes=(
        FileOutcome(path="a.md", digest="1", outcome="indexed", parsed=True),
        FileOutcome(path="b.md", digest="2", outcome="indexed"),
        FileOutcome(path="c.md", digest="3", outcome="quarantined", reasons=(Remark("empty", "no text"),), parsed=True),
        FileOutcome(
            path="d.pdf", digest="4", outcome="dead_lettered", reasons=(Remark("encrypted", "[the] PDF asks for a password"),)
        ),
    ),
    chunk_set=ChunkSetRef(corpus_revision="r" * 32, key="k", digest="d", chunks=7, documents=2),
    parsed=2,
    seconds=1.0,
)


def printed(*renderables: object) -> str:
    console = Console(file=io.StringIO(), width=150)
    for renderable in renderables:
        console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# --- summaries ------------------------------------------------------------------------------------------------------


def test_the_build_summary_shows_counts_that_add_up() -> None:
    ref = TableRef(table="t", version=3, digest="d", files_digest="f", rows=7)
    index = IndexResult(ref=ref, corpus_revision="r", total=7, embedded=4, reused=3, deleted=1, seconds=1.0)
    text = printed(summaries.build_table(INGEST, index, "b" * 64))
    assert "4 files = 2 indexed + 1 quarantined + 1 dead-lettered + 0 excluded" in text
    assert "2 parsed now, 1 known from before; 7 chunks of 2 documents" in text
    assert "7 chunks = 4 embedded now + 3 reused; 1 old ones left out" in text
    assert "b" * 64 in text


def test_left_out_files_are_listed_with_their_reasons_as_they_are() -> None:
    text = printed(summaries.left_out_table(INGEST))
    assert "c.md   quarantined    empty: no text" in text
    assert "d.pdf  dead-lettered  encrypted: [the] PDF asks for a password" in text
    assert "a.md" not in text


def test_the_verdict_shows_every_gate_with_interval_limit_and_reason() -> None:
    gates = (
        GateResult(
            name="finds it",
            metric="golden/recall@5",
            verdict="passed",
            value=0.96,
            low=0.93,
            high=0.98,
            limit=0.9,
            reason="all above",
        ),
        GateResult(
            name="declines",
            metric="all/refusal_recall",
            verdict="failed",
            value=None,
            low=None,
            high=None,
            limit=0.9,
            reason="[no] case",
        ),
        GateResult(
            name="time", metric="all/latency_p95", verdict="reported", value=2.5, low=2.0, high=3.0, limit=None, reason="shown"
        ),
    )
    verdict = Verdict(
        verdict_id="v",
        verdict="failed",
        bundle_id="b",
        baseline_bundle_id="c" * 64,
        report_id="r",
        gates_digest="g",
        suite_digests={},
        gates=gates,
        created_at="",
    )
    text = printed(summaries.verdict_table(verdict))
    assert "verdict: failed (against cccccccccccc…)" in text
    assert "[0.930, 0.980]" in text
    assert "[no] case" in text


def gate(name: str, verdict: GateDecision, **more: object) -> GateResult:
    return GateResult.model_validate(
        {"name": name, "metric": "all/x", "verdict": verdict, "value": 0.4, "low": 0.3, "high": 0.5, "limit": 0.7, "reason": "r"}
        | more
    )


def verdict_of(*gates: GateResult) -> Verdict:
    return Verdict(
        verdict_id="v" * 64,
        verdict="failed",
        bundle_id="b",
        report_id="r",
        gates_digest="g",
        suite_digests={},
        gates=gates,
        created_at="",
    )


def test_the_demo_overrides_floors_that_the_default_misses_and_what_is_too_small_to_tell_and_says_which() -> None:
    known, small = gate("helps most askers", "failed"), gate("primary: not worse than the reference release", "inconclusive")
    reason = override_reason(verdict_of(known, small, gate("fine", "passed")))
    assert reason is not None
    assert reason.startswith("helps most askers (0.40, limit 0.7) failed: the built-in model quotes sentences")
    assert "primary: not worse than the reference release (0.40, limit 0.7) inconclusive: the suites have too few cases" in reason
    assert "fine" not in reason
    shown = printed(
        summaries.override_text(verdict_of(known).model_copy(update={"override_by": "make demo", "override_reason": reason}))
    )
    assert "released all the same, by a recorded override of 'make demo'" in shown
    assert "helps most askers (0.40, limit 0.7) failed" in shown


@pytest.mark.parametrize(
    "name", ["primary: not worse than the release in service", "every score exists", "canary", "nothing leaks"]
)
def test_the_demo_overrides_no_certain_loss_and_no_damage(name: str) -> None:
    assert override_reason(verdict_of(gate("helps most askers", "failed"), gate(name, "failed"))) is None
    assert override_reason(verdict_of(gate("a warning", "failed", severity="warn"))) is None


def test_every_floor_that_the_demo_knows_is_one_of_the_gate_file() -> None:
    gates = load_gates(
        REPOSITORY / "evals" / "gates.yaml", suites={"all", "golden", "hard", "refusals"}, recall_at=(1, 3, 5, 10)
    ).gates
    floors = {
        gate.name for gate in gates if gate.at_least is not None or (gate.at_most is not None and gate.compare == "interval")
    }
    assert set(KNOWN_SHORT) <= floors


def test_traffic_is_counted_by_release_and_failures_are_shown() -> None:
    outcomes = [Outcome(1, "a" * 64), Outcome(2, "b" * 64), Outcome(2, "b" * 64), Outcome(0, "", "no answer")]
    lines = [line.split() for line in printed(summaries.traffic_table(outcomes)).splitlines()]
    assert lines[1:] == [
        ["release", "1", "a" * 16 + "…", "1", "0"],
        ["release", "2", "b" * 16 + "…", "2", "0"],
        ["all", "4", "1"],
    ]


# --- clients --------------------------------------------------------------------------------------------------------


@contextmanager
def answering(events: bytes, status: int = 200) -> Iterator[str]:
    """A service that gives the same reply to every question; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(events)

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def frames(*events: tuple[str, dict[str, object]]) -> bytes:
    return b"".join(f"event: {name}\ndata: ".encode() + orjson.dumps(content) + b"\n\n" for name, content in events)


WHOLE = frames(
    ("token", {"text": "It is "}),
    ("token", {"text": "free."}),
    ("answer", {"answer": "It is free.", "release": 4, "bundle_id": "b"}),
)


def test_an_answer_comes_in_pieces_and_then_whole() -> None:
    with answering(WHOLE) as address:
        *pieces, reply = ask(address, "Is it?")
    assert pieces == ["It is ", "free."]
    assert isinstance(reply, dict)
    assert reply["release"] == 4


@pytest.mark.parametrize(
    ("events", "status", "message"),
    [
        (b"try later", 503, "answered 503: try later"),
        (frames(("token", {"text": "It"}), ("error", {"error": {"message": "broke"}})), 200, "broke"),
        (frames(("token", {"text": "It"})), 200, "the stream ended before the answer did"),
    ],
)
def test_an_answer_that_does_not_end_well_is_an_error(events: bytes, status: int, message: str) -> None:
    with answering(events, status) as address, pytest.raises(ServiceError, match=message):
        list(ask(address, "Is it?"))


def test_clients_ask_until_they_are_stopped_and_every_request_is_accounted_for() -> None:
    with answering(WHOLE) as address:
        with steady_traffic(address, ["Is it?"]) as traffic:
            assert traffic.wait_for(release=4, answers=5, seconds=30)
            assert not traffic.wait_for(release=5, answers=1, seconds=0.3)
        assert len(traffic.outcomes) >= 5
        assert {outcome.problem for outcome in traffic.outcomes} == {""}


def test_an_answer_that_its_pieces_do_not_make_up_counts_as_failed() -> None:
    broken = frames(("token", {"text": "It"}), ("answer", {"answer": "It is free.", "release": 4, "bundle_id": "b"}))
    with answering(broken) as address, steady_traffic(address, ["Is it?"]) as traffic:
        assert not traffic.wait_for(release=4, answers=1, seconds=0.5)
    assert "do not make up the answer" in traffic.outcomes[0].problem


# --- runs -----------------------------------------------------------------------------------------------------------


def test_a_failed_run_says_which_step_and_why_without_a_traceback(
    small_project: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADGATE_SETTINGS", str(small_project.settings_file))
    (small_project.folder / "documents").rename(small_project.folder / "elsewhere")
    console = Console(file=io.StringIO(), width=150)
    run = JobRunner(dg.DagsterInstance.ephemeral(), console).run("rebuild")
    assert run.references == {}
    assert run.problem.startswith("job 'rebuild', step 'corpus': corpus folder")
    assert "does not exist" in run.problem
