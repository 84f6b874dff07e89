"""Files that grow on this machine and are copied to a remote store: nothing written is lost while the store is down.

    <growing_root>/<folder>/<name>     locked by the process that writes it; freed when it ends, however it ends
        │ send                         every process sends what no living one holds, and its own as it grows
        ▼
    <folder>/<name> in the store       the same name each time, so that a longer state replaces a shorter one

A file that is whole in the store and not held by anyone is removed here.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from headgate.errors import StorageError
from headgate.storage.store import Store


def open_growing(path: Path) -> IO[bytes]:
    """A new file to append to, held by this process until it is closed.

    Raises:
        OSError: it can't be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        stream = path.open("ab")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if path.exists() and os.fstat(stream.fileno()).st_ino == path.stat().st_ino:
                break
        except FileNotFoundError:  # a sender took it for a left-over and removed it before it was held
            pass
        except OSError:
            stream.close()
            raise
        stream.close()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return stream


class Spool:
    """The growing files below one folder of a remote store."""

    def __init__(self, store: Store, folder: str) -> None:
        self._store = store
        self._folder = folder
        self._sent: dict[Path, int] = {}  # size of what the store has

    def paths(self) -> list[Path]:
        """Files that are still on this machine, sorted by name."""
        folder = self._store.growing_root / self._folder
        return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []

    def send(self, own: Path | None = None) -> None:
        """Bring the store up to date with this machine.

        Args:
            own: the file that this process is writing; it is sent and stays.

        Raises:
            StorageError: the store or the folder can't be used now; what was not sent stays and is sent later.
        """
        for path in self.paths():
            try:
                if path == own:
                    self._copy(path)
                    continue
                with _unheld(path) as free:
                    if free:
                        self._copy(path)
                        path.unlink()
                        self._sent.pop(path, None)
            except OSError as error:
                raise StorageError(
                    f"{str(path)!r} can't be sent to {self._store.address!r}: {error.strerror or error}"
                ) from error

    def _copy(self, path: Path) -> None:
        content = path.read_bytes()
        if content and self._sent.get(path) != len(content):
            self._store.put(f"{self._folder}/{path.name}", content)
            self._sent[path] = len(content)


@contextmanager
def _unheld(path: Path) -> Iterator[bool]:
    """Whether no living process writes the file; none starts to before the block ends."""
    try:
        stream = path.open("rb")
    except FileNotFoundError:  # another sender was faster
        yield False
        return
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield path.exists()
