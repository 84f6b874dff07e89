"""What the store holds of documents that are withdrawn with `--erase` → removed for good, or told where it can't be.

    bundles and table versions that hold them, but for those in service      chunk sets, kept forms, source bytes
    caches of this machine: parsed files, vectors, copies                    logged answers that rest on them: emptied in place

What is not in the store is not reached: the source itself, a DVC remote, MLflow, backups. A table version in service stays until another
bundle is in force: it can't be changed without being refused.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

from headgate.bundle import Manifest
from headgate.errors import IntegrityError, NotFoundError
from headgate.index.traces import documents_held, texts_held
from headgate.index.versions import read_versions
from headgate.interactions.log import InteractionLog
from headgate.models.vector_cache import forget_vectors
from headgate.records import Answer, Interaction, Release
from headgate.retention.references import keys_named, read_record
from headgate.storage import Store
from headgate.storage.layout import (
    BUNDLES,
    CHUNK_SETS,
    INGEST_CACHE,
    INGEST_STATE,
    KEPT,
    OBJECTS,
    RELEASES,
    REPORTS,
    SOURCE_OBJECTS,
    TABLE_REFS,
    VECTOR_CACHE,
)
from headgate.withdrawals.ledger import Withdrawn, history, in_force, withdrawn


@dataclass
class Erasure:
    """What goes for the withdrawals `numbers` of one corpus; `removed` names it, `left` says what could not go, and why."""

    store: Store
    corpus: str
    numbers: tuple[int, ...]
    what: Withdrawn
    removed: list[tuple[str, str]] = field(default_factory=list)  # kind, name
    left: list[str] = field(default_factory=list)
    _held: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    _vocabularies: set[str] = field(default_factory=set)

    def holds(self, table: str, version: int) -> bool:
        """Whether the files of a table version hold the bytes of a document that is to go."""
        key = table, version
        if key not in self._held:
            self._held[key] = frozenset(self.what.among(documents_held(self.store, table, version)))
        return bool(self._held[key])

    def unneeded(self, kept: Collection[str]) -> set[str]:
        """Bundles that hold such a document and go although something needs them; those in service are told."""
        serving = set(_in_service(self.store))
        gone: set[str] = set()
        for bundle_id in sorted(kept):
            try:
                manifest: Manifest = read_record(self.store, BUNDLES, BUNDLES.key(bundle_id))
            except NotFoundError:
                continue
            if manifest.corpus.name != self.corpus or not self.holds(manifest.table.table, manifest.table.version):
                continue
            if bundle_id in serving:
                self.left.append(
                    f"bundle {bundle_id[:16]}… is in service and holds a document that is to be erased: build, evaluate, gate and promote "
                    "another one, then prune again"
                )
            else:
                gone.add(bundle_id)
                self._vocabularies.add(manifest.vocabulary)
        return gone

    def versions(self, table: str, keep: Collection[int], *, serving: Collection[int]) -> set[int]:
        """Of the versions of a table that would be kept those that go."""
        return {version for version in keep if version not in serving and self.holds(table, version)}

    def vectors(self) -> frozenset[str]:
        """Digests of all texts of the documents, in any pinned version."""
        digests: set[str] = set()
        for _, pinned in read_versions(self.store):
            if pinned.corpus == self.corpus and self.holds(pinned.ref.table, pinned.ref.version):
                documents = self._held[pinned.ref.table, pinned.ref.version]
                digests |= texts_held(self.store, pinned.ref.table, pinned.ref.version, documents)
        return frozenset(digests)

    def files(self) -> Iterator[str]:
        """Keys of the store whose files hold what the documents say: chunk sets, source bytes; kept forms and word lists that nothing names."""
        for key in self.store.list(CHUNK_SETS.prefix()):
            if CHUNK_SETS.parse(key) and self.what.among(_documents_of_chunk_set(self.store.get(key))):
                yield key
        for digest in sorted(self.what.digests):
            if self.store.exists(key := SOURCE_OBJECTS.key(digest)):
                yield key
        try:
            named = {key for folder in (INGEST_STATE, BUNDLES, TABLE_REFS) for key in keys_named(self.store, folder)}
        except IntegrityError as error:
            self.left.append(f"kept forms of documents, and words of old bundles: {error}")
            return
        yield from (key for key in self.store.list(KEPT.prefix()) if KEPT.parse(key) and key not in named)
        words = (OBJECTS.key(digest) for digest in sorted(self._vocabularies))
        yield from (key for key in words if key not in named and self.store.exists(key))

    def local_files(self) -> Iterator[Path]:
        """Files of this machine: copies of source bytes, and, once, the cache of parsed files, which is made again."""
        root = self.store.local_root
        for digest in sorted(self.what.digests):
            path = SOURCE_OBJECTS.path(root, digest)
            if path.is_file():
                yield path
        if not self._note().is_file() or set(self.numbers) - set(json.loads(self._note().read_text())):
            folder = root / INGEST_CACHE.prefix()
            yield from sorted(folder.glob(f"{self.corpus}.sqlite*")) if folder.is_dir() else ()

    def note_done(self) -> None:
        """This machine's cache was made anew without the documents; it need not be again."""
        self._note().parent.mkdir(parents=True, exist_ok=True)
        self._note().write_text(json.dumps(self.numbers))

    def _note(self) -> Path:
        return INGEST_CACHE.path(self.store.local_root, self.corpus, "-erased")

    def newest_versions(self) -> None:
        """A table's newest version always stays: the next build starts from it, and writes one without the documents."""
        for table in sorted({pinned.ref.table for _, pinned in read_versions(self.store) if pinned.corpus == self.corpus}):
            if self.what.among(documents_held(self.store, table)):
                self.left.append(
                    f"the newest version of table {table!r} holds a document that is to be erased: run `headgate build`, then prune again"
                )

    def forget_vectors(self, digests: Collection[str]) -> None:
        folder = self.store.local_root / VECTOR_CACHE.prefix()
        if digests and (count := forget_vectors(folder, digests)):
            self.removed.append(("vectors", f"{count} of this machine's cache"))

    def answers(self, *, dry_run: bool) -> None:
        """Logged answers that rest on the documents keep their question and lose everything else."""
        log = InteractionLog(self.store)
        emptied, waiting = log.rewrite(self._emptied, dry_run=dry_run)
        if emptied:
            self.removed.append(("interactions", f"the answers of {emptied} logged questions"))
        self.left += [f"interaction log {name}: {why}" for name, why in waiting]

    def _emptied(self, interaction: Interaction) -> Interaction | None:
        answer = interaction.answer
        used = {one.doc_id for one in answer.retrieved} | {one.doc_id for one in answer.citations}
        if not self.what.among(used):
            return None
        # What was found is named still, by id: so that a replay can say why there is nothing to show.
        silent = Answer(text="erased", refused=answer.refused, bundle_id=answer.bundle_id, retrieved=answer.retrieved)
        return interaction.model_copy(update={"answer": silent})

    def reports(self) -> None:
        """Reports of evaluations are evidence of releases and stay; how many quote the documents is told."""
        quoting = 0
        for key in self.store.list(REPORTS.prefix()):
            if REPORTS.parse(key) is not None:
                content = self.store.get(key).decode("utf-8", "replace")
                quoting += any(f'"{path}"' in content for path in self.what.documents)
        if quoting:
            self.left.append(
                f"{quoting} report(s) of evaluations name or quote a document that is to be erased; they go with their bundles and verdicts"
            )


def find_erasure(store: Store, corpus: str) -> Erasure | None:
    """What is to be erased of a corpus; None when nothing is.

    Raises:
        IntegrityError: the list of withdrawals can't be read.
    """
    lines = [line for line in in_force(history(store)) if line.erase and line.corpus == corpus]
    if not lines:
        return None
    numbers = tuple(line.number for line in lines)
    return Erasure(store, corpus, numbers, withdrawn(lines, corpus))


def _in_service(store: Store) -> Mapping[str, str]:
    """Bundle → track of every release in force."""
    newest: dict[str, Release] = {}
    for key in store.list(RELEASES.prefix()):
        release: Release = read_record(store, RELEASES, key)
        if release.track not in newest or newest[release.track].release < release.release:
            newest[release.track] = release
    return {release.bundle_id: track for track, release in newest.items()}


def _documents_of_chunk_set(content: bytes) -> set[str]:
    return set(pq.read_table(io.BytesIO(content), columns=["doc_id"])["doc_id"].to_pylist())
