"""What a row of the table is: the columns of a chunk, its search terms, its vectors, and digests that tell rows apart.

unit_vectors  int8 vectors of the units that an answer may quote of it, in reading order (`headgate.models.passages`)
row_digest    SHA-256 of the chunk's columns (the chunk set has it too)
text_digest   SHA-256 of what is embedded: chunks with the same texts and units share their vectors
row_mark      SHA-256 of row digest, search terms and vectors: what a table's digest is made of
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from headgate.errors import IntegrityError
from headgate.index import chunk_set as chunk_sets
from headgate.models.passages import EmbeddedPassage, Passage
from headgate.storage import sha256_hex
from headgate.text.terms import ANALYSIS_VERSION, analyze, identifiers
from headgate.text.units import UNITS_VERSION, units

#: Raised when rows or indexes are made differently, so that a table of the old kind is not taken for one of the new kind.
ROW_FORMAT = (4, ANALYSIS_VERSION, UNITS_VERSION)
_BATCH = 500
_MARKED = ["text_digest", "row_digest", "search_text", "row_mark", "unit_vectors", "vector"]
_ADDED = ("search_text", "text_digest", "row_digest")


def table_schema(dimensions: int) -> pa.Schema:
    """Columns of the chunk set, then what the index adds."""
    added = [pa.field(name, pa.string(), nullable=False) for name in _ADDED]
    return pa.schema(
        [
            *chunk_sets.SCHEMA,
            *added,
            pa.field("heading_terms", pa.int32(), nullable=False),
            pa.field("row_mark", pa.binary(32), nullable=False),
            pa.field("unit_vectors", pa.binary(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), dimensions), nullable=False),
        ]
    )


def passage_of(row: dict[str, Any]) -> Passage:
    """What is embedded of a chunk: its context (title, headings, table header) with its text, and the units of what it hands to answers."""
    quoted = str(row["window"] or row["text"])
    return Passage(
        context=str(row["context"]),
        text=str(row["text"]),
        quoted=quoted,
        units=tuple((unit.start, unit.end) for unit in units(quoted)),
    )


def passage_digest(passage: Passage) -> str:
    """SHA-256 of everything that decides its vectors under a model."""
    window = passage.quoted if passage.quoted != passage.text else ""
    return sha256_hex(orjson.dumps([passage.context, passage.text, window, passage.units]))


def search_terms(text: str, language: str) -> list[str]:
    """The search terms of a part of a chunk, repeats included: its words, then its codes as wholes."""
    return [*analyze(text, language, keep_stop_words=True), *identifiers(text)]


def search_text(row: dict[str, Any]) -> str:
    """The search terms of a chunk, joined by spaces: of its context (title, headings, table header), then of its text."""
    language = str(row["language"])
    return " ".join([*search_terms(str(row["context"]), language), *search_terms(str(row["text"]), language)])


def heading_terms(row: dict[str, Any]) -> int:
    """How many of the search terms, the first ones, are of the context."""
    return len(search_terms(str(row["context"]), str(row["language"])))


def prepare_row(row: dict[str, Any]) -> dict[str, Any]:
    """A chunk set's row with what the index adds, its vectors aside; `passage` is no column."""
    passage = passage_of(row)
    return row | {
        "row_digest": chunk_sets.row_digest(row),
        "text_digest": passage_digest(passage),
        "search_text": search_text(row),
        "heading_terms": heading_terms(row),
        "passage": passage,
    }


def row_mark(row_digest: str, search_terms: str, vector: npt.NDArray[np.float32], unit_vectors: bytes) -> bytes:
    """32 bytes that cover all that a row says and how it is found."""
    mark = hashlib.sha256(bytes.fromhex(row_digest))
    mark.update(hashlib.sha256(search_terms.encode()).digest())
    mark.update(np.ascontiguousarray(vector, dtype="<f4").tobytes())
    mark.update(unit_vectors)
    return mark.digest()


def encode_rows(rows: Sequence[dict[str, Any]], vectors: Mapping[str, EmbeddedPassage], dimensions: int) -> pa.Table:
    """Prepared rows as one Arrow table.

    Args:
        vectors: by text digest.
    """
    embedded = [vectors[row["text_digest"]] for row in rows]
    marks = [
        row_mark(row["row_digest"], row["search_text"], its.vector, its.units) for row, its in zip(rows, embedded, strict=True)
    ]
    schema = table_schema(dimensions)
    arrays = [
        pa.array([row[field.name] for row in rows], type=field.type)
        for field in schema
        if field.name not in ("row_mark", "unit_vectors", "vector")
    ]
    arrays.append(pa.array(marks, type=pa.binary(32)))
    arrays.append(pa.array([its.units for its in embedded], type=pa.binary()))
    matrix = np.stack([its.vector for its in embedded])
    arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel(), type=pa.float32()), dimensions))
    return pa.Table.from_arrays(arrays, schema=schema)


def stored_vectors(table: Any, text_digests: Sequence[str]) -> dict[str, EmbeddedPassage]:
    """Text digest → the vectors that the table holds for it; rows whose mark does not follow from them are passed over."""
    vectors: dict[str, EmbeddedPassage] = {}
    for start in range(0, len(text_digests), _BATCH):
        condition = f"text_digest IN ({quoted(text_digests[start : start + _BATCH])})"
        found = table.search().where(condition).select(_MARKED).limit(table.count_rows()).to_arrow()
        if len(found):
            matrix = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(found), -1)
            rows = found.drop_columns(["vector"]).to_pylist()
            vectors.update(
                (row["text_digest"], EmbeddedPassage(vector, row["unit_vectors"]))
                for row, vector in zip(rows, matrix, strict=True)
                if row_mark(row["row_digest"], row["search_text"], vector, row["unit_vectors"]) == row["row_mark"]
            )
    return vectors


def quoted(hex_digests: Sequence[str]) -> str:
    """SQL list of digests; anything but hex digits is refused, so nothing can be injected."""
    if any(not set(digest) <= set("0123456789abcdef") for digest in hex_digests):
        raise IntegrityError("a digest holds something else than hex digits")
    return ", ".join(f"'{digest}'" for digest in hex_digests)
