"""The most that a store may take after a clean-up, computed from its settings and from what is kept; the formula of docs/versions.md."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import Any

import lance

from headgate.bundle import load_manifest
from headgate.index.inventory import version_files
from headgate.index.versions import read_versions
from headgate.records import IngestResult, PinnedVersion
from headgate.retention.clean_up import PruneResult
from headgate.settings import Settings
from headgate.storage import Store, open_store

#: What is known of the files of today; manifests, notes, the page of an ingest's checks: bytes for every file, and for every revision.
RECORDS_PER_FILE, RECORDS = 2048, 2**20
#: LanceDB's own notes beside the files of a version: transaction, tag.
NOTES_PER_VERSION = 2**16
#: Entries of the ingest cache: for every file of the corpus, and in any case.
CACHED_PER_FILE, CACHED = 16, 4000
#: Verdicts of validation that are kept besides those of the files of today, of each of this many suites, bytes of one.
VERDICTS, SUITES, VERDICT_BYTES = 50_000, 5, 100


def disk_bounds(settings: Settings, pruned: PruneResult) -> dict[str, tuple[int, int]]:
    """Part of the store → bytes that it has, bytes that it may have at most, after the clean-up `pruned`. For a store in a folder."""
    store = open_store(settings)
    rest = dict(pruned.sizes)
    noted = [pinned for _, pinned in read_versions(store)]
    versions = [pinned for pinned in noted if pinned.ref.version in pruned.kept_versions.get(pinned.ref.table, ())]
    revisions = {pinned.corpus_revision for pinned in versions}
    chunk_sets = {pinned.chunk_set.key for pinned in versions}
    files = 0
    if newest := max(store.entries("ingests"), key=lambda entry: entry.modified, default=None):
        ingested = IngestResult.model_validate_json(store.get(newest.key))
        revisions.add(ingested.corpus_revision)
        chunk_sets.add(ingested.chunk_set.key)
        files = ingested.counts.files
    models, objects = _objects(store, pruned.kept, versions)
    bounds = {
        "models": models + RECORDS,
        "objects": models + objects,
        "lance": sum(_table_bytes(store, table, versions) for table, versions in pruned.kept_versions.items()),
        "chunk_sets": _sizes(store, "chunk_sets", chunk_sets),
        "ingests": _sizes(store, "ingests", {f"ingests/{revision}.json" for revision in revisions}),
        "cache": _caches(settings, files),
    }
    found = {part: (rest.pop(part, 0), bound) for part, bound in bounds.items()}
    return found | {"records": (sum(rest.values()), RECORDS_PER_FILE * files + len(revisions) * RECORDS)}


def _objects(store: Store, kept: Iterable[str], versions: Iterable[PinnedVersion]) -> tuple[int, int]:
    """Bytes of the models of kept bundles; of the prompts, vocabularies and inventories of kept bundles and versions."""
    models: set[str] = set()
    others: set[str] = set()
    for bundle_id in kept:
        manifest = load_manifest(store, bundle_id)
        models.update(manifest.embedding.files.values())
        others |= {*manifest.prompts.values(), manifest.vocabulary, manifest.table.files_digest}
    for pinned in versions:
        others |= {pinned.ref.files_digest, pinned.vocabulary}
    of_models, of_others = ({f"objects/{digest}" for digest in digests} for digests in (models, others - models))
    return _sizes(store, "objects", of_models), _sizes(store, "objects", of_others)


def _table_bytes(store: Store, table: str, kept: tuple[int, ...]) -> int:
    """The newest version whole; of each other kept one the files, indexes among them, that no later one shares."""
    folder = f"lance/{table}.lance"
    newest: Any = lance.dataset(f"{store.lance_uri()}/{table}.lance", storage_options=store.lance_options() or None)
    sizes = {entry.key.removeprefix(f"{folder}/"): entry.size for entry in store.entries(folder)}
    versions = {*kept, int(newest.version)}
    files = {name for version in versions for name in version_files(store, table, version)}
    return sum(sizes[name] for name in files) + len(versions) * NOTES_PER_VERSION


def _sizes(store: Store, folder: str, keys: set[str]) -> int:
    return sum(entry.size for entry in store.entries(folder) if entry.key in keys)


def _caches(settings: Settings, files: int) -> int:
    """The limits of the caches: vectors by `embedding.cache_gib`, entries of ingests at their mean size, verdicts."""
    entries = (CACHED_PER_FILE * files + CACHED) * _entry_bytes(settings)
    return int(settings.embedding.cache_gib * 2**30) + entries + SUITES * (VERDICTS + files) * VERDICT_BYTES


def _entry_bytes(settings: Settings) -> int:
    path = settings.local_root / "cache" / "ingest" / f"{settings.corpus.name}.sqlite"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM entries").fetchone()
    return -(-path.stat().st_size // max(int(count), 1))
