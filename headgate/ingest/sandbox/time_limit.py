"""How long a parser may take: its processor time counts, so that a busy machine fails no file.

used     ├──────────────┤ timeout_seconds           ended: it computed for so long
wall     ├───────┬───────┬───────┬ … ┤ 20 ×          ended: it waits for something that does not come
         look    look    look
         an interval in which it used less than 1 % of a processor ends it: it hangs
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from headgate.process.cpu_time import cpu_seconds, family_cpu_seconds

#: Share of a processor below which a process is taken to hang. One of a hundred that compete for a processor gets as much.
_COMPUTES = 0.01
#: Wall time, as a multiple of the limit, after which even one that computes now and then is ended.
PATIENCE = 20

Passed = Literal["", "used", "hangs", "endless"]


class TimeLimit:
    """The limit of one file in a process that starts on it now, without children.

    Args:
        seconds: processor time that the process and its children may use. Where the system does not tell of it, wall time counts.
        before: what the process has used up to now.
        used: what it and its children have used up to now.
    """

    def __init__(
        self,
        pid: int,
        seconds: float,
        *,
        before: Callable[[int], float | None] = cpu_seconds,
        used: Callable[[int], float | None] = family_cpu_seconds,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pid, self._seconds, self._used, self._clock = pid, seconds, used, clock
        self._began = self._looked = clock()
        self._at_first = self._at_look = before(pid)
        self._next = self._began + seconds  # it can't have used more before

    def passed(self) -> Passed:
        """Why the process is to be ended now; "" while it may go on. Looks only when there may be something to see."""
        now = self._clock()
        if now < self._next:
            return ""
        used = self._used(self._pid)
        if used is None or self._at_first is None or self._at_look is None:
            return "used"
        if used - self._at_first >= self._seconds:
            return "used"
        if used - self._at_look < _COMPUTES * (now - self._looked):
            return "hangs"
        if now - self._began >= PATIENCE * self._seconds:
            return "endless"
        self._looked, self._at_look = now, used
        # Not before it can have used the rest, and not so soon that 1 % of the interval is less than what can be counted.
        self._next = now + max(self._seconds - (used - self._at_first), 0.25 * self._seconds)
        return ""
