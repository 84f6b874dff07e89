"""The records that travel along the data's path, in the order of the path.

    SourceFile → Document(Element…) → Chunk → Hit → Question/Answer → Score/Report → GateResult/Verdict → Release → Interaction

Frozen dataclasses live in memory; frozen pydantic models are also written to disk, and refuse unknown keys when read back.
Offsets are 0-based, in characters (code points) of `Document.text`, end exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Outcome = Literal["indexed", "quarantined", "dead_lettered", "excluded"]
ElementKind = Literal["title", "text", "list_item", "table", "code"]
Decision = Literal["passed", "failed", "inconclusive"]


class Record(BaseModel):
    """Base of everything written to disk: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- ingest ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a corpus. `path` is POSIX, relative to the corpus root; `digest` is the SHA-256 of its bytes (hex)."""

    path: str
    digest: str
    size: int  # bytes
    media_type: str  # decided from content and extension, e.g. "text/html"


@dataclass(frozen=True, slots=True)
class DocumentMetadata:
    """Labels of a document. Missing labels are empty strings; dates are ISO `YYYY-MM-DD`; language is ISO 639-1."""

    title: str = ""
    audience: str = ""
    topic: str = ""
    region: str = ""
    language: str = ""
    effective_date: str = ""
    owner: str = ""
    confidentiality: str = ""


@dataclass(frozen=True, slots=True)
class Element:
    """A structural piece of a document. `document.text[start:end] == element.text`."""

    kind: ElementKind
    text: str
    start: int
    end: int
    level: int = 0  # heading level 1..6 for titles, 0 otherwise
    page: int | None = None  # 1-based page or slide, where the format has pages
    line: int | None = None  # 1-based line in the source, where the format has lines
    sheet: str = ""  # worksheet name, for spreadsheets


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed source file. `doc_id` is the corpus path; `text` is what all offsets refer to."""

    doc_id: str
    digest: str  # SHA-256 of the source bytes
    media_type: str
    text: str
    elements: tuple[Element, ...]
    metadata: DocumentMetadata
    parser: str  # name and version of what parsed it


@dataclass(frozen=True, slots=True)
class Chunk:
    """A retrievable passage. `document.text[start:end] == text`.

    `chunk_id` is the first 32 hex digits of SHA-256 over doc_id, heading path, text and the occurrence number among equal ones,
    so that it stays when other parts of the document change.
    """

    chunk_id: str
    doc_id: str
    ordinal: int  # 0-based position in the document
    text: str
    heading_path: tuple[str, ...]
    start: int
    end: int
    page: int | None
    line: int | None
    metadata: DocumentMetadata
    context: str = ""  # what is put before the text when it is embedded and indexed: title, headings, table header


class FileOutcome(Record):
    """What became of one source file: exactly one outcome, with its reasons."""

    path: str
    digest: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()  # e.g. "near_duplicate: of 'privacy/marketing.md' (similarity 0.97)"
    findings: tuple[str, ...] = ()  # remarks that did not stop it
    chunks: int = 0
    parsed: bool = False  # True when this run parsed it, False when an earlier parse was reused


class IngestCounts(Record):
    """files == indexed + quarantined + dead_lettered + excluded."""

    files: int
    indexed: int
    quarantined: int
    dead_lettered: int
    excluded: int


class ChunkSetRef(Record):
    """Where the chunks of one ingest lie. `digest` covers ids, texts and labels in order, not file bytes."""

    corpus_revision: str
    key: str  # storage key of the Parquet file
    digest: str
    chunks: int
    documents: int


class ValidationCheck(Record):
    """One expectation over all documents or chunks of an ingest. `level` says what a failing row means: `quarantine`, `finding`, `error`."""

    name: str
    level: str
    passed: bool
    checked: int
    failed: int
    examples: tuple[str, ...] = ()  # the first few paths, or one sentence


class IngestResult(Record):
    """What an ingest hands on."""

    corpus_revision: str
    counts: IngestCounts
    outcomes: tuple[FileOutcome, ...]
    chunk_set: ChunkSetRef
    parsed: int  # files parsed in this run; the rest was reused
    seconds: float
    checks: tuple[ValidationCheck, ...] = ()


# --- index ----------------------------------------------------------------------------------------------------------


class TableRef(Record):
    """An immutable table version. `digest` covers rows and index configuration; `files_digest` the bytes of every file of it."""

    table: str
    version: int
    digest: str
    files_digest: str
    rows: int


class IndexResult(Record):
    """What an index run did. `total` is the number of rows afterwards."""

    ref: TableRef
    corpus_revision: str
    total: int
    embedded: int
    reused: int  # rows whose vector existed already
    deleted: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved chunk. `score` is the fused score (0 to 1, higher is better); `cosine` is -1 to 1, `bm25` 0 upwards, None if not found that way."""

    chunk_id: str
    doc_id: str
    text: str
    heading_path: tuple[str, ...]
    context: str
    page: int | None
    line: int | None
    start: int
    end: int
    title: str
    language: str
    confidentiality: str
    effective_date: str
    score: float
    cosine: float | None
    bm25: float | None
    vector: object = None  # (d,) float32, unit length; for scoring sentences against

    @property
    def heading(self) -> str:
        return " > ".join(self.heading_path) or self.title

    @property
    def location(self) -> str:
        """`page 3` or `line 41`, or the character offset where the format has neither."""
        if self.page is not None:
            return f"page {self.page}"
        if self.line is not None:
            return f"line {self.line}"
        return f"offset {self.start}"


# --- answer ---------------------------------------------------------------------------------------------------------


class Turn(Record):
    role: Literal["user", "assistant"]
    content: str


class Question(Record):
    """What is asked. `audience` decides which documents may be used (setting `retrieval.access`)."""

    text: str
    conversation: tuple[Turn, ...] = ()  # earlier turns, oldest first
    audience: str = "customer"


class Citation(Record):
    """A passage the answer rests on; `quote` is the sentence taken from it, verbatim, if the model quotes."""

    number: int  # 1-based, as in the answer's [1]
    doc_id: str
    chunk_id: str
    title: str
    heading: str
    location: str
    score: float  # 0 to 1
    quote: str = ""


class Usage(Record):
    """Tokens and price of the model calls of one answer. `cost` is None when the model's price is unknown."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = 0.0  # US dollars


class Timings(Record):
    """Seconds, wall clock."""

    retrieve: float = 0.0
    generate: float = 0.0
    first_token: float = 0.0
    total: float = 0.0


class RetrievedChunk(Record):
    """A hit as it is logged: enough to replay and to compare."""

    chunk_id: str
    doc_id: str
    score: float


class Answer(Record):
    """What came back. `text` cites by number, [1]; a refusal has no citations."""

    text: str
    refused: bool
    refusal_reason: str = ""  # "no_evidence", "guard:<rule>", "model"
    evidence: float = 0.0  # 0 to 1, how well the passages support an answer
    citations: tuple[Citation, ...] = ()
    retrieved: tuple[RetrievedChunk, ...] = ()
    contexts: tuple[str, ...] = ()  # texts of the passages given to the model, in order
    language: str = ""
    bundle_id: str = ""
    model: str = ""
    usage: Usage = Usage()
    timings: Timings = Timings()


# --- evaluate -------------------------------------------------------------------------------------------------------


class Score(Record):
    """One metric of one case. Exactly one of `value` and `error` is set, or neither when the metric does not apply."""

    metric: str
    value: float | None = None
    error: str = ""

    @property
    def applies(self) -> bool:
        return self.value is not None or bool(self.error)


class CaseResult(Record):
    """One case of a suite, answered and scored."""

    case_id: str
    question: str
    tags: tuple[str, ...] = ()
    answer: Answer | None = None  # None when answering failed
    error: str = ""
    scores: tuple[Score, ...] = ()


class MetricSummary(Record):
    """A metric over the cases it applies to. `low` and `high` bound the 95 % interval."""

    value: float | None
    low: float | None
    high: float | None
    n: int  # scored cases
    unscored: int = 0  # cases it applies to but could not be scored
    standard_error: float | None = None


class SuiteResult(Record):
    digest: str  # SHA-256 of the suite file
    n: int
    metrics: dict[str, MetricSummary]
    cases: tuple[CaseResult, ...] = ()
    skipped: tuple[str, ...] = ()  # ids of cases that don't apply to this bundle's corpus; only ever in a baseline's report


class Report(Record):
    """An evaluation of one bundle. `report_id` is the digest of everything else but the run id and the date.

    Measured times are part of it, since gates judge them: evaluating twice gives two reports. `answers_digest` leaves times out, so
    that it is the same whenever the bundle answers the same. `suites` also holds `all`, the figures over every case, without cases.
    """

    report_id: str
    bundle_id: str
    suites: dict[str, SuiteResult]
    created_at: str  # ISO 8601, UTC
    mlflow_run_id: str = ""
    answers_digest: str = ""
    metrics_version: int = 0

    @property
    def suite_digests(self) -> dict[str, str]:
        """Suite name → digest of its file."""
        return {name: suite.digest for name, suite in self.suites.items() if name != "all"}


class GateResult(Record):
    name: str
    metric: str
    verdict: Decision
    value: float | None
    low: float | None
    high: float | None
    limit: float
    reason: str


class Verdict(Record):
    """A decision about one bundle; names everything it was decided from."""

    verdict_id: str
    verdict: Decision
    bundle_id: str
    baseline_bundle_id: str = ""  # "" when nothing was promoted yet
    report_id: str
    baseline_report_id: str = ""
    gates_digest: str
    suite_digests: dict[str, str]
    gates: tuple[GateResult, ...]
    created_at: str
    override_by: str = ""  # who overrode, for a recorded override; then `override_reason` says why
    override_reason: str = ""


# --- release and interactions ---------------------------------------------------------------------------------------


class Rehearsal(Record):
    """Proof that both bundles open and answer before a release is written."""

    question: str
    bundle_id: str
    answered: bool
    seconds: float


class Release(Record):
    """One line of the ledger. The highest `release` of a channel is in force."""

    channel: str
    release: int
    kind: Literal["promote", "rollback"]
    bundle_id: str
    previous_bundle_id: str = ""
    verdict_id: str = ""
    promoted_at: str  # ISO 8601, UTC
    promoted_by: str = ""
    reason: str = ""
    rehearsals: tuple[Rehearsal, ...] = ()


class Interaction(Record):
    """One question asked and what was answered; enough to replay it."""

    interaction_id: str
    asked_at: str  # ISO 8601, UTC
    question: Question
    answer: Answer
    channel: str = ""  # release channel
    release: int = 0
    completed: bool = True  # False when the client went away before the end
    error: str = ""
    labels: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a streamed answer; the last one carries the whole `answer`."""

    text: str = ""
    answer: Answer | None = field(default=None)
