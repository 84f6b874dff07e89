"""Every file of a corpus → a document with facts and chunks in the cache, or a failure. What the cache has is not made again.

file ─┬─ excluded, dropped ──────────────────────────────► excluded
      ├─ refused, or known to fail ──────────► failure ─┬─► last good version, marked stale
      ├─ derived before ─────────────────────► document │
      ├─ parsed before ──────────► derive ─┬─► document └─► dead letter
      │                                    └─ fails ─► failure
      └─ new ─► parse ─┬─ fails ─► failure
                       └─ derive, as above
"""

from __future__ import annotations

import sqlite3
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from threading import Thread

import orjson

from headgate.detect.language import load_identifier
from headgate.errors import FailureReason, HeadgateError, IntegrityError, NotFoundError, ParseFailure, StorageError
from headgate.ingest.derive import Deriver, Origin
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.conversion import find_programs
from headgate.ingest.sandbox.pool import ParseTask, read_passwords
from headgate.ingest.sandbox.stream import parse_files
from headgate.ingest.state.cache import IngestCache, Kind
from headgate.ingest.state.dead_letters import DeadLetters
from headgate.ingest.state.history import is_expired, keep_version, read_kept
from headgate.ingest.validate.judge import engine
from headgate.records import CorpusState, FileState, KeptVersion, Outcome, Remark, SourceFile, remarks
from headgate.records.progress import Progress
from headgate.settings import IngestSetup, ParseSettings
from headgate.sources.corpus import Corpus
from headgate.sources.state.objects import ObjectCache
from headgate.storage import Store, sha256_hex
from headgate.withdrawals.ledger import Withdrawn


@dataclass
class FileWork:
    """What is known of one file so far. `origin` is what is indexed for it: its own content or a kept version."""

    file: SourceFile
    outcome: Outcome = "indexed"
    reasons: list[Remark] = field(default_factory=list)
    findings: list[Remark] = field(default_factory=list)
    origin: Origin | None = None
    failure: ParseFailure | None = None
    kept: KeptVersion | None = None
    parsed: bool = False
    derived: bool = False
    text_digest: str = ""
    chunks: int = 0
    digests: bytes = b""  # of its rows
    document_key: bytes = b""


@dataclass(frozen=True)
class Run:
    """One ingest: what it works on and with. `attempted` outlives a restart after a damaged cache entry."""

    setup: IngestSetup
    store: Store
    corpus: Corpus
    cache: IngestCache
    deriver: Deriver
    letters: DeadLetters
    before: CorpusState
    now: datetime
    attempted: set[str]
    scratch: Path
    withdrawn: Withdrawn

    @cached_property
    def limits(self) -> dict[str, float]:
        return parse_limits(self.setup.parse)

    @cached_property
    def parser(self) -> str:
        return parse_signature(self.setup.parse, self.deriver)

    @cached_property
    def cached(self) -> dict[Kind, set[bytes]]:
        """Keys of what the cache has, kept up to date by `derive`."""
        kinds: tuple[Kind, ...] = ("parsed", "facts", "chunks", "digests")
        return {kind: self.cache.keys(kind) for kind in kinds}


def parse_limits(settings: ParseSettings) -> dict[str, float]:
    """Limits of one parse, as `[parse]` names them."""
    limits = settings.model_dump(mode="json", exclude={"workers"})
    return {name: float(value) for name, value in limits.items() if isinstance(value, (int, float))}


def parse_signature(settings: ParseSettings, deriver: Deriver) -> str:
    """Parser, limits, passwords, installed converters and languages of text recognition: under others, a file that failed is tried again."""
    limits = settings.model_dump(mode="json", exclude={"workers"})
    parts = [limits, read_passwords(settings), sorted(find_programs()), deriver.ocr_languages]
    means = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return f"{deriver.parsers}, {sha256_hex(means)[:16]}"


def make_documents(run: Run, progress: Progress | None) -> list[FileWork]:
    """Bring every file of the corpus to a document in the cache or to a failure, in the order of the corpus."""
    works = [_plan(run, file) for file in run.corpus.files]
    waiting: dict[bytes, list[FileWork]] = defaultdict(list)
    for work in works:
        if work.origin is None:
            continue
        if _is_derived(run, work):
            continue
        if work.origin.content_key in run.cached["parsed"]:
            _derive(run, work, None)
        else:
            waiting[work.origin.content_key].append(work)
    done = len(works) - sum(len(group) for group in waiting.values())
    if progress:
        progress(done, len(works))
    if waiting:
        # New documents have rows that nobody has judged, and texts to look into: until the first is parsed there is time to load what that needs.
        engine.start()
        Thread(target=load_identifier, name="load-languages", daemon=True).start()
        _parse(run, waiting, lambda count: progress(done + count, len(works)) if progress else None)
    failed = [work for work in works if work.failure is not None]
    _parse_last_good(run, failed)
    for work in failed:
        _take_failure(run, work)
    run.letters.keep_only({work.file.path for work in works if work.failure is not None or run.letters.dropped(work.file)})
    run.cache.commit()
    return works


def _plan(run: Run, file: SourceFile) -> FileWork:
    work = FileWork(file)
    if rule := _withdrawn(run, file) or run.corpus.excluded.get(file.path) or run.letters.dropped(file):
        work.outcome = "excluded"
        work.reasons.append(rule)
        return work
    media = run.corpus.media.get(file.path)
    if media is not None and media.finding:
        work.findings.append(media.finding)
    known = run.letters.known(file, parser=run.parser, now=run.now)
    failed = (
        run.corpus.failed.get(file.path)
        or known
        or _refused(run.setup.parse.max_file_mib, file, media.problem if media else None)
    )
    if failed is not None:
        work.failure = failed
        if failed is not known:
            # What its source could not hand over says nothing of the content: the next ingest that has it tries it.
            parser = "" if file.path in run.corpus.failed else run.parser
            run.letters.record(failed, file, parser=parser, limits=run.limits, now=run.now)
        return work
    work.origin = Origin(file.path, file.digest, file.media_type, run.deriver.content_key(file))
    return work


def _withdrawn(run: Run, file: SourceFile) -> Remark | None:
    """Why nobody may find the file; also where it is a copy of a withdrawn document under another name."""
    if run.withdrawn.covers(file.path):
        return remarks.excluded("withdrawn", "withdrawn; see `headgate withdraw --list`")
    if file.digest in run.withdrawn.digests:
        return remarks.excluded("withdrawn", "it has the very bytes of a withdrawn document; see `headgate withdraw --list`")
    return None


def _refused(limit: int, file: SourceFile, problem: tuple[FailureReason, str] | None) -> ParseFailure | None:
    if file.size > limit * 2**20:
        return ParseFailure(file.path, "too_large", f"{file.size / 2**20:.1f} MiB, parse.max_file_mib allows {limit}")
    return ParseFailure(file.path, *problem) if problem else None


def _parse(run: Run, waiting: dict[bytes, list[FileWork]], report: Callable[[int], None]) -> None:
    """Parse one file of each content and derive all that share it."""
    first = {group[0].file.path: group for group in waiting.values()}
    digests = {path: group[0].file.digest for path, group in first.items()}
    count = 0

    def tasks() -> Iterator[ParseTask]:
        for path, group in first.items():
            try:
                yield ParseTask(path, run.corpus.local(path), group[0].file.media_type)
            except (IntegrityError, StorageError, NotFoundError) as error:
                for work in group:
                    _fail(run, work, ParseFailure(path, "unreadable", str(error), transient=True))

    for reply in parse_files(tasks(), digests, run.setup.parse, run.setup.ingest, folder=run.scratch):
        group = first[reply.task.path]
        group[0].parsed = True
        run.attempted.add(reply.task.path)
        for work in group:
            if reply.parsed is not None:
                _derive(run, work, reply.parsed)
            elif reply.failure is not None:
                _fail(run, work, reply.failure)
        count += len(group)
        report(count)


def _fail(run: Run, work: FileWork, failure: ParseFailure) -> None:
    work.origin = None
    work.failure = ParseFailure(
        work.file.path, failure.reason, failure.detail, transient=failure.transient, stderr=failure.stderr
    )
    # Facts and chunks change without the parser, and cost little: each ingest tries to make them.
    parser = "" if failure.reason == "derive_error" else run.parser
    run.letters.record(work.failure, work.file, parser=parser, limits=run.limits, now=run.now)


def _is_derived(run: Run, work: FileWork) -> bool:
    assert work.origin is not None
    work.document_key = run.deriver.document_key(work.origin)
    chunks_key = run.deriver.chunks_key(work.document_key)
    return (
        run.deriver.facts_key(work.document_key) in run.cached["facts"]
        and chunks_key in run.cached["chunks"]
        and chunks_key in run.cached["digests"]
    )


def _derive(run: Run, work: FileWork, parsed: ParsedFile | None) -> None:
    """`_make` it, or have it fail alone."""
    try:
        _make(run, work, parsed)
    except ParseFailure as failure:
        _fail(run, work, failure)


def _make(run: Run, work: FileWork, parsed: ParsedFile | None) -> None:
    """Make what the cache lacks of one document.

    Args:
        parsed: its parsed form; None = take it from the cache, if it is needed.

    Raises:
        ParseFailure: `derive_error`.
    """
    origin = work.origin
    assert origin is not None
    if parsed is not None and origin.content_key not in run.cached["parsed"]:
        with _one_document(work):
            _put(run, "parsed", origin.content_key, orjson.dumps(parsed))
    if _is_derived(run, work):
        return
    if parsed is None:
        content = run.cache.get("parsed", origin.content_key)
        assert content is not None
        parsed = ParsedFile.from_json(orjson.loads(content))
    facts_key, chunks_key = run.deriver.facts_key(work.document_key), run.deriver.chunks_key(work.document_key)
    run.deriver.load()
    with _one_document(work):
        document = run.deriver.document(origin, parsed)
        facts = run.deriver.facts(document, parsed)
        if facts_key not in run.cached["facts"]:
            _put(run, "facts", facts_key, facts.to_bytes())
        if chunks_key not in run.cached["chunks"] or chunks_key not in run.cached["digests"]:
            chunks = run.deriver.chunks(document, facts.facts)
            _put(run, "chunks", chunks_key, chunks.block.rows)
            _put(run, "digests", chunks_key, chunks.summary())
    work.derived = True


@contextmanager
def _one_document(work: FileWork) -> Iterator[None]:
    """Turn an exception that nobody foresaw into `derive_error`; what is the machine's fault, or the set-up's, passes."""
    try:
        yield
    except (HeadgateError, OSError, MemoryError, ImportError, sqlite3.Error):
        raise
    except Exception as error:  # whatever a rule stumbles over in one document must not stop the others
        frame = traceback.extract_tb(error.__traceback__)[-1]
        # The message of the exception may quote the document, a personal number even.
        where = f"{type(error).__name__} in {Path(frame.filename).name}, line {frame.lineno}"
        raise ParseFailure(work.file.path, "derive_error", f"its text could not be worked on: {where}") from error


def _put(run: Run, kind: Kind, key: bytes, value: bytes) -> None:
    run.cache.put(kind, key, value)
    run.cached[kind].add(key)


def _take_failure(run: Run, work: FileWork) -> None:
    """The last good version takes the place of a file that can't be read, for a while; else it is dead-lettered for good."""
    failure = work.failure
    assert failure is not None
    said = remarks.failed(failure)
    kept = _last_good(run, work)
    content = read_kept(run.store, kept) if kept else None
    if kept is None or content is None:
        work.outcome = "dead_lettered"
        work.reasons.append(said)
        if kept is not None:
            work.findings.append(remarks.note("last_good", f"{kept.key!r} is gone or damaged"))
        return
    work.origin = Origin(
        work.file.path, kept.digest, kept.media_type, bytes.fromhex(PurePosixPath(kept.key).stem), stale_since=kept.since
    )
    try:
        _make(run, work, ParsedFile.from_json(orjson.loads(content)))
    except ParseFailure as again:
        work.outcome, work.origin = "dead_lettered", None
        work.reasons.append(said)
        work.findings.append(remarks.note("last_good", f"fails too: {remarks.failed(again)}"))
        return
    work.kept = kept
    work.findings.append(remarks.note("kept", f"in its last good version since {kept.since}, because of {said}"))


def _parse_last_good(run: Run, works: Sequence[FileWork]) -> None:
    """Make the parsed forms of last good versions that this machine's cache lacks, from the bytes that the store holds of sources.

    What can't be made is left out; `_last_good` tells of it.
    """
    lost: dict[bytes, tuple[FileWork, FileState]] = {}
    for work in works:
        before = _indexed_before(run, work)
        if before is None or before.kept is not None or not run.cached["parsed"].isdisjoint(_good_keys(run, work, before)):
            continue
        if before.digest != work.file.digest or work.file.path in run.corpus.failed:  # else these very bytes have just failed
            lost.setdefault(_good_keys(run, work, before)[-1], (work, before))
    by_path = {work.file.path: (key, work) for key, (work, _) in lost.items()}
    objects = ObjectCache(run.store)

    def tasks() -> Iterator[ParseTask]:
        for work, before in lost.values():
            try:
                file = objects.local(before.digest)
            except (NotFoundError, IntegrityError):
                continue
            if _refused(run.setup.parse.max_file_mib, replace(work.file, size=file.stat().st_size), None) is None:
                yield ParseTask(work.file.path, file, before.media_type)

    if not lost:
        return
    digests = {work.file.path: before.digest for work, before in lost.values()}
    for reply in parse_files(tasks(), digests, run.setup.parse, run.setup.ingest, folder=run.scratch):
        key, work = by_path[reply.task.path]
        run.attempted.add(reply.task.path)
        if reply.parsed is not None:
            _put(run, "parsed", key, orjson.dumps(reply.parsed))
        elif reply.failure is not None:
            work.findings.append(remarks.note("last_good", f"was parsed again: {remarks.failed(reply.failure)}"))


def _last_good(run: Run, work: FileWork) -> KeptVersion | None:
    days, today = run.setup.ingest.keep_stale_days, run.now.date()
    before = _indexed_before(run, work)
    if before is None:
        return None
    if before.kept is not None:
        return None if is_expired(before.kept, today, days) else before.kept
    content = next(filter(None, (run.cache.get("parsed", key) for key in _good_keys(run, work, before))), None)
    if content is None:
        work.findings.append(
            remarks.note(
                "last_good",
                "could not be kept: it is not in this machine's cache any more, and could not be made again from bytes in the store",
            )
        )
        return None
    return keep_version(run.store, run.setup.corpus.name, before, content, today)


def _indexed_before(run: Run, work: FileWork) -> FileState | None:
    """How the ingest before left the file, if it indexed it and last good versions are kept at all."""
    before = run.before.files.get(work.file.path)
    return before if before is not None and before.outcome == "indexed" and run.setup.ingest.keep_stale_days else None


def _good_keys(run: Run, work: FileWork, before: FileState) -> tuple[bytes, bytes]:
    """Of the parsed form of a last good version: as it was parsed then, and as it would be today."""
    today = run.deriver.content_key(replace(work.file, digest=before.digest, media_type=before.media_type))
    return bytes.fromhex(before.content_key), today


def used_keys(run: Run, works: Sequence[FileWork]) -> dict[Kind, set[bytes]]:
    """What of the cache this ingest used."""
    used: dict[Kind, set[bytes]] = {"parsed": set(), "facts": set(), "chunks": set(), "digests": set()}
    for work in works:
        if work.origin is not None:
            used["parsed"].add(work.origin.content_key)
            used["facts"].add(run.deriver.facts_key(work.document_key))
            used["chunks"].add(run.deriver.chunks_key(work.document_key))
    used["digests"] = used["chunks"]
    return used
