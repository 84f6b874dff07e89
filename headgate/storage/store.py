"""What every store offers: bytes under keys, a lock, and a place for LanceDB.

Keys are POSIX paths relative to the store's root; a key that leaves the root is refused. `put` replaces atomically, `create` writes only
where nothing is (the ledger and the locks rest on that), both durable when they return.
"""

from __future__ import annotations

import hashlib
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from headgate.errors import StorageError
from headgate.storage.layout import PROBES


def sha256_hex(content: bytes) -> str:
    """SHA-256 of `content`, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


#: Beginning of the names of half-written files.
TEMPORARY = ".tmp-"


def is_temporary(key: str) -> bool:
    """Whether a file is half-written, or only shows that the store can be written."""
    name = key.rpartition("/")[2]
    return name.startswith(TEMPORARY) or PROBES.parse(name) is not None


def checked_key(key: str) -> str:
    """`key` in its one spelling.

    Raises:
        StorageError: it is not a relative path inside the store.
    """
    parts = PurePosixPath(key).parts
    if not parts or key.startswith("/") or ".." in parts or "\\" in key or "\0" in key:
        raise StorageError(f"key {key!r} is not a relative path inside the store")
    return "/".join(parts)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`size` in bytes, `modified` in seconds since 1970 by the store's own clock."""

    key: str
    size: int
    modified: float


class Held(Protocol):
    """A lock that is held."""

    def check(self) -> None:
        """Ask right before what must be done by one writer only.

        Raises:
            StorageError: the lock was lost: this process was stopped or cut off for so long that another took it over.
        """


class Store(ABC):
    """A folder (`FolderStore`) or an S3 bucket (`S3Store`); made by `open_store`.

    Attributes:
        address: the folder, or `s3://bucket/prefix`; for messages.
        local_root: folder for what stays on this machine: the store's own folder, or the one of `storage.cache` for S3.
        growing_root: folder in which files that grow are written under their keys: the store's own, or a spool that `Spool` sends.
        remote: whether the two differ from the store.
    """

    address: str
    local_root: Path
    growing_root: Path
    remote: bool

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address!r})"

    @abstractmethod
    def exists(self, key: str) -> bool: ...

    @abstractmethod
    def get(self, key: str) -> bytes:
        """The bytes under `key`.

        Raises:
            NotFoundError: nothing is there.
        """

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]:
        """The bytes under each of `keys`, in their order; a bucket is asked for several at a time.

        Raises:
            NotFoundError: one is not there.
        """
        return map(self.get, keys)

    @abstractmethod
    def put(self, key: str, content: bytes) -> None:
        """Write or replace `key`, atomically and durably."""

    @abstractmethod
    def put_file(self, key: str, source: Path) -> None:
        """As `put`, with the bytes of a file that need not fit into memory."""

    @abstractmethod
    def create(self, key: str, content: bytes) -> None:
        """Write `key` only if nothing is there; of several writers exactly one wins.

        Raises:
            AlreadyExistsError: the key is taken.
        """

    @abstractmethod
    def entries(self, prefix: str) -> Iterator[StoredFile]:
        """What lies below the folder `prefix`, sorted by key; half-written files are left out."""

    @abstractmethod
    def all_entries(self) -> Iterator[StoredFile]:
        """Everything in the store, sorted by key; half-written files are left out."""

    def list(self, prefix: str) -> Iterator[str]:
        """Keys below the folder `prefix`, sorted."""
        return (entry.key for entry in self.entries(prefix))

    @abstractmethod
    def stat(self, key: str) -> StoredFile:
        """Size and age of `key`.

        Raises:
            NotFoundError: nothing is there.
        """

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens where it does not exist."""

    @abstractmethod
    def local(self, key: str, digest: str = "") -> Path:
        """A file on this machine with exactly the bytes of `key`; not to be written.

        Args:
            digest: SHA-256 that the bytes must have; with it, a copy fetched earlier needs no word from the store.

        Raises:
            NotFoundError: nothing is there.
            IntegrityError: the bytes have another digest.
        """

    @abstractmethod
    def digest(self, key: str) -> str:
        """SHA-256 of what lies under `key` in the store itself, never of a copy.

        Raises:
            NotFoundError: nothing is there.
        """

    @abstractmethod
    def lock(self, name: str, *, wait_seconds: float = 0.0) -> AbstractContextManager[Held]:
        """Hold the lock `name` alone, over all processes and machines that use this store. Freed when its holder dies.

        Args:
            wait_seconds: how long to wait for another holder; 0 = refuse at once.

        Raises:
            LockedError: another run holds it; says which.
        """

    @abstractmethod
    def lance_uri(self) -> str:
        """Where LanceDB keeps its tables."""

    @abstractmethod
    def lance_options(self) -> dict[str, str]:
        """`storage_options` for LanceDB; never holds credentials."""

    @abstractmethod
    def local_lance(self) -> Path:
        """Folder in which `local` puts the files of tables: a LanceDB folder of exactly the fetched versions."""

    def forget(self, key: str) -> None:
        """Remove this machine's copy of `key`, where the store is remote; what the store itself holds stays."""
        checked_key(key)

    def sweep(self) -> int:
        """Remove half-written files of processes that are dead; returns how many. Others are left alone."""
        return 0

    def check_writable(self) -> None:
        """Write and remove a probe, so that a long run does not find out at its end.

        Raises:
            StorageError: the store can't be written, or can't do what is asked of a store.
        """
        probe = PROBES.key(uuid.uuid4().hex)
        self.put(probe, b"")
        self.delete(probe)
