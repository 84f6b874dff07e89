"""A table version and what is found in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from headgate.records.base import Record
from headgate.records.ingest import ChunkSetRef
from headgate.records.names import ObjectDigest, Revision


class TableRef(Record):
    """An immutable table version. `digest` covers rows and index configuration; `files_digest` the bytes of every file of it."""

    table: str
    version: int
    digest: str
    files_digest: ObjectDigest
    rows: int


class EmbeddingUsage(Record):
    """What a provider was asked for vectors; nothing for engines on this machine. `cost` is None when the model's price is not known."""

    requests: int = 0
    tokens: int = 0
    cost: float | None = 0.0  # US dollars

    def plus(self, tokens: int, cost: float | None) -> EmbeddingUsage:
        """This and one more request."""
        total = None if self.cost is None or cost is None else self.cost + cost
        return EmbeddingUsage(requests=self.requests + 1, tokens=self.tokens + tokens, cost=total)

    def plus_all(self, other: EmbeddingUsage) -> EmbeddingUsage:
        """This and all requests of another count."""
        total = None if self.cost is None or other.cost is None else self.cost + other.cost
        return EmbeddingUsage(requests=self.requests + other.requests, tokens=self.tokens + other.tokens, cost=total)


class LanguageFusion(Record):
    """How much vectors count against words in the passages of one language, and what it rests on."""

    language: str  # ISO 639-1, "" = not known
    share: float  # of the vectors, 0 to 1; words have the rest
    probes: int  # questions made from the passages
    measured: bool  # False: too few probes, `share` is what is assumed then
    ndcg: dict[str, float] = Field(default_factory=dict)  # share → nDCG@10 over the probes
    digest: str = ""  # SHA-256 of the rows and of how they are probed


class IndexResult(Record):
    """What an index run did. `total` is the number of rows afterwards."""

    ref: TableRef
    corpus_revision: str
    total: int
    embedded: int
    reused: int  # rows whose vector existed already
    deleted: int
    seconds: float
    written: int = 0  # rows added to the table
    vocabulary: str = ""  # SHA-256 of the version's vocabulary, in `objects/`; "" = not counted
    languages: tuple[str, ...] = ()  # of the rows, sorted
    usage: EmbeddingUsage = EmbeddingUsage()  # of this run
    fusion: tuple[LanguageFusion, ...] = ()  # of the languages of the rows, sorted


class PinnedVersion(Record):
    """A table version that stays, and what it was made from."""

    ref: TableRef
    corpus: str
    corpus_revision: Revision
    chunk_set: ChunkSetRef
    vocabulary: ObjectDigest
    languages: tuple[str, ...]  # of the rows, sorted
    exact_below: int  # index.exact_below it was built with
    created_at: str  # ISO 8601, UTC
    fusion: tuple[LanguageFusion, ...] = ()  # of the languages of the rows, sorted


class IntegrityCheck(Record):
    """One thing that was looked at in a version. `failed` counts what is wrong, `detail` shows the first of it, or says why it was not checked."""

    name: str
    outcome: Literal["passed", "failed", "not_checked"]
    failed: int = 0
    detail: str = ""


class IntegrityReport(Record):
    """All checks of one pinned version."""

    table: str
    version: int
    corpus_revision: str
    rows: int
    checks: tuple[IntegrityCheck, ...]

    @property
    def passed(self) -> bool:
        return all(check.outcome != "failed" for check in self.checks)


class Moved(Record):
    before: str
    after: str


class ChunkChange(Record):
    """An example: the text of a chunk in the version before and after, "" where it has none."""

    kind: Literal["added", "changed", "removed", "moved"]
    document: str
    before: str = ""
    after: str = ""


class VersionDifference(Record):
    """What changed from one table version to another, both named `table@version`."""

    before: str
    after: str
    documents_added: tuple[str, ...]
    documents_changed: tuple[str, ...]
    documents_removed: tuple[str, ...]
    documents_moved: tuple[Moved, ...]
    chunks_added: int
    chunks_changed: int  # the same text in another place of its document, or with other labels
    chunks_removed: int
    chunks_moved: int
    chunks_unchanged: int
    examples: tuple[ChunkChange, ...] = ()


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
    vector: object = None  # (d,) float32, unit length
    unit_vectors: bytes = b""  # int8, of the units of `window`, else of `text`, as `headgate.models.passages` makes them
    window: str = ""  # as in `Chunk`; retrieval puts it in place of `text`
    window_start: int = 0
    window_end: int = 0
    stale_since: str = ""  # as in `DocumentMetadata`
    reranked: float | None = None  # score of the re-ranker, 0 to 1, higher is better; None where it was not read by one

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
