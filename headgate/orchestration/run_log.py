"""Progress of a library call → lines in the run's log."""

import time
from collections.abc import Callable

import dagster as dg

#: A line at most this often, in seconds; the last one always comes.
INTERVAL = 5.0


def log_progress(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, what: str) -> Callable[[int, int], None]:
    """A callback for `progress=` of a library function: logs `files parsed: 40 of 98`.

    Args:
        what: what is counted, for example `files parsed`.
    """
    logged_at = float("-inf")

    def log(done: int, total: int) -> None:
        nonlocal logged_at
        now = time.monotonic()
        if now - logged_at >= INTERVAL or done == total:
            logged_at = now
            context.log.info("%s: %s of %s", what, done, total)

    return log
