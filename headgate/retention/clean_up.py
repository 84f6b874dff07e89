"""What the store keeps, and why; everything else can go.

    releases, logged answers, reports, verdicts, the newest bundles ──► bundles ──► table versions ──► files
                                                                                └► objects

Which folders there are, and what keeps each alive, say the entries of `headgate.storage.layout`; bundles, table versions and checkouts have
rules of their own. Marking and removing happen under a lock that whoever writes a bundle takes too. Nothing younger than the time of grace
is removed, and a bundle that someone is about to release is held (`headgate.bundle.hold_bundle`), so that what is needed tomorrow is not
removed today. What the layout does not name, and what a record may name that can't be read, stays, and is told. A run that is killed is
completed by the next one. Alone: `headgate versions prune --dry-run`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path

from headgate.bundle import LOCK_SECONDS, RETENTION_LOCK, Manifest
from headgate.errors import IntegrityError, LockedError, NotFoundError
from headgate.index.pruning import PrunedTable, drop_table, prune_table, stored_tables
from headgate.index.versions import list_versions
from headgate.records import Record
from headgate.retention.contents import files_below, measure_store
from headgate.retention.erasing import find_erasure
from headgate.retention.needs import age, needed_bundles, needed_versions, spared_seconds
from headgate.retention.references import keys_named, read_record
from headgate.settings import CorpusSettings, RetentionSettings
from headgate.storage import Held, Store, StoredFile
from headgate.storage.keys import Folder, Lock, Spared
from headgate.storage.layout import (
    BUNDLES,
    CHECKOUTS,
    FOLDERS,
    INGESTS,
    LANCE,
    TABLE_REFS,
    TREES,
    folder_named,
    folder_of,
    has_top,
)
from headgate.storage.store import is_temporary

_GIB = float(2**30)
#: Locks are asked whether they are still held before what is removed, at most this often, seconds.
_CHECK_SECONDS = 5.0


class Removed(Record):
    """One thing that goes, or would go. `bytes_freed` is 0 where another entry counts them."""

    kind: str  # the folder's name in the layout; or `table`, `table_version`, `temporary`, `copy`
    name: str
    bytes_freed: int


class PruneResult(Record):
    """What stays, what went and how large the store is. Sizes in bytes; `skipped` says what was left alone, and why."""

    dry_run: bool
    kept: dict[str, tuple[str, ...]]  # bundle id → why
    kept_versions: dict[str, tuple[int, ...]]  # table → versions
    removed: tuple[Removed, ...]
    skipped: tuple[str, ...]
    bytes_freed: int
    sizes: dict[str, int]  # what is left, by folder
    unnamed: dict[str, int]  # files that the layout does not name, by folder: nobody knows whether they are needed, so they stay
    limit: int  # bytes; 0 = none

    @property
    def over_limit(self) -> bool:
        return bool(self.limit) and sum(self.sizes.values()) > self.limit


def prune(
    store: Store, rules: RetentionSettings, corpus: CorpusSettings, *, dry_run: bool = False, now: datetime | None = None
) -> PruneResult:
    """Remove what nothing needs.

    Args:
        corpus: whose old ingests go; revisions that it names stay.
        dry_run: only tell what would go.
        now: today, for tests.

    Raises:
        StorageError: the store can't be read or written, or another prune is running.
    """
    run = _Prune(store, rules, corpus, now or datetime.now(UTC), dry_run=dry_run)
    with run.holding("prune"):
        vectors = run.erasure.vectors() if run.erasure else frozenset()
        with run.holding(RETENTION_LOCK, wait_seconds=LOCK_SECONDS):
            kept = needed_bundles(store, rules, run.now)
            for bundle_id in run.erasure.unneeded(kept) if run.erasure else ():
                del kept[bundle_id]
            run.bundles(kept)
        versions = run.tables(kept)
        run.ingests()
        with run.holding(RETENTION_LOCK, wait_seconds=LOCK_SECONDS):
            run.sweep("retention")
        run.erase(vectors)
        run.temporary_files()
        if store.remote:
            run.copies()
    contents = measure_store(store)
    return PruneResult(
        dry_run=dry_run,
        kept={bundle_id: tuple(need.text for need in needs) for bundle_id, needs in kept.items()},
        kept_versions=versions,
        removed=tuple(run.removed),
        skipped=tuple(run.skipped),
        bytes_freed=sum(item.bytes_freed for item in run.removed),
        sizes=contents.sizes,
        unnamed=contents.unnamed,
        limit=int(rules.max_gib * _GIB),
    )


class _Prune:
    """One run; every method removes one kind of thing, or tells what it would remove."""

    def __init__(self, store: Store, rules: RetentionSettings, corpus: CorpusSettings, now: datetime, *, dry_run: bool) -> None:
        self.store = store
        self.rules = rules
        self.corpus = corpus
        self.now = now
        self.dry_run = dry_run
        self.removed: list[Removed] = []
        self.skipped: list[str] = []
        self.erasure = find_erasure(store, corpus.name)
        self._gone: set[str] = set()  # keys that a dry run leaves in place; a real one looks, they may have come back
        self._held: list[Held] = []
        self._checked_at = -_CHECK_SECONDS

    @contextmanager
    def holding(self, lock: str, *, wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold a lock; nothing is removed once it, or one around it, was lost."""
        with self.store.lock(lock, wait_seconds=wait_seconds) as held:
            self._held.append(held)
            self._checked_at = -_CHECK_SECONDS
            try:
                yield
            finally:
                self._held.remove(held)

    def bundles(self, kept: Collection[str]) -> None:
        """Manifests first: what they named is then needed by nothing, also if this run is killed."""
        for entry in self._entries(BUNDLES):
            if BUNDLES.first(entry.key) not in kept:
                self._remove(BUNDLES.name, entry)

    def tables(self, kept: Mapping[str, object]) -> dict[str, tuple[int, ...]]:
        """Versions that no bundle names and no index run noted of late. A table that is being written is left alone."""
        left: dict[str, tuple[int, ...]] = {}
        for table in stored_tables(self.store):
            try:
                with self.holding(table):
                    keep = self._kept_versions(table, kept)
                    if keep:
                        self._count(prune_table(self.store, table, keep, dry_run=self.dry_run, now=self.now.timestamp()))
                    elif not self._recent(table):
                        self._count(drop_table(self.store, table, dry_run=self.dry_run))
            except (LockedError, IntegrityError) as error:
                self.skipped.append(f"table {table}: {error}")
                keep = {pinned.ref.version for pinned in list_versions(self.store, table)}
            left[table] = tuple(sorted(keep))
        return left

    def _kept_versions(self, table: str, kept: Mapping[str, object]) -> set[int]:
        for key in self.store.list(TABLE_REFS.prefix(table)):  # a note that can't be read may be of any version
            read_record(self.store, TABLE_REFS, key)
        named = {version for name, version in self._named_versions(kept) if name == table}
        needed = set(needed_versions(self.store, self.rules, table, named, self.now))
        return needed - self.erasure.versions(table, needed, serving=named) if self.erasure else needed

    def _named_versions(self, kept: Mapping[str, object]) -> Iterator[tuple[str, int]]:
        """(table, version) of every bundle that stays, those made since they were marked included."""
        for entry in self._entries(BUNDLES):
            if BUNDLES.first(entry.key) in kept or not self.dry_run:
                with suppress(NotFoundError):
                    manifest: Manifest = read_record(self.store, BUNDLES, entry.key)
                    yield manifest.table.table, manifest.table.version

    def _recent(self, table: str) -> bool:
        """Whether a file of the table is young: a first build may have been killed, and will go on."""
        return any(self._young(entry, "unreleased_days") for entry in self.store.entries(LANCE.prefix(table)))

    def _count(self, pruned: PrunedTable) -> None:
        if self.dry_run:
            self._gone.update(pruned.notes)
        if pruned.dropped:
            self.removed.append(Removed(kind="table", name=pruned.table, bytes_freed=pruned.bytes_freed))
            return
        names = [f"{pruned.table}@{version}" for version in pruned.versions]
        self.removed += [Removed(kind="table_version", name=name, bytes_freed=0) for name in names]
        if pruned.bytes_freed > 0:
            self.removed.append(Removed(kind="table_version", name=f"files of {pruned.table}", bytes_freed=pruned.bytes_freed))

    def ingests(self) -> None:
        """What ingests left and nothing names any more; not while an ingest runs."""
        try:
            with self.holding(f"ingest-{self.corpus.name}"):
                ingests = self._entries(INGESTS)
                newest = max(ingests, key=lambda entry: entry.modified, default=None)
                self.sweep("ingest", needed=self._always_needed(newest))
                self._checkouts(INGESTS.first(newest.key).removesuffix(".dir") if newest else "")
        except LockedError as error:
            self.skipped.append(f"ingest of {self.corpus.name}: {error}")

    def _always_needed(self, newest: StoredFile | None) -> set[str]:
        """The record of the newest ingest, and the revisions of sources that have a name in the settings."""
        revisions = {revision.removesuffix(".dir") for revision in self.corpus.revisions.values()}
        return {TREES.key(revision) for revision in revisions} | ({newest.key} if newest else set())

    def sweep(self, lock: Lock, *, needed: Collection[str] = ()) -> None:
        """What no record names any more, in all folders that are swept under this lock; those first whose records name others."""
        bundles = {BUNDLES.first(entry.key) for entry in self._entries(BUNDLES)}
        order = TopologicalSorter({folder.name: folder.named_by for folder in FOLDERS}).static_order()
        for folder in map(folder_named, order):
            if folder.lock == lock and folder.kept == "named":
                try:
                    named = {
                        key for name in folder.named_by for key in keys_named(self.store, folder_named(name), gone=self._gone)
                    }
                except IntegrityError as error:
                    self.skipped.append(f"all of {folder.name}: {error}")
                    continue
                self._sweep(folder, named | set(needed), bundles)
            elif folder.lock == lock and folder.kept in ("aged", "obsolete") and (folder.prefix() or self.store.remote):
                for entry in self._entries(folder):
                    if folder.kept == "obsolete" or not self._young(entry, folder.spared):
                        self._remove(folder.name, entry)

    def _sweep(self, folder: Folder, named: Collection[str], bundles: Collection[str]) -> None:
        for entry in self._entries(folder):
            if entry.key in named or self._young(entry, folder.spared):
                continue
            try:
                if not (folder.goes_with_bundle and self._bundle(folder, entry.key) in bundles):
                    self._remove(folder.name, entry)
            except IntegrityError as error:
                self.skipped.append(str(error))
        if folder.place == "both" and self.store.remote:
            root = self.store.local_root
            for path in list(files_below(root / folder.prefix())):
                key = path.relative_to(root).as_posix()
                if folder.parse(key) and key not in named and not self._young_file(path):
                    self._remove_here("copy", path, key)

    def _bundle(self, folder: Folder, key: str) -> str:
        """The bundle that a record is about."""
        return folder.first(key) if "<bundle>" in folder.pattern else str(read_record(self.store, folder, key).bundle_id)

    def _checkouts(self, current: str) -> None:
        """Revisions of a DVC corpus as folders: all but the one ingested last can be made again."""
        folder = self.store.local_root / CHECKOUTS.prefix().partition("/")[0]
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name.startswith(current or "\0") or self._young_file(path):
                continue
            size = sum(file.stat().st_size for file in files_below(path))
            self.removed.append(Removed(kind=CHECKOUTS.name, name=path.name, bytes_freed=size))
            if not self.dry_run:
                shutil.rmtree(path, ignore_errors=True)

    def erase(self, vectors: Collection[str]) -> None:
        """What the store and this machine hold of documents that are to be erased, beside bundles and table versions."""
        if (erasure := self.erasure) is None:
            return
        try:
            with self.holding(f"ingest-{self.corpus.name}"):
                for key in list(erasure.files()):
                    self._remove("erased", self.store.stat(key))
                for path in list(erasure.local_files()):
                    self._remove_here("erased", path, path.relative_to(self.store.local_root).as_posix())
                if not self.dry_run:
                    erasure.forget_vectors(vectors)
                    erasure.note_done()
        except LockedError as error:
            self.skipped.append(f"erasing: {error}")
        erasure.newest_versions()
        erasure.answers(dry_run=self.dry_run)
        erasure.reports()
        self.removed += [Removed(kind=kind, name=name, bytes_freed=0) for kind, name in erasure.removed]
        self.skipped += erasure.left

    def temporary_files(self) -> None:
        """What killed runs left half-written on this machine. In folders whose files others name, it may be theirs."""
        root = self.store.local_root
        for path in list(files_below(root)):
            key = path.relative_to(root).as_posix()
            owner, top = folder_of(key), key.partition("/")[0]
            ours = "/" not in key or (has_top(top) and not (owner and owner.foreign))
            if is_temporary(key) and ours and not self._young_file(path):
                self._remove_here("temporary", path, key)

    def copies(self) -> None:
        """Copies on this machine of what is no more in the bucket."""
        root = self.store.local_lance().parent
        tops = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
        listed = {entry.key for top in tops for entry in self.store.entries(top)}
        for path in list(files_below(root)):
            key = path.relative_to(root).as_posix()
            # A young copy may be of what came into the store after the listing.
            if key not in listed and folder_of(key) is not None and not self._young_file(path):
                self.removed.append(Removed(kind="copy", name=key, bytes_freed=path.stat().st_size))
                if not self.dry_run:
                    self.store.forget(key)

    def _entries(self, folder: Folder) -> list[StoredFile]:
        """The files of a folder that are still there; what lies in it under other names is none of it."""
        entries = self.store.entries(folder.prefix()) if folder.prefix() else self.store.all_entries()
        return [entry for entry in entries if entry.key not in self._gone and folder.parse(entry.key) is not None]

    def _young(self, entry: StoredFile, spared: Spared) -> bool:
        return age(self.now, entry.modified) <= spared_seconds(self.rules, spared)

    def _young_file(self, path: Path) -> bool:
        return age(self.now, path.stat().st_mtime) <= spared_seconds(self.rules, "grace_hours")

    def _remove(self, kind: str, entry: StoredFile) -> None:
        self.removed.append(Removed(kind=kind, name=entry.key, bytes_freed=entry.size))
        if self.dry_run:
            self._gone.add(entry.key)
        else:
            if time.monotonic() - self._checked_at >= _CHECK_SECONDS:
                for held in self._held:
                    held.check()
                self._checked_at = time.monotonic()
            self.store.delete(entry.key)

    def _remove_here(self, kind: str, path: Path, name: str) -> None:
        self.removed.append(Removed(kind=kind, name=name, bytes_freed=path.stat().st_size))
        if not self.dry_run:
            path.unlink(missing_ok=True)
