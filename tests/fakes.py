"""Hand-written fakes of an opened bundle, with real manifests in a real store, so that ledger and service run without models."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from headgate.answer.engine import ENGINE_VERSION
from headgate.answer.evidence import PACKAGED
from headgate.bundle import MANIFEST_FORMAT, CorpusRef, Manifest
from headgate.errors import ModelError
from headgate.models.files import EmbeddingModel
from headgate.records import (
    Answer,
    Canary,
    ChunkSetRef,
    Citation,
    Decision,
    IngestCounts,
    IngestResult,
    Question,
    Release,
    Report,
    RetrievedChunk,
    TableRef,
    Token,
    Usage,
    Verdict,
)
from headgate.release.ledger import gate_inputs
from headgate.release.verdicts import seal_verdict, store_verdict
from headgate.settings import AnswerBehaviour, GuardSettings, ModelSettings, RetrievalSettings, Settings, parse_settings
from headgate.storage import Store, open_store, sha256_hex


def make_settings(folder: Path, **sections: object) -> Settings:
    """Settings of a project with a gate file and one suite, nothing else."""
    (folder / "evals" / "suites").mkdir(parents=True, exist_ok=True)
    (folder / "evals" / "gates.yaml").write_text("gates: []\n")
    (folder / "evals" / "suites" / "golden.jsonl").write_text("{}\n")
    return parse_settings({"corpus": {"folder": "documents"}, **sections}, project_dir=folder)  # type: ignore[dict-item]


def put_bundle(store: Store, name: str, *, corpus: str = "test") -> str:
    """The manifest of a bundle that names nothing real; its id follows from `name`."""
    manifest = Manifest(
        format=MANIFEST_FORMAT,
        engine=ENGINE_VERSION,
        corpus=CorpusRef(name=corpus, revision=name),
        table=TableRef(table="test-00000000", version=1, digest="0" * 64, files_digest="0" * 64, rows=1),
        embedding=EmbeddingModel(name="none", dimensions=1, max_tokens=1, precision="f32", weights_digest="0" * 64, files={}),
        prompts={},
        vocabulary="0" * 64,
        languages=("en",),
        fusion=(),
        default_language="en",
        retrieval=RetrievalSettings(),
        answer=AnswerBehaviour(),
        evidence=PACKAGED,
        guard=GuardSettings(),
        model=ModelSettings(),
    )
    bundle_id = sha256_hex(manifest.to_bytes())
    store.put(f"bundles/{bundle_id}.json", manifest.to_bytes())
    return bundle_id


def put_verdict(settings: Settings, bundle_id: str, *, baseline: str = "", verdict: Decision = "passed") -> Verdict:
    """A verdict about a bundle on today's gate file and suites."""
    gates_digest, suite_digests = gate_inputs(settings.gate_files)
    sealed = seal_verdict(
        Verdict(
            verdict_id="",
            verdict=verdict,
            bundle_id=bundle_id,
            baseline_bundle_id=baseline,
            report_id="0" * 64,
            gates_digest=gates_digest,
            suite_digests=suite_digests,
            gates=(),
            created_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        )
    )
    store_verdict(open_store(settings), sealed)
    return sealed


def put_release(store: Store, number: int, bundle_id: str, *, track: str = "production") -> Release:
    """A line of the ledger, written without the rules: for tests of who reads it."""
    release = Release(
        track=track, release=number, kind="promote", bundle_id=bundle_id, promoted_at="2026-02-02T00:00:00.000+00:00"
    )
    store.create(f"releases/{track}/{number:08d}.json", release.model_dump_json().encode())
    return release


def put_judgement(store: Store, folder: str, name: str, bundle_id: str, *, baseline: str = "", report: str = "r") -> None:
    """A report, verdict or canary of that name that says nothing but which bundles it is about."""
    when = "2026-02-02T00:00:00+00:00"
    record: Report | Verdict | Canary
    match folder:
        case "reports":
            record = Report(report_id=name, bundle_id=bundle_id, suites={}, created_at=when)
        case "verdicts":
            record = Verdict(
                verdict_id=name,
                verdict="passed",
                bundle_id=bundle_id,
                baseline_bundle_id=baseline,
                report_id=report,
                gates_digest="",
                suite_digests={},
                gates=(),
                created_at=when,
            )
        case _:
            record = Canary(
                canary_id=name,
                bundle_id=bundle_id,
                baseline_bundle_id=baseline,
                verdict="passed",
                recall_at=5,
                checks=(),
                created_at=when,
            )
    store.put(f"{folder}/{name}.json", record.model_dump_json().encode())


def put_ingest(store: Store, revision: str, *, chunk_set: str = "chunk_sets/x-y.parquet") -> None:
    """The record of an ingest of no files."""
    counts = IngestCounts(files=0, indexed=0, quarantined=0, dead_lettered=0, excluded=0)
    ref = ChunkSetRef(corpus_revision=revision, key=chunk_set, digest="", chunks=0, documents=0)
    result = IngestResult(corpus_revision=revision, counts=counts, outcomes=(), chunk_set=ref, parsed=0, seconds=0.0)
    store.put(f"ingests/{revision}.json", result.model_dump_json().encode())


@dataclass
class FakeAnswerer:
    """Answers `<bundle>: <question>` word by word. `hold` stops every answer before its last word until it is set."""

    bundle_id: str
    hold: asyncio.Event | None = None
    closed: threading.Event = field(default_factory=threading.Event)
    cancelled: int = 0
    running: int = 0
    asked: list[Question] = field(default_factory=list)

    async def stream(self, question: Question) -> AsyncIterator[Token]:
        if self.closed.is_set():
            raise ModelError("asked after it was closed")
        self.asked.append(question)
        self.running += 1
        try:
            if "fail at once" in question.text:
                raise ModelError("the provider is down")
            words = [f"{self.bundle_id[:8]}: ", *(f"{word} " for word in question.text.split()), "[1]"]
            for word in words[:-1]:
                yield Token(text=word)
                await asyncio.sleep(0)
            if "fail midway" in question.text:
                raise ModelError("the provider hung up")
            if self.hold is not None:
                await self.hold.wait()
            if self.closed.is_set():
                raise ModelError("closed while answering")
            yield Token(text=words[-1])
            yield Token(answer=self._answer("".join(words), question))
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1

    def answer_now(self, question: Question) -> Answer:
        async def last() -> Answer:
            found = [token.answer async for token in self.stream(question)][-1]
            assert found is not None
            return found

        return asyncio.run(last())

    def close(self) -> None:
        self.closed.set()

    def _answer(self, text: str, question: Question) -> Answer:
        if "decline" in question.text:
            return Answer(text=text, refused=True, refusal_reason="no_evidence", bundle_id=self.bundle_id, model="fake")
        citation = Citation(
            number=1, doc_id="a.md", chunk_id="c1", title="A", heading="A > B", location="line 3", score=0.9, quote="<b>q</b>"
        )
        return Answer(
            text=text,
            refused=False,
            citations=(citation,),
            retrieved=(RetrievedChunk(chunk_id="c1", doc_id="a.md", score=0.9),),
            bundle_id=self.bundle_id,
            model="fake",
            usage=Usage(prompt_tokens=7, completion_tokens=3, cost=0.01),
        )


class FakeBundles:
    """Opens fakes, keeps them for the test to look at, and refuses the ids in `broken`."""

    def __init__(self) -> None:
        self.opened: list[FakeAnswerer] = []
        self.broken: dict[str, Exception] = {}
        self.hold: asyncio.Event | None = None

    def __call__(self, store: Store, bundle_id: str) -> FakeAnswerer:
        if bundle_id in self.broken:
            raise self.broken[bundle_id]
        answerer = FakeAnswerer(bundle_id, hold=self.hold)
        self.opened.append(answerer)
        return answerer
