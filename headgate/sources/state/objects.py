"""Bytes of remote files by their SHA-256, so that a past revision can be opened again without asking where it came from.

<local root>/corpora/objects/<first two digits>/<SHA-256>     also under this key in the store, where the store is a bucket
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from headgate.errors import IntegrityError, NotFoundError, StorageError
from headgate.storage import Store, sha256_file
from headgate.storage.layout import SOURCE_OBJECTS

#: Uploads at the same time.
_AT_ONCE = 8


class Incoming:
    """A file on its way in. It may be started over; it is kept only through `ObjectCache.receive`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream = path.open("xb")
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Raises StorageError: the disk is full or broken."""
        try:
            self._stream.write(piece)
        except OSError as error:
            raise _not_writable(self._path.parent, error) from error
        self._digest.update(piece)
        self.size += len(piece)

    def restart(self) -> None:
        self._stream.seek(0)
        self._stream.truncate()
        self._digest, self.size = hashlib.sha256(), 0

    def finish(self) -> str:
        try:
            self._stream.close()
        except OSError as error:
            raise _not_writable(self._path.parent, error) from error
        return self._digest.hexdigest()

    def close(self) -> None:
        with suppress(OSError):
            self._stream.close()


class ObjectCache:
    """The objects of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._root = store.local_root / SOURCE_OBJECTS.prefix()

    def path(self, digest: str) -> Path:
        return SOURCE_OBJECTS.path(self._store.local_root, digest)

    def has(self, digest: str, size: int) -> bool:
        """Whether the object can be had without asking its source; its bytes are checked when they are used."""
        try:
            if self.path(digest).stat().st_size == size:
                return True
        except OSError:
            pass
        return self._store.remote and self._store.exists(_key(digest))

    @contextmanager
    def receive(self) -> Iterator[Incoming]:
        """A temporary file to write to; call `keep` with it before the end, or it is removed.

        Raises:
            StorageError: the folder can't be written.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            incoming = Incoming(self._root / f".tmp-{os.getpid()}-{uuid.uuid4().hex}")
        except OSError as error:
            raise _not_writable(self._root, error) from error
        try:
            yield incoming
        finally:
            incoming.close()
            with suppress(OSError):
                incoming._path.unlink(missing_ok=True)

    def keep(self, incoming: Incoming) -> str:
        """The digest under which the received bytes lie from now on."""
        digest = incoming.finish()
        self._place(incoming._path, digest, incoming.size)
        return digest

    def add_file(self, source: Path, digest: str, size: int) -> None:
        """Take over a file that never changes, by a hard link where that can be."""
        if self.has(digest, size):
            return
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            temporary = self._root / f".tmp-{os.getpid()}-{uuid.uuid4().hex}"
            try:
                os.link(source, temporary)
            except OSError:  # another file system, or one without hard links
                shutil.copyfile(source, temporary)
        except OSError as error:
            raise _not_writable(self._root, error) from error
        self._place(temporary, digest, size)

    def _place(self, temporary: Path, digest: str, size: int) -> None:
        target = self.path(digest)
        try:
            if target.is_file() and target.stat().st_size == size:
                temporary.unlink(missing_ok=True)
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
        except OSError as error:
            raise _not_writable(self._root, error) from error

    def local(self, digest: str) -> Path:
        """A file with exactly these bytes.

        Raises:
            NotFoundError: neither this machine nor the store has them.
            IntegrityError: they were damaged on this machine; the damaged copy is gone now.
        """
        path = self.path(digest)
        if path.is_file():
            if sha256_file(path) == digest:
                return path
            path.unlink(missing_ok=True)
            if not self._store.remote:
                raise IntegrityError(f"{str(path)!r} was damaged and is removed; run again, it is fetched from its source anew")
        if not self._store.remote:
            raise NotFoundError(
                f"{str(path)!r} does not exist; a corpus revision needs it: restore it, or ingest from the source again"
            )
        return self._store.local(_key(digest), digest)

    def upload(self, digests: Iterable[str]) -> int:
        """Send what a remote store lacks; returns how many. Nothing happens with a store on this machine."""
        if not self._store.remote:
            return 0
        wanted = sorted(set(digests))

        def send(digest: str) -> int:
            if not self.path(digest).is_file() or self._store.exists(_key(digest)):
                return 0
            self._store.put_file(_key(digest), self.path(digest))
            return 1

        with ThreadPoolExecutor(_AT_ONCE) as threads:
            return sum(threads.map(send, wanted))

    def sweep(self) -> None:
        """Remove what processes that are dead left half-written."""
        for entry in self._root.glob(".tmp-*") if self._root.is_dir() else ():
            process = entry.name.split("-")[1]
            if process.isdigit() and not Path(f"/proc/{process}").exists():
                with suppress(OSError):
                    entry.unlink(missing_ok=True)


def _key(digest: str) -> str:
    return SOURCE_OBJECTS.key(digest)


def _not_writable(folder: Path, error: OSError) -> StorageError:
    return StorageError(f"{str(folder)!r} can't be written: {error.strerror or error}; check its permissions and free space")
