"""Source file → document → chunk, and what an ingest hands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headgate.records.base import Record

Outcome = Literal["indexed", "quarantined", "dead_lettered", "excluded"]
ElementKind = Literal["title", "text", "list_item", "table", "code"]


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
