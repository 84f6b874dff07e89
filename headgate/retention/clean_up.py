"""What the store keeps, and why; everything else can go.

    releases, logged answers, reports, verdicts, the newest bundles ──► bundles ──► table versions ──► files
                                                                                └► objects

Marking and removing happen under a lock that whoever writes a bundle takes too. Nothing younger than the time of grace is removed, and a
bundle that someone is about to release is held (`headgate.bundle.hold_bundle`), so that what is needed tomorrow is not removed today. A
run that is killed is completed by the next one. Alone: `headgate versions prune --dry-run`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from headgate.bundle import LOCK_SECONDS, RETENTION_LOCK
from headgate.errors import LockedError, NotFoundError
from headgate.index.pruning import PrunedTable, drop_table, prune_table, stored_tables
from headgate.index.versions import list_versions, read_versions
from headgate.records import PinnedVersion, Record
from headgate.retention.needs import DAY, age, all_releases, needed_bundles, needed_versions, records_in, stem
from headgate.settings import CorpusSettings, RetentionSettings
from headgate.storage import Held, Store, StoredFile

_DIGEST = re.compile(rb"\b[0-9a-f]{64}\b")
_GIB = float(2**30)
#: Folders of the store in which files have the names of documents, or of other programs.
_FOREIGN = frozenset({"checkouts", "dagster", "mlflow"})
#: Locks are asked whether they are still held before what is removed, at most this often, seconds.
_CHECK_SECONDS = 5.0
#: Kept by earlier versions of headgate, read by none.
_OBSOLETE = ("cache/parsed", "parsed")
Kind = Literal[
    "bundle", "report", "verdict", "canary", "hold", "table_version", "table", "object", "chunk_set", "ingest", "kept", "corpus", "temporary", "copy"
]  # fmt: skip


class Removed(Record):
    """One thing that goes, or would go. `bytes_freed` is 0 where another entry counts them."""

    kind: Kind
    name: str
    bytes_freed: int


class PruneResult(Record):
    """What stays, what went and how large the store is. Sizes in bytes; `skipped` says what was in use and left alone."""

    dry_run: bool
    kept: dict[str, tuple[str, ...]]  # bundle id → why
    kept_versions: dict[str, tuple[int, ...]]  # table → versions
    removed: tuple[Removed, ...]
    skipped: tuple[str, ...]
    bytes_freed: int
    sizes: dict[str, int]  # what is left, by folder
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
        with run.holding(RETENTION_LOCK, wait_seconds=LOCK_SECONDS):
            kept = needed_bundles(store, rules, run.now)
            run.bundles(kept)
        versions = run.tables(kept)
        run.ingests(versions)
        with run.holding(RETENTION_LOCK, wait_seconds=LOCK_SECONDS):
            run.objects(kept, versions)
        run.temporary_files()
    return PruneResult(
        dry_run=dry_run,
        kept=kept,
        kept_versions=versions,
        removed=tuple(run.removed),
        skipped=tuple(run.skipped),
        bytes_freed=sum(item.bytes_freed for item in run.removed),
        sizes=measure_store(store),
        limit=int(rules.max_gib * _GIB),
    )


def measure_store(store: Store) -> dict[str, int]:
    """Bytes by top-level folder, of the store and of what lies on this machine beside it."""
    sizes: dict[str, int] = {}
    if store.remote:
        for folder in _FOLDERS:
            if size := sum(entry.size for entry in store.entries(folder)):
                sizes[folder] = size
    root = store.local_root
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        name = f"local {path.name}" if store.remote else path.name
        size = sum(file.stat().st_size for file in _files(path))
        if size:
            sizes[name] = sizes.get(name, 0) + size
    return sizes


#: Folders of a store, for those that can't list their root.
_FOLDERS = (
    "alerts", "bundles", "cache", "canaries", "chunk_sets", "corpora", "dead_letters", "holds", "ingest_state", "ingests",
    "interactions", "kept", "lance", "latest_reports", "locks", "locks-clock", "models", "objects", "releases", "reports",
    "source_listings", "sources", "table_refs", "validation", "verdicts",
)  # fmt: skip


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
        self._grace = rules.grace_hours * 3600
        self._unreleased = max(rules.unreleased_days * DAY, self._grace)
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

    def bundles(self, kept: Mapping[str, Any]) -> None:
        """Manifests first: what they named is then needed by nothing, also if this run is killed."""
        for entry in list(self.store.entries("bundles")):
            if stem(entry.key) not in kept:
                self._remove("bundle", entry)
        self._judgements(kept)
        for entry in list(self.store.entries("holds")):
            if age(self.now, entry.modified) > self._grace:
                self._remove("hold", entry)

    def _judgements(self, kept: Mapping[str, Any]) -> None:
        """Verdicts that a release names or whose bundle stays, the reports that they name, the newest reports of bundles that stay."""
        released = {release["verdict_id"] for releases in all_releases(self.store).values() for release in releases}
        reports: set[str] = set()
        for entry in records_in(self.store, "verdicts"):
            verdict = orjson.loads(self.store.get(entry.key))
            if stem(entry.key) in released or verdict.get("bundle_id") in kept or self._young(entry, self._unreleased):
                reports |= {verdict.get("report_id", ""), verdict.get("baseline_report_id", "")}
            else:
                self._remove("verdict", entry)
        for entry in list(self.store.entries("latest_reports")):
            if entry.key.split("/")[1] in kept:
                reports.add(str(orjson.loads(self.store.get(entry.key))["report_id"]))
            else:
                self._remove("report", entry)
        for entry in records_in(self.store, "reports"):
            if stem(entry.key) not in reports and not self._young(entry, self._unreleased):
                self._remove("report", entry)
        for entry in records_in(self.store, "canaries"):
            if not self._young(entry, self._unreleased):
                canary = orjson.loads(self.store.get(entry.key))
                if canary.get("bundle_id") not in kept:
                    self._remove("canary", entry)

    def tables(self, kept: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
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
            except LockedError as error:
                self.skipped.append(f"table {table}: {error}")
                keep = {pinned.ref.version for pinned in list_versions(self.store, table)}
            left[table] = tuple(sorted(keep))
        return left

    def _kept_versions(self, table: str, kept: Mapping[str, Any]) -> set[int]:
        named = {version for name, version in self._named_versions(kept) if name == table}
        return set(needed_versions(self.store, self.rules, table, named, self.now))

    def _named_versions(self, kept: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
        """(table, version) of every bundle that stays, those made since they were marked included."""
        for entry in self.store.entries("bundles"):
            if stem(entry.key) in kept or not self.dry_run:
                with suppress(NotFoundError):
                    table = orjson.loads(self.store.get(entry.key))["table"]
                    yield str(table["table"]), int(table["version"])

    def _recent(self, table: str) -> bool:
        """Whether a file of the table is young: a first build may have been killed, and will go on."""
        return any(self._young(entry, self._unreleased) for entry in self.store.entries(f"lance/{table}.lance"))

    def _count(self, pruned: PrunedTable) -> None:
        names = [f"{pruned.table}@{version}" for version in pruned.versions]
        if pruned.dropped:
            self.removed.append(Removed(kind="table", name=pruned.table, bytes_freed=pruned.bytes_freed))
            return
        self.removed += [Removed(kind="table_version", name=name, bytes_freed=0) for name in names]
        if pruned.bytes_freed > 0:
            self.removed.append(Removed(kind="table_version", name=f"files of {pruned.table}", bytes_freed=pruned.bytes_freed))

    def ingests(self, versions: Mapping[str, tuple[int, ...]]) -> None:
        """Chunk sets, records of ingests, kept parsed forms and corpora that nothing names any more; not while an ingest runs."""
        corpus = self.corpus.name
        try:
            with self.holding(f"ingest-{corpus}"):
                self._ingests(versions)
        except LockedError as error:
            self.skipped.append(f"ingest of {corpus}: {error}")

    def _ingests(self, versions: Mapping[str, tuple[int, ...]]) -> None:
        pinned = [version for _, version in read_versions(self.store) if not self.dry_run or self._stays(version, versions)]
        chunk_sets = {version.chunk_set.key for version in pinned}
        revisions = {version.corpus_revision for version in pinned}
        ingests = list(self.store.entries("ingests"))
        newest = max(ingests, key=lambda entry: entry.modified, default=None)
        for entry in ingests:
            if stem(entry.key) in revisions or entry == newest or self._young(entry, self._unreleased):
                revisions.add(stem(entry.key))
                chunk_sets.add(str(orjson.loads(self.store.get(entry.key))["chunk_set"]["key"]))
            else:
                self._remove("ingest", entry)
        for entry in list(self.store.entries("reports/validation")):
            if not any(revision in entry.key for revision in revisions) and not self._young(entry, self._unreleased):
                self._remove("ingest", entry)
        for entry in list(self.store.entries("chunk_sets")):
            if entry.key not in chunk_sets and not self._young(entry, self._grace):
                self._remove("chunk_set", entry)
        named = {
            key for entry in self.store.entries("ingest_state") for key in _kept_keys(orjson.loads(self.store.get(entry.key)))
        }
        for entry in list(self.store.entries("kept")):
            if entry.key not in named and not self._young(entry, self._grace):
                self._remove("kept", entry)
        current = stem(newest.key) if newest else ""
        self._corpora(current.removesuffix(".dir"))
        self._sources(revisions)

    def _stays(self, pinned: PinnedVersion, versions: Mapping[str, tuple[int, ...]]) -> bool:
        """For a dry run: whether a real one would leave the version's note."""
        return pinned.ref.version in versions.get(pinned.ref.table, ())

    def _corpora(self, current: str) -> None:
        """Revisions of a DVC corpus as folders: all but the one ingested last can be made again."""
        folder = self.store.local_root / "checkouts"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name.startswith(current or "\0") or age(self.now, path.stat().st_mtime) <= self._grace:
                continue
            self.removed.append(
                Removed(kind="corpus", name=path.name, bytes_freed=sum(file.stat().st_size for file in _files(path)))
            )
            if not self.dry_run:
                _remove_tree(path)

    def _sources(self, revisions: set[str]) -> None:
        """Lists of files of corpora of sources, but those of `revisions` and of names in the settings; then bytes that nothing names."""
        kept = revisions | {revision.removesuffix(".dir") for revision in self.corpus.revisions.values()}
        named: set[str] = set()
        for entry in list(self.store.entries("corpora")):
            _, revision, *rest = entry.key.split("/")
            if rest != ["tree.json"]:
                continue
            if revision in kept or self._young(entry, self._unreleased):
                named |= {digest.decode() for digest in _DIGEST.findall(self.store.get(entry.key))}
            else:
                self._remove("corpus", entry)
        for key in list(self.store.list("source_listings")):
            named |= {digest.decode() for digest in _DIGEST.findall(self.store.get(key))}
        for entry in list(self.store.entries("corpora/objects")):
            if stem(entry.key) not in named and not self._young(entry, self._grace):
                self._remove("corpus", entry)
        if self.store.remote:
            for path in list(_files(self.store.local_root / "corpora" / "objects")):
                if path.name not in named and age(self.now, path.stat().st_mtime) > self._grace:
                    self.removed.append(
                        Removed(kind="copy", name=f"corpora/objects/{path.name}", bytes_freed=path.stat().st_size)
                    )
                    if not self.dry_run:
                        path.unlink(missing_ok=True)

    def objects(self, kept: Mapping[str, Any], versions: Mapping[str, tuple[int, ...]]) -> None:
        """Prompts, model files, vocabularies and inventories that no manifest and no note names any more."""
        named: set[str] = set()
        notes = [key for key, pinned in read_versions(self.store) if not self.dry_run or self._stays(pinned, versions)]
        manifests = [key for key in self.store.list("bundles") if not self.dry_run or stem(key) in kept]
        for key in [*manifests, *notes]:
            with suppress(NotFoundError):
                named |= {digest.decode() for digest in _DIGEST.findall(self.store.get(key))}
        for entry in list(self.store.entries("objects")):
            if stem(entry.key) not in named and not self._young(entry, self._grace):
                self._remove("object", entry)

    def temporary_files(self) -> None:
        """What killed runs left, what earlier versions of headgate kept, and copies of what is no more in a remote store."""
        for folder in _OBSOLETE:
            for entry in list(self.store.entries(folder)):
                self._remove("temporary", entry)
        for entry in list(self.store.entries("locks-clock")):  # of a process killed while it asked a bucket for the time
            if not self._young(entry, self._grace):
                self._remove("temporary", entry)
        root = self.store.local_root
        for path in _files(root):
            parts = path.relative_to(root).parts
            others = parts[0] in _FOREIGN  # names there are other people's
            if not others and path.name.startswith((".tmp-", "probe-")) and age(self.now, path.stat().st_mtime) > self._grace:
                self.removed.append(
                    Removed(kind="temporary", name=path.relative_to(root).as_posix(), bytes_freed=path.stat().st_size)
                )
                if not self.dry_run:
                    path.unlink(missing_ok=True)
        if self.store.remote:
            self._copies()

    def _copies(self) -> None:
        root = self.store.local_lance().parent
        listed = {entry.key for folder in ("lance", "objects", "chunk_sets") for entry in self.store.entries(folder)}
        for path in _files(root):
            key = path.relative_to(root).as_posix()
            ours = key.startswith(("lance/", "objects/", "chunk_sets/")) and key not in listed
            # A young copy may be of what came into the store after the listing.
            if ours and age(self.now, path.stat().st_mtime) > self._grace:
                self.removed.append(Removed(kind="copy", name=key, bytes_freed=path.stat().st_size))
                if not self.dry_run:
                    self.store.forget(key)

    def _young(self, entry: StoredFile, seconds: float) -> bool:
        return age(self.now, entry.modified) <= seconds

    def _remove(self, kind: Kind, entry: StoredFile) -> None:
        self.removed.append(Removed(kind=kind, name=entry.key, bytes_freed=entry.size))
        if not self.dry_run:
            if time.monotonic() - self._checked_at >= _CHECK_SECONDS:
                for held in self._held:
                    held.check()
                self._checked_at = time.monotonic()
            self.store.delete(entry.key)


def _kept_keys(state: Mapping[str, Any]) -> Iterable[str]:
    return [file["kept"]["key"] for file in state.get("files", {}).values() if file.get("kept")]


def _files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
    for path in root.rglob("*"):
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                yield path


def _remove_tree(path: Path) -> None:
    import shutil

    with suppress(FileNotFoundError):
        shutil.rmtree(path)
