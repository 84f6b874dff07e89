"""What ingests remember on this machine: parsed files, facts and chunks, each under a digest of everything that decided it.

    <local root>/cache/ingest/<corpus>.sqlite     entries(kind, key, checksum, value)

One file, so that an unchanged corpus is read through one handle. It may be deleted at any time: what is missing is computed again. An
entry whose checksum does not hold is deleted and never used; a file that is no database any more is started afresh.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from headgate.errors import DamagedCache, DamagedEntry, StorageError
from headgate.storage.layout import INGEST_CACHE

#: What an entry holds. "written" remembers the bytes of chunk set files, so that an unchanged one is not written again.
Kind = Literal["parsed", "facts", "chunks", "digests", "written"]
#: Raised when the table changes; an older file is started afresh.
_FORMAT = 1
#: Entries written between two commits: what a killed run has to do again.
_BATCH = 64
#: Level 1 of 9: text shrinks to a third at 100 MB/s; higher levels cost more than they save.
_COMPRESSION = 1
#: Entries per file of the corpus above which those of earlier revisions are dropped.
_KEPT_PER_FILE = 16
_SPARE = 4000
#: How long to wait for another process that writes the same file, seconds.
_BUSY_SECONDS = 60.0

_log = logging.getLogger(__name__)


class IngestCache:
    """The entries of one corpus. Made by `open_cache`; used by one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._uncommitted = 0

    def keys(self, kind: Kind) -> set[bytes]:
        """Keys of all entries of one kind; they may still turn out to be damaged."""
        return {row[0] for row in self._connection.execute("SELECT key FROM entries WHERE kind = ?", (kind,))}

    def get(self, kind: Kind, key: bytes) -> bytes | None:
        """The value, None where there is none.

        Raises:
            DamagedEntry: it is not what was written.
        """
        row = self._connection.execute("SELECT checksum, value FROM entries WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        if row is None:
            return None
        if _checksum(kind, key, row[1]) == row[0]:
            with suppress(zlib.error):
                return zlib.decompress(row[1])
        _log.warning("a cached entry (%s %s…) was damaged; it is computed again", kind, key.hex()[:12])
        self.delete(kind, [key])
        self.commit()
        raise DamagedEntry(f"{kind} {key.hex()}")

    def put(self, kind: Kind, key: bytes, value: bytes) -> None:
        """Write or replace an entry; it lasts from the next commit on, which comes by itself every few entries."""
        packed = zlib.compress(value, _COMPRESSION)
        self._connection.execute(
            "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", (kind, key, _checksum(kind, key, packed), packed)
        )
        self._uncommitted += 1
        if self._uncommitted >= _BATCH:
            self.commit()

    def delete(self, kind: Kind, keys: Iterable[bytes]) -> None:
        self._connection.executemany("DELETE FROM entries WHERE kind = ? AND key = ?", ((kind, key) for key in keys))

    def commit(self) -> None:
        self._connection.commit()
        self._uncommitted = 0

    def prune(self, used: dict[Kind, set[bytes]], *, files: int) -> int:
        """Once there are many more entries than files, drop those that the newest ingest did not use; returns how many."""
        (count,) = self._connection.execute("SELECT count(*) FROM entries").fetchone()
        if count <= files * _KEPT_PER_FILE + _SPARE:
            return 0
        dropped = 0
        for kind, keys in used.items():
            unused = self.keys(kind) - keys
            self.delete(kind, unused)
            dropped += len(unused)
        self.commit()
        self._connection.execute("VACUUM")
        return dropped


@contextmanager
def open_cache(folder: Path, corpus: str) -> Iterator[IngestCache]:
    """The cache of one corpus, created where there is none.

    Raises:
        StorageError: it can't be written.
        DamagedCache: it turned out, now or within the `with`, to be no database; open it again.
    """
    file = INGEST_CACHE.path(folder, corpus)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"the ingest cache {str(file)!r} can't be written: {error.strerror or error}") from error
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(file, timeout=_BUSY_SECONDS)
        _prepare(connection)
        yield IngestCache(connection)
        connection.commit()
    except sqlite3.OperationalError as error:
        raise StorageError(
            f"the ingest cache {str(file)!r} can't be used: {error}; check free space and permissions, or delete it"
        ) from error
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        discard_cache(folder, corpus)
        _log.warning("the ingest cache %s was damaged (%s); it is started afresh", file, error)
        raise DamagedCache(str(file)) from error
    finally:
        if connection is not None:
            connection.close()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # A power cut may lose the last entries, never the file: they are computed again.
    connection.execute("PRAGMA synchronous = NORMAL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != _FORMAT:
        connection.execute("DROP TABLE IF EXISTS entries")
        connection.execute(
            "CREATE TABLE entries (kind TEXT NOT NULL, key BLOB NOT NULL, checksum BLOB NOT NULL, value BLOB NOT NULL, "
            "PRIMARY KEY (kind, key))"
        )
        connection.execute(f"PRAGMA user_version = {_FORMAT}")
        connection.commit()


def _checksum(kind: Kind, key: bytes, packed: bytes) -> bytes:
    """Of the place too: a value under another entry's key is as wrong as a flipped bit."""
    return hashlib.blake2b(packed, digest_size=16, person=kind.encode(), salt=key[:16]).digest()


def discard_cache(folder: Path, corpus: str) -> None:
    """Delete the cache of one corpus; everything in it is computed again."""
    file = INGEST_CACHE.path(folder, corpus)
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
