"""What goes wrong when a source is asked, and trying again.

A fault that may pass is tried again after a pause drawn from 0 to a bound that doubles (full jitter, Brooker 2015), or as long as the
server asks for in Retry-After, never beyond a total deadline. Any other is final at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from headgate.errors import SourceFault

T = TypeVar("T")
#: Bound of one pause, seconds; only a server's own Retry-After may be longer.
LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long one request is tried. Times in seconds."""

    retries: int
    first_pause: float
    deadline: float
    sleep: Callable[[float], None] = time.sleep

    def retry(self, request: Callable[[], T]) -> T:
        """Carry out `request`, again while it fails for a reason that may pass.

        Raises:
            SourceFault: the last one.
        """
        from tenacity import (
            RetryCallState,
            Retrying,
            retry_if_exception,
            stop_after_attempt,
            stop_before_delay,
            wait_random_exponential,
        )

        jitter = wait_random_exponential(multiplier=self.first_pause, max=LONGEST_PAUSE)

        def pause(state: RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return max(error.retry_after if isinstance(error, SourceFault) else 0.0, jitter(state))

        tries = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, SourceFault) and error.transient),
            wait=pause,
            stop=stop_after_attempt(self.retries + 1) | stop_before_delay(self.deadline),
            sleep=self.sleep,
            reraise=True,
        )
        return tries(request)
