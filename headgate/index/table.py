"""Chunk set → LanceDB table version. Only what changed is embedded and written.

    digests of the chunk set ──compare──► rows to add, rows to delete        (by row digest: what is equal is never read)
                                              │
        stored vector? vector cache? engine ──┤ window by window
                                              ▼
              add + delete → compaction → indexes → vocabulary, fusion → pinned version → TableRef(table, version, digest, files_digest, rows)

One writer per table (a lock). A run that was killed leaves an unpinned version; the next run compares again and goes on from there.
Alone: `headgate index`.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import lancedb
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from headgate.errors import CorpusError, IntegrityError, StorageError
from headgate.index import chunk_set as chunk_sets
from headgate.index.fusion.probes import table_fusion
from headgate.index.inventory import (
    damaged_files,
    has_versions,
    read_inventory,
    take_inventory,
    verify_inventory,
    version_files,
)
from headgate.index.table_failures import table_failures
from headgate.index.table_indexes import build_indexes, compact, wanted_indexes
from headgate.index.table_rows import ROW_FORMAT, encode_rows, prepare_row, quoted, stored_vectors, table_schema
from headgate.index.traces import documents_held
from headgate.index.vectors import EmbeddingProgress, VectorSource, open_vectors
from headgate.index.versions import list_versions, load_version, pin_tag, save_version, state_key
from headgate.index.vocabulary import Vocabulary, vocabulary_of_version
from headgate.models.files import EmbeddingModel, trained_languages
from headgate.models.passages import EmbeddedPassage
from headgate.models.prepare import ensure_model
from headgate.records import ChunkSetRef, EmbeddingUsage, IndexResult, LanguageFusion, PinnedVersion, TableRef
from headgate.records.progress import Progress
from headgate.settings import IndexSettings, IndexSetup
from headgate.storage import Held, Store, sha256_hex
from headgate.storage.layout import LANCE, OBJECTS
from headgate.withdrawals.ledger import Withdrawn, read_withdrawn

#: For orchestrators: what an unchanged chunk set's table is a function of, beside settings.
TABLE_FORMAT = ".".join(map(str, ROW_FORMAT))
#: Rows embedded and written at a time: bounds the memory of a build, and what a kill costs without the vector cache.
WINDOW = 8192
#: Digests named in one statement.
_BATCH = 2000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Difference:
    """Row digests by which the newest table version and a chunk set differ."""

    add: frozenset[str]  # chunk ids whose row is not in the table
    delete: tuple[str, ...]  # row digests that are not in the chunk set
    removed: int  # chunk ids that are gone
    known_texts: frozenset[str]  # text digests that have a vector in the table


def table_name(corpus: str, model: EmbeddingModel) -> str:
    """One table per collection, embedding model and kind of rows: what can't be compared never meets."""
    fields = [[field.name, str(field.type)] for field in table_schema(model.dimensions)]
    return f"{corpus}-{sha256_hex(orjson.dumps([model.digest, ROW_FORMAT, fields]))[:8]}"


def update_table(store: Store, chunk_set: ChunkSetRef, setup: IndexSetup, *, progress: Progress | None = None) -> IndexResult:
    """Bring the table to the state of `chunk_set` and pin the version.

    The same chunk set under the same setup gives the same pinned version again, without writing.

    Args:
        progress: called with (rows written so far, rows to write).

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
    model, folder = ensure_model(store, setup.embedding)
    name = table_name(setup.corpus, model)
    key = state_key(name, [chunk_set.digest, model.digest, setup.index.model_dump()])
    with store.lock(name) as held, table_failures(store):
        withdrawn = read_withdrawn(store, setup.corpus)
        known = _pinned(store, key, chunk_set)
        if known is not None and not _holds(store, name, withdrawn, known.ref.version):
            return _result(known, embedded=0, written=0, deleted=0, usage=EmbeddingUsage(), started=started)
        table = _open_or_create(store, name, model)
        earlier, damage = _earlier(store, table)
        if damage:
            _log.warning("table %r: %s; all rows are written anew, bundles of its earlier versions stay refused", name, damage)
            held.check()
            _empty(table)
        difference = _compare(table, store, chunk_set)
        embedded, usage = 0, EmbeddingUsage()
        if difference.add:
            with open_vectors(store.local_root, setup.embedding.embedding, model, folder) as source:
                _add(table, store, chunk_set, difference, source, model.dimensions, held, progress)
                embedded, usage = source.embedded, source.usage
        for start in range(0, len(difference.delete), _BATCH):
            held.check()
            table.delete(f"row_digest IN ({quoted(difference.delete[start : start + _BATCH])})")
        clean = _holds(store, name, withdrawn, None)
        _index(store, table, setup.index, touched=bool(difference.add or difference.delete), clean=clean)
        held.check()
        with open_vectors(store.local_root, setup.embedding.embedding, model, folder) as source:
            fusion = table_fusion(table, earlier, source.passing, trained=trained_languages(model))
            usage = usage.plus_all(source.usage)
        held.check()
        pinned = _pin(store, table, name, setup, chunk_set, earlier, fusion)
        save_version(store, key, pinned)
    return _result(
        pinned, embedded=embedded, written=len(difference.add), deleted=difference.removed, usage=usage, started=started
    )


def _result(
    pinned: PinnedVersion, *, embedded: int, written: int, deleted: int, usage: EmbeddingUsage, started: float
) -> IndexResult:
    return IndexResult(
        ref=pinned.ref,
        corpus_revision=pinned.corpus_revision,
        total=pinned.ref.rows,
        embedded=embedded,
        reused=pinned.ref.rows - embedded,
        deleted=deleted,
        written=written,
        seconds=time.monotonic() - started,
        vocabulary=pinned.vocabulary,
        languages=pinned.languages,
        usage=usage,
        fusion=pinned.fusion,
    )


def _pinned(store: Store, key: str, chunk_set: ChunkSetRef) -> PinnedVersion | None:
    """The version pinned for this state before, if it is still whole; its note is written anew, so that it counts as wanted today."""
    if (known := load_version(store, key)) is None:
        return None
    try:
        verify_inventory(store, known.ref.table, known.ref.version, known.ref.files_digest)
    except IntegrityError as error:
        _log.warning("%s; it is made anew", error)
        return None
    known = known.model_copy(update={"corpus_revision": chunk_set.corpus_revision, "chunk_set": chunk_set})
    save_version(store, key, known)
    return known


def _open_or_create(store: Store, name: str, model: EmbeddingModel) -> Any:
    try:
        database = lancedb.connect(store.lance_uri(), storage_options=store.lance_options() or None)
        if has_versions(store, name):
            return database.open_table(name)
        for key in list(store.list(LANCE.prefix(name))):  # what a run left that was killed while it created or dropped the table
            store.delete(key)
        return database.create_table(name, schema=table_schema(model.dimensions))
    except RuntimeError as error:
        raise StorageError(
            f"table {name!r} can't be opened, its newest manifest may be damaged: {str(error).splitlines()[0][:200]}; put the file back, or "
            f"remove {store.lance_uri()}/{name}.lance to have the table built anew (bundles of its versions are lost then)"
        ) from error
    except OSError as error:
        raise StorageError(
            f"the LanceDB tables at {store.lance_uri()!r} can't be written: {error}; check permissions and space"
        ) from error


def _earlier(store: Store, table: Any) -> tuple[PinnedVersion | None, str]:
    """The newest pinned version, if it is whole, and what is wrong with files of it that the table still uses; "" for nothing.

    What is written next builds on those files: joining files or indexes would carry a flipped byte into new ones, which look whole. The
    files of a bucket are not read for this: it guards its bytes itself.
    """
    now = int(table.version)
    pinned = [known for known in list_versions(store, table.name) if known.ref.version <= now]
    newest = max(pinned, key=lambda known: known.ref.version, default=None)
    if newest is None or store.remote:
        return newest, ""
    try:
        damaged = damaged_files(store, table.name, newest.ref.version, newest.ref.files_digest)
    except IntegrityError as error:
        _log.warning("%s", error)
        return None, ""
    if not damaged:
        return newest, ""
    used = version_files(store, table.name, now)
    return None, "; ".join([problem for file, problem in damaged.items() if file in used][:5])


def _empty(table: Any) -> None:
    """A version without rows and indexes, so that nothing of the files of earlier ones is used; they stay as they are."""
    for index in table.list_indices():
        table.drop_index(index.name)
    table.delete("true")


def _compare(table: Any, store: Store, chunk_set: ChunkSetRef) -> _Difference:
    wanted = chunk_sets.read_digests(store, chunk_set)
    ids = wanted["chunk_id"].to_pylist()
    wanted_ids = set(ids)
    if len(wanted_ids) != len(ids):
        seen: set[str] = set()
        repeated = next(n for n, chunk_id in enumerate(ids) if chunk_id in seen or seen.add(chunk_id))  # type: ignore[func-returns-value]
        raise IntegrityError(
            f"chunk id {ids[repeated]!r} appears twice in {chunk_set.key!r} (document {wanted['doc_id'][repeated].as_py()!r})"
        )
    known = _read(table, ["chunk_id", "row_digest", "text_digest"])
    digests = known["row_digest"].to_pylist()
    known_digests = set(digests)
    if len(known_digests) != len(digests):  # two writers met in spite of the lock: both copies go, one comes back
        counts = known["row_digest"].value_counts()
        doubles = {entry["values"] for entry in counts.to_pylist() if entry["counts"] > 1}
        for start in range(0, len(doubles), _BATCH):
            table.delete(f"row_digest IN ({quoted(sorted(doubles)[start : start + _BATCH])})")
        known = known.filter(pc.invert(pc.is_in(known["row_digest"], value_set=pa.array(sorted(doubles)))))
        known_digests -= doubles
    wanted_digests = dict(zip(wanted["row_digest"].to_pylist(), ids, strict=True))
    return _Difference(
        add=frozenset(chunk_id for digest, chunk_id in wanted_digests.items() if digest not in known_digests),
        delete=tuple(sorted(known_digests - wanted_digests.keys())),
        removed=len(set(known["chunk_id"].to_pylist()) - wanted_ids),
        known_texts=frozenset(known["text_digest"].to_pylist()),
    )


def _read(table: Any, columns: list[str]) -> pa.Table:
    return table.search().select(columns).limit(table.count_rows() or 1).to_arrow()


def _add(
    table: Any,
    store: Store,
    chunk_set: ChunkSetRef,
    difference: _Difference,
    source: VectorSource,
    dimensions: int,
    held: Held,
    progress: Progress | None,
) -> None:
    window: list[dict[str, Any]] = []
    done = 0

    def tell(embedding: EmbeddingProgress) -> None:
        if progress and embedding.total:
            progress(done + len(window) * embedding.done // embedding.total, len(difference.add))

    def write() -> None:
        nonlocal done
        batch = encode_rows(window, _vectors(table, window, difference, source, tell), dimensions)
        held.check()
        table.add(batch)
        done += len(window)
        window.clear()
        if progress:
            progress(done, len(difference.add))

    if progress:
        progress(0, len(difference.add))
    for row in chunk_sets.read_rows(store, chunk_set, difference.add):
        window.append(prepare_row(row))
        if len(window) == WINDOW:
            write()
    if window:
        write()


def _vectors(
    table: Any,
    window: list[dict[str, Any]],
    difference: _Difference,
    source: VectorSource,
    tell: Callable[[EmbeddingProgress], None],
) -> dict[str, EmbeddedPassage]:
    """Vectors of every passage of a window: the table's own where it has them, else from cache or engine."""
    stored = sorted({row["text_digest"] for row in window} & difference.known_texts)
    vectors = stored_vectors(table, stored)
    passages = {row["text_digest"]: row["passage"] for row in window if row["text_digest"] not in vectors}
    for embedded in source.vectors(passages, tell):
        vectors.update(embedded)
    return vectors


def _holds(store: Store, table: str, withdrawn: Withdrawn, version: int | None) -> bool:
    """Whether the files of a version hold bytes of withdrawn documents, be it in rows that are deleted; no new version may."""
    return bool(withdrawn) and bool(withdrawn.among(documents_held(store, table, version)))


def _index(store: Store, table: Any, settings: IndexSettings, *, touched: bool, clean: bool) -> None:
    """Compaction and indexes, unless the newest version is a pinned one with the indexes that are wanted.

    Args:
        clean: leave nothing of deleted rows.
    """
    present = {index.name for index in table.list_indices()}
    if (
        touched
        or clean
        or present != set(wanted_indexes(table.count_rows(), settings))
        or pin_tag(int(table.version)) not in table.tags.list()
    ):
        compact(store, table, clean=clean)
        build_indexes(store, table, settings, anew=clean)


def _pin(
    store: Store,
    table: Any,
    name: str,
    setup: IndexSetup,
    chunk_set: ChunkSetRef,
    earlier: PinnedVersion | None,
    fusion: tuple[LanguageFusion, ...],
) -> PinnedVersion:
    """Tag the newest version, so that clean-up leaves it, and take its digests.

    Args:
        earlier: a whole version that this one builds on; what is known of its files and words is not found out again.
    """
    version = int(table.version)
    digest, rows = content_digest(table, wanted_indexes(table.count_rows(), setup.index))
    if rows != chunk_set.chunks:
        raise StorageError(
            f"table {name!r} has {rows} rows after the chunk set's {chunk_set.chunks} were written: another run wrote it too; run again"
        )
    hashed = read_inventory(store, earlier.ref.files_digest) if earlier is not None else {}
    vocabulary: Vocabulary = vocabulary_of_version(store, table, earlier)
    content = vocabulary.to_bytes()
    vocabulary_digest = sha256_hex(content)
    if not store.exists(OBJECTS.key(vocabulary_digest)):
        store.put(OBJECTS.key(vocabulary_digest), content)
    if pin_tag(version) not in table.tags.list():
        table.tags.create(pin_tag(version), version)
    files_digest = take_inventory(store, name, version, known=hashed or {})
    return PinnedVersion(
        ref=TableRef(table=name, version=version, digest=digest, files_digest=files_digest, rows=rows),
        corpus=setup.corpus,
        corpus_revision=chunk_set.corpus_revision,
        chunk_set=chunk_set,
        vocabulary=vocabulary_digest,
        languages=tuple(sorted(set(_read(table, ["language"])["language"].unique().to_pylist()) - {""})),
        exact_below=setup.index.exact_below,
        created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        fusion=fusion,
    )


def content_digest(table: Any, indexes: dict[str, str]) -> tuple[str, int]:
    """SHA-256 over the marks of all rows in the order of their chunk ids, and what is indexed how; and the number of rows.

    A mark covers everything in a row, its vector too (`headgate.index.table_rows`), so equal content gives equal digests in any store, however
    many writes led to it. Only ids and marks are read: 50 bytes a row.

    Raises:
        IntegrityError: a chunk id appears twice.
    """
    columns = _read(table, ["chunk_id", "row_mark"]).sort_by("chunk_id")
    if len(columns["chunk_id"].unique()) != len(columns):
        raise IntegrityError(f"table {table.name!r} holds a chunk id twice; build it again")
    digest = hashlib.sha256()
    for mark in columns["row_mark"].to_pylist():
        digest.update(mark)
    digest.update(orjson.dumps([ROW_FORMAT, sorted(indexes.items())]))
    return digest.hexdigest(), len(columns)
