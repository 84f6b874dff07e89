"""Great Expectations in a process of its own, imported while the parsers work, and not at all where nothing changed.

    documents.py ──start()──► judge_worker.py imports it there, on another core
    verdicts.py  ──ask(suite, rows)──► judge_worker.py judges ──► positions of the failing entries of each row

Here its import would take its time from the making of documents, which is what everything waits for. One such process serves all ingests of
this one, and ends with it. Rows and verdicts go as JSON through pipes.
"""

from __future__ import annotations

import atexit
import os
import selectors
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import orjson

from headgate.errors import SettingsError, ValidationFailed
from headgate.ingest.validate.judge.expectations import Suite

#: Seconds for one batch of rows; far above what a batch takes, so that a process that hangs is told apart from a busy machine.
_PATIENCE = 1800.0
_LENGTH = struct.Struct("<Q")
_WORKER = "headgate.ingest.validate.judge.judge_worker"
_LAST_WORDS = 2000  # bytes

Row = Mapping[str, Any]


class _JudgeProcess:
    """The running process. `ask` may be called from any thread; one batch is judged at a time."""

    def __init__(self) -> None:
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        package = str(Path(__file__).resolve().parents[4])
        path = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        self._process = subprocess.Popen(
            [sys.executable, "-m", _WORKER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for the ingest, which ends this one
        )
        self._lock = threading.Lock()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: bytes) -> dict[str, Any]:
        with self._lock:
            try:
                assert self._process.stdin is not None
                self._process.stdin.write(_LENGTH.pack(len(question)) + question)
                self._process.stdin.flush()
                (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
                reply: dict[str, Any] = orjson.loads(self._read(length))
            except (OSError, EOFError, ValueError) as error:
                self.stop()
                self._said.seek(0, os.SEEK_END)
                self._said.seek(max(0, self._said.tell() - _LAST_WORDS))
                words = " ".join(self._said.read().decode("utf-8", "replace").split())
                raise ValidationFailed(
                    f"the process that judges rows failed: {error or type(error).__name__}; its last words: {words[-500:] or 'none'}. "
                    "Nothing was indexed; run again"
                ) from error
            return reply

    def stop(self) -> None:
        """End it; it may have ended already."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # it is gone, and with it what was not sent
            self._process.stdin.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _read(self, size: int) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        deadline = time.monotonic() + _PATIENCE
        read = bytearray()
        with selectors.DefaultSelector() as ready:
            ready.register(descriptor, selectors.EVENT_READ)
            while len(read) < size:
                if not ready.select(max(0.0, deadline - time.monotonic())):
                    self._process.kill()
                    raise EOFError(f"it said nothing for {_PATIENCE:g} s")
                piece = os.read(descriptor, min(1 << 20, size - len(read)))
                if not piece:
                    raise EOFError("it ended")
                read += piece
        return bytes(read)


_running: _JudgeProcess | None = None
_starting = threading.Lock()


def start() -> None:
    """Begin to import Great Expectations in the process that judges, unless one runs already."""
    _process()


def started() -> bool:
    """Whether there is such a process."""
    return _running is not None and _running.alive


def ask(suite: Suite, rows: Sequence[Row]) -> list[list[int]]:
    """Positions of the failing entries of each row, ascending.

    Raises:
        SettingsError: see `check_arguments`; or an expectation could not be evaluated: that must not read as "nothing failed".
        ValidationFailed: the process that judges ended or hung.
    """
    if not rows or not suite.entries:
        return [[] for _ in rows]  # an empty frame passes everything; say so without asking
    entries = [{"name": one.name, "kind": one.kind, "kwargs": dict(one.kwargs), "place": one.place} for one in suite.entries]
    columns = {column: [row[column] for row in rows] for column in suite.columns}
    reply = _process().ask(orjson.dumps({"suite": suite.name, "entries": entries, "columns": columns, "rows": len(rows)}))
    if "settings" in reply:
        raise SettingsError(reply["settings"])
    if "defect" in reply:
        raise ValidationFailed(f"Great Expectations failed on {suite.name}: {reply['defect']}. Nothing was indexed")
    failing: list[list[int]] = reply["failing"]
    return failing


def _process() -> _JudgeProcess:
    global _running
    with _starting:
        if _running is None or not _running.alive:
            if _running is None:
                atexit.register(_stop)
            _running = _JudgeProcess()
        return _running


def _stop() -> None:
    if _running is not None:
        _running.stop()
