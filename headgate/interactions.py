"""The durable log of what was asked and answered. An interaction is on disk before its answer has ended.

    interactions/<date>-<pid>-<random>.jsonl     one segment a process; a line is  <SHA-256 of the record> <record as JSON>

A process that is killed leaves at most one torn last line, of an interaction whose answer had not ended; it is reported and skipped. Reading
drops repeats of an id, so nothing counts twice.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import orjson
from pydantic import ValidationError

from headgate.errors import IntegrityError, NotFoundError, StorageError
from headgate.records import Interaction
from headgate.storage import Store, sha256_hex

_log = logging.getLogger(__name__)


def new_interaction_id() -> str:
    """A unique id that sorts by time: milliseconds since 1970 in 12 hex digits, then 20 random ones."""
    return f"{time.time_ns() // 1_000_000:012x}{uuid.uuid4().hex[:20]}"


@dataclass
class _Batch:
    """Lines that one fsync makes durable together."""

    lines: list[bytes] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    error: OSError | None = None


class InteractionLog:
    """Appends to one segment of its own and reads all segments. Safe for concurrent use by threads; processes have separate segments."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stream: IO[bytes] | None = None
        self._pid = 0
        self._queue_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._pending = _Batch()

    def append(self, interaction: Interaction) -> None:
        """Write one interaction; it is durable when this returns. Callers at the same time share one fsync.

        Raises:
            StorageError: the log can't be written; the interaction must then count as not answered.
        """
        content = orjson.dumps(interaction.model_dump(mode="json"))
        line = f"{sha256_hex(content)} ".encode() + content + b"\n"
        with self._queue_lock:
            batch = self._pending
            batch.lines.append(line)
        with self._write_lock:
            if not batch.done.is_set():
                with self._queue_lock:
                    self._pending = _Batch()
                self._write(batch)
        if batch.error is not None:
            raise StorageError(
                f"interaction {interaction.interaction_id!r} can't be logged to {str(self._store.root)!r}: {batch.error.strerror}; check permissions and space"
            ) from batch.error

    def __iter__(self) -> Iterator[Interaction]:
        """Every whole interaction, by segment, repeats left out."""
        seen: set[str] = set()
        for path in self._segments():
            for content in _whole_lines(path):
                interaction = _parse(content, path)
                if interaction.interaction_id not in seen:
                    seen.add(interaction.interaction_id)
                    yield interaction

    def find(self, interaction_id: str) -> Interaction:
        """The interaction of that id.

        Raises:
            NotFoundError: it was never logged in this store.
        """
        needle = interaction_id.encode()
        for path in self._segments():
            for content in _whole_lines(path):
                if needle in content:
                    interaction = _parse(content, path)
                    if interaction.interaction_id == interaction_id:
                        return interaction
        raise NotFoundError(
            f"no interaction {interaction_id!r} in the store at {str(self._store.root)!r}; `headgate ask` and the service tell an answer's id"
        )

    def damaged(self) -> list[str]:
        """Lines that are not whole, as `segment:line`: torn by a kill, or changed."""
        found = []
        for path in self._segments():
            for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
                if line and _content(line) is None:
                    found.append(f"{path.name}:{number}")
        return found

    def close(self) -> None:
        with self._write_lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None

    def _segments(self) -> list[Path]:
        return [self._store.path(key) for key in self._store.list("interactions") if key.endswith(".jsonl")]

    def _write(self, batch: _Batch) -> None:
        try:
            stream = self._open()
            start = stream.tell()
            try:
                stream.write(b"".join(batch.lines))
                stream.flush()
                os.fsync(stream.fileno())
            except OSError:
                self._stream = None  # the next try opens another segment
                with contextlib.suppress(OSError):  # closing writes what is buffered, and fails again on a full disk
                    stream.close()
                _cut(self._path, start)
                raise
        except OSError as error:
            batch.error = error
        finally:
            batch.done.set()

    def _open(self) -> IO[bytes]:
        if self._stream is None or self._pid != os.getpid():
            self._pid = os.getpid()
            name = f"{datetime.now(UTC):%Y-%m-%d}-{self._pid}-{uuid.uuid4().hex[:12]}.jsonl"
            self._path = self._store.path(f"interactions/{name}")
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._path.open("ab")
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return self._stream


def _cut(path: Path, size: int) -> None:
    """Best effort: take back lines whose fsync failed, since their callers are told that they were not logged."""
    try:
        os.truncate(path, size)
    except OSError:
        return


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Records of whole lines. A line that is not is left out with a warning: a process was killed while it wrote, or is writing now."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            content = _content(line.rstrip(b"\n")) if line.endswith(b"\n") else None
            if content is not None:
                yield content
            else:
                _log.warning("interaction log: line %d of %s is not whole and was left out", number, path.name)


def _parse(content: bytes, path: Path) -> Interaction:
    try:
        return Interaction.model_validate_json(content)
    except ValidationError as error:
        raise IntegrityError(
            f"interaction log {path.name}: a record is of another version of headgate ({error.error_count()} problem(s)); read it with that version"
        ) from error


def _content(line: bytes) -> bytes | None:
    """The record of a line, None unless the line is whole."""
    digest, _, content = line.partition(b" ")
    return content if content and digest == sha256_hex(content).encode() else None
