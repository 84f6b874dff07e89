"""The durable log of what was asked and answered. An interaction is on disk before its answer has ended.

    interactions/<date>-<pid>-<random>.jsonl     one segment a process; a line is  <SHA-256 of the record> <record as JSON>

A process that is killed leaves at most one torn last line, of an interaction whose answer had not ended; it is reported and skipped. Reading
drops repeats of an id, so nothing counts twice. With a remote store segments grow in a spool on this machine and are sent every few
seconds: what a store that is down does not take is sent later, by this process or the next one here.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import orjson
from pydantic import ValidationError

from headgate.errors import IntegrityError, NotFoundError, StorageError
from headgate.records import Interaction
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import INTERACTIONS
from headgate.storage.spool import Spool, open_growing

_log = logging.getLogger(__name__)
#: How often a spooled segment is sent, seconds: what a machine that is lost for good may take with it.
SEND_SECONDS = 5.0
#: A spooled segment of this size is ended, so that sending it again stays cheap, bytes.
_LONGEST_SPOOLED = 4 << 20


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
        self._spool = Spool(store, INTERACTIONS.prefix()) if store.remote else None
        self._sender: threading.Thread | None = None
        self._closing = threading.Event()
        self.not_sent = ""  # why the last try to send failed, "" when all is well

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
                f"interaction {interaction.interaction_id!r} can't be logged to {str(self._store.growing_root)!r}: {batch.error.strerror}; check permissions and space"
            ) from batch.error
        self.start_sending()

    def start_sending(self) -> None:
        """With a remote store: begin to send what is spooled here, that of earlier processes too. Otherwise nothing happens."""
        with self._queue_lock:
            if self._spool is not None and (self._sender is None or not self._sender.is_alive()) and not self._closing.is_set():
                self._sender = threading.Thread(target=self._send_until_closed, name="interaction-sender", daemon=True)
                self._sender.start()

    def __iter__(self) -> Iterator[Interaction]:
        """Every whole interaction, by segment, repeats left out."""
        seen: set[str] = set()
        for name in self._names():
            for content in _whole_lines(name, self._read(name)):
                interaction = _parse(content, name)
                if interaction.interaction_id not in seen:
                    seen.add(interaction.interaction_id)
                    yield interaction

    def since(self, moment: datetime) -> Iterator[Interaction]:
        """Every whole interaction asked at `moment` or later, repeats left out. Segments that ended before are not read."""
        written = {entry.key.rsplit("/", 1)[-1]: entry.modified for entry in self._store.entries(INTERACTIONS.prefix())}
        seen: set[str] = set()
        for name in self._names():
            if written.get(name, math.inf) < moment.timestamp():
                continue
            for content in _whole_lines(name, self._read(name)):
                interaction = _parse(content, name)
                if interaction.interaction_id not in seen and datetime.fromisoformat(interaction.asked_at) >= moment:
                    seen.add(interaction.interaction_id)
                    yield interaction

    def find(self, interaction_id: str) -> Interaction:
        """The interaction of that id.

        Raises:
            NotFoundError: it was never logged in this store.
        """
        needle = interaction_id.encode()
        day = _day(interaction_id)
        # A segment holds interactions of its first day and later ones: the nearest day before is the likeliest.
        for name in sorted(self._names(), key=lambda name: (name[:10] <= day, name), reverse=True):
            for content in _whole_lines(name, self._read(name)):
                if needle in content:
                    interaction = _parse(content, name)
                    if interaction.interaction_id == interaction_id:
                        return interaction
        raise NotFoundError(
            f"no interaction {interaction_id!r} in the store at {self._store.address!r}; `headgate ask` and the service tell an answer's id"
        )

    def rewrite(
        self, change: Callable[[Interaction], Interaction | None], *, dry_run: bool = False
    ) -> tuple[int, list[tuple[str, str]]]:
        """Replace interactions by shorter ones, in place: a line keeps its length, so that whoever appends to its segment goes on.

        Args:
            change: what stands in an interaction's place; None = it stays.
            dry_run: only count.

        Returns:
            How many were replaced, and (segment, why) for those in which one could not be.
        """
        replaced, left = 0, []
        for name in self._names():
            with self._read(name) as stream:
                content = bytearray(stream.read())
            at, count = 0, 0
            for line in bytes(content).split(b"\n"):
                record = _content(line)
                shorter = change(_parse(record, name)) if record is not None else None
                if shorter is not None and record is not None:
                    written = orjson.dumps(shorter.model_dump(mode="json")).ljust(len(record))
                    if len(written) == len(record):
                        content[at : at + len(line)] = f"{sha256_hex(written)} ".encode() + written
                        count += 1
                    else:
                        left.append((name, "an answer is too short to be replaced in place"))
                at += len(line) + 1
            replaced += count
            if count and not dry_run:
                self._put_back(name, bytes(content))
        return replaced, left

    def _put_back(self, name: str, content: bytes) -> None:
        """The same bytes but for the lines that were replaced; what was appended meanwhile stays behind them."""
        here = self._store.growing_root / INTERACTIONS.prefix() / name
        if here.is_file():
            with here.open("r+b") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
        if self._store.remote and self._store.exists(key := f"{INTERACTIONS.prefix()}/{name}"):
            self._store.put(key, content)

    def damaged(self) -> list[str]:
        """Lines that are not whole, as `segment:line`: torn by a kill, or changed."""
        found = []
        for name in self._names():
            with self._read(name) as stream:
                for number, line in enumerate(stream.read().split(b"\n"), start=1):
                    if line and _content(line) is None:
                        found.append(f"{name}:{number}")
        return found

    def close(self) -> None:
        with self._write_lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None
        if self._sender is not None and self._sender is not threading.current_thread():
            self._closing.set()
            self._sender.join()
            self._sender = None
            self._closing.clear()
            self._send()

    def _names(self) -> list[str]:
        """Of all segments, in the store and still on their way to it, sorted."""
        waiting = {path.name for path in self._spool.paths()} if self._spool is not None else set()
        stored = {key.rsplit("/", 1)[-1] for key in self._store.list(INTERACTIONS.prefix())}
        return sorted(name for name in waiting | stored if name.endswith(".jsonl"))

    def _read(self, name: str) -> IO[bytes]:
        try:
            return (self._store.growing_root / INTERACTIONS.prefix() / name).open("rb")
        except FileNotFoundError:
            return self._store.local(f"{INTERACTIONS.prefix()}/{name}").open("rb")

    def _send_until_closed(self) -> None:
        while True:
            self._send()
            if self._closing.wait(SEND_SECONDS):
                return

    def _send(self) -> None:
        """Send what is spooled; a failure is told once, and what was not sent is sent by a later try."""
        if self._spool is None:
            return
        with self._write_lock:
            if self._stream is not None and self._stream.tell() > _LONGEST_SPOOLED:
                self._stream.close()
                self._stream = None
            own = self._path if self._stream is not None and self._pid == os.getpid() else None
        try:
            self._spool.send(own)
        except StorageError as error:
            if not self.not_sent:
                _log.warning("interactions stay in %s until they can be sent: %s", self._store.growing_root, error)
            self.not_sent = str(error)
        else:
            if self.not_sent:
                _log.info("the interactions that waited were sent")
            self.not_sent = ""

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
            segment = f"{datetime.now(UTC):%Y-%m-%d}-{self._pid}-{uuid.uuid4().hex[:12]}"
            self._path = INTERACTIONS.path(self._store.growing_root, segment)
            self._stream = open_growing(self._path)
        return self._stream


def _cut(path: Path, size: int) -> None:
    """Best effort: take back lines whose fsync failed, since their callers are told that they were not logged."""
    try:
        os.truncate(path, size)
    except OSError:
        return


def _day(interaction_id: str) -> str:
    """Date on which an id of `new_interaction_id` was made, ISO 8601; another id gives the last of all days."""
    try:
        return datetime.fromtimestamp(int(interaction_id[:12], 16) / 1000, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "9999-12-31"


def _whole_lines(name: str, stream: IO[bytes]) -> Iterator[bytes]:
    """Records of whole lines. A line that is not is left out with a warning: a process was killed while it wrote, or is writing now."""
    with stream:
        for number, line in enumerate(stream, start=1):
            content = _content(line.rstrip(b"\n")) if line.endswith(b"\n") else None
            if content is not None:
                yield content
            else:
                _log.warning("interaction log: line %d of %s is not whole and was left out", number, name)


def _parse(content: bytes, name: str) -> Interaction:
    try:
        return Interaction.model_validate_json(content)
    except ValidationError as error:
        raise IntegrityError(
            f"interaction log {name}: a record is of another version of headgate ({error.error_count()} problem(s)); read it with that version"
        ) from error


def _content(line: bytes) -> bytes | None:
    """The record of a line, None unless the line is whole."""
    digest, _, content = line.partition(b" ")
    return content if content and digest == sha256_hex(content).encode() else None
