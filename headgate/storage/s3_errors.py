"""What an S3 store answers when it does not do as asked, in one sentence, and whether asking again may help.

Only the error's code and message are repeated: the rest of an S3 error can hold the key id and what was signed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from headgate.errors import Ambiguous, StorageError
from headgate.process.retry import Retries, of_object_store, status_of

T = TypeVar("T")
#: Of one request; its pauses are 1.5 to 3 s in all.
RETRIES = Retries(tries=5, first_pause=0.2, longest_pause=3.0, deadline=30.0, least=0.5)
_CODE = re.compile(r"<Code>([\w.]{1,80})</Code>")
_MESSAGE = re.compile(r"<Message>([^<]{1,300})</Message>")
_CREDENTIALS = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and what they are allowed to do"


def explain(error: Exception, *, address: str, bucket: str, what: str) -> StorageError:
    """The error to raise instead of one of the client's."""
    text = str(error)
    status = status_of(error)
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
    """Carry out a request, again after a pause while it fails for a reason that may pass.

    Args:
        tell_ambiguous: raise `Ambiguous` in place of a permanent error that came after a try without an answer.
    """
    unsure = False

    def once() -> T:
        nonlocal unsure
        try:
            return request()
        except client_errors() as error:
            if of_object_store(error):
                unsure = True
            elif unsure and tell_ambiguous:
                raise Ambiguous(error) from None
            raise

    return RETRIES.call(once, lambda error: isinstance(error, client_errors()) and of_object_store(error))
