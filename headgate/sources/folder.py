"""A folder as a source: regular files, hidden ones and links left out by name, read in a way that notices a change.

A file is opened folder by folder without following a link anywhere below the root, and without waiting for a pipe; it must be the same
before and after it is read.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BufferedReader
from pathlib import Path

from headgate.errors import FaultReason, Gone, SourceFault
from headgate.process.retry import PASSING_ERRNOS, Retries, of_source
from headgate.records import Remark
from headgate.records.remarks import excluded
from headgate.sources.corpus_paths import corpus_path
from headgate.sources.items import Fetched, Known, Listed, Listing
from headgate.sources.state.objects import ObjectCache
from headgate.sources.values import iso_timestamp

_LINK = excluded("symlink", "links are not followed")
_HIDDEN = excluded("hidden", "names that start with a dot")
_HIDDEN_FOLDER = excluded("hidden", "folders whose names start with a dot are not entered")
_SPECIAL = excluded("special", "not a regular file")
#: A file that changes while it is read, or whose drive is busy, may be whole a moment later.
_RETRIES = Retries(tries=3, first_pause=0.2, least=0.5)
_PIECE = 1 << 20


class FolderReader:
    """The files below `root`.

    Args:
        objects: where to keep copies, so that this state can be opened again; None = files are read where they lie.
        limit: larger files are neither read nor copied, bytes.
    """

    def __init__(
        self, root: Path, objects: ObjectCache | None, *, limit: int = 1 << 62, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._root = root
        self._objects = objects
        self._limit = limit
        self._retries = replace(_RETRIES, sleep=sleep)

    def listing(self) -> Listing:
        if not self._root.is_dir():
            raise SourceFault(
                "missing", f"folder {str(self._root)!r} does not exist or is not a folder; set corpus.folder or pass another one"
            )
        unlisted: dict[str, SourceFault] = {}
        return Listing(tuple(sorted(self._walk(unlisted), key=lambda item: item.key)), unlisted)

    def _walk(self, unlisted: dict[str, SourceFault]) -> Iterator[Listed]:
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(self._root / folder) as entries:
                    found = [(entry.name, entry) for entry in entries]
            except FileNotFoundError:  # removed since its parent was read
                continue
            except OSError as error:
                if not folder:
                    raise SourceFault(
                        "unreadable", f"folder {str(self._root)!r} can't be read: {error.strerror or error}"
                    ) from error
                unlisted[corpus_path(folder)] = _fault("unreadable", f"folder {folder!r}", error)
                continue
            for name, entry in found:
                key = f"{folder}/{name}" if folder else name
                rule = _rule(entry)
                if rule is None and entry.is_dir(follow_symlinks=False):
                    pending.append(key)
                else:
                    yield _listed(key, entry, rule)

    def fetch(self, item: Listed, known: Known | None) -> Fetched:
        tried = 0

        def once() -> Fetched:
            nonlocal tried
            tried += 1
            try:
                fetched = self._read(item, known)
            except FileNotFoundError:
                raise Gone("it vanished while the folder was read") from None
            except OSError as error:
                raise _fault("unreadable", "it", error) from error
            if fetched is None:
                changed = f"it changed each of {tried} times that it was read"
                raise SourceFault("changed_while_read", changed, transient=True, blames_source=False)
            return fetched

        return replace(self._retries.call(once, of_source), rereads=tried - 1)

    def _read(self, item: Listed, known: Known | None) -> Fetched | None:
        """None = it changed meanwhile."""
        descriptor = _open(self._root, item.key)
        with os.fdopen(descriptor, "rb") as stream:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                raise SourceFault("unreadable", "it is not a regular file any more", blames_source=False)
            digest, size = self._take(stream, before.st_size)
            if _version(before) != _version(os.fstat(descriptor)) or size != before.st_size:
                return None
        unchanged = known is not None and known.digest == digest
        modified = iso_timestamp(before.st_mtime)
        return Fetched(digest, size, unchanged, modified, place=None if self._objects else self._root / item.key)

    def _take(self, stream: BufferedReader, size: int) -> tuple[str, int]:
        """Digest and number of the bytes that were read, and copied if copies are kept."""
        if size > self._limit:
            raise SourceFault(
                "too_large", f"{size / 2**20:.1f} MiB, parse.max_file_mib allows {self._limit / 2**20:.0f}", blames_source=False
            )
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        read = stream.tell()
        if self._objects is None or read != size or self._objects.has(digest, size):
            return digest, read
        stream.seek(0)
        with self._objects.receive() as incoming:
            while piece := stream.read(_PIECE):
                incoming.write(piece)
            copied = incoming.size
            return self._objects.keep(incoming), copied


def _open(root: Path, key: str) -> int:
    """A descriptor of the file `key` below `root`; a folder on the way that became a link is not entered."""
    *folders, name = key.split("/")
    within = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder in folders:
            entered = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
            os.close(within)
            within = entered
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=within)
    finally:
        os.close(within)


def _rule(entry: os.DirEntry[str]) -> Remark | None:
    """The rule of the source that leaves an entry out."""
    if entry.is_symlink():
        return _LINK
    if entry.is_dir(follow_symlinks=False):
        return _HIDDEN_FOLDER if entry.name.startswith(".") else None
    if not entry.is_file(follow_symlinks=False):
        return _SPECIAL
    return _HIDDEN if entry.name.startswith(".") else None


def _listed(key: str, entry: os.DirEntry[str], rule: Remark | None) -> Listed:
    try:
        state = entry.stat(follow_symlinks=False)
    except OSError:  # gone or unreadable: reading it will tell
        return Listed(key, corpus_path(key), rule=rule)
    modified = iso_timestamp(state.st_mtime)
    return Listed(
        key,
        corpus_path(key),
        size=0 if rule in (_LINK, _HIDDEN_FOLDER, _SPECIAL) else state.st_size,
        modified=modified,
        rule=rule,
    )


def _version(state: os.stat_result) -> tuple[int, int, int, int]:
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _fault(reason: FaultReason, what: str, error: OSError) -> SourceFault:
    if error.errno == errno.ELOOP:
        return SourceFault(reason, f"{what} was replaced by a link, which is not followed", blames_source=False)
    if error.errno == errno.ENOTDIR:
        return SourceFault(
            reason, f"a folder of {what} was replaced by a file or a link, which is not followed", blames_source=False
        )
    return SourceFault(
        reason,
        f"{what} can't be read: {error.strerror or error}; check its permissions",
        transient=error.errno in PASSING_ERRNOS,
        blames_source=False,
    )
