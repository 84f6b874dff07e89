"""A store in a folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from headgate.errors import AlreadyExistsError, IntegrityError, LockedError, NotFoundError, StorageError
from headgate.storage.layout import FOREIGN_TOPS, LANCE, LOCKS, PROBES
from headgate.storage.store import TEMPORARY, Held, Store, StoredFile, checked_key, sha256_file

_POLL_SECONDS = 0.2
#: A probe lives for milliseconds; an older one was left by a process that was killed.
_OLD_PROBE_SECONDS = 600.0


class _HeldForLife:
    """flock holds for as long as the process lives."""

    def check(self) -> None:
        return


class FolderStore(Store):
    """A store in a folder.

    Raises:
        StorageError: the folder can't be created, read or written; says which and why.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.address = str(root)
        self.local_root = self.growing_root = root
        self.remote = False

    def path(self, key: str) -> Path:
        """The file behind `key`; it may not exist. Only tests and what is local by nature ask for it: others ask `local`."""
        return self.root / checked_key(key)

    def exists(self, key: str) -> bool:
        return self.path(key).is_file()

    def get(self, key: str) -> bytes:
        with self._reading(key):
            return self.path(key).read_bytes()

    def put(self, key: str, content: bytes) -> None:
        self._replace(key, lambda stream: stream.write(content))

    def put_file(self, key: str, source: Path) -> None:
        def copy(stream: IO[bytes]) -> None:
            with source.open("rb") as origin:
                shutil.copyfileobj(origin, stream, 1 << 20)

        self._replace(key, copy)

    def create(self, key: str, content: bytes) -> None:
        """A temporary file is synced and then linked to its name: a link exists whole or not at all, also after a power cut."""
        target = self.path(key)
        temporary = self._write_temporary(target, key, lambda stream: stream.write(content))
        try:
            os.link(temporary, target)
            _sync_folder(target.parent)
        except FileExistsError:
            raise AlreadyExistsError(f"{key!r} exists already in the store at {self.address!r}") from None
        except OSError as error:
            raise self._not_writable(key, error) from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def entries(self, prefix: str) -> Iterator[StoredFile]:
        return self._below(self.path(prefix))

    def all_entries(self) -> Iterator[StoredFile]:
        return self._below(self.root)

    def _below(self, folder: Path) -> Iterator[StoredFile]:
        try:
            paths = [path for path in folder.rglob("*") if not path.name.startswith(TEMPORARY)] if folder.is_dir() else []
        except OSError as error:
            raise self._not_readable(str(folder), error) from error
        for key, path in sorted((path.relative_to(self.root).as_posix(), path) for path in paths):
            with suppress(FileNotFoundError):  # removed since it was listed
                if path.is_file():
                    state = path.stat()
                    yield StoredFile(key, state.st_size, state.st_mtime)

    def stat(self, key: str) -> StoredFile:
        with self._reading(key):
            state = self.path(key).stat()
        return StoredFile(checked_key(key), state.st_size, state.st_mtime)

    def delete(self, key: str) -> None:
        try:
            self.path(key).unlink(missing_ok=True)
        except OSError as error:
            raise self._not_writable(key, error) from error

    def local(self, key: str, digest: str = "") -> Path:
        path = self.path(key)
        if not path.is_file():
            raise NotFoundError(f"{key!r} is not in the store at {self.address!r}")
        if digest and (found := self.digest(key)) != digest:
            raise IntegrityError(f"{key!r} in the store at {self.address!r} has SHA-256 {found[:16]}…, not {digest[:16]}…")
        return path

    def digest(self, key: str) -> str:
        with self._reading(key):
            return sha256_file(self.path(key))

    @contextmanager
    def lock(self, name: str, *, wait_seconds: float = 0.0) -> Iterator[Held]:
        key = LOCKS.key(name)
        path = self.path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = path.open("a+")
        except OSError as error:
            raise self._not_writable(key, error) from error
        with stream:
            deadline = time.monotonic() + wait_seconds
            while not _locked(stream):
                if time.monotonic() >= deadline:
                    stream.seek(0)
                    holder = stream.read(200).strip() or "another process"
                    raise LockedError(f"{name!r} is being written by another run ({holder}); wait for it to end")
                time.sleep(_POLL_SECONDS)
            with suppress(OSError):  # who holds it is only for the message
                stream.truncate(0)
                stream.write(f"process {os.getpid()} on {socket.gethostname()}")
                stream.flush()
            yield _HeldForLife()

    def lance_uri(self) -> str:
        folder = self.root / LANCE.prefix()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._not_writable(LANCE.prefix(), error) from error
        return str(folder)

    def lance_options(self) -> dict[str, str]:
        return {}

    def local_lance(self) -> Path:
        return self.root / LANCE.prefix()

    def sweep(self) -> int:
        """A file's name says which process of which machine was writing it."""
        removed = 0
        prefix = _own_prefix()
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if Path(folder) != self.root or name not in FOREIGN_TOPS]
            for name in names:
                process = name.removeprefix(prefix).partition("-")[0]
                half_written = name.startswith(prefix) and process.isdigit() and not is_alive(int(process))
                path = Path(folder, name)
                with suppress(OSError):
                    if half_written or (PROBES.parse(name) and time.time() - path.stat().st_mtime > _OLD_PROBE_SECONDS):
                        path.unlink()
                        removed += 1
        return removed

    def _replace(self, key: str, write: Callable[[IO[bytes]], object]) -> None:
        target = self.path(key)
        temporary = self._write_temporary(target, key, write)
        try:
            temporary.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise self._not_writable(key, error) from error

    def _write_temporary(self, target: Path, key: str, write: Callable[[IO[bytes]], object]) -> Path:
        temporary = target.parent / f"{_own_prefix()}{os.getpid()}-{uuid.uuid4().hex}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as stream:
                write(stream)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise self._not_writable(key, error) from error
        return temporary

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise NotFoundError(f"{key!r} is not in the store at {self.address!r}") from None
        except OSError as error:
            raise self._not_readable(key, error) from error

    def _not_readable(self, key: str, error: OSError) -> StorageError:
        return StorageError(f"{key!r} in the store at {self.address!r} can't be read: {error.strerror or error}")

    def _not_writable(self, key: str, error: OSError) -> StorageError:
        what = "the store" if PROBES.parse(key) else f"{key!r} of the store"
        return StorageError(
            f"{what} at {self.address!r} can't be written: {error.strerror or error}; "
            "check its permissions and free space, or set storage.root or HEADGATE_STORE to another folder"
        )


def _own_prefix() -> str:
    """Beginning of the names of this machine's half-written files."""
    machine = "".join(letter for letter in socket.gethostname() if letter.isalnum())
    return f"{TEMPORARY}{machine}-"


def is_alive(process: int) -> bool:
    """Whether a process of that id runs on this machine, whoever's it is."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _locked(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
