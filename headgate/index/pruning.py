"""Removing table versions that nothing needs. What is kept stays byte for byte.

    notes of other versions → their tags → LanceDB's clean-up → files that no kept version names

The newest version always stays, so that the next index run has something to start from. Everything happens under the table's lock; a run
that is killed in between is completed by the next one.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import lance
import lancedb

from headgate.index.inventory import manifest_name, version_files
from headgate.index.table_failures import table_failures
from headgate.index.versions import pin_tag, read_versions
from headgate.storage import Store
from headgate.storage.layout import LANCE, TABLE_REFS

#: Folders of a table whose files the manifests name; the others belong to LanceDB's own bookkeeping.
_NAMED = ("data", "_indices", "_deletions", "_versions")
#: A bucket's lock can be lost without its holder knowing: files this young may be of a write that is going on, seconds.
_REMOTE_AGE = 3600.0
_TAG = re.compile(r"pin-(\d+)")


@dataclass(frozen=True, slots=True)
class PrunedTable:
    """What went, or would go: pinned versions, the keys of their notes, the bytes of all the files."""

    table: str
    versions: tuple[int, ...]
    notes: tuple[str, ...]
    bytes_freed: int
    dropped: bool = False  # the whole table


def stored_tables(store: Store) -> list[str]:
    """Names of all tables, sorted."""
    with table_failures(store):
        database = lancedb.connect(store.lance_uri(), storage_options=store.lance_options() or None)
        return sorted(database.list_tables(limit=100_000).tables)


def prune_table(store: Store, table: str, keep: Collection[int], *, dry_run: bool, now: float) -> PrunedTable:
    """Remove all versions but those in `keep` and the newest. The caller holds the table's lock.

    Args:
        now: seconds since 1970.

    Raises:
        StorageError: the store can't be read or written.
    """
    with table_failures(store):
        dataset = _dataset(store, table)
        newest = int(dataset.version)
        kept = {version for version in keep if _is_there(store, table, version)} | {newest}
        needed = {LANCE.key(table, name) for version in kept for name in version_files(store, table, version)}
        before = {entry.key: entry for entry in store.entries(LANCE.prefix(table))}
        tags = {name: int(tag["version"]) for name, tag in dataset.tags.list().items()}
        gone = {version for name, version in tags.items() if _TAG.fullmatch(name) and version not in keep}
        notes = tuple(key for key, pinned in read_versions(store, table) if pinned.ref.version not in keep)
        if dry_run:
            freed = sum(entry.size for key, entry in before.items() if key not in needed and _folder(key) in _NAMED)
            return PrunedTable(table, tuple(sorted(gone)), notes, freed)
        for key in notes:
            store.delete(key)
        for version in keep:
            if version in kept and pin_tag(version) not in tags:
                dataset.tags.create(pin_tag(version), version)
        for name, version in tags.items():
            if version in gone and _TAG.fullmatch(name):
                dataset.tags.delete(name)
        dataset.cleanup_old_versions(
            older_than=timedelta(0), delete_unverified=not store.remote, error_if_tagged_old_versions=False
        )
        _sweep(store, table, needed, now)
    after = sum(entry.size for entry in store.entries(LANCE.prefix(table)))
    return PrunedTable(table, tuple(sorted(gone)), notes, sum(entry.size for entry in before.values()) - after)


def drop_table(store: Store, table: str, *, dry_run: bool) -> PrunedTable:
    """Remove a table that nothing needs, with its notes. The caller holds the table's lock."""
    entries = list(store.entries(LANCE.prefix(table)))
    versions = tuple(sorted({pinned.ref.version for _, pinned in read_versions(store, table)}))
    notes = tuple(store.list(TABLE_REFS.prefix(table)))
    if not dry_run:
        for key in notes:
            store.delete(key)
        for entry in sorted(entries, key=lambda entry: "/_versions/" not in entry.key):  # the manifests first: no half a table
            store.delete(entry.key)
        _remove_empty_folders(store, LANCE.prefix(table))
    return PrunedTable(table, versions, notes, sum(entry.size for entry in entries), dropped=True)


def _dataset(store: Store, table: str) -> Any:
    return lance.dataset(f"{store.lance_uri()}/{table}.lance", storage_options=store.lance_options() or None)


def _is_there(store: Store, table: str, version: int) -> bool:
    return store.exists(LANCE.key(table, manifest_name(version)))


def _sweep(store: Store, table: str, needed: Collection[str], now: float) -> None:
    """What clean-up leaves: files of killed writes, and those that a tag of an older version holds back (lance issue 8516)."""
    for entry in list(store.entries(LANCE.prefix(table))):
        young = store.remote and now - entry.modified < _REMOTE_AGE
        if entry.key not in needed and _folder(entry.key) in _NAMED and not young:
            store.delete(entry.key)
    _remove_empty_folders(store, LANCE.prefix(table))


def _folder(key: str) -> str:
    return key.split("/")[2]


def _remove_empty_folders(store: Store, prefix: str) -> None:
    if store.remote:
        return
    root = store.local_root / prefix
    for folder in sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True):
        with suppress(OSError):  # it is not empty
            folder.rmdir()
    with suppress(OSError):
        root.rmdir()
