"""Stage 1: a corpus at a revision → validated chunks; every file ends in exactly one outcome.

    open corpus ─► documents (documents.py: parse, facts, chunks; cached) ─► validate (quarantine) ─► chunk set, ingests/<revision>.json

What was made of a file is kept under everything it was made from: an unchanged file costs a few reads of the cache, a moved one is not
parsed again. Texts are streamed; in memory is one small record a file.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from headgate.errors import CorpusError, DamagedCache, DamagedEntry, IntegrityError
from headgate.index.chunk_set import ChunkBlock, ChunkSetWriter, chunk_set_digest, chunk_set_key
from headgate.ingest.derive import DerivedChunks, DerivedFacts, Deriver
from headgate.ingest.documents import make_documents, used_keys
from headgate.ingest.state.cache import discard_cache, open_cache
from headgate.ingest.state.dead_letters import DeadLetters
from headgate.ingest.state.history import compare_files, read_state, write_state
from headgate.ingest.validate.facts.document_facts import ChunkFacts, DocumentFacts
from headgate.ingest.validate.outcome import Validated, validate
from headgate.ingest.work import FileWork, Run
from headgate.records import ChunkSetRef, CorpusState, FileOutcome, FileState, IngestCounts, IngestResult, Remark
from headgate.records.progress import Progress
from headgate.records.remarks import excluded, note
from headgate.settings import IngestSetup
from headgate.sources.corpus import open_corpus
from headgate.sources.rules import excluded_by_content
from headgate.storage import Store, sha256_file
from headgate.storage.layout import INGESTS
from headgate.storage.scratch import scratch_folder
from headgate.withdrawals.ledger import read_withdrawn

#: Restarts after a damaged cache entry before the cache is thrown away.
_RESTARTS = 3

_log = logging.getLogger(__name__)


def ingest(
    store: Store,
    setup: IngestSetup,
    *,
    revision: str = "",
    folder: Path | None = None,
    progress: Progress | None = None,
    now: datetime | None = None,
) -> IngestResult:
    """Ingest a corpus; see `sources.open_corpus` for `revision` and `folder`.

    Args:
        now: the moment (UTC) that dead letters and kept versions are dated and judged by, and whose day is `as_of = "today"`;
            default the clock's.

    Raises:
        CorpusError: the corpus can't be read as asked, or no document of it is left.
        StorageError: the store can't be written, the disk is full, or another ingest of this corpus does not end.
    """
    started = time.monotonic()
    moment = now or datetime.now(UTC)
    setup = setup.at(moment)
    store.check_writable()
    name, wait = setup.corpus.name, setup.ingest.lock_wait_seconds
    with store.lock(f"ingest-{name}", wait_seconds=wait) as held, scratch_folder(store.local_root) as scratch:
        store.sweep()
        corpus = open_corpus(store, setup.corpus_setup, revision=revision, folder=folder)
        seconds = {"open": time.monotonic() - started}
        before, attempted = read_state(store, name), set[str]()
        withdrawn = read_withdrawn(store, name)
        for attempt in range(_RESTARTS + 2):
            if attempt > _RESTARTS:
                discard_cache(store.local_root, name)
            try:
                with open_cache(store.local_root, name) as cache:
                    deriver, letters = Deriver(setup), DeadLetters(store, name)
                    run = Run(setup, store, corpus, cache, deriver, letters, before, moment, attempted, scratch, withdrawn)
                    result = _finish(run, progress, started=started, seconds=seconds)
            except (DamagedEntry, DamagedCache) as damage:
                _log.warning("ingest starts again after damage in its cache: %s", damage)
                continue
            held.check()
            store.put(INGESTS.key(corpus.revision), orjson.dumps(result.model_dump(), option=orjson.OPT_INDENT_2))
            write_state(store, _state(run, result))
            return result
    raise IntegrityError(f"the ingest cache below {str(store.local_root)!r} is damaged as often as it is made; check the disk")


def _finish(run: Run, progress: Progress | None, *, started: float, seconds: dict[str, float]) -> IngestResult:
    begun = time.monotonic()
    works = make_documents(run, progress)
    seconds["documents"] = time.monotonic() - begun
    begun = time.monotonic()
    validated = _validate(run, works)
    seconds["validate"] = time.monotonic() - begun
    if not any(work.outcome == "indexed" for work in works):
        raise CorpusError(
            f"no document of corpus {run.setup.corpus.name!r} can be indexed: "
            + "; ".join(f"{work.file.path!r}: {reason}" for work in works for reason in work.reasons[:1])[:500]
            + "; put readable documents there, or point the corpus settings elsewhere"
        )
    begun = time.monotonic()
    chunk_set = _write_chunk_set(run, works)
    run.cache.prune(used_keys(run, works), files=len(works))
    seconds["write"] = time.monotonic() - begun
    return _result(run, works, validated, chunk_set, seconds, time.monotonic() - started)


# --- validation -----------------------------------------------------------------------------------------------------


def _validate(run: Run, works: Sequence[FileWork]) -> Validated:
    """Judge all documents by their facts; fills outcome, reasons and findings of every work."""
    by_path = {work.file.path: work for work in works if work.origin is not None}
    validated = validate(
        _document_facts(run, by_path.values()),
        _chunk_facts(run, by_path.values()),
        setup=run.setup.validation_setup,
        store=run.store,
        revision=run.corpus.revision,
        unread={work.file.path for work in works if work.failure is not None},
        sources=run.corpus.sources,
        now=run.now,
    )
    for path, work in by_path.items():
        if work.outcome != "indexed":
            continue
        work.findings += validated.findings.get(path, ())
        if path in validated.quarantined:
            work.reasons += validated.quarantined[path]
            _set_aside(work)
    return validated


def _set_aside(work: FileWork) -> None:
    """A document that validation keeps out. A kept version that is not fit either leaves its file a dead letter."""
    if work.kept is None:
        work.outcome = "quarantined"
        return
    failure = work.failure
    assert failure is not None
    work.outcome, work.kept = "dead_lettered", None
    work.reasons.insert(0, Remark(failure.reason, f"{failure.detail}; and its last good version is not fit to be shown"))


def _document_facts(run: Run, works: Collection[FileWork]) -> Iterator[DocumentFacts]:
    """Facts of every document that is not left out by what it says of itself."""
    for work in works:
        content = run.cache.get("facts", run.deriver.facts_key(work.document_key))
        if content is None:
            raise DamagedEntry(f"facts of {work.file.path!r} are gone")
        derived = DerivedFacts.from_bytes(content)
        work.text_digest = derived.facts.text_digest
        if derived.facts.text_digest in run.withdrawn.texts:
            work.outcome, work.origin, work.kept = "excluded", None, None
            work.reasons.append(excluded("withdrawn", "it says what a withdrawn document says; see `headgate withdraw --list`"))
            continue
        if rule := excluded_by_content(run.setup.corpus_setup, work.file.path, derived.metadata, work.file):
            work.outcome, work.origin, work.kept = "excluded", None, None
            work.reasons.append(rule)
            continue
        work.findings += [finding for finding in derived.facts.findings if finding not in work.findings]
        yield derived.facts


def _chunk_facts(run: Run, works: Collection[FileWork]) -> Iterator[ChunkFacts]:
    for work in works:
        if work.outcome == "excluded":
            continue
        content = run.cache.get("digests", run.deriver.chunks_key(work.document_key))
        if content is None:
            raise DamagedEntry(f"chunks of {work.file.path!r} are gone")
        facts, work.digests = DerivedChunks.read_summary(content)
        work.chunks = facts.chunks
        yield facts


# --- results --------------------------------------------------------------------------------------------------------


def _write_chunk_set(run: Run, works: Sequence[FileWork]) -> ChunkSetRef:
    """The chunks of all indexed documents in the order of the corpus; a set that lies there whole is not written again."""
    indexed = [work for work in works if work.outcome == "indexed"]
    digest = chunk_set_digest(work.digests for work in indexed)
    key = chunk_set_key(run.corpus.revision, digest)
    name = key.encode()
    if (
        (written := run.cache.get("written", name)) is not None
        and run.store.exists(key)
        and run.store.digest(key) == written.decode()
    ):
        chunks = sum(work.chunks for work in indexed)
        return ChunkSetRef(corpus_revision=run.corpus.revision, key=key, digest=digest, chunks=chunks, documents=len(indexed))
    file = run.scratch / "chunks.parquet"
    with ChunkSetWriter(file) as writer:
        for work in indexed:
            rows = run.cache.get("chunks", run.deriver.chunks_key(work.document_key))
            if rows is None:
                raise DamagedEntry(f"chunks of {work.file.path!r} are gone")
            writer.add(ChunkBlock(rows, work.digests))
        ref = writer.store(run.store, run.corpus.revision)
    run.cache.put("written", name, sha256_file(file).encode())
    run.cache.commit()
    file.unlink()
    return ref


def _result(
    run: Run, works: Sequence[FileWork], validated: Validated, chunk_set: ChunkSetRef, seconds: dict[str, float], whole: float
) -> IngestResult:
    changed = compare_files(run.before, run.corpus.files)
    for work in works:
        if old := changed.moved.get(work.file.path):
            work.findings.append(note("moved", f"{old} → {work.file.path}"))
    outcomes = tuple(
        FileOutcome(
            path=work.file.path,
            digest=work.file.digest,
            outcome=work.outcome,
            reasons=tuple(work.reasons),
            findings=tuple(work.findings),
            chunks=work.chunks if work.outcome == "indexed" else 0,
            parsed=work.file.path in run.attempted,
            moved_from=changed.moved.get(work.file.path, ""),
            text_digest=work.text_digest,
            kept=work.kept if work.outcome == "indexed" else None,
        )
        for work in works
    )
    totals = {
        name: sum(outcome.outcome == name for outcome in outcomes)
        for name in ("indexed", "quarantined", "dead_lettered", "excluded")
    }
    return IngestResult(
        corpus=run.setup.corpus.name,
        corpus_revision=run.corpus.revision,
        counts=IngestCounts(files=len(outcomes), **totals),
        outcomes=outcomes,
        chunk_set=chunk_set,
        parsed=sum(outcome.parsed for outcome in outcomes),
        derived=sum(work.derived for work in works),
        seconds=whole,
        stage_seconds={stage: round(value, 3) for stage, value in seconds.items()},
        checks=tuple(validated.checks),
        data_docs=validated.data_docs,
        changes=changed.changes,
        as_of=run.setup.validation.as_of,
        access=validated.access,
        losses=validated.losses,
        parsers=dict(sorted(Counter(_parsers(run, works)).items())),
    )


def _parsers(run: Run, works: Sequence[FileWork]) -> Iterator[str]:
    """Of every indexed document but those in an older version."""
    for work in works:
        if work.outcome == "indexed" and work.origin is not None and work.kept is None:
            yield run.deriver.parser(work.origin.media_type)


def _state(run: Run, result: IngestResult) -> CorpusState:
    keys = {file.path: run.deriver.content_key(file).hex() for file in run.corpus.files}
    media = {file.path: file.media_type for file in run.corpus.files}
    return CorpusState(
        corpus=run.setup.corpus.name,
        revision=result.corpus_revision,
        files={
            outcome.path: FileState(
                digest=outcome.digest,
                media_type=media[outcome.path],
                outcome=outcome.outcome,
                content_key=keys[outcome.path] if outcome.outcome == "indexed" else "",
                kept=outcome.kept,
            )
            for outcome in result.outcomes
        },
    )
