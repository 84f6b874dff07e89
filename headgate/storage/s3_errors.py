"""What an S3 store answers when it does not do as asked, in one sentence, and whether asking again may help.

Only the error's code and message are repeated: the rest of an S3 error can hold the key id and what was signed.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from typing import TypeVar

from headgate.errors import Ambiguous, StorageError

T = TypeVar("T")
#: Tries of one request, and seconds from the first one after which no further one begins.
ATTEMPTS = 5
GIVE_UP_SECONDS = 30.0
#: Longest pause before the second try, seconds; it doubles with every further one, up to `_LONGEST_PAUSE`.
_PAUSE = 0.2
_LONGEST_PAUSE = 3.0
_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>([\w.]{1,80})</Code>")
_MESSAGE = re.compile(r"<Message>([^<]{1,300})</Message>")
_CREDENTIALS = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and what they are allowed to do"


def is_transient(error: Exception) -> bool:
    """Whether the same request may succeed later: no answer at all, too busy, or an error of the server."""
    status = _status(error)
    if status == 0:
        return "credential" not in str(error).lower() and not isinstance(error, FileNotFoundError)
    return status in (408, 409, 425, 429) or status >= 500


def explain(error: Exception, *, address: str, bucket: str, what: str) -> StorageError:
    """The error to raise instead of one of the client's."""
    text = str(error)
    status = _status(error)
    code, message = (found[1] if (found := pattern.search(text)) else "" for pattern in (_CODE, _MESSAGE))
    said = ": ".join(part for part in (code, message) if part)
    where = f"the store at {address!r}"
    if code == "NoSuchBucket":
        return StorageError(f"bucket {bucket!r} of {where} does not exist; create it, or set storage.root and storage.endpoint")
    if "169.254." in text:  # the client asked the machine for its role, having found no keys
        return StorageError(f"there are no credentials for {where}, and this machine has no role; {_CREDENTIALS}")
    if status in (401, 403) or "credential" in text.lower():
        return StorageError(f"{where} refuses the credentials while {what} ({said or f'status {status}'}); {_CREDENTIALS}")
    if (status in (301, 307, 400) and "redirect" in text.lower()) or code == "AuthorizationHeaderMalformed":
        return StorageError(f"{where} is in another region ({said or f'status {status}'}); set storage.region")
    if status:
        return StorageError(f"{where} answered {status} while {what}{f' ({said})' if said else ''}; see the store's own log")
    reason = text.splitlines()[0].rsplit(" - ", 1)[-1][:200] if text else type(error).__name__
    return StorageError(f"{where} does not answer while {what}: {reason}; check storage.endpoint and the network")


def client_errors() -> tuple[type[Exception], ...]:
    """What obstore raises; OSError for missing objects and for files of this machine."""
    from obstore.exceptions import BaseError

    return (BaseError, OSError)


def with_retries(request: Callable[[], T], *, tell_ambiguous: bool = False) -> T:
    """Carry out a request, again after a pause with jitter while it fails for a reason that may pass.

    Args:
        tell_ambiguous: raise `Ambiguous` in place of a permanent error that came after a try without an answer.
    """
    started = time.monotonic()
    pause = _PAUSE
    unsure = False
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return request()
        except client_errors() as error:
            last = attempt == ATTEMPTS or time.monotonic() - started > GIVE_UP_SECONDS
            if last or not is_transient(error):
                if unsure and tell_ambiguous and not is_transient(error):
                    raise Ambiguous(error) from None
                raise
            unsure = True
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries, keeps no secret
        pause = min(2 * pause, _LONGEST_PAUSE)
    raise AssertionError("unreachable")


def _status(error: Exception) -> int:
    """HTTP status that an error tells of, 0 when there was no answer."""
    found = _STATUS.search(str(error))
    return int(found[1]) if found else 0
