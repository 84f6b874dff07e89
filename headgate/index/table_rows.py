"""What a row of the table is: the columns of a chunk, its search terms, its vector, and digests that tell rows apart.

row_digest    SHA-256 of the chunk's columns (the chunk set has it too)
text_digest   SHA-256 of what is embedded: chunks with the same text share a vector
row_mark      SHA-256 of row digest, search terms and vector: what a table's digest is made of
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headgate.errors import IntegrityError
from headgate.index import chunk_set as chunk_sets
from headgate.text.terms import ANALYSIS_VERSION, analyze

#: Raised when rows or indexes are made differently, so that a table of the old kind is not taken for one of the new kind.
ROW_FORMAT = (2, ANALYSIS_VERSION)
_BATCH = 500
_MARKED = ["text_digest", "row_digest", "search_text", "row_mark", "vector"]
_ADDED = ("search_text", "text_digest", "row_digest")


def table_schema(dimensions: int) -> pa.Schema:
    """Columns of the chunk set, then what the index adds."""
    added = [pa.field(name, pa.string(), nullable=False) for name in _ADDED]
    return pa.schema(
        [
            *chunk_sets.SCHEMA,
            *added,
            pa.field("row_mark", pa.binary(32), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), dimensions), nullable=False),
        ]
    )


def embedding_text(row: dict[str, Any]) -> str:
    """What is embedded and searched for a chunk: its context (title, headings, table header), then its text."""
    return f"{row['context']}\n{row['text']}" if row["context"] else str(row["text"])


def search_text(row: dict[str, Any]) -> str:
    """The search terms of a chunk, joined by spaces."""
    return " ".join(analyze(embedding_text(row), str(row["language"]), keep_stop_words=True))


def prepare_row(row: dict[str, Any]) -> dict[str, Any]:
    """A chunk set's row with what the index adds, its vector aside; `embedded_text` is no column."""
    text = embedding_text(row)
    return row | {
        "row_digest": chunk_sets.row_digest(row),
        "text_digest": hashlib.sha256(text.encode()).hexdigest(),
        "search_text": search_text(row),
        "embedded_text": text,
    }


def row_mark(row_digest: str, search_terms: str, vector: npt.NDArray[np.float32]) -> bytes:
    """32 bytes that cover all that a row says and how it is found."""
    mark = hashlib.sha256(bytes.fromhex(row_digest))
    mark.update(hashlib.sha256(search_terms.encode()).digest())
    mark.update(np.ascontiguousarray(vector, dtype="<f4").tobytes())
    return mark.digest()


def encode_rows(rows: Sequence[dict[str, Any]], matrix: npt.NDArray[np.float32], dimensions: int) -> pa.Table:
    """Prepared rows and their vectors, (n, d) float32, as one Arrow table."""
    marks = [row_mark(row["row_digest"], row["search_text"], vector) for row, vector in zip(rows, matrix, strict=True)]
    schema = table_schema(dimensions)
    arrays = [
        pa.array([row[field.name] for row in rows], type=field.type)
        for field in schema
        if field.name not in ("row_mark", "vector")
    ]
    arrays.append(pa.array(marks, type=pa.binary(32)))
    arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel(), type=pa.float32()), dimensions))
    return pa.Table.from_arrays(arrays, schema=schema)


def stored_vectors(table: Any, text_digests: Sequence[str]) -> dict[str, Any]:
    """Text digest → the vector that the table holds for it, (d,) float32; rows whose mark does not follow from them are passed over."""
    vectors: dict[str, Any] = {}
    for start in range(0, len(text_digests), _BATCH):
        condition = f"text_digest IN ({quoted(text_digests[start : start + _BATCH])})"
        found = table.search().where(condition).select(_MARKED).limit(table.count_rows()).to_arrow()
        if len(found):
            matrix = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(found), -1)
            rows = found.drop_columns(["vector"]).to_pylist()
            vectors.update(
                (row["text_digest"], vector)
                for row, vector in zip(rows, matrix, strict=True)
                if row_mark(row["row_digest"], row["search_text"], vector) == row["row_mark"]
            )
    return vectors


def quoted(hex_digests: Sequence[str]) -> str:
    """SQL list of digests; anything but hex digits is refused, so nothing can be injected."""
    if any(not set(digest) <= set("0123456789abcdef") for digest in hex_digests):
        raise IntegrityError("a digest holds something else than hex digits")
    return ", ".join(f"'{digest}'" for digest in hex_digests)
