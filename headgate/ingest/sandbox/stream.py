"""Files → parsed forms, streamed through the pool of parser processes, with retries and a look at whether a file changed meanwhile.

A failure that may be the machine's is tried again after a pause, a few times ([ingest]); any other is final at once.
"""

from __future__ import annotations

import logging
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from tenacity import TryAgain

from headgate.errors import ParseFailure
from headgate.ingest.sandbox.pool import ParseReply, ParserPool, ParseTask
from headgate.process.retry import Retries
from headgate.settings import IngestSettings, ParseSettings
from headgate.storage import sha256_file

_log = logging.getLogger(__name__)


def parse_files(
    tasks: Iterable[ParseTask],
    digests: Mapping[str, str],
    parse: ParseSettings,
    ingest: IngestSettings,
    *,
    folder: Path | None = None,
    sleep: Callable[[float], None] = time.sleep,
    chance: Callable[[float, float], float] = random.uniform,
) -> Iterator[ParseReply]:
    """One reply for every task, in the order of completion.

    Args:
        tasks: taken as workers get free.
        digests: corpus path → SHA-256 that the file's bytes must have.
        folder: where the parsers may keep what they need; default the system's for temporary files.
        sleep, chance: of the pauses, for tests.

    Raises:
        StorageError: the disk that the parsers write to is full, which is no file's fault.
    """
    pending: Iterable[ParseTask] = tasks
    failed: list[ParseTask] = []

    def pause(seconds: float) -> None:
        _log.warning("%d file(s) failed for what may be a passing reason; tried again in %.1f s", len(failed), seconds)
        sleep(seconds)

    retries = Retries(ingest.retries + 1, ingest.retry_seconds, longest_pause=math.inf, least=0.5, sleep=pause, chance=chance)
    for attempt in retries.rounds():
        final = attempt.retry_state.attempt_number == retries.tries
        with ParserPool(parse, folder=folder) as pool:
            for reply in pool.parse_all(pending):
                failure = _changed(reply.task, digests[reply.task.path]) or reply.failure
                if failure is not None and failure.transient and not final:
                    failed.append(reply.task)
                else:
                    yield ParseReply(reply.task, None, failure, reply.attempts) if failure is not None else reply
        pending = failed
        with attempt:
            if failed:
                raise TryAgain
        failed = []


def _changed(task: ParseTask, digest: str) -> ParseFailure | None:
    """What was parsed may not be what the digest says: the parser read the file again."""
    try:
        same = sha256_file(task.file) == digest
    except FileNotFoundError:
        return ParseFailure(task.path, "changed_while_read", "the file vanished while it was read", transient=True)
    except OSError as error:
        return ParseFailure(task.path, "unreadable", f"it can't be read any more: {error.strerror or error}", transient=True)
    if same:
        return None
    return ParseFailure(task.path, "changed_while_read", "the file changed while it was read; ingest again", transient=True)
