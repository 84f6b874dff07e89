"""What is known of one file on its way to a document, and what the cache lacks of it, made here or in another process.

parsed ──► cache ──► facts, chunks ──► cache         whatever fails is the file's failure, `derive_error`; the others go on
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType

import orjson

from headgate.errors import HeadgateError, ParseFailure
from headgate.ingest.derive import Deriver, Made, Origin, stumbled
from headgate.ingest.derive_pool import WORTH_IT, DerivePool, Job
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.conversion import find_programs
from headgate.ingest.sandbox.pool import read_passwords
from headgate.ingest.state.cache import IngestCache, Kind
from headgate.ingest.state.dead_letters import DeadLetters
from headgate.records import CorpusState, KeptVersion, Outcome, Remark, SourceFile
from headgate.settings import IngestSetup, ParseSettings
from headgate.sources.corpus import Corpus
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


def fail(run: Run, work: FileWork, failure: ParseFailure) -> None:
    """Note that nothing can be indexed for a file as it is now."""
    work.origin = None
    work.failure = ParseFailure(
        work.file.path, failure.reason, failure.detail, transient=failure.transient, stderr=failure.stderr
    )
    # Facts and chunks change without the parser, and cost little: each ingest tries to make them.
    parser = "" if failure.reason == "derive_error" else run.parser
    run.letters.record(work.failure, work.file, parser=parser, limits=run.limits, now=run.now)


def is_derived(run: Run, work: FileWork) -> bool:
    """Whether the cache has everything that is kept of its document; names the document."""
    assert work.origin is not None
    work.document_key = run.deriver.document_key(work.origin)
    chunks_key = run.deriver.chunks_key(work.document_key)
    return (
        run.deriver.facts_key(work.document_key) in run.cached["facts"]
        and chunks_key in run.cached["chunks"]
        and chunks_key in run.cached["digests"]
    )


class Maker:
    """Makes what the cache lacks of documents: here, or in processes of their own where there are many. Open with `with`.

    Args:
        documents: how many there may be to make.
    """

    def __init__(self, run: Run, documents: int) -> None:
        self._run = run
        self._given: dict[int, FileWork] = {}
        workers = max(1, min(run.setup.parse.workers, (os.cpu_count() or 1) // 2))
        self._pool = DerivePool(run.setup, workers=workers) if documents >= WORTH_IT else None
        self._context = self._pool or nullcontext()

    @property
    def elsewhere(self) -> bool:
        """Whether this process makes no document itself."""
        return self._pool is not None

    def __enter__(self) -> Maker:
        self._context.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._context.__exit__(kind, error, trace)

    def derive(self, work: FileWork, parsed: ParsedFile | None) -> None:
        """Make it, or have it fail alone; see `make`. It may be under way when this returns."""
        try:
            if self._pool is None:
                make(self._run, work, parsed)
            elif (content := _lacking(self._run, work, parsed)) is not None:
                assert work.origin is not None
                self._run.deriver.load()
                number = len(self._given)
                self._given[number] = work
                self._pool.submit(Job(number, work.origin, content, _lacks_chunks(self._run, work)))
        except ParseFailure as failure:
            fail(self._run, work, failure)
        while self._pool is not None and self._pool.full:
            self._take(self._pool)

    def finish(self) -> None:
        """Wait for what is under way."""
        while self._pool is not None and self._pool.waiting:
            self._take(self._pool)

    def _take(self, pool: DerivePool) -> None:
        reply = pool.take()
        work = self._given[reply.number]
        try:
            if reply.made is not None:
                _keep(self._run, work, reply.made)
            elif reply.failed:
                raise _not_worked_on(work, reply.failed)
            else:
                make(self._run, work, None)
        except ParseFailure as failure:
            fail(self._run, work, failure)


def make(run: Run, work: FileWork, parsed: ParsedFile | None) -> None:
    """Make what the cache lacks of one document, here.

    Args:
        parsed: its parsed form; None = take it from the cache, if it is needed.

    Raises:
        ParseFailure: `derive_error`.
    """
    content = _lacking(run, work, parsed)
    if content is None:
        return
    run.deriver.load()
    with _alone(work):
        assert work.origin is not None
        parsed = parsed or ParsedFile.from_json(orjson.loads(content))
        made = run.deriver.make(work.origin, parsed, chunks=_lacks_chunks(run, work))
        _keep(run, work, made)


def _lacking(run: Run, work: FileWork, parsed: ParsedFile | None) -> bytes | None:
    """The parsed form of a document that is still to be made, kept in the cache as well; None where nothing is to be done."""
    origin = work.origin
    assert origin is not None
    content = None
    if parsed is not None and origin.content_key not in run.cached["parsed"]:
        with _alone(work):
            content = orjson.dumps(parsed)
            put(run, "parsed", origin.content_key, content)
    if is_derived(run, work):
        return None
    if content is None:
        content = run.cache.get("parsed", origin.content_key)
        assert content is not None
    return content


def _lacks_chunks(run: Run, work: FileWork) -> bool:
    key = run.deriver.chunks_key(work.document_key)
    return key not in run.cached["chunks"] or key not in run.cached["digests"]


def _keep(run: Run, work: FileWork, made: Made) -> None:
    facts_key, chunks_key = run.deriver.facts_key(work.document_key), run.deriver.chunks_key(work.document_key)
    if facts_key not in run.cached["facts"]:
        put(run, "facts", facts_key, made.facts)
    if made.summary:
        put(run, "chunks", chunks_key, made.rows)
        put(run, "digests", chunks_key, made.summary)
    work.derived = True


@contextmanager
def _alone(work: FileWork) -> Iterator[None]:
    """Turn an exception that nobody foresaw into `derive_error`; what is the machine's fault, or the set-up's, passes."""
    try:
        yield
    except (HeadgateError, OSError, MemoryError, ImportError, sqlite3.Error):
        raise
    except Exception as error:  # whatever a rule stumbles over in one document must not stop the others
        raise _not_worked_on(work, stumbled(error)) from error


def _not_worked_on(work: FileWork, why: str) -> ParseFailure:
    return ParseFailure(work.file.path, "derive_error", f"its text could not be worked on: {why}")


def put(run: Run, kind: Kind, key: bytes, value: bytes) -> None:
    """Write an entry of the cache."""
    run.cache.put(kind, key, value)
    run.cached[kind].add(key)
