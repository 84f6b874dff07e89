"""One parser process as its pool sees it: started when first needed, asked file by file, killed when a limit is passed.

What is known of a process that died goes into its file's failure: the signal, the memory it held, the last lines it wrote.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import headgate
from headgate.errors import ParseFailure, StorageError
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.sandbox.isolation import PARENT
from headgate.ingest.sandbox.time_limit import PATIENCE, Passed, TimeLimit
from headgate.settings import ParseSettings

#: Loading a worker's libraries, seconds of processor time; not counted as the file's time.
START_SECONDS = 180.0
#: Files after which a worker is replaced, so that leaks of parsers do not add up.
FILES_PER_WORKER = 500
#: A worker that holds this much more after a file than after its first one is replaced, bytes.
GROWTH_PER_WORKER = 512 * 2**20
_LAST_WORDS = 400  # bytes of what a dead worker wrote last
_WATCH_SECONDS = 0.1  # between two looks at a worker's memory

#: Why a parser was ended, in words, for its limit in seconds.
_WHY: dict[Passed, Callable[[float], str]] = {
    "used": lambda seconds: f"{seconds:g} s of processor time were used up",
    "hangs": lambda seconds: f"for {seconds:g} s and more it neither computed nor ended",
    "endless": lambda seconds: f"it did not end within {PATIENCE * seconds:g} s",
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ParseTask:
    """One file to parse. `path` is its corpus path, `file` where its bytes lie."""

    path: str
    file: Path
    media_type: str


class ParserProcess:
    """Used by one thread, which must outlive the process: a worker ends with the thread that started it.

    Args:
        command: what starts a worker.
        home: an empty folder for its files.
        passwords: tried on encrypted files.
        programs: name → path of the converters it may start.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        home: Path,
        settings: ParseSettings,
        *,
        passwords: tuple[str, ...],
        programs: Mapping[str, str],
    ) -> None:
        self._command = command
        self._home = home
        self._settings = settings
        self._passwords = passwords
        self._programs = dict(programs)
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._files = 0
        self._resident_first = 0
        self._peak = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def parse(self, task: ParseTask) -> ParsedFile:
        """The parsed form of one file.

        Raises:
            ParseFailure: `worker_died` and `unreadable` are transient, the others are the file's.
            StorageError: the disk under the parser's folder is full.
        """
        process = self._process or self._start()
        self._files += 1
        self._peak = 0
        os.truncate(self._words, 0)
        limits = self._settings
        request = {
            "file": str(task.file.absolute()),
            "path": task.path,
            "media_type": task.media_type,
            "cpu_seconds": limits.timeout_seconds,
            "memory_bytes": limits.memory_mib * 2**20,
            "max_unzipped_bytes": limits.max_unzipped_mib * 2**20,
            "max_output_bytes": limits.max_output_mib * 2**20,
            "passwords": self._passwords,
            "programs": self._programs,
            "readers": limits.readers,
        }
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except OSError:
            raise self._died(task) from None
        started = self._read(process, START_SECONDS, task, "its libraries were not loaded")
        if warning := started.get("warning"):
            _log.warning("%s", warning)
        reply = self._read(process, limits.timeout_seconds, task, "")
        self._look_back(int(reply.get("resident", 0)))
        if full := reply.get("disk_full"):
            raise StorageError(
                f"{task.path!r} could not be parsed because of the disk that the parsers write to, {str(self._home)!r}: {full}; "
                "free space there and run again"
            )
        if failed := reply.get("failed"):
            raise ParseFailure(task.path, failed["reason"], failed["detail"], transient=failed["transient"])
        return ParsedFile.from_json(reply["parsed"])

    def kill(self) -> None:
        """End the process and all that it started; safe from any thread."""
        process = self._process
        if process is not None and process.poll() is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def stop(self) -> None:
        if self._process is None:
            return
        self.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process, self._buffer, self._files, self._resident_first = None, b"", 0, 0

    @property
    def _words(self) -> Path:
        return self._home / "stderr"

    def _start(self) -> subprocess.Popen[bytes]:
        self._home.mkdir(exist_ok=True)
        with self._words.open("ab") as words:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
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
            PARENT: str(os.getpid()),
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(self._home),
            "TMPDIR": str(self._home),
            "PYTHONPATH": str(package_root),
            "PYTHONSAFEPATH": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            # More threads reserve address space and compete with the other workers.
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }

    def _read(self, process: subprocess.Popen[bytes], seconds: float, task: ParseTask, starting: str) -> dict[str, Any]:
        assert process.stdout is not None
        limit = TimeLimit(process.pid, seconds)
        # The worker counts for itself; one that sends more is broken.
        most = self._settings.max_output_mib * 2**20 + 2**20
        while b"\n" not in self._buffer:
            if passed := limit.passed():
                self.stop()
                if starting:
                    raise ParseFailure(task.path, "worker_died", f"{starting}: {_WHY[passed](seconds)}", transient=True)
                raise ParseFailure(task.path, "timeout", f"parse.timeout_seconds: {_WHY[passed](seconds)}; the parser was ended")
            if not select.select([process.stdout], [], [], _WATCH_SECONDS)[0]:
                self._watch(process.pid)
                continue
            piece = os.read(process.stdout.fileno(), 1 << 20)
            if not piece:
                raise self._died(task)
            self._buffer += piece
            if len(self._buffer) > most:
                self.stop()
                raise ParseFailure(task.path, "too_much_text", "the parser's reply is larger than parse.max_output_mib allows")
        line, _, self._buffer = self._buffer.partition(b"\n")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _watch(self, pid: int) -> None:
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):
            return
        self._peak = max(self._peak, pages * os.sysconf("SC_PAGESIZE"))

    def _look_back(self, resident: int) -> None:
        """Replace a worker that has done enough, or that keeps what it should have given back."""
        self._resident_first = self._resident_first or resident
        if self._files >= FILES_PER_WORKER or resident - self._resident_first > GROWTH_PER_WORKER:
            self.stop()

    def _died(self, task: ParseTask) -> ParseFailure:
        assert self._process is not None
        code = self._process.wait()
        words = self._words.read_bytes()[-_LAST_WORDS:].decode("utf-8", "replace").strip()
        peak = f"; it held {self._peak // 2**20} MiB when last looked at" if self._peak else ""
        self.stop()
        if code == -signal.SIGXCPU:
            return ParseFailure(
                task.path, "timeout", f"used more than parse.timeout_seconds = {self._settings.timeout_seconds:g} of CPU time"
            )
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ParseFailure(
            task.path,
            "worker_died",
            f"the parser ended with {how}; the file may need more than its memory{peak}",
            transient=True,
            stderr=" ".join(words.split()),
        )
