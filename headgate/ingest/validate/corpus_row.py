"""An ingest as a whole, as the one row that corpus.yaml looks at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from headgate.ingest.validate.baseline import Baseline
from headgate.records import SourceState

CORPUS_COLUMNS: Mapping[str, str] = {
    "files": "without excluded ones",
    "documents": "that can be indexed",
    "quarantined": "",
    "dead_lettered": "files that could not be read or parsed, those kept in an older version included",
    "dropped": "files that are not indexed",
    "dropped_share": "of files, 0 to 1",
    "dead_letter_share": "of files, 0 to 1",
    "documents_before": "at the last accepted ingest",
    "shrunk_share": "documents lost since then, 0 to 1; 0 when there are more",
    "newly_quarantined": "documents indexed then and quarantined now",
    "newly_quarantined_share": "of the documents then",
    "silent_sources": "sources in which nothing has changed for longer than their silent_after_days",
    "silence": "which, and for how long",
    "stale_sources": "sources that were not read within their fresh_within_hours",
    "staleness": "which, and for how long",
}


def corpus_row(
    shapes: Collection[str],
    indexed: Collection[str],
    unread: set[str],
    quarantined: Collection[str],
    baseline: Baseline | None,
) -> dict[str, Any]:
    files = len(unread | set(shapes))
    dropped = files - len(indexed)
    before = baseline.shapes if baseline else {}
    newly = sum(path in before for path in quarantined)
    return {
        "files": files,
        "documents": len(indexed),
        "quarantined": len(quarantined),
        "dead_lettered": len(unread),
        "dropped": dropped,
        "dropped_share": dropped / files if files else 0.0,
        "dead_letter_share": len(unread) / files if files else 0.0,
        "documents_before": len(before),
        "shrunk_share": max(1 - len(indexed) / len(before), 0.0) if before else 0.0,
        "newly_quarantined": newly,
        "newly_quarantined_share": newly / len(before) if before else 0.0,
    }


def source_columns(sources: Collection[SourceState], now: datetime) -> dict[str, Any]:
    silent = sorted(filter(None, (state.silence(now) for state in sources)))
    stale = sorted(filter(None, (state.staleness(now) for state in sources)))
    return {
        "silent_sources": len(silent),
        "silence": "; ".join(silent),
        "stale_sources": len(stale),
        "staleness": "; ".join(stale),
    }
