"""Chunk set → LanceDB table version. Only what changed is embedded and written.

    chunk set ──diff by row digest──► added | changed | removed | unchanged
                                         │       │
                                  known text? ──► vector reused, else embedded
                                         ▼
                        merge + delete → indexes → pinned version → TableRef(table, version, digest, files_digest, rows)

One writer per table (a lock file); a run that was killed leaves an unpinned version, and the next run starts from it.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import lancedb
import numpy as np
import orjson
import pyarrow as pa
from lancedb.index import FTS, Bitmap, BTree, IvfFlat

from headgate.errors import CorpusError, IntegrityError, StorageError
from headgate.index import chunk_set as chunk_sets
from headgate.index.analyze import analyze
from headgate.index.embed import Embedder, Progress, open_embedder
from headgate.index.inventory import take_inventory, verify_inventory
from headgate.index.model import EmbeddingModel, ensure_model
from headgate.records import ChunkSetRef, IndexResult, TableRef
from headgate.settings import IndexSettings, Settings
from headgate.storage import Store, sha256_hex

#: Raised when rows or indexes are made differently, so that a table of the old kind is not taken for one of the new kind.
TABLE_FORMAT = 1
#: LanceDB's own clean-up would fail on tagged versions; retention is ours.
_NEVER = timedelta(days=36500)
_BATCH = 500
_FILTER_COLUMNS = ("confidentiality", "language")
#: Longer terms are not searched; reference pages hold identifiers of 60 characters and more.
_LONGEST_TERM = 100


@dataclass(frozen=True, slots=True)
class _Known:
    """What the newest table version holds: row digest per chunk id, and the text digests with a vector."""

    row_digests: dict[str, str]
    text_digests: set[str]


def embedding_text(row: dict[str, Any]) -> str:
    """What is embedded and searched for a chunk: its context (title, headings, table header), then its text."""
    return f"{row['context']}\n{row['text']}" if row["context"] else str(row["text"])


def table_name(settings: Settings, model: EmbeddingModel) -> str:
    """One table per collection and embedding model: vectors of different models never meet."""
    return f"{settings.corpus.name}-{model.digest[:8]}"


def table_schema(dimensions: int) -> pa.Schema:
    """Columns of the chunk set, then what the index adds."""
    added = [pa.field(name, pa.string(), nullable=False) for name in ("search_text", "text_digest", "row_digest")]
    return pa.schema([*chunk_sets.SCHEMA, *added, pa.field("vector", pa.list_(pa.float32(), dimensions), nullable=False)])


def update_table(settings: Settings, chunk_set: ChunkSetRef, *, progress: Progress | None = None) -> IndexResult:
    """Bring the table to the state of `chunk_set` and pin the version.

    The same chunk set under the same settings gives the same pinned version again, without writing.

    Args:
        progress: called with (embedded so far, to embed).

    Raises:
        CorpusError: the chunk set is empty.
        IntegrityError: the chunk set is not what its reference says.
        StorageError: the store can't be written, or another run is writing this table.
    """
    started = time.monotonic()
    if not chunk_set.chunks:
        raise CorpusError(
            f"corpus revision {chunk_set.corpus_revision!r} has no chunks to index; see `headgate ingest` for what became of its files"
        )
    store = Store(settings.store_root)
    model, folder = ensure_model(settings)
    name = table_name(settings, model)
    state_key = f"table_refs/{name}/{_state_digest(settings, chunk_set, model)}.json"
    with _sole_writer(store, name):
        if (ref := _pinned(store, state_key)) is not None:
            seconds = time.monotonic() - started
            return IndexResult(
                ref=ref,
                corpus_revision=chunk_set.corpus_revision,
                total=ref.rows,
                embedded=0,
                reused=ref.rows,
                deleted=0,
                seconds=seconds,
            )
        table = _open_or_create(store, name, model)
        known = _read_known(table)
        changed, wanted_ids = _changed_rows(store, chunk_set, known)
        removed = [chunk_id for chunk_id in known.row_digests if chunk_id not in wanted_ids]
        embedded = 0
        if changed:
            embedder = open_embedder(
                folder, max_tokens=model.max_tokens, precision=model.precision, threads=settings.embedding.threads, streams=2
            )
            embedded = _merge(table, changed, known, embedder, model.dimensions, progress)
        for start in range(0, len(removed), _BATCH):
            table.delete(f"chunk_id IN ({_quoted(removed[start : start + _BATCH])})")
        _build_indexes(table, settings.index, touched=bool(changed or removed))
        ref = _pin(store, table, name)
        store.put(state_key, orjson.dumps(ref.model_dump()))
    return IndexResult(
        ref=ref,
        corpus_revision=chunk_set.corpus_revision,
        total=ref.rows,
        embedded=embedded,
        reused=ref.rows - embedded,
        deleted=len(removed),
        seconds=time.monotonic() - started,
    )


def _state_digest(settings: Settings, chunk_set: ChunkSetRef, model: EmbeddingModel) -> str:
    state = [TABLE_FORMAT, chunk_set.digest, model.digest, settings.index.model_dump()]
    return sha256_hex(orjson.dumps(state, option=orjson.OPT_SORT_KEYS))[:32]


def _pinned(store: Store, key: str) -> TableRef | None:
    """The version pinned for this state before, if it is still whole."""
    if not store.exists(key):
        return None
    ref = TableRef.model_validate_json(store.get(key))
    verify_inventory(store, ref.table, ref.version, ref.files_digest)
    return ref


def _open_or_create(store: Store, name: str, model: EmbeddingModel) -> Any:
    try:
        store.path("lance/x").parent.mkdir(parents=True, exist_ok=True)
        database = lancedb.connect(str(store.path("lance")))
        if name in database.list_tables(limit=100_000).tables:
            return database.open_table(name)
        table = database.create_table(name, schema=table_schema(model.dimensions))
        table.set_unenforced_primary_key("chunk_id")
    except OSError as error:
        raise StorageError(
            f"the LanceDB folder {str(store.path('lance'))!r} can't be written: {error}; check permissions and space"
        ) from error
    return table


def _read_known(table: Any) -> _Known:
    columns = table.search().select(["chunk_id", "row_digest", "text_digest"]).limit(table.count_rows() or 1).to_arrow()
    return _Known(
        row_digests=dict(zip(columns["chunk_id"].to_pylist(), columns["row_digest"].to_pylist(), strict=True)),
        text_digests=set(columns["text_digest"].to_pylist()),
    )


def _changed_rows(store: Store, chunk_set: ChunkSetRef, known: _Known) -> tuple[list[dict[str, Any]], set[str]]:
    changed: list[dict[str, Any]] = []
    wanted: set[str] = set()
    for row in chunk_sets.read_rows(store, chunk_set):
        chunk_id = str(row["chunk_id"])
        if chunk_id in wanted:
            raise IntegrityError(f"chunk id {chunk_id!r} appears twice in {chunk_set.key!r} (document {row['doc_id']!r})")
        wanted.add(chunk_id)
        digest = chunk_sets.row_digest(row)
        if known.row_digests.get(chunk_id) != digest:
            changed.append(row | {"row_digest": digest})
    return changed, wanted


def _merge(
    table: Any, rows: list[dict[str, Any]], known: _Known, embedder: Embedder, dimensions: int, progress: Progress | None
) -> int:
    """Write added and changed rows; returns how many texts were embedded."""
    texts: dict[str, str] = {}
    for row in rows:
        text = embedding_text(row)
        row["text_digest"] = sha256_hex(text.encode())
        row["search_text"] = " ".join(analyze(text, str(row["language"]), keep_stop_words=True))
        if row["text_digest"] not in known.text_digests:
            texts[str(row["text_digest"])] = text
    schema = table_schema(dimensions)
    reused = _stored_vectors(table, sorted({str(row["text_digest"]) for row in rows} - texts.keys()))
    fresh: dict[str, Any] = {}
    done = 0
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        todo = list(
            dict.fromkeys(str(row["text_digest"]) for row in batch if str(row["text_digest"]) in texts.keys() - fresh.keys())
        )
        if todo:
            vectors = embedder.embed([texts[digest] for digest in todo])
            fresh.update(zip(todo, vectors, strict=True))
            done += len(todo)
            if progress:
                progress(done, len(texts))
        matrix = np.stack([reused[d] if (d := str(row["text_digest"])) in reused else fresh[d] for row in batch])
        arrays = [pa.array([row[field.name] for row in batch], type=field.type) for field in schema if field.name != "vector"]
        arrays.append(pa.FixedSizeListArray.from_arrays(pa.array(matrix.ravel(), type=pa.float32()), dimensions))
        merge = table.merge_insert("chunk_id").when_matched_update_all().when_not_matched_insert_all()
        merge.execute(pa.Table.from_arrays(arrays, schema=schema))
    return done


def _stored_vectors(table: Any, text_digests: list[str]) -> dict[str, Any]:
    vectors: dict[str, Any] = {}
    for start in range(0, len(text_digests), _BATCH):
        condition = f"text_digest IN ({_quoted(text_digests[start : start + _BATCH])})"
        found = table.search().where(condition).select(["text_digest", "vector"]).limit(table.count_rows()).to_arrow()
        matrix = found["vector"].combine_chunks().flatten().to_numpy().reshape(len(found), -1)
        vectors.update(zip(found["text_digest"].to_pylist(), matrix, strict=True))
    return vectors


def _quoted(hex_digests: list[str]) -> str:
    """SQL list of digests; anything but hex digits is refused, so nothing can be injected."""
    if any(not set(digest) <= set("0123456789abcdef") for digest in hex_digests):
        raise IntegrityError("a digest holds something else than hex digits")
    return ", ".join(f"'{digest}'" for digest in hex_digests)


def _build_indexes(table: Any, settings: IndexSettings, *, touched: bool) -> None:
    rows = table.count_rows()
    present = {index.name for index in table.list_indices()}
    table.optimize(cleanup_older_than=_NEVER)
    if touched or "search_text_idx" not in present:
        if rows <= settings.rebuild_below or "search_text_idx" not in present:
            analyzer = FTS(
                base_tokenizer="whitespace",
                stem=False,
                remove_stop_words=False,
                ascii_folding=False,
                lower_case=False,
                max_token_length=_LONGEST_TERM,
            )
            table.create_index("search_text", config=analyzer, name="search_text_idx", replace=True)
        table.create_index("chunk_id", config=BTree(), name="chunk_id_idx", replace=True)
        for column in _FILTER_COLUMNS:
            table.create_index(column, config=Bitmap(), name=f"{column}_idx", replace=True)
        if rows > settings.exact_below:
            table.create_index("vector", config=IvfFlat(distance_type="cosine"), name="vector_idx", replace=True)
        elif "vector_idx" in present:
            table.drop_index("vector_idx")


def _pin(store: Store, table: Any, name: str) -> TableRef:
    """Tag the newest version, so that clean-up leaves it, and take its digests."""
    version = int(table.version)
    tag = f"pin-{version}"
    if tag not in table.tags.list():
        table.tags.create(tag, version)
    digest, rows = content_digest(table)
    return TableRef(table=name, version=version, digest=digest, files_digest=take_inventory(store, name, version), rows=rows)


def content_digest(table: Any) -> tuple[str, int]:
    """SHA-256 over all rows (sorted by chunk id: row digest, vector bytes) and the index configuration; and the number of rows.

    Equal content gives equal digests in any store, however many writes led to it.
    """
    rows = table.count_rows()
    columns = table.search().select(["chunk_id", "row_digest", "vector"]).limit(rows or 1).to_arrow().sort_by("chunk_id")
    digest = hashlib.sha256()
    for batch in columns.to_batches(max_chunksize=10_000):
        width = batch.column("vector").type.list_size
        matrix = batch.column("vector").flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
        for row_digest, vector in zip(batch.column("row_digest").to_pylist(), matrix, strict=True):
            digest.update(bytes.fromhex(row_digest))
            digest.update(np.ascontiguousarray(vector, dtype="<f4").tobytes())
    indexes = sorted((index.name, index.index_type, list(index.columns)) for index in table.list_indices())
    digest.update(orjson.dumps([TABLE_FORMAT, indexes]))
    return digest.hexdigest(), rows


@contextmanager
def _sole_writer(store: Store, name: str) -> Iterator[None]:
    path = store.path(f"locks/{name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = path.open("w")
    except OSError as error:
        raise StorageError(
            f"the store at {str(store.root)!r} can't be written: {error.strerror}; check permissions, or set storage.root"
        ) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StorageError(f"table {name!r} is being written by another run; wait for it to end") from None
        yield
