"""Where bytes live: a folder, behind one small class.

Keys are POSIX paths relative to the store's root; a key that leaves the root is refused. `put` replaces atomically, `create`
writes only where nothing is (the ledger rests on that), both durable when they return.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

from headgate.errors import AlreadyExistsError, NotFoundError, StorageError

_PROBE = "probe-"  # beginning of keys that only show whether the store can be written


def sha256_hex(content: bytes) -> str:
    """SHA-256 of `content`, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in 1 MiB pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _checked_key(key: str) -> str:
    parts = PurePosixPath(key).parts
    if not parts or key.startswith("/") or ".." in parts or "\\" in key or "\0" in key:
        raise StorageError(f"key {key!r} is not a relative path inside the store")
    return "/".join(parts)


class Store:
    """A store in a folder.

    Raises:
        StorageError: the folder can't be created, read or written; says which and why.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def __repr__(self) -> str:
        return f"Store({str(self.root)!r})"

    def path(self, key: str) -> Path:
        """The file behind `key`; it may not exist."""
        return self.root / _checked_key(key)

    def exists(self, key: str) -> bool:
        return self.path(key).is_file()

    def get(self, key: str) -> bytes:
        """The bytes under `key`.

        Raises:
            NotFoundError: nothing is there.
        """
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"{key!r} is not in the store at {str(self.root)!r}") from None
        except OSError as error:
            raise StorageError(f"{key!r} in the store at {str(self.root)!r} can't be read: {error.strerror}") from error

    def put(self, key: str, content: bytes) -> None:
        """Write or replace `key`, atomically and durably."""
        target = self.path(key)
        temporary = self._write_temporary(target, content)
        try:
            temporary.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise self._not_writable(key, error) from error

    def create(self, key: str, content: bytes) -> None:
        """Write `key` only if nothing is there; of several writers exactly one wins.

        A temporary file is synced and then linked to its name: a link either exists whole or not at all, also after a power cut.

        Raises:
            AlreadyExistsError: the key is taken.
        """
        target = self.path(key)
        temporary = self._write_temporary(target, content)
        try:
            os.link(temporary, target)
            _sync_folder(target.parent)
        except FileExistsError:
            raise AlreadyExistsError(f"{key!r} exists already in the store at {str(self.root)!r}") from None
        except OSError as error:
            raise self._not_writable(key, error) from error
        finally:
            temporary.unlink(missing_ok=True)

    def list(self, prefix: str) -> Iterator[str]:
        """Keys below the folder `prefix`, sorted; temporary files are left out."""
        folder = self.path(prefix)
        if not folder.is_dir():
            return
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith(".tmp-"):
                yield path.relative_to(self.root).as_posix()

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens where it does not exist."""
        self.path(key).unlink(missing_ok=True)

    def check_writable(self) -> None:
        """Write and remove a probe, so that a long run does not find out at its end."""
        self.put(f"{_PROBE}{uuid.uuid4().hex}", b"")
        for path in self.root.glob(f"{_PROBE}*"):
            path.unlink(missing_ok=True)

    def _write_temporary(self, target: Path, content: bytes) -> Path:
        temporary = target.parent / f".tmp-{uuid.uuid4().hex}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise self._not_writable(target.name, error) from error
        return temporary

    def _not_writable(self, key: str, error: OSError) -> StorageError:
        what = "the store" if key.startswith(_PROBE) else f"{key!r} of the store"
        return StorageError(
            f"{what} at {str(self.root)!r} can't be written: {error.strerror or error}; "
            "check its permissions and free space, or set storage.root or HEADGATE_STORE to another folder"
        )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
