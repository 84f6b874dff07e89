"""The chunks of one ingest as a Parquet file: what `ingest` hands to `index`.

Rows are in document order; the digest covers their content, so that two ingests of the same corpus hand over the same digest.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from headgate.errors import IntegrityError
from headgate.records import Chunk, ChunkSetRef, Document, DocumentMetadata
from headgate.storage import Store

METADATA_FIELDS = tuple(field.name for field in fields(DocumentMetadata))

SCHEMA = pa.schema(
    [
        pa.field("chunk_id", pa.string(), nullable=False),
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("ordinal", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("context", pa.string(), nullable=False),
        pa.field("heading_path", pa.list_(pa.string()), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("page", pa.int32()),
        pa.field("line", pa.int32()),
        *(pa.field(name, pa.string(), nullable=False) for name in METADATA_FIELDS),
    ]
)

_ROWS_PER_GROUP = 2000


def chunk_row(chunk: Chunk) -> dict[str, object]:
    """A chunk as a flat row; its canonical JSON is what digests cover."""
    row = {
        "chunk_id": chunk.chunk_id,
        "doc_id": chunk.doc_id,
        "ordinal": chunk.ordinal,
        "text": chunk.text,
        "context": chunk.context,
        "heading_path": list(chunk.heading_path),
        "start": chunk.start,
        "end": chunk.end,
        "page": chunk.page,
        "line": chunk.line,
    }
    return row | asdict(chunk.metadata)


def row_digest(row: dict[str, object]) -> str:
    """SHA-256 of a row's canonical JSON, 64 hex digits."""
    return hashlib.sha256(orjson.dumps(row, option=orjson.OPT_SORT_KEYS)).hexdigest()


def write_chunk_set(store: Store, corpus_revision: str, documents: Iterable[tuple[Document, list[Chunk]]]) -> ChunkSetRef:
    """Write all chunks, in the order given, and return the reference; rows are encoded as they come."""
    digest = hashlib.sha256()
    buffer = io.BytesIO()
    chunk_count = document_count = 0
    pending: list[dict[str, object]] = []
    with pq.ParquetWriter(buffer, SCHEMA, compression="zstd") as writer:
        for _document, chunks in documents:
            document_count += 1
            for chunk in chunks:
                row = chunk_row(chunk)
                digest.update(bytes.fromhex(row_digest(row)))
                pending.append(row)
                chunk_count += 1
            if len(pending) >= _ROWS_PER_GROUP:
                writer.write_table(pa.Table.from_pylist(pending, schema=SCHEMA))
                pending = []
        if pending:
            writer.write_table(pa.Table.from_pylist(pending, schema=SCHEMA))
    hexdigest = digest.hexdigest()
    key = f"chunk_sets/{corpus_revision.removesuffix('.dir')}-{hexdigest[:16]}.parquet"
    store.put(key, buffer.getvalue())
    return ChunkSetRef(corpus_revision=corpus_revision, key=key, digest=hexdigest, chunks=chunk_count, documents=document_count)


def read_rows(store: Store, ref: ChunkSetRef) -> Iterator[dict[str, object]]:
    """Rows of a chunk set in order, as `chunk_row` made them.

    Raises:
        IntegrityError: the rows are not the ones the reference names (found after the last row).
    """
    digest = hashlib.sha256()
    file = pq.ParquetFile(io.BytesIO(store.get(ref.key)))
    for batch in file.iter_batches(batch_size=_ROWS_PER_GROUP):
        for row in batch.to_pylist():
            digest.update(bytes.fromhex(row_digest(row)))
            yield row
    if digest.hexdigest() != ref.digest:
        raise IntegrityError(f"chunk set {ref.key!r} does not match its digest {ref.digest[:16]}…; run ingest again")


def read_chunk_set(store: Store, ref: ChunkSetRef) -> Iterator[Chunk]:
    """Chunks of a chunk set, in order."""
    for row in read_rows(store, ref):
        yield Chunk(
            chunk_id=str(row["chunk_id"]),
            doc_id=str(row["doc_id"]),
            ordinal=int(row["ordinal"]),  # type: ignore[call-overload]
            text=str(row["text"]),
            heading_path=tuple(row["heading_path"]),  # type: ignore[arg-type]
            start=int(row["start"]),  # type: ignore[call-overload]
            end=int(row["end"]),  # type: ignore[call-overload]
            page=row["page"],  # type: ignore[arg-type]
            line=row["line"],  # type: ignore[arg-type]
            metadata=DocumentMetadata(**{name: str(row[name]) for name in METADATA_FIELDS}),
            context=str(row["context"]),
        )
