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

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from threading import Thread

import orjson

from headgate.detect.language import load_identifier
from headgate.errors import FailureReason, IntegrityError, NotFoundError, ParseFailure, StorageError
from headgate.ingest.derive import Origin
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.sandbox.pool import ParseTask
from headgate.ingest.sandbox.stream import parse_files
from headgate.ingest.state.cache import Kind
from headgate.ingest.state.history import is_expired, keep_version, read_kept
from headgate.ingest.validate.judge import engine
from headgate.ingest.work import FileWork, Maker, Run, fail, is_derived, make, put
from headgate.records import FileState, KeptVersion, Remark, SourceFile, remarks
from headgate.records.progress import Progress
from headgate.sources.state.objects import ObjectCache


def make_documents(run: Run, progress: Progress | None) -> list[FileWork]:
    """Bring every file of the corpus to a document in the cache or to a failure, in the order of the corpus."""
    works = [_plan(run, file) for file in run.corpus.files]
    parsed: list[FileWork] = []
    waiting: dict[bytes, list[FileWork]] = defaultdict(list)
    for work in works:
        if work.origin is None or is_derived(run, work):
            continue
        if work.origin.content_key in run.cached["parsed"]:
            parsed.append(work)
        else:
            waiting[work.origin.content_key].append(work)
    unparsed = sum(map(len, waiting.values()))
    if waiting:
        engine.start()  # new documents have rows that nobody has judged: until the first is parsed there is time to load what that needs
    with Maker(run, len(parsed) + unparsed) as maker:
        for work in parsed:
            maker.derive(work, None)
        done = len(works) - unparsed
        if progress:
            progress(done, len(works))
        if waiting:
            if not maker.elsewhere:
                Thread(target=load_identifier, name="load-languages", daemon=True).start()
            _parse(run, waiting, maker, lambda count: progress(done + count, len(works)) if progress else None)
        maker.finish()
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


def _parse(run: Run, waiting: dict[bytes, list[FileWork]], maker: Maker, report: Callable[[int], None]) -> None:
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
                    fail(run, work, ParseFailure(path, "unreadable", str(error), transient=True))

    for reply in parse_files(tasks(), digests, run.setup.parse, run.setup.ingest, folder=run.scratch):
        group = first[reply.task.path]
        group[0].parsed = True
        run.attempted.add(reply.task.path)
        for work in group:
            if reply.parsed is not None:
                maker.derive(work, reply.parsed)
            elif reply.failure is not None:
                fail(run, work, reply.failure)
        count += len(group)
        report(count)


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
        make(run, work, ParsedFile.from_json(orjson.loads(content)))
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
            put(run, "parsed", key, orjson.dumps(reply.parsed))
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
