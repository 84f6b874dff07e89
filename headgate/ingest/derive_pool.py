"""Documents made in processes of their own, beside those that parse: where there are many, so that every core has work.

    documents.py ──submit(job)──► a thread ──► derive_worker.py    another core; killed when it hangs
                 ◄──take()──────── reply: facts and chunks as bytes, or why there are none

A document that kills its process, hangs in it or takes its memory costs that document: the process is replaced. Jobs wait in bounded number;
what is written stays with the caller. A process that can't be started at all costs nothing but the time: the caller makes the document.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import IO, Any

import orjson

import headgate
from headgate.errors import MakerEnded, MakerHangs, MakerNotStarted, MakerStopped
from headgate.ingest.derive import Made, Origin
from headgate.ingest.derive_worker import LENGTH, SETUP, write_origin
from headgate.ingest.sandbox.isolation import PARENT
from headgate.ingest.sandbox.time_limit import TimeLimit
from headgate.settings import IngestSetup

#: Documents from which on it is worth the second of processor time that a process takes to start.
WORTH_IT = 48
#: One document's processor time, as a multiple of `parse.timeout_seconds`: for what hangs, above what the longest page takes.
_PATIENCE = 10
#: Loading of a process's libraries, seconds of processor time.
_START_SECONDS = 180.0
_TRIES = 2  # of a document whose process died: its predecessor may have left the damage
_WATCH_SECONDS = 0.1  # between two looks at how long it takes
_AHEAD = 2  # jobs for each process: one that is worked on, one that waits
_MOST = 32  # bytes of one part, as a multiple of `parse.max_output_mib`: windows say a text several times
_LAST_WORDS = 2000  # bytes

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One document to make. `number` is the caller's, who finds it in the reply."""

    number: int
    origin: Origin
    parsed: bytes  # JSON of its parsed form
    chunks: bool  # whether chunks are made, besides facts


@dataclass(frozen=True, slots=True)
class Reply:
    """`made`, or why it failed; neither: nothing is known of the document, it is still to be made."""

    number: int
    made: Made | None = None
    failed: str = ""


_Replies = SimpleQueue[Reply | Exception]


class DerivePool:
    """Open with `with`; leaving it ends the processes. Used by one thread."""

    def __init__(
        self,
        setup: IngestSetup,
        *,
        workers: int,
        command: Sequence[str] = (sys.executable, "-m", "headgate.ingest.derive_worker"),
    ) -> None:
        self._setup = setup
        self._workers = workers
        self._command = tuple(command)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._replies: _Replies = SimpleQueue()
        self._processes: list[_Process] = []
        self._threads: list[Thread] = []
        self._closing = False
        self.waiting = 0  # jobs whose reply was not taken yet

    def __enter__(self) -> DerivePool:
        for number in range(self._workers):  # at once: they load while the first files are parsed
            process = _Process(self._command, self._setup)
            thread = Thread(target=self._serve, args=(process,), name=f"derive-{number}", daemon=True)
            self._processes.append(process)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing = True
        with suppress(Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self._threads:
            self._jobs.put(None)
        for process in self._processes:
            process.kill()
        for thread in self._threads:
            thread.join()

    @property
    def full(self) -> bool:
        """Whether a reply is to be taken before the next job is submitted."""
        return self.waiting >= _AHEAD * self._workers

    def submit(self, job: Job) -> None:
        self._jobs.put(job)
        self.waiting += 1

    def take(self) -> Reply:
        """The next reply, in the order of completion; waits for it."""
        reply = self._replies.get()
        self.waiting -= 1
        if isinstance(reply, Exception):
            raise reply
        return reply

    def _serve(self, process: _Process) -> None:
        """A thread's life. It starts its process itself, because that ends with the thread that started it."""
        with suppress(MakerNotStarted):  # told, and tried again, by the first job
            process.start(self._closing)
        while (job := self._jobs.get()) is not None:
            try:
                self._replies.put(self._make(process, job))
            except Exception as error:  # noqa: BLE001 - raised again where the reply is waited for
                self._replies.put(error)
        process.stop()

    def _make(self, process: _Process, job: Job) -> Reply:
        ended = ""
        for _ in range(_TRIES):
            try:
                process.start(self._closing)
                return process.make(job)
            except MakerNotStarted as error:
                _log.warning("a process that makes documents did not start: %s; its documents are made without it", error)
                return Reply(job.number)
            except MakerHangs as error:
                return Reply(job.number, failed=str(error))
            except MakerEnded as error:
                ended = str(error)
                if self._closing:
                    break
        return Reply(job.number, failed=ended)


class _Process:
    """One process as its thread sees it; `kill` may be called by any."""

    def __init__(self, command: tuple[str, ...], setup: IngestSetup) -> None:
        self._command = command
        self._setup = setup
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._buffer = bytearray()

    def start(self, closing: bool) -> None:
        """Start it and wait until it is ready, unless it is.

        Raises:
            MakerNotStarted: it ended or hung before.
        """
        if self._process is not None or closing:
            return
        package = str(Path(headgate.__file__).parent.parent)
        path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        # More threads reserve address space, which is limited, and compete with the other processes.
        single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env={**os.environ, **single, "PYTHONPATH": path, PARENT: str(os.getpid())},
                start_new_session=True,  # Ctrl-C is for the ingest, which ends this one
            )
            self._write(SETUP.dump_json(self._setup))
            self._read(_START_SECONDS)
        except (OSError, MakerEnded, MakerHangs) as error:
            words = self._last_words()
            self.stop()
            raise MakerNotStarted(f"{error}; its last words: {words or 'none'}") from error

    def make(self, job: Job) -> Reply:
        """What it makes of one document.

        Raises:
            MakerEnded, MakerHangs: it is stopped, and starts again with the next one.
        """
        seconds = _PATIENCE * self._setup.parse.timeout_seconds
        try:
            self._write(orjson.dumps({"origin": write_origin(job.origin), "chunks": job.chunks}), job.parsed)
            said: dict[str, Any] = orjson.loads(self._read(seconds))
            if said.get("made"):
                return Reply(job.number, Made(self._read(seconds), self._read(seconds), self._read(seconds)))
        except (MakerStopped, ValueError) as error:
            self.stop()
            raise error if isinstance(error, MakerStopped) else MakerEnded("it said what is no reply") from None
        return Reply(job.number, failed=said.get("failed", ""))

    def kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def stop(self) -> None:
        if self._process is not None:
            self.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    with suppress(OSError):  # what was not sent is lost with it
                        stream.close()
        if self._said is not None:
            self._said.close()
        self._process, self._said, self._buffer = None, None, bytearray()

    def _write(self, *parts: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            for part in parts:
                self._process.stdin.write(LENGTH.pack(len(part)))
                self._process.stdin.write(part)
            self._process.stdin.flush()
        except OSError:
            raise MakerEnded(self._how_it_ended()) from None

    def _read(self, seconds: float) -> bytes:
        assert self._process is not None
        limit = TimeLimit(self._process.pid, seconds)
        self._fill(LENGTH.size, limit, seconds)
        (length,) = LENGTH.unpack(self._buffer[: LENGTH.size])
        if length > _MOST * self._setup.parse.max_output_mib * 2**20:
            raise MakerEnded("it said what is no reply")
        self._fill(LENGTH.size + length, limit, seconds)
        part = bytes(self._buffer[LENGTH.size : LENGTH.size + length])
        del self._buffer[: LENGTH.size + length]
        return part

    def _fill(self, size: int, limit: TimeLimit, seconds: float) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while len(self._buffer) < size:
            if limit.passed():
                self.kill()
                raise MakerHangs(f"it did not end within {seconds:g} s of processor time, or waited as long")
            if not select.select([descriptor], [], [], _WATCH_SECONDS)[0]:
                continue
            piece = os.read(descriptor, 1 << 20)
            if not piece:
                raise MakerEnded(self._how_it_ended())
            self._buffer += piece

    def _how_it_ended(self) -> str:
        assert self._process is not None
        self.kill()  # it may have closed its output alone
        code = self._process.wait()
        return f"its process ended with {signal.Signals(-code).name if code < 0 else f'exit code {code}'}"

    def _last_words(self) -> str:
        if self._said is None:
            return ""
        self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, self._said.tell() - _LAST_WORDS))
        return " ".join(self._said.read().decode("utf-8", "replace").split())[-500:]
