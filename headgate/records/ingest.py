"""Source file → document → chunk, and what an ingest hands on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, field_validator

from headgate.records.base import Record
from headgate.records.names import ChunkSetKey, KeptKey, Revision, ValidationReportKey
from headgate.records.remarks import Remark, read_remark

Outcome = Literal["indexed", "quarantined", "dead_lettered", "excluded"]
ElementKind = Literal["title", "text", "list_item", "table", "code"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a corpus. `path` is POSIX, relative to the corpus root; `digest` is the SHA-256 of its bytes (hex)."""

    path: str
    digest: str
    size: int  # bytes
    media_type: str  # decided from content and extension, e.g. "text/html"
    source: str = ""  # name in corpus.sources; "" where the corpus is one folder or DVC directory
    modified: str = ""  # ISO 8601, UTC, as the source says; "" = it does not
    url: str = ""  # address, where it has one
    charset: str = ""  # as the source declared it


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
    stale_since: str = ""  # the day since when this is an older version, kept because the current one can't be read; "" = current


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
    window: str = ""  # what is handed to the answer in place of `text`, which it holds; "" = `text` itself
    window_start: int = 0  # `document.text[window_start:window_end] == window`
    window_end: int = 0


class KeptVersion(Record):
    """The last good version of a document whose current file can't be read. Together with the corpus it decides what is indexed."""

    key: KeptKey  # of its parsed form
    digest: str  # SHA-256 of the source bytes it came from
    media_type: str
    since: str  # the day (YYYY-MM-DD, UTC) of the first ingest that could not read its successor


class FileOutcome(Record):
    """What became of one source file: exactly one outcome, with its reasons."""

    path: str
    digest: str
    outcome: Outcome
    reasons: tuple[Remark, ...] = ()  # e.g. "near_duplicate", "of 'privacy/marketing.md' (similarity 0.97)"
    findings: tuple[Remark, ...] = ()  # remarks that did not stop it
    chunks: int = 0
    parsed: bool = False  # True when this run parsed it, False when an earlier parse was reused
    moved_from: str = ""  # the path that had the same content in the ingest before
    text_digest: str = ""  # of its normalised text, where it has one
    kept: KeptVersion | None = None  # set when what is indexed is not the file but its last good version

    @field_validator("reasons", "findings", mode="before")
    @classmethod
    def _read_remarks(cls, stored: Iterable[Any]) -> tuple[Remark, ...]:
        return tuple(read_remark(one) for one in stored)


class IngestCounts(Record):
    """files == indexed + quarantined + dead_lettered + excluded."""

    files: int
    indexed: int
    quarantined: int
    dead_lettered: int
    excluded: int


class FileState(Record):
    """One file as an ingest left it. `content_key` names its parsed form in the cache, hex."""

    digest: str
    media_type: str
    outcome: Outcome
    content_key: str = ""
    kept: KeptVersion | None = None


class CorpusState(Record):
    """A corpus as an ingest left it; empty before the first one."""

    corpus: str
    revision: str = ""
    files: dict[str, FileState] = Field(default_factory=dict)


class Changes(Record):
    """Files against the ingest before of the same corpus. files == added + changed + moved + unchanged; `removed` are gone."""

    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int


class ChunkSetRef(Record):
    """Where the chunks of one ingest lie. `digest` covers ids, texts and labels in order, not file bytes."""

    corpus_revision: Revision
    key: ChunkSetKey  # of the Parquet file
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
    accepted: str = (
        ""  # who accepted the failure and why: of this revision (accept), or of every failing document (accept_change)
    )


class Widened(Record):
    """A document that an audience sees which did not at the last accepted ingest."""

    path: str
    before: tuple[str, ...]  # audiences, sorted
    now: tuple[str, ...]
    same_text_as: str = ""  # for a new path: the document that had this text
    accepted: str = ""  # who accepted it and why (validation.accept_audience)


class Loss(Record):
    """A document that fails a check of level error against the last accepted ingest."""

    path: str
    text_digest: str  # of its text now
    checks: tuple[str, ...]
    accepted: str = ""  # who accepted this text and why (validation.accept_change)


class AccessReport(Record):
    """Who sees what is indexed. documents == by_label + by_rule + without_label."""

    seen_by: dict[str, int]  # audience → documents that it sees
    by_label: int  # documents that carry a label themselves
    by_rule: int  # without a label, declared by a rule of corpus.labels
    without_label: int  # seen by the privileged audience alone
    damaged: int  # quarantined, because their label is damaged, unknown or contradicting
    widened: tuple[Widened, ...] = ()
    narrowed: tuple[str, ...] = ()  # paths of documents that an audience does not see any more


class BreakerState(Record):
    """Whether a source is asked. `open`: not before `open_until`; `half_open`: one request tries whether it is back."""

    state: Literal["closed", "open", "half_open"] = "closed"
    failures: int = 0  # in a row
    open_until: str = ""  # ISO 8601, UTC


class SourceState(Record):
    """How one source of a corpus stood after it was last asked. listed == fetched + unchanged + failed + excluded."""

    corpus: str
    name: str
    kind: str
    prefix: str = ""
    listed: int = 0  # files in the listing, those carried over from an earlier one included
    fetched: int = 0  # new content was read
    unchanged: int = 0
    failed: int = 0
    excluded: int = 0  # by a rule, or gone
    gone: tuple[str, ...] = ()  # listed, but not there: the first few paths
    changed_while_read: int = 0  # read again until it held still
    last_attempt: str = ""  # ISO 8601, UTC, as all times here
    last_success: str = ""  # the listing was read whole and the source stayed up
    newest_content: str = ""  # latest modification that the source tells of
    content_changed: str = ""  # since when its files are what they are
    content_digest: str = ""  # SHA-256 over their paths and digests
    breaker: BreakerState = BreakerState()
    fresh_within_hours: float = 0  # freshness objective, 0 = none
    silent_after_days: float = 0  # 0 = never silent
    problem: str = ""  # what went wrong at the last attempt
    fresh: bool = True  # at the last attempt; `staleness` tells for any other moment
    reason: str = ""

    def staleness(self, now: datetime) -> str:
        """Why the source misses its freshness objective at `now`; "" when it does not."""
        if not self.fresh_within_hours:
            return ""
        if not self.last_success:
            return f"source {self.name!r} was never read whole{f': {self.problem}' if self.problem else ''}"
        hours = (now - datetime.fromisoformat(self.last_success)).total_seconds() / 3600
        if hours <= self.fresh_within_hours:
            return ""
        why = f"; last problem: {self.problem}" if self.problem else ""
        return f"source {self.name!r} was last read {hours:.1f} h ago, its objective is {self.fresh_within_hours:g} h{why}"

    def silence(self, now: datetime) -> str:
        """Why the source counts as silent at `now`; "" when it does not."""
        if not self.silent_after_days or not self.content_changed:
            return ""
        days = (now - datetime.fromisoformat(self.content_changed)).total_seconds() / 86400
        if days <= self.silent_after_days:
            return ""
        return f"nothing in source {self.name!r} has changed for {days:.1f} days, silent_after_days is {self.silent_after_days:g}"


class IngestResult(Record):
    """What an ingest hands on."""

    corpus_revision: Revision
    counts: IngestCounts
    outcomes: tuple[FileOutcome, ...]
    chunk_set: ChunkSetRef
    parsed: int  # files parsed in this run; the rest was reused
    seconds: float
    checks: tuple[ValidationCheck, ...] = ()
    data_docs: ValidationReportKey = ""  # of the validation report
    corpus: str = ""  # corpus.name
    derived: int = 0  # documents whose facts and chunks were computed in this run
    changes: Changes | None = None
    stage_seconds: dict[str, float] = Field(default_factory=dict)  # open, documents, validate, write
    as_of: str = ""  # day (YYYY-MM-DD) that ages were judged from; "" = they were not
    access: AccessReport | None = None  # None in records of before it was counted
    losses: tuple[Loss, ...] = ()  # documents that lost something since the last accepted ingest
    parsers: dict[str, int] = Field(
        default_factory=dict
    )  # name and versions of a parser: documents that are indexed as it read them

    @property
    def kept(self) -> tuple[FileOutcome, ...]:
        """Documents that are indexed in their last good version."""
        return tuple(outcome for outcome in self.outcomes if outcome.kept is not None)
