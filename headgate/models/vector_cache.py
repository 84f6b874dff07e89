"""Vectors computed before, by digest of the passage: one SQLite file a model, shared by all tables of a machine.

    <local root>/cache/vectors/<first 32 digits of the model's digest>.sqlite
        vectors(text BLOB 32 bytes, vector BLOB float32, then int8 of its units, mark BLOB: BLAKE2 over digest and vectors)

Write-ahead logging makes it safe under kill -9 and several processes. It is a cache: a record whose mark does not fit is not used, a
file that SQLite can't read is thrown away, a full disk stops the keeping and nothing else. Beyond its bound the models used longest
ago are dropped whole, then the oldest vectors of the one in use.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from headgate.models.passages import EmbeddedPassage

_log = logging.getLogger(__name__)
#: How long to wait for another process that writes, seconds.
_WAIT_SECONDS = 30.0
#: Digests asked for in one query; SQLite allows 32,766 parameters.
_LOOKUP = 5000
#: Bytes of a record beyond its vector: digest, mark, index entry, page overhead (measured: 1,740 a record of 384 dimensions).
_RECORD_OVERHEAD = 200
_SUFFIXES = ("", "-wal", "-shm")


class VectorCache:
    """The vectors of one model.

    Args:
        folder: where all models' files lie.
        model_digest: 64 hex digits.
        dimensions: length of a vector.
        limit: bytes that all files together may take; checked when closed.
    """

    def __init__(self, folder: Path, model_digest: str, dimensions: int, *, limit: int) -> None:
        self._folder = folder
        self._path = folder / f"{model_digest[:32]}.sqlite"
        self._dimensions = dimensions
        self._limit = limit
        self._connection: sqlite3.Connection | None = None
        if limit > 0:
            self._open()

    def get(self, text_digests: Sequence[str]) -> dict[str, EmbeddedPassage]:
        """Text digest → vectors, for those that are known and whole."""
        found: dict[str, EmbeddedPassage] = {}
        size = 4 * self._dimensions
        for start in range(0, len(text_digests), _LOOKUP):
            keys = [bytes.fromhex(digest) for digest in text_digests[start : start + _LOOKUP]]
            if self._connection is None:
                return found
            query = f"SELECT text, vector, mark FROM vectors WHERE text IN ({','.join('?' * len(keys))})"  # noqa: S608 - question marks alone
            try:
                rows = self._connection.execute(query, keys).fetchall()
            except sqlite3.DatabaseError as error:
                self._give_up(error)
                return found
            for key, content, mark in rows:
                if isinstance(content, bytes) and len(content) >= size and mark == _mark(key, content):
                    vector = np.frombuffer(content[:size], dtype="<f4").astype(np.float32, copy=False)
                    found[key.hex()] = EmbeddedPassage(vector, content[size:])
        return found

    def put(self, vectors: Mapping[str, EmbeddedPassage]) -> None:
        """Keep vectors; another process may have kept some already."""
        if self._connection is None or not vectors:
            return
        rows = []
        for digest, embedded in vectors.items():
            key, content = bytes.fromhex(digest), np.ascontiguousarray(embedded.vector, dtype="<f4").tobytes() + embedded.units
            rows.append((key, content, _mark(key, content)))
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO vectors (text, vector, mark) VALUES (?, ?, ?)", rows)
        except sqlite3.DatabaseError as error:
            self._give_up(error)

    def close(self) -> None:
        """Note that the file was used, bring all files below the limit, and let go."""
        if self._connection is None:
            return
        try:
            self._shrink(self._connection)
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.DatabaseError as error:
            self._give_up(error)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            with suppress(OSError):
                os.utime(self._path)

    def _open(self) -> None:
        for attempt in range(2):
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, check_same_thread=False)
                connection.execute("PRAGMA page_size = 8192")
                connection.execute("PRAGMA auto_vacuum = FULL")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                with connection:
                    connection.execute(
                        "CREATE TABLE IF NOT EXISTS vectors "
                        "(number INTEGER PRIMARY KEY, text BLOB UNIQUE NOT NULL, vector BLOB NOT NULL, mark BLOB NOT NULL)"
                    )
            except sqlite3.OperationalError as error:
                self._give_up(error)
                return
            except sqlite3.DatabaseError as error:
                if attempt:
                    self._give_up(error)
                    return
                _log.warning("the vector cache %r is broken (%s); it is thrown away and made anew", str(self._path), error)
                remove_files(self._path)
            except OSError as error:
                _log.warning("vectors are not kept for later: %r can't be written: %s", str(self._folder), error.strerror)
                return
            else:
                self._connection = connection
                return

    def _give_up(self, error: sqlite3.DatabaseError) -> None:
        """Go on without the cache. A broken file is removed so that the next run starts a new one."""
        broken = not isinstance(error, sqlite3.OperationalError)
        _log.warning("vectors are not kept for later: the cache %r failed: %s", str(self._path), error)
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        if broken:
            remove_files(self._path)

    def _shrink(self, connection: sqlite3.Connection) -> None:
        others = sorted((path for path in cache_files(self._folder) if path != self._path), key=lambda path: path.stat().st_mtime)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        total = _size(self._path) + sum(_size(path) for path in others)
        for path in others:
            if total <= self._limit:
                break
            total -= _size(path)
            remove_files(path)
        if total > self._limit:
            ((mean,),) = connection.execute("SELECT AVG(LENGTH(vector)) FROM vectors").fetchall()
            per_record = int(mean or 4 * self._dimensions) + _RECORD_OVERHEAD
            surplus = -(-(total - self._limit) // per_record)
            with connection:
                connection.execute(
                    "DELETE FROM vectors WHERE number IN (SELECT number FROM vectors ORDER BY number LIMIT ?)", (surplus,)
                )
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def clear_vectors(folder: Path) -> int:
    """Remove the vectors of all models below `folder`; returns the bytes that were freed."""
    freed = 0
    for path in cache_files(folder):
        freed += _size(path)
        remove_files(path)
    return freed


def forget_vectors(folder: Path, text_digests: Collection[str]) -> int:
    """Take these texts out of the caches of all models; returns how many vectors went. Their bytes are overwritten."""
    gone = 0
    for path in cache_files(folder):
        connection = sqlite3.connect(path, timeout=_WAIT_SECONDS)
        try:
            connection.execute("PRAGMA secure_delete = ON")
            with connection:
                for digest in text_digests:
                    gone += connection.execute("DELETE FROM vectors WHERE text = ?", (bytes.fromhex(digest),)).rowcount
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.DatabaseError as error:
            _log.warning("vector cache %s can't be read (%s); it is removed", path, error)
            remove_files(path)
        finally:
            connection.close()
    return gone


def cache_files(folder: Path) -> list[Path]:
    """The SQLite files of all models."""
    return sorted(folder.glob("*.sqlite"))


def remove_files(path: Path) -> None:
    """Remove a cache file and what SQLite keeps beside it."""
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _size(path: Path) -> int:
    sizes: Iterable[Path] = (path.with_name(path.name + suffix) for suffix in _SUFFIXES)
    return sum(file.stat().st_size for file in sizes if file.exists())


def _mark(key: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16, key=key).digest()
