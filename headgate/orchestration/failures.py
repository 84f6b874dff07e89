"""Library errors as Dagster failures: set-up mistakes without a traceback, transient errors with another try."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from headgate.errors import HeadgateError, ModelError

#: Errors that may be gone a moment later. Nothing else is tried again: a wrong setting stays wrong.
TRANSIENT = (ModelError, ConnectionError, TimeoutError)
MAX_RETRIES = 2
WAIT_SECONDS = 5


@contextmanager
def library_errors() -> Iterator[None]:
    """Around every library call of an asset.

    Raises:
        RetryRequested: the error is transient.
        Failure: any other error of headgate; its message says what, which and what to do.
    """
    try:
        yield
    except TRANSIENT as error:
        raise dg.RetryRequested(max_retries=MAX_RETRIES, seconds_to_wait=WAIT_SECONDS) from error
    except HeadgateError as error:
        raise dg.Failure(description=str(error), metadata={"error": type(error).__name__}, allow_retries=False) from error
