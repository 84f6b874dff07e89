"""A circuit breaker per source: one that fails again and again is left alone for a while.

closed ──N failures in a row──► open ──cool-down──► half open: one request ──works──► closed
                                 ▲                                  └──fails──┐
                                 └────────────────────────────────────────────┘
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from headgate.records import BreakerState

Clock = Callable[[], datetime]


def now_utc() -> datetime:
    return datetime.now(UTC)


class Breaker:
    """Used by several threads; `state` is what is kept between runs.

    Args:
        failures: in a row, after which it opens.
        cool_down: seconds that it stays open.
    """

    def __init__(self, state: BreakerState, *, failures: int, cool_down: float, clock: Clock = now_utc) -> None:
        self._failures_allowed = failures
        self._cool_down = timedelta(seconds=cool_down)
        self._clock = clock
        self._lock = threading.Lock()
        # A run that was killed while it tried leaves half_open behind; nobody waits for that try any more.
        self._state = state if state.state != "half_open" else state.model_copy(update={"state": "open"})

    @property
    def state(self) -> BreakerState:
        return self._state

    def admits(self) -> bool:
        """Whether a request may be made now. After the cool-down it says yes once, until the outcome is known."""
        with self._lock:
            if self._state.state == "closed":
                return True
            if self._state.state == "half_open" or self._clock() < datetime.fromisoformat(self._state.open_until):
                return False
            self._state = self._state.model_copy(update={"state": "half_open"})
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._state = BreakerState()

    def failed(self) -> None:
        with self._lock:
            failures = self._state.failures + 1
            if self._state.state == "closed" and failures < self._failures_allowed:
                self._state = BreakerState(failures=failures)
                return
            until = (self._clock() + self._cool_down).isoformat(timespec="seconds")
            self._state = BreakerState(state="open", failures=failures, open_until=until)
