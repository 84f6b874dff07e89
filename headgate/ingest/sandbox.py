"""Parsing in processes that can be killed.

`ParserPool` holds `workers` long-lived processes (headgate.ingest.worker). A file that crashes its worker, runs past its time or
takes too much memory costs that file: the worker is replaced and the others go on. Workers get a minimal environment: no keys, no
addresses, a home of their own.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any

import headgate
from headgate.errors import ParseFailure
from headgate.ingest.blocks import ParsedFile
from headgate.settings import ParseSettings

#: Loading a worker's libraries from a cold disk, seconds; not counted as the file's time.
START_SECONDS = 180.0
#: Files after which a worker is replaced, so that leaks of parsers do not add up.
FILES_PER_WORKER = 500


@dataclass(frozen=True, slots=True)
class ParseTask:
    """One file to parse. `path` is its corpus path, `file` where its bytes lie."""

    path: str
    file: Path
    media_type: str


@dataclass(frozen=True, slots=True)
class ParseReply:
    """Exactly one of `parsed` and `failure` is set."""

    task: ParseTask
    parsed: ParsedFile | None
    failure: ParseFailure | None
    attempts: int = 1


class ParserPool:
    """Open with `with`; leaving it ends the workers.

    Args:
        settings: limits and number of workers.
        command: what starts a worker.
    """

    def __init__(
        self, settings: ParseSettings, *, command: tuple[str, ...] = (sys.executable, "-m", "headgate.ingest.worker")
    ) -> None:
        self._settings = settings
        self._command = command
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._home = tempfile.TemporaryDirectory(prefix="headgate-parse-")

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for worker in self._workers:
            worker.stop()
        self._home.cleanup()

    def parse_all(self, tasks: Iterable[ParseTask]) -> Iterator[ParseReply]:
        """Replies in the order of completion, one for every task."""
        pending = list(tasks)
        count = min(self._settings.workers, len(pending))
        if not count:
            return
        while len(self._workers) < count:
            worker = _Worker(self._command, Path(self._home.name))
            self._workers.append(worker)
            self._idle.put(worker)
        with ThreadPoolExecutor(max_workers=count, thread_name_prefix="parser") as executor:
            futures = [executor.submit(self._parse, task) for task in pending]
            try:
                for future in as_completed(futures):
                    yield future.result()
            finally:
                for future in futures:
                    future.cancel()

    def _parse(self, task: ParseTask) -> ParseReply:
        """A transient failure is tried once more, in a fresh worker."""
        worker = self._idle.get()
        try:
            for attempt in (1, 2):
                try:
                    return ParseReply(task, worker.parse(task, self._settings), None, attempt)
                except ParseFailure as failure:
                    if attempt == 2 or not failure.transient:
                        return ParseReply(task, None, failure, attempt)
                    worker.stop()
        finally:
            self._idle.put(worker)
        raise AssertionError("unreachable")


class _Worker:
    """One parser process, started when first needed and again after it was ended."""

    def __init__(self, command: tuple[str, ...], home: Path) -> None:
        self._command = command
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._files = 0

    def parse(self, task: ParseTask, settings: ParseSettings) -> ParsedFile:
        """Raises ParseFailure; `worker_died` is transient, `timeout` and `memory` are not."""
        if self._files >= FILES_PER_WORKER:
            self.stop()
        process = self._process or self._start()
        self._files += 1
        request = {
            "file": str(task.file),
            "path": task.path,
            "media_type": task.media_type,
            "cpu_seconds": settings.timeout_seconds,
            "memory_bytes": settings.memory_mib * 2**20,
            "max_unzipped_bytes": settings.max_unzipped_mib * 2**20,
        }
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            raise self._died(task, settings) from None
        self._read(process, START_SECONDS, task, settings)
        reply = self._read(process, settings.timeout_seconds, task, settings)
        if failed := reply.get("failed"):
            raise ParseFailure(task.path, failed["reason"], failed["detail"], transient=failed["transient"])
        return ParsedFile.from_json(reply["parsed"])

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process, self._buffer, self._files = None, b"", 0

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment(),
            cwd=self._home,
            bufsize=0,
            start_new_session=True,
        )
        return self._process

    def _environment(self) -> dict[str, str]:
        package_root = Path(headgate.__file__).parent.parent
        return {
            **headgate.QUIET_ENVIRONMENT,
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(self._home),
            "TMPDIR": str(self._home),
            "PYTHONPATH": str(package_root),
            "PYTHONSAFEPATH": "1",
            "PYTHONHASHSEED": "0",
            # More threads reserve address space and compete with the other workers.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def _read(self, process: subprocess.Popen[bytes], seconds: float, task: ParseTask, settings: ParseSettings) -> dict[str, Any]:
        assert process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            ready = select.select([process.stdout], [], [], max(left, 0))[0]
            if not ready:
                self.stop()
                raise ParseFailure(
                    task.path, "timeout", f"not parsed within parse.timeout_seconds = {seconds:g}; the parser was ended"
                )
            piece = os.read(process.stdout.fileno(), 1 << 16)
            if not piece:
                raise self._died(task, settings)
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _died(self, task: ParseTask, settings: ParseSettings) -> ParseFailure:
        assert self._process is not None
        code = self._process.wait()
        self.stop()
        if code == -signal.SIGXCPU:
            return ParseFailure(
                task.path, "timeout", f"used more than parse.timeout_seconds = {settings.timeout_seconds:g} of CPU time"
            )
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ParseFailure(
            task.path, "worker_died", f"the parser ended with {how}; the file may need more than its memory", transient=True
        )
