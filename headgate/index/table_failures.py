"""What LanceDB raises when its files can't be written or reached, as one sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from headgate.errors import StorageError
from headgate.storage import Store

#: LanceDB has no exception for them: input and output fail as RuntimeError, ValueError or OSError that say so.
_INPUT_OUTPUT = re.compile(r"LanceError\(IO\)|\bIO \{|os error \d+|Generic (S3|LocalFileSystem) error|LanceError\(Timeout\)")
_CAUSES = (
    re.compile(r"<Code>([\w.]{1,80})</Code>"),
    re.compile(r"status(?: code)?:? (\d{3}[\w ]{0,30})"),
    re.compile(r"kind: (\w+), message: \"[^\"]{1,100}\""),
    re.compile(r"(?:LanceError\(\w+\): )?([^:,{}<>]{3,100} \(os error \d+\))"),
)


@contextmanager
def table_failures(store: Store) -> Iterator[None]:
    """Around everything that reads or writes tables in the store itself.

    Raises:
        StorageError: the disk is full, the bucket does not answer, or refuses. Other errors pass as they are.
    """
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:
        text = str(error)
        if not isinstance(error, OSError) and not _INPUT_OUTPUT.search(text):
            raise
        cause = next((found[1].strip() for pattern in _CAUSES if (found := pattern.search(text))), text[:200].split(", /")[0])
        advice = "check storage.endpoint, the network and the credentials" if store.remote else "check permissions and free space"
        raise StorageError(
            f"the tables at {store.lance_uri()!r} can't be read or written: {cause}; {advice}, and run again: what was pinned is untouched"
        ) from (None if store.remote else error)  # a bucket's answer can hold the key id
