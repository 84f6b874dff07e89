"""Trying again: the one way of it, and for every edge of headgate the errors that may pass.

A request is tried a bounded number of times. Before each further try there is a pause, drawn at random below a bound that doubles (full
jitter, Brooker 2015, "Exponential backoff and jitter"), or as long as the server asks for in Retry-After. No try begins after the deadline.
An error that will not pass is final at once.

    edge                            tried how often                                    which errors
    a bucket as the store           headgate.storage.s3_errors.RETRIES                 of_object_store
    tables of LanceDB in a bucket   as often, by LanceDB's own client (S3Store.lance_options)
    web sites, buckets, folders     [corpus] retries, retry_seconds, deadline_seconds  of_source
    embedding and chat providers    [embedding], [model] retries, timeout_seconds      of_provider
    webhook, mail server            headgate.monitor.alerts.destinations.RETRIES       of_alert
    parser processes                headgate.ingest.sandbox.pool; [ingest] retries     of_worker, failures that say so themselves
"""

from __future__ import annotations

import asyncio
import errno
import math
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from headgate.errors import AlertFailed, ParseFailure, SourceFault

if TYPE_CHECKING:
    from tenacity import AttemptManager, RetryCallState

T = TypeVar("T")
MayPass = Callable[[BaseException], bool]
#: Statuses after which the same HTTP request may succeed later: too slow, too early, too many, an error of the server. 501 and 505 say that
#: it never will.
PASSING_STATUSES = frozenset({408, 425, 429, *range(500, 600)} - {501, 505})
#: Codes by which an S3 service says the same, whatever the status.
PASSING_CODES = frozenset(
    {
        "InternalError",
        "OperationAborted",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
    }
)
#: Errors of a file system that may be a moment's: a network drive, a busy device.
PASSING_ERRNOS = frozenset(
    {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EMFILE, errno.ENFILE}
)
#: First pause after a failed call of an embedding or chat provider, seconds.
PROVIDER_PAUSE = 0.5
#: Classes of `litellm.exceptions`; every other one is an answer that another try would only repeat.
_PROVIDER_ERRORS = (
    "APIConnectionError",
    "BadGatewayError",
    "InternalServerError",
    "RateLimitError",
    "ServiceUnavailableError",
    "Timeout",
)
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([\w.]{1,80})</Code>")


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently one request is tried. Times in seconds; clock, sleep and chance can be given for tests."""

    tries: int  # the first one included
    first_pause: float  # bound of the first pause; it doubles with each further one
    longest_pause: float = 30.0  # only a server's own Retry-After may be longer
    deadline: float = math.inf  # since the first try
    least: float = 0.0  # of a pause, as a share of its bound: 0 = full jitter
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[float, float], float] = random.uniform

    def call(self, request: Callable[[], T], may_pass: MayPass) -> T:
        """Carry out `request`, again while it raises what may pass; then its last exception is raised."""
        from tenacity import Retrying, retry_if_exception

        return Retrying(**self._bounds(), sleep=self.sleep, retry=retry_if_exception(may_pass))(request)

    async def call_async(
        self,
        request: Callable[[], Awaitable[T]],
        may_pass: MayPass,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> T:
        """As `call`, for a coroutine function."""
        from tenacity import AsyncRetrying, retry_if_exception

        tries = AsyncRetrying(**self._bounds(), sleep=sleep, retry=retry_if_exception(may_pass))
        return await tries(request)

    def rounds(self) -> Iterator[AttemptManager]:
        """For what is tried in several goes: each time round the loop says `with attempt: raise TryAgain` when it wants another one."""
        from tenacity import Retrying, retry_never

        return iter(Retrying(**self._bounds(), sleep=self.sleep, retry=retry_never))

    def _bounds(self) -> dict[str, Any]:
        started = self.clock()

        def pause(state: RetryCallState) -> float:
            bound = min(self.longest_pause, self.first_pause * 2 ** (state.attempt_number - 1))
            error = state.outcome.exception() if state.outcome else None
            return max(float(getattr(error, "retry_after", 0.0)), self.chance(self.least * bound, bound))

        def is_over(state: RetryCallState) -> bool:
            return state.attempt_number >= self.tries or self.clock() - started + state.upcoming_sleep >= self.deadline

        return {"wait": pause, "stop": is_over, "reraise": True}


def status_of(error: BaseException) -> int:
    """HTTP status that an error of a bucket's client tells of, 0 when there was no answer."""
    found = _STATUS.search(str(error))
    return int(found[1]) if found else 0


def of_object_store(error: BaseException) -> bool:
    """No answer at all, too busy, two writers of one key at a time, an error of the server."""
    status = status_of(error)
    if status == 0:
        return "credential" not in str(error).lower() and not isinstance(error, FileNotFoundError)
    code = _CODE.search(str(error))
    return status == 409 or status in PASSING_STATUSES or bool(code and code[1] in PASSING_CODES)


def of_source(error: BaseException) -> bool:
    """Faults that say so themselves; they are made where the source answers, by the statuses, codes and numbers above."""
    return isinstance(error, SourceFault) and error.transient


def of_provider(error: BaseException) -> bool:
    """The provider could not be reached, is too busy, took too long or failed. A refusal (key, name, length) is final."""
    from litellm import exceptions

    return isinstance(error, tuple(getattr(exceptions, name) for name in _PROVIDER_ERRORS))


def of_alert(error: BaseException) -> bool:
    """The destination did not take it this time; `AlertRefused` is for good."""
    return isinstance(error, AlertFailed)


def of_worker(error: BaseException) -> bool:
    """The process died: what came before the file may have left the damage."""
    return isinstance(error, ParseFailure) and error.reason == "worker_died"
