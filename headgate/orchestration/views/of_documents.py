"""Stage 1: documents, what became of each, and those that could not be read."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePosixPath

import dagster as dg

from headgate.ingest.state.dead_letters import DeadLetter
from headgate.orchestration.views.metadata_table import Metadata, table
from headgate.records import AccessReport, IngestResult, SourceState
from headgate.sources.corpus import Corpus


def corpus(found: Corpus, *, now: datetime) -> Metadata:
    """What `corpus` shows: revision, number of files, sizes per format, how each source stands at `now`."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for file in found.files:
        suffix = PurePosixPath(file.path).suffix.removeprefix(".") or "(none)"
        files[suffix] += 1
        sizes[suffix] += file.size
    rows = [{"format": suffix, "files": count, "bytes": sizes[suffix]} for suffix, count in files.most_common()]
    return {
        "corpus_revision": dg.MetadataValue.text(found.revision),
        "files": dg.MetadataValue.int(len(found.files)),
        "excluded": dg.MetadataValue.int(len(found.excluded)),
        "bytes": dg.MetadataValue.int(sum(sizes.values())),
        "formats": table(rows),
        "sources": table([_source_row(state, now) for state in found.sources], empty={"source": ""}),
    }


def _source_row(state: SourceState, now: datetime) -> dict[str, str | int]:
    return {
        "source": state.name,
        "kind": state.kind,
        "listed": state.listed,
        "fetched": state.fetched,
        "unchanged": state.unchanged,
        "failed": state.failed,
        "excluded": state.excluded,
        "last_read_whole": state.last_success or "never",
        "content_unchanged_since": state.content_changed,
        "objective": f"read within {state.fresh_within_hours:g} h" if state.fresh_within_hours else "none",
        "stale_or_silent": "; ".join(filter(None, (state.staleness(now), state.silence(now)))),
    }


def ingest(result: IngestResult, *, reports_ui: str) -> Metadata:
    """What `chunks` shows: counts that add up, and every file that was left out, with its reasons."""
    counts = result.counts
    left_out = [
        {"file": outcome.path, "outcome": outcome.outcome, "reasons": "; ".join(map(str, outcome.reasons))}
        for outcome in result.outcomes
        if outcome.outcome != "indexed"
    ]
    return {
        "counts": dg.MetadataValue.text(counts_line(result)),
        "corpus_revision": dg.MetadataValue.text(result.corpus_revision),
        "files": dg.MetadataValue.int(counts.files),
        "indexed": dg.MetadataValue.int(counts.indexed),
        "quarantined": dg.MetadataValue.int(counts.quarantined),
        "dead_lettered": dg.MetadataValue.int(counts.dead_lettered),
        "excluded": dg.MetadataValue.int(counts.excluded),
        "changes": dg.MetadataValue.text(changes_line(result)),
        "kept_stale": dg.MetadataValue.int(len(result.kept)),
        "left_out": table(left_out, empty={"file": "", "outcome": "", "reasons": ""}),
        **(access(result.access) if result.access else {}),
        **({"data_docs": dg.MetadataValue.url(f"{reports_ui}/{result.corpus_revision}/index.html")} if result.data_docs else {}),
        "parsed": dg.MetadataValue.int(result.parsed),
        "reused": dg.MetadataValue.int(reused_files(result)),
        "chunks": dg.MetadataValue.int(result.chunk_set.chunks),
        "chunk_set_digest": dg.MetadataValue.text(result.chunk_set.digest),
        "seconds": dg.MetadataValue.float(round(result.seconds, 2)),
    }


def access(found: AccessReport) -> Metadata:
    """How many documents each audience sees, on what ground, and what of it changed since the last accepted ingest."""
    seen = [{"audience": audience, "documents": count} for audience, count in found.seen_by.items()]
    widened = [
        {
            "file": one.path,
            "seen_before": ", ".join(one.before) or "nobody",
            "seen_now": ", ".join(one.now),
            "accepted": one.accepted or "no",
        }
        for one in found.widened
    ]
    return {
        "seen_by": table(seen, empty={"audience": "", "documents": 0}),
        "seen_by_own_label": dg.MetadataValue.int(found.by_label),
        "seen_by_rule": dg.MetadataValue.int(found.by_rule),
        "without_label": dg.MetadataValue.int(found.without_label),
        "label_damaged": dg.MetadataValue.int(found.damaged),
        "seen_by_more": table(widened, empty=dict.fromkeys(("file", "seen_before", "seen_now", "accepted"), "")),
        "seen_by_fewer": dg.MetadataValue.int(len(found.narrowed)),
    }


def counts_line(result: IngestResult) -> str:
    """`98 files = 88 indexed + 8 quarantined + 2 dead-lettered + 0 excluded`."""
    counts = result.counts
    parts = f"{counts.indexed} indexed + {counts.quarantined} quarantined + {counts.dead_lettered} dead-lettered + {counts.excluded} excluded"
    return f"{counts.files} files = {parts}"


def changes_line(result: IngestResult) -> str:
    """What happened to the files since the ingest before, in one line."""
    changes = result.changes
    return ", ".join(f"{count} {name}" for name, count in changes.model_dump().items() if count) if changes else "not known"


def reused_files(result: IngestResult) -> int:
    """Files whose earlier parse was taken; those that are refused unread, or known to fail, are neither parsed nor reused."""
    return sum(not outcome.parsed and outcome.outcome in ("indexed", "quarantined") for outcome in result.outcomes)


def dead_letters(letters: Sequence[DeadLetter]) -> Metadata:
    """What `dead_letters` shows."""
    rows = [
        {
            "file": letter.path,
            "reason": letter.reason,
            "detail": letter.detail,
            "attempts": letter.attempts,
            "first_seen": letter.first_seen,
            "next": f"left out: {letter.dropped_because}" if letter.dropped_at else letter.next_retry or "when it changes",
            "advice": letter.advice,
        }
        for letter in letters
    ]
    empty = dict.fromkeys(("file", "reason", "detail", "attempts", "first_seen", "next", "advice"), "")
    return {"dead_letters": dg.MetadataValue.int(len(rows)), "letters": table(rows, empty=empty)}
