"""A pinned table version, opened for reading: dense and full-text search with filters.

    dense, full_text ─► matches: where a row is ─► candidates: what ranks them, each read once ─► hits: what those say that are kept

Never follows the newest version: what is opened by number stays what it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import lancedb
import numpy as np
import numpy.typing as npt
from lancedb.expr import Expr, col, lit
from lancedb.query import MatchQuery

from headgate.errors import ClosedError, IntegrityError
from headgate.index.inventory import manifest_name, table_folder, verify_inventory
from headgate.records import Hit, TableRef
from headgate.storage import Store

_COLUMNS = [
    "chunk_id", "doc_id", "text", "context", "heading_path", "page", "line", "start", "end",
    "window", "window_start", "window_end", "title", "language", "confidentiality", "effective_date", "stale_since", "unit_vectors",
]  # fmt: skip
#: What a search itself reads.
_FOUND = ["chunk_id", "doc_id"]
#: What ranking needs of a row.
_RANKED = ["chunk_id", "doc_id", "language", "search_text", "heading_terms", "vector"]

#: Partitions of the vector index that a query looks into, and how many candidates for each hit are compared exactly
#: (docs/decisions/0011); tables without a vector index are compared whole.
PROBES = 40
REFINE = 4


class Match(NamedTuple):
    """A row that a search found. `cosine` is -1 to 1, `bm25` 0 upwards; None in a match of the other search."""

    row: int
    chunk_id: str
    doc_id: str
    cosine: float | None
    bm25: float | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row as ranking needs it. `cosine` is -1 to 1, `bm25` 0 upwards; None until it is ranked."""

    row: int
    chunk_id: str
    doc_id: str
    language: str
    terms: tuple[str, ...]  # search terms, repeats included
    headings: int  # how many of them, the first ones, are of title and headings
    vector: npt.NDArray[np.float32]  # (d,), unit length
    cosine: float | None = None
    bm25: float | None = None


class ChunkTable:
    """Search over one table version. Build with `open_table`."""

    def __init__(self, table: Any, ref: TableRef) -> None:
        self._opened = table
        self.ref = ref

    def close(self) -> None:
        """Let go of the table; a search afterwards raises ClosedError. May be called again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _table(self) -> Any:
        if self._opened is None:
            raise ClosedError(f"table {self.ref.table!r} version {self.ref.version} was closed; open it again")
        return self._opened

    async def dense(
        self,
        vector: npt.NDArray[np.float32],
        *,
        limit: int,
        confidentiality: Sequence[str],
        language: str = "",
        without: Collection[str] = (),
    ) -> list[Match]:
        """Nearest chunks by cosine, best first, ties by chunk id.

        Args:
            vector: (d,) float32, unit length.
            limit: at most this many.
            confidentiality: labels that may be seen; none = nothing is found.
            language: only chunks of this language, "" = any.
            without: documents that are not looked at.
        """
        if not confidentiality:
            return []
        near = self._table.vector_search(vector).distance_type("cosine").nprobes(PROBES).refine_factor(REFINE)
        query = near.where(_allowed(confidentiality, language, without)).with_row_id()
        rows = await query.select([*_FOUND, "_distance"]).limit(limit).to_list()
        found = [Match(row["_rowid"], row["chunk_id"], row["doc_id"], 1.0 - float(row["_distance"]), None) for row in rows]
        return sorted(found, key=lambda match: (-(match.cosine or 0.0), match.chunk_id))

    async def full_text(
        self,
        terms: Sequence[str],
        *,
        limit: int,
        confidentiality: Sequence[str],
        language: str = "",
        without: Collection[str] = (),
    ) -> list[Match]:
        """Chunks that hold any of `terms`, best BM25 first, ties by chunk id. Terms come from `analyze`."""
        if not confidentiality or not terms:
            return []
        query = (
            self._table.query()
            .nearest_to_text(MatchQuery(" ".join(terms), "search_text"))
            .where(_allowed(confidentiality, language, without))
            .with_row_id()
        )
        rows = await query.select([*_FOUND, "_score"]).limit(limit).to_list()
        found = [Match(row["_rowid"], row["chunk_id"], row["doc_id"], None, float(row["_score"])) for row in rows]
        return sorted(found, key=lambda match: (-(match.bm25 or 0.0), match.chunk_id))

    async def candidates(self, rankings: Sequence[Sequence[Match]]) -> list[Candidate]:
        """The rows of matches, each once however many searches found it, sorted by chunk id."""
        numbers = {match.chunk_id: match.row for ranking in rankings for match in ranking}
        if not numbers:
            return []
        found = await self._table.take_row_ids(sorted(numbers.values())).select(_RANKED).to_arrow()
        matrix = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(found), -1)
        read = [
            Candidate(
                row=numbers[row["chunk_id"]],
                chunk_id=row["chunk_id"],
                doc_id=row["doc_id"],
                language=row["language"],
                terms=tuple(row["search_text"].split()),
                headings=row["heading_terms"],
                vector=vector,
            )
            for row, vector in zip(found.drop_columns(["vector"]).to_pylist(), matrix, strict=True)
        ]
        return sorted(read, key=lambda one: one.chunk_id)

    async def hits(self, candidates: Sequence[Candidate]) -> list[Hit]:
        """What the rows of candidates say, in the order given; `score` is 0."""
        if not candidates:
            return []
        found = await self._table.take_row_ids([one.row for one in candidates]).select(_COLUMNS).to_list()
        says = {row["chunk_id"]: row for row in found}
        return [_hit(says[one.chunk_id], one) for one in candidates]

    async def documents(self) -> frozenset[str]:
        """Ids of all documents."""
        return frozenset(row["doc_id"] for row in await self._table.query().select(["doc_id"]).to_list())

    async def document_texts(self) -> dict[str, list[str]]:
        """Document id → texts of its chunks, in order."""
        rows = await self._table.query().select(["doc_id", "ordinal", "text"]).to_list()
        texts: dict[str, list[str]] = {}
        for row in sorted(rows, key=lambda row: (row["doc_id"], row["ordinal"])):
            texts.setdefault(row["doc_id"], []).append(row["text"])
        return texts

    async def chunk_texts(self) -> dict[str, str]:
        """Chunk id → what it hands to an answer (its window, else its text), for every chunk."""
        rows = await self._table.query().select(["chunk_id", "text", "window"]).to_list()
        return {row["chunk_id"]: row["window"] or row["text"] for row in rows}

    async def searchable_texts(self) -> list[tuple[str, str, str]]:
        """(search terms joined by spaces, context and text, language) of every chunk."""
        rows = await self._table.query().select(["search_text", "context", "text", "language"]).to_list()
        return [(row["search_text"], f"{row['context']}\n{row['text']}", row["language"]) for row in rows]


async def open_table(store: Store, ref: TableRef) -> ChunkTable:
    """Open a version by number.

    Raises:
        IntegrityError: there is no such table or version, or it has another number of rows.
    """
    if not (table_folder(store, ref.table) / manifest_name(ref.version)).is_file():
        verify_inventory(store, ref.table, ref.version, ref.files_digest)
    connection = await lancedb.connect_async(str(store.local_lance()))
    try:
        table = await connection.open_table(ref.table)
        await table.checkout(ref.version)
        rows = await table.count_rows()
    except (ValueError, RuntimeError, OSError) as error:
        raise IntegrityError(f"table {ref.table!r} version {ref.version} can't be opened: {error}") from error
    if rows != ref.rows:
        raise IntegrityError(f"table {ref.table!r} version {ref.version} has {rows} rows, the bundle says {ref.rows}")
    return ChunkTable(table, ref)


def _allowed(confidentiality: Sequence[str], language: str, without: Collection[str]) -> Expr:
    """Rows that carry one of the labels; one whose label is NULL equals none, and is found by nobody."""
    condition = col("confidentiality") == lit(confidentiality[0])
    for label in confidentiality[1:]:
        condition = condition | (col("confidentiality") == lit(label))
    if without:
        condition = condition & ~col("doc_id").isin([lit(doc_id) for doc_id in sorted(without)])
    return condition & (col("language") == lit(language)) if language else condition


def _hit(row: dict[str, Any], found: Candidate) -> Hit:
    return Hit(
        chunk_id=row["chunk_id"],
        doc_id=row["doc_id"],
        text=row["text"],
        heading_path=tuple(row["heading_path"]),
        context=row["context"],
        page=row["page"],
        line=row["line"],
        start=row["start"],
        end=row["end"],
        title=row["title"],
        language=row["language"],
        confidentiality=row["confidentiality"],
        effective_date=row["effective_date"],
        score=0.0,
        cosine=found.cosine,
        bm25=found.bm25,
        vector=found.vector,
        unit_vectors=row["unit_vectors"],
        window=row["window"],
        window_start=row["window_start"],
        window_end=row["window_end"],
        stale_since=row["stale_since"],
    )
