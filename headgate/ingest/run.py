"""Stage 1: a corpus at a revision → validated chunks; every file ends in exactly one outcome.

    open corpus → reuse or parse (sandbox) → label → validate (quarantine) → chunk → chunk set, ingests/<revision>.json

Parsed files are kept under their content's digest and the parser's version: an unchanged or moved file is not parsed again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import orjson

from headgate.errors import CorpusError, IntegrityError, ParseFailure
from headgate.index.chunk_set import write_chunk_set
from headgate.index.embed import token_counter
from headgate.ingest.blocks import PARSER_VERSION, ParsedFile
from headgate.ingest.chunk import chunk_document
from headgate.ingest.dead_letters import clear_dead_letter, find_dead_letter, list_dead_letters, record_dead_letter
from headgate.ingest.labels import LABELS, merge_labels
from headgate.ingest.language_model import model_name
from headgate.ingest.sandbox import ParserPool, ParseTask
from headgate.ingest.sources import Corpus, matches, open_corpus
from headgate.ingest.validate import check_dropped_share, validate_chunks, validate_documents
from headgate.records import (
    Chunk,
    ChunkSetRef,
    Document,
    DocumentMetadata,
    FileOutcome,
    IngestCounts,
    IngestResult,
    Outcome,
    SourceFile,
    ValidationCheck,
)
from headgate.settings import Settings
from headgate.storage import Store, sha256_hex

#: Called with (files done, files in all).
Progress = Callable[[int, int], None]
#: Failures that may be the machine's and not the file's; such files are tried again by later ingests, up to MAX_ATTEMPTS.
_RETRIED = frozenset({"timeout", "worker_died", "unreadable"})
MAX_ATTEMPTS = 3


@dataclass
class _State:
    """What is known of one file so far."""

    file: SourceFile
    outcome: Outcome = "indexed"
    reasons: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    parsed: bool = False
    content: ParsedFile | None = None
    chunks: list[Chunk] = field(default_factory=list)


def ingest(
    settings: Settings, *, revision: str = "", folder: Path | None = None, progress: Progress | None = None
) -> IngestResult:
    """Ingest a corpus; see `sources.open_corpus` for `revision` and `folder`.

    Raises:
        CorpusError: the corpus can't be read as asked, or no document of it is left.
    """
    started = time.monotonic()
    store = Store(settings.store_root)
    store.check_writable()
    corpus = open_corpus(settings, revision=revision, folder=folder)
    states = {file.path: _State(file) for file in corpus.files}
    for path, rule in corpus.excluded.items():
        states[path].outcome = "excluded"
        states[path].reasons.append(rule)
    _parse(settings, store, corpus, states, progress)
    documents = {state.file.path: _document(settings, state) for state in states.values() if state.content is not None}
    checks = _validate(settings, documents, states)
    count_tokens = token_counter(settings)
    for path, document in documents.items():
        if states[path].outcome == "indexed":
            states[path].chunks = chunk_document(document, settings.chunks, count_tokens)
    checks += validate_chunks(documents, (chunk for state in states.values() for chunk in state.chunks), settings, count_tokens)
    if not any(state.outcome == "indexed" for state in states.values()):
        raise CorpusError(
            f"no document of {str(corpus.root)!r} can be indexed: "
            + "; ".join(f"{path!r}: {reason}" for path, state in states.items() for reason in state.reasons[:1])[:500]
            + "; put readable documents there, or point the corpus settings elsewhere"
        )
    chunk_set = write_chunk_set(
        store, corpus.revision, ((documents[path], state.chunks) for path, state in states.items() if state.outcome == "indexed")
    )
    result = _result(corpus, states, checks, chunk_set, time.monotonic() - started)
    store.put(f"ingests/{corpus.revision}.json", orjson.dumps(result.model_dump(), option=orjson.OPT_INDENT_2))
    return result


def _validate(settings: Settings, documents: dict[str, Document], states: dict[str, _State]) -> list[ValidationCheck]:
    parsed = {path: states[path].content for path in documents}
    validated = validate_documents(
        list(documents.values()), {path: content for path, content in parsed.items() if content}, settings.validation
    )
    for path, document in documents.items():
        state = states[path]
        state.findings += [*(state.content.findings if state.content else ()), *validated.findings.get(path, ())]
        state.reasons += validated.quarantined.get(path, ())
        if path in validated.quarantined:
            state.outcome = "quarantined"
        elif not document.elements:
            raise IntegrityError(f"document {path!r} has no elements and was not quarantined")
    kept = [state for state in states.values() if state.outcome != "excluded"]
    dropped = sum(state.outcome != "indexed" for state in kept)
    return [*validated.checks, check_dropped_share(dropped, len(kept), settings.validation.max_dropped_share)]


def _result(
    corpus: Corpus, states: dict[str, _State], checks: list[ValidationCheck], chunk_set: ChunkSetRef, seconds: float
) -> IngestResult:
    outcomes = tuple(
        FileOutcome(
            path=path,
            digest=state.file.digest,
            outcome=state.outcome,
            reasons=tuple(state.reasons),
            findings=tuple(state.findings),
            chunks=len(state.chunks),
            parsed=state.parsed,
        )
        for path, state in states.items()
    )
    totals = {
        name: sum(outcome.outcome == name for outcome in outcomes)
        for name in ("indexed", "quarantined", "dead_lettered", "excluded")
    }
    return IngestResult(
        corpus_revision=corpus.revision,
        counts=IngestCounts(files=len(outcomes), **totals),
        outcomes=outcomes,
        chunk_set=chunk_set,
        parsed=sum(outcome.parsed for outcome in outcomes),
        seconds=seconds,
        checks=tuple(checks),
    )


# --- parsing --------------------------------------------------------------------------------------------------------


def _parse(settings: Settings, store: Store, corpus: Corpus, states: dict[str, _State], progress: Progress | None) -> None:
    """Fill `content` of every state, or make it dead-lettered."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    version = parser_version()
    limits = settings.parse
    tried = f"{version}, {limits.timeout_seconds:g} s, {limits.memory_mib} MiB, {limits.max_unzipped_mib} MiB unzipped"
    waiting: dict[str, list[_State]] = {}
    tasks: list[ParseTask] = []
    for path, state in states.items():
        if state.outcome == "excluded":
            continue
        media = corpus.media[path]
        if media.finding:
            state.findings.append(media.finding)
        failure = _refused(settings, state.file, media.problem)
        if failure is None:
            failure = _known_failure(store, state.file, tried)
            if failure is None:
                key = cache_key(state.file, version)
                if store.exists(key):
                    state.content = ParsedFile.from_json(orjson.loads(store.get(key)))
                    continue
                if key not in waiting:
                    tasks.append(ParseTask(path, corpus.root / path, state.file.media_type))
                waiting.setdefault(key, []).append(state)
                continue
            _dead_letter(state, failure)
            continue
        record_dead_letter(store, failure, path=path, digest=state.file.digest, parser=tried, now=now)
        _dead_letter(state, failure)
    done = len(states) - sum(len(group) for group in waiting.values())
    if progress:
        progress(done, len(states))
    with ParserPool(settings.parse) as pool:
        for reply in pool.parse_all(tasks):
            key = cache_key(states[reply.task.path].file, version)
            if reply.parsed is not None:
                store.put(key, orjson.dumps(reply.parsed.to_json()))
            for position, state in enumerate(waiting[key]):
                state.parsed = position == 0
                state.content = reply.parsed
                if reply.failure is not None:
                    failure = ParseFailure(
                        state.file.path, reply.failure.reason, reply.failure.detail, transient=reply.failure.transient
                    )
                    record_dead_letter(store, failure, path=state.file.path, digest=state.file.digest, parser=tried, now=now)
                    _dead_letter(state, failure)
                done += 1
            if progress:
                progress(done, len(states))
    alive = {state.file.path for state in states.values() if state.outcome == "dead_lettered"}
    for letter in list_dead_letters(store):
        if letter.path not in alive:
            clear_dead_letter(store, letter.path)


def parser_version() -> str:
    """Everything but the content that decides what a parse gives."""
    return f"headgate {PARSER_VERSION}, {model_name()}"


def cache_key(file: SourceFile, version: str) -> str:
    return f"cache/parsed/{sha256_hex(f'{file.digest} {file.media_type} {version}'.encode())}.json"


def _refused(settings: Settings, file: SourceFile, problem: tuple[str, str] | None) -> ParseFailure | None:
    limit = settings.parse.max_file_mib
    if file.size > limit * 2**20:
        return ParseFailure(file.path, "too_large", f"{file.size / 2**20:.1f} MiB, parse.max_file_mib allows {limit}")
    return ParseFailure(file.path, *problem) if problem else None


def _known_failure(store: Store, file: SourceFile, tried: str) -> ParseFailure | None:
    letter = find_dead_letter(store, file.path)
    if letter is None or letter.digest != file.digest or letter.parser != tried:
        return None
    if letter.reason in _RETRIED and letter.attempts < MAX_ATTEMPTS:
        return None
    return ParseFailure(file.path, letter.reason, letter.detail, transient=letter.transient)


def _dead_letter(state: _State, failure: ParseFailure) -> None:
    state.outcome = "dead_lettered"
    state.reasons.append(f"{failure.reason}: {failure.detail}")


# --- labels ---------------------------------------------------------------------------------------------------------


def _document(settings: Settings, state: _State) -> Document:
    content = state.content
    assert content is not None
    rules = [rule.model_dump(exclude={"pattern"}) for rule in settings.corpus.labels if matches(state.file.path, rule.pattern)]
    detected = {"language": content.labels.get("detected_language", "") or settings.corpus.default_language}
    own = {name: value for name, value in content.labels.items() if name in LABELS}
    labels = merge_labels(own, *rules, {"title": _first_heading(content) or _title_from_path(state.file.path)}, detected)
    return Document(
        doc_id=state.file.path,
        digest=state.file.digest,
        media_type=state.file.media_type,
        text=content.text,
        elements=content.elements,
        metadata=DocumentMetadata(**labels),
        parser=PARSER_VERSION,
    )


def _first_heading(content: ParsedFile) -> str:
    titles = [element for element in content.elements if element.kind == "title" and not element.sheet]
    return " ".join(min(titles, key=lambda title: title.level).text.split())[:200] if titles else ""


def _title_from_path(path: str) -> str:
    words = PurePosixPath(path).stem.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
