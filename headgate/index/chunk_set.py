"""The chunks of one ingest as a Parquet file: what `ingest` hands to `index`.

    chunks of a document ──encode_chunks──► ChunkBlock (can be cached) ──ChunkSetWriter──► chunk_sets/<revision>-<digest>.parquet

Rows are in document order. Every row carries its own digest; the set's digest covers those, so that two ingests of the same corpus
hand over the same digest, and an index learns what changed without reading a text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headgate.errors import IntegrityError
from headgate.records import Chunk, ChunkSetRef, Document, DocumentMetadata
from headgate.storage import Store
from headgate.storage.layout import CHUNK_SETS

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
        pa.field("window", pa.string(), nullable=False),
        pa.field("window_start", pa.int32(), nullable=False),
        pa.field("window_end", pa.int32(), nullable=False),
        *(pa.field(name, pa.string(), nullable=False) for name in METADATA_FIELDS),
    ]
)
#: What lies in the file: the rows and their digests.
FILE_SCHEMA = SCHEMA.append(pa.field("row_digest", pa.string(), nullable=False))

_ROWS_PER_GROUP = 2000
#: Columns with one value for a whole document.
_DOCUMENT_COLUMNS = ("doc_id", *METADATA_FIELDS)
_CHUNK_COLUMNS = tuple(name for name in SCHEMA.names if name not in _DOCUMENT_COLUMNS)


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
        "window": chunk.window,
        "window_start": chunk.window_start,
        "window_end": chunk.window_end,
    }
    return row | asdict(chunk.metadata)


def row_digest(row: dict[str, object]) -> str:
    """SHA-256 of a row's canonical JSON, 64 hex digits."""
    return hashlib.sha256(orjson.dumps(row, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True)
class ChunkBlock:
    """The chunks of one document, encoded: `rows` are JSON by column, `digests` the row digests one after the other, 32 bytes each."""

    rows: bytes
    digests: bytes

    def __len__(self) -> int:
        return len(self.digests) // 32


def encode_chunks(chunks: Sequence[Chunk]) -> ChunkBlock:
    """All chunks of one document as a block."""
    rows = [chunk_row(chunk) for chunk in chunks]
    shared = {name: rows[0][name] for name in _DOCUMENT_COLUMNS} if rows else {}
    columns = {name: [row[name] for row in rows] for name in _CHUNK_COLUMNS}
    digests = b"".join(bytes.fromhex(row_digest(row)) for row in rows)
    return ChunkBlock(orjson.dumps({"document": shared, "chunks": columns}), digests)


def chunk_set_digest(digests: Iterable[bytes]) -> str:
    """Digest of the set whose blocks have these `digests`, 64 hex digits."""
    whole = hashlib.sha256()
    for part in digests:
        whole.update(part)
    return whole.hexdigest()


def chunk_set_key(corpus_revision: str, digest: str) -> str:
    return CHUNK_SETS.key(corpus_revision.removesuffix(".dir"), digest[:16])


class ChunkSetWriter:
    """Writes blocks, in the order given, to a file on this machine; never holds more than a group of rows. Open with `with`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._writer = pq.ParquetWriter(str(file), FILE_SCHEMA, compression="zstd")
        self._digest = hashlib.sha256()
        self._pending: dict[str, list[Any]] = {name: [] for name in FILE_SCHEMA.names}
        self._chunks = self._documents = 0

    def __enter__(self) -> ChunkSetWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.close()

    def add(self, block: ChunkBlock) -> None:
        """Append the chunks of one document."""
        count = len(block)
        self._documents += 1
        self._chunks += count
        self._digest.update(block.digests)
        if count:
            content = orjson.loads(block.rows)
            for name in _DOCUMENT_COLUMNS:
                self._pending[name].extend([content["document"][name]] * count)
            for name in _CHUNK_COLUMNS:
                self._pending[name].extend(content["chunks"][name])
            digests = block.digests.hex()
            self._pending["row_digest"].extend(digests[start : start + 64] for start in range(0, len(digests), 64))
        if len(self._pending["chunk_id"]) >= _ROWS_PER_GROUP:
            self._flush()

    def store(self, store: Store, corpus_revision: str) -> ChunkSetRef:
        """Finish the file and put it into the store."""
        self._flush()
        self._writer.close()
        digest = self._digest.hexdigest()
        key = chunk_set_key(corpus_revision, digest)
        store.put_file(key, self._file)
        return ChunkSetRef(
            corpus_revision=corpus_revision, key=key, digest=digest, chunks=self._chunks, documents=self._documents
        )

    def _flush(self) -> None:
        if self._pending["chunk_id"]:
            arrays = [pa.array(self._pending[field.name], type=field.type) for field in FILE_SCHEMA]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=FILE_SCHEMA))
            for values in self._pending.values():
                values.clear()


def write_chunk_set(
    store: Store, corpus_revision: str, documents: Iterable[tuple[Document | None, Sequence[Chunk]]]
) -> ChunkSetRef:
    """Write all chunks, in the order given, and return the reference; for chunks that come from elsewhere than an ingest."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="headgate-chunks-") as folder, ChunkSetWriter(Path(folder) / "chunks") as writer:
        for _document, chunks in documents:
            writer.add(encode_chunks(chunks))
        return writer.store(store, corpus_revision)


def read_digests(store: Store, ref: ChunkSetRef) -> pa.Table:
    """The columns chunk_id, doc_id and row_digest of every row, in order: enough to know what changed, without the texts.

    Raises:
        IntegrityError: the rows are not the ones the reference names.
    """
    table = _open(store, ref).read(columns=["chunk_id", "doc_id", "row_digest"])
    digest = hashlib.sha256()
    for value in table["row_digest"].to_pylist():
        digest.update(bytes.fromhex(value))
    if digest.hexdigest() != ref.digest:
        raise _mismatch(ref)
    return table


def read_rows(store: Store, ref: ChunkSetRef, chunk_ids: Collection[str] | None = None) -> Iterator[dict[str, object]]:
    """Rows of a chunk set in order, as `chunk_row` made them.

    Args:
        chunk_ids: only these; the others are not decoded.

    Raises:
        IntegrityError: a row is not what its digest says, or (found after the last row) the rows are not those of the reference.
    """
    wanted = None if chunk_ids is None else pa.array(sorted(chunk_ids), type=pa.string())
    whole = hashlib.sha256()
    for batch in _open(store, ref).iter_batches(batch_size=_ROWS_PER_GROUP):
        for value in batch.column("row_digest").to_pylist():
            whole.update(bytes.fromhex(value))
        found = batch if wanted is None else batch.filter(pc.is_in(batch.column("chunk_id"), value_set=wanted))
        for row in found.to_pylist():
            expected = row.pop("row_digest")
            if row_digest(row) != expected:
                raise _mismatch(ref)
            yield row
    if whole.hexdigest() != ref.digest:
        raise _mismatch(ref)


def _open(store: Store, ref: ChunkSetRef) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(str(store.local(ref.key)))
    except (pa.ArrowInvalid, OSError) as error:
        raise IntegrityError(f"chunk set {ref.key!r} can't be read: {error}; run ingest again") from error
    if file.schema_arrow.names != FILE_SCHEMA.names:
        raise IntegrityError(f"chunk set {ref.key!r} is of another version of headgate; run ingest again")
    return file


def _mismatch(ref: ChunkSetRef) -> IntegrityError:
    return IntegrityError(f"chunk set {ref.key!r} does not match its digest {ref.digest[:16]}…; run ingest again")


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
            window=str(row["window"]),
            window_start=int(row["window_start"]),  # type: ignore[call-overload]
            window_end=int(row["window_end"]),  # type: ignore[call-overload]
        )
