"""How fresh the sources of the corpus are, from what the last ingest wrote down of each. Reads only; the service shows it.

ingest ──SourceState──► sources/… ──► read_freshness(now) ──► /readyz, /metrics, alerts
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from headgate.records import Record, SourceState
from headgate.storage import Store
from headgate.storage.layout import SOURCES

#: How long the service takes what it read for current, seconds.
_CURRENT = 30.0


class SourceFreshness(Record):
    """One source against its freshness objective (`fresh_within_hours`) and `silent_after_days`, at one moment."""

    corpus: str
    source: str
    fresh: bool
    silent: bool
    reason: str  # why it is not fresh, or silent; "" = neither
    last_success: str  # ISO 8601, UTC; "" = never
    content_changed: str


def read_freshness(store: Store, *, corpus: str = "", now: datetime) -> tuple[SourceFreshness, ...]:
    """Every source of `corpus` (empty = of all in the store), by name.

    Raises:
        StorageError: the store can't be read.
    """
    states = [SourceState.model_validate_json(store.get(key)) for key in store.list(SOURCES.prefix())]
    return tuple(
        SourceFreshness(
            corpus=state.corpus,
            source=state.name,
            fresh=not state.staleness(now),
            silent=bool(state.silence(now)),
            reason="; ".join(why for why in (state.staleness(now), state.silence(now)) if why),
            last_success=state.last_success,
            content_changed=state.content_changed,
        )
        for state in sorted(states, key=lambda state: (state.corpus, state.name))
        if not corpus or state.corpus == corpus
    )


class FreshnessView:
    """What the service shows: read at most every 30 s, so that a probe costs nothing."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._read_at = -_CURRENT
        self._sources: tuple[SourceFreshness, ...] = ()

    def sources(self) -> tuple[SourceFreshness, ...]:
        """Raises StorageError: the store can't be read."""
        if self._clock() - self._read_at >= _CURRENT:
            self._sources = read_freshness(self._store, now=datetime.now(UTC))
            self._read_at = self._clock()
        return self._sources
