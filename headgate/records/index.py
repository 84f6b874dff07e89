"""A table version and what is found in it."""

from __future__ import annotations

from dataclasses import dataclass

from headgate.records.base import Record


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
