from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headgate.records import SourceState
from headgate.sources.state.freshness import FreshnessView, read_freshness
from headgate.storage import FolderStore

NOW = datetime(2026, 2, 2, 12, tzinfo=UTC)


def write_state(store: FolderStore, name: str, *, hours: float, corpus: str = "kb", silent_days: float = 0) -> None:
    state = SourceState(
        corpus=corpus,
        name=name,
        kind="folder",
        last_success=(NOW - timedelta(hours=hours)).isoformat(),
        content_changed=(NOW - timedelta(days=silent_days)).isoformat(),
        fresh_within_hours=24,
        silent_after_days=7,
    )
    store.put(f"sources/{corpus}/{name}.json", state.model_dump_json().encode())


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def test_a_source_goes_stale_with_time_alone(store: FolderStore) -> None:
    write_state(store, "wiki", hours=23)
    assert [source.fresh for source in read_freshness(store, now=NOW)] == [True]
    (later,) = read_freshness(store, now=NOW + timedelta(hours=2))
    assert (later.fresh, later.silent) == (False, False)
    assert "last read 25.0 h ago, its objective is 24 h" in later.reason


def test_a_source_that_is_read_but_never_changes_is_silent(store: FolderStore) -> None:
    write_state(store, "wiki", hours=1, silent_days=8)
    (source,) = read_freshness(store, now=NOW)
    assert (source.fresh, source.silent) == (True, True)
    assert "8.0 days" in source.reason


def test_sources_of_one_corpus(store: FolderStore) -> None:
    write_state(store, "wiki", hours=1)
    write_state(store, "docs", hours=1, corpus="other")
    assert [source.source for source in read_freshness(store, corpus="kb", now=NOW)] == ["wiki"]
    assert [source.source for source in read_freshness(store, now=NOW)] == ["wiki", "docs"]


def test_the_service_reads_the_states_at_most_every_half_minute(store: FolderStore) -> None:
    clock = [0.0]
    view = FreshnessView(store, clock=lambda: clock[0])
    assert view.sources() == ()
    write_state(store, "wiki", hours=1)
    clock[0] = 29.0
    assert view.sources() == ()
    clock[0] = 30.0
    assert len(view.sources()) == 1
