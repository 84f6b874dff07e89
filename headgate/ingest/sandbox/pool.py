"""Parsing in processes that can be killed.

`ParserPool` holds up to `workers` long-lived processes (headgate.ingest.sandbox.worker), each with a thread that talks to it. A file that
crashes its worker, runs past its time or takes too much memory costs that file: the worker is replaced and the others go on.
Workers get a minimal environment: no keys, no addresses, a home of their own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType

from headgate.errors import ParseFailure, SettingsError
from headgate.ingest.parse.blocks import ParsedFile
from headgate.ingest.parse.conversion import find_programs
from headgate.ingest.sandbox.process import ParserProcess, ParseTask
from headgate.process.retry import Retries, of_worker
from headgate.settings import ParseSettings

__all__ = ["ParseReply", "ParseTask", "ParserPool", "read_passwords"]

#: A fresh process may do better than one that died; there is nothing to wait for.
_AT_ONCE = Retries(tries=2, first_pause=0.0)
#: Files that are taken from the caller before an answer is taken back, for each worker.
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class ParseReply:
    """Exactly one of `parsed` and `failure` is set."""

    task: ParseTask
    parsed: ParsedFile | None
    failure: ParseFailure | None
    attempts: int = 1


_Replies = SimpleQueue[ParseReply | Exception]


class ParserPool:
    """Open with `with`; leaving it ends the workers.

    Args:
        settings: limits and number of workers.
        command: what starts a worker.
        folder: where the workers' own folders are made; default the system's for temporary files.

    Raises:
        SettingsError: the passwords can't be read.
    """

    def __init__(
        self,
        settings: ParseSettings,
        *,
        command: tuple[str, ...] = (sys.executable, "-m", "headgate.ingest.sandbox.worker"),
        folder: Path | None = None,
    ) -> None:
        self._settings = settings
        self._command = command
        self._passwords = read_passwords(settings)
        self._programs = find_programs()
        self._tasks: SimpleQueue[tuple[ParseTask, _Replies] | None] = SimpleQueue()
        self._workers: list[ParserProcess] = []
        self._threads: list[Thread] = []
        self._closing = False
        self._home = tempfile.TemporaryDirectory(prefix="headgate-parse-", dir=folder)

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing = True
        self._forget_tasks()
        for _ in self._threads:
            self._tasks.put(None)
        for worker in self._workers:
            worker.kill()
        for thread in self._threads:
            thread.join()
        self._home.cleanup()

    def parse_all(self, tasks: Iterable[ParseTask]) -> Iterator[ParseReply]:
        """Replies in the order of completion, one for every task. Tasks are taken as workers get free, a few ahead.

        Raises:
            StorageError: the disk that the parsers write to is full.
        """
        replies: _Replies = SimpleQueue()
        waiting = 0
        try:
            for task in tasks:
                self._tasks.put((task, replies))
                waiting += 1
                if len(self._workers) < min(self._settings.workers, waiting):
                    self._hire()
                if waiting >= _AHEAD * self._settings.workers:
                    yield _take(replies)
                    waiting -= 1
            while waiting:
                yield _take(replies)
                waiting -= 1
        finally:
            if waiting:
                self._forget_tasks()

    def _hire(self) -> None:
        home = Path(self._home.name) / str(len(self._workers))
        worker = ParserProcess(self._command, home, self._settings, passwords=self._passwords, programs=self._programs)
        thread = Thread(target=self._serve, args=(worker,), name=f"parser-{len(self._workers)}", daemon=True)
        self._workers.append(worker)
        self._threads.append(thread)
        thread.start()

    def _serve(self, worker: ParserProcess) -> None:
        """A thread's life. It starts its worker's process itself, because that ends with the thread that started it."""
        while (item := self._tasks.get()) is not None:
            task, replies = item
            try:
                replies.put(self._parse(worker, task))
            except Exception as error:  # noqa: BLE001 - raised again where the reply is waited for
                worker.stop()
                replies.put(error)
        worker.stop()

    def _parse(self, worker: ParserProcess, task: ParseTask) -> ParseReply:
        """A file whose worker died is tried once more, in a fresh one: its predecessor may have left the damage."""
        attempts = 0

        def once() -> ParsedFile:
            nonlocal attempts
            attempts += 1
            return worker.parse(task)

        try:
            parsed = _AT_ONCE.call(once, lambda error: of_worker(error) and not self._closing)
        except ParseFailure as failure:
            return ParseReply(task, None, failure, attempts)
        return ParseReply(task, parsed, None, attempts)

    def _forget_tasks(self) -> None:
        try:
            while True:
                self._tasks.get_nowait()
        except Empty:
            return


def _take(replies: _Replies) -> ParseReply:
    reply = replies.get()
    if isinstance(reply, Exception):
        raise reply
    return reply


def read_passwords(settings: ParseSettings) -> tuple[str, ...]:
    """Passwords from the environment variable and the file that the settings name; each holds a JSON list or one a line.

    Raises:
        SettingsError: the variable is not set, or the file can't be read.
    """
    texts: list[str] = []
    if name := settings.passwords_env:
        if name not in os.environ:
            raise SettingsError(
                f"parse.passwords_env = {name!r}: this environment variable is not set; set it, or empty the setting"
            )
        texts.append(os.environ[name])
    if settings.passwords_file:
        file = Path(settings.passwords_file).expanduser()
        try:
            texts.append(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"parse.passwords_file = {str(file)!r} can't be read as UTF-8 text: {error}") from None
    return tuple(dict.fromkeys(password for text in texts for password in _split(text)))


def _split(text: str) -> list[str]:
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except json.JSONDecodeError:
            found = None
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return [one for one in found if one]
    return [line for line in text.splitlines() if line]
