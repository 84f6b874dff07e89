"""A file that kills, blocks or bloats its parser costs that file and nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from headgate.ingest.sandbox import ParseReply, ParserPool, ParseTask
from headgate.settings import ParseSettings
from tests.ingest import files

#: The real worker, with parsers that do what the file's first word says. Test only: no such hook exists in the package.
MISCHIEF = """
import os, socket, subprocess, sys, time, urllib.request
from headgate.ingest import parse, worker
real = parse.parse_file
def parse_file(content, media_type, **options):
    match content.split()[0] if content.strip() else b"":
        case b"die": os.kill(os.getpid(), 11)
        case b"exit": os._exit(3)
        case b"sleep": time.sleep(600)
        case b"spin":
            while True: pass
        case b"eat": return bytearray(8 * 2**30)
        case b"dial": socket.create_connection(("127.0.0.1", 9))
        case b"spawn": subprocess.run(["true"])
        case b"print": print("noise on standard output")
        case b"environment": raise ValueError(",".join(sorted(os.environ)))
        case b"big": open("out", "wb").write(b"x" * (80 * 2**20))
    return real(content, media_type, **options)
parse.parse_file = parse_file
sys.exit(worker.main())
"""


def parse_all(tmp_path: Path, contents: list[str], **settings: float) -> dict[str, ParseReply]:
    tasks = []
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.md"
        path.write_text(content + " and some text to parse")
        tasks.append(ParseTask(content, path, "text/markdown"))
    limits = ParseSettings.model_validate({"workers": 2, "timeout_seconds": 30, "memory_mib": 512, **settings})
    with ParserPool(limits, command=(sys.executable, "-c", MISCHIEF)) as pool:
        return {reply.task.path: reply for reply in pool.parse_all(tasks)}


def test_a_bad_file_costs_itself_and_no_other(tmp_path: Path) -> None:
    replies = parse_all(tmp_path, ["one", "die", "two", "exit", "eat", "three", "print", "dial", "spawn", "big", "four"])

    failures = {path: reply.failure.reason for path, reply in replies.items() if reply.failure}
    assert failures == {
        "die": "worker_died",
        "exit": "worker_died",
        "eat": "memory",
        "dial": "unreadable",
        "spawn": "unreadable",
        "big": "unreadable",
    }
    assert all(replies[path].parsed for path in ("one", "two", "three", "four", "print"))
    died = replies["die"]
    assert died.failure is not None
    assert "SIGSEGV" in died.failure.detail
    assert died.attempts == 2


@pytest.mark.parametrize("behaviour", ["sleep", "spin"])
def test_a_file_that_takes_too_long_is_ended(tmp_path: Path, behaviour: str) -> None:
    replies = parse_all(tmp_path, ["one", behaviour, "two"], timeout_seconds=2)

    failure = replies[behaviour].failure
    assert failure is not None
    assert failure.reason == "timeout"
    assert replies["one"].parsed
    assert replies["two"].parsed


def test_no_secret_of_the_environment_reaches_a_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    failure = parse_all(tmp_path, ["environment"])["environment"].failure
    assert failure is not None
    assert "PATH" in failure.detail
    assert "KEY" not in failure.detail


def test_no_worker_outlives_the_pool(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(files.markdown())
    with ParserPool(ParseSettings(workers=1)) as pool:
        replies = list(pool.parse_all([ParseTask("a.md", tmp_path / "a.md", "text/markdown")]))
        (worker,) = pool._workers
        assert worker._process is not None
        process = worker._process.pid
    assert replies[0].parsed
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
