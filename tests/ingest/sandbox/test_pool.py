"""A file that kills, blocks or bloats its parser costs that file and nothing else."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.errors import SettingsError, StorageError
from headgate.ingest.sandbox.pool import ParseReply, ParserPool, ParseTask, read_passwords
from headgate.settings import ParseSettings
from tests.ingest import files

#: The real worker, with parsers that do what the file's first word says. Test only: no such hook exists in the package.
MISCHIEF = """
import errno, os, socket, subprocess, sys, time
from headgate import QUIET_ENVIRONMENT
from pathlib import Path
from headgate.ingest.parse import file
from headgate.ingest.sandbox import worker
real = file.parse_file
def parse_file(content, media_type, **options):
    match content.split()[0] if content.strip() else b"":
        case b"die": os.kill(os.getpid(), 11)
        case b"exit": os._exit(3)
        case b"sleep": time.sleep(600)
        case b"spin":
            while True: pass
        case b"eat": return bytearray(8 * 2**30)
        case b"dial": socket.create_connection(("127.0.0.1", 9))
        case b"socket": socket.socket()
        case b"spawn": subprocess.run(["true"])
        case b"print": print("noise on standard output")
        case b"environment": raise ValueError(",".join(sorted(os.environ.keys() - QUIET_ENVIRONMENT.keys())))
        case b"big": open("out", "wb").write(b"x" * (160 * 2**20))
        case b"fork": os.fork()
        case b"resolve": socket.gethostbyname("localhost")
        case b"read": Path("/etc/passwd").read_bytes()
        case b"open": [open(os.devnull) for _ in range(10_000)]
        case b"flood": return real(b"word " * 3_000_000, "text/markdown", **options)
        case b"noise":
            while True: os.write(1, b"x" * 2**20)
        case b"words": os.write(2, b"these were my last words"); os._exit(9)
        case b"full": raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        case b"address": raise ValueError(Path("/proc/self/net/dev").read_text())
    return real(content, media_type, **options)
file.parse_file = parse_file
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
        "dial": "forbidden",
        "spawn": "forbidden",
        "big": "too_large",
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


def test_a_full_disk_is_no_failure_of_the_file_that_met_it(tmp_path: Path) -> None:
    with pytest.raises(
        StorageError, match=r"'full' could not be parsed because of the disk .*No space left on device; free space"
    ):
        parse_all(tmp_path, ["one", "full", "two"])


def test_a_disk_that_is_full_before_the_first_file_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(files.markdown())
    full = f"def preload(media_type, readers): raise OSError({errno.ENOSPC}, 'No space left on device')\nfile.preload = preload\n"
    command = (sys.executable, "-c", MISCHIEF.replace("sys.exit(", f"{full}sys.exit("))
    with ParserPool(ParseSettings(workers=1), command=command) as pool, pytest.raises(StorageError, match="No space left"):
        list(pool.parse_all([ParseTask("a.md", tmp_path / "a.md", "text/markdown")]))


def test_no_secret_of_the_environment_reaches_a_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    failure = parse_all(tmp_path, ["environment"])["environment"].failure
    assert failure is not None
    assert "PATH" in failure.detail, "the names of the secrets, that sort before it, would be cut off"
    assert "KEY" not in failure.detail


def test_no_worker_outlives_the_pool(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(files.markdown())
    with ParserPool(ParseSettings(workers=1)) as pool:
        replies = list(pool.parse_all([ParseTask("a.md", tmp_path / "a.md", "text/markdown")]))
        (worker,) = pool._workers
        process = worker.pid
        assert process is not None
    assert replies[0].parsed
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("fork", "forbidden"),
        ("socket", "forbidden"),
        ("resolve", "forbidden"),
        ("read", "forbidden"),
        ("open", "too_large"),
        ("noise", "too_large"),
    ],
)
def test_what_a_parser_may_not_do_is_the_files_failure_at_once(tmp_path: Path, behaviour: str, reason: str) -> None:
    replies = parse_all(tmp_path, [behaviour, "one"], workers=1)

    failure = replies[behaviour].failure
    assert failure is not None
    assert failure.reason == reason
    assert not failure.transient
    assert replies[behaviour].attempts == 1
    assert replies["one"].parsed


def test_a_parser_has_no_network_card(tmp_path: Path) -> None:
    failure = parse_all(tmp_path, ["address"])["address"].failure

    assert failure is not None
    if "eth0" in Path("/proc/self/net/dev").read_text() and os.geteuid() != 0 and "eth0" in failure.detail:
        pytest.skip("this kernel gives no network namespace to ordinary users")
    assert "eth0" not in failure.detail


def test_more_text_than_allowed_is_refused_and_not_read(tmp_path: Path) -> None:
    replies = parse_all(tmp_path, ["flood", "one"], workers=1, max_output_mib=2)

    failure = replies["flood"].failure
    assert failure is not None
    assert failure.reason == "too_much_text"
    assert "parse.max_output_mib" in failure.detail
    assert replies["one"].parsed


def test_what_a_dead_parser_wrote_last_reaches_its_files_failure(tmp_path: Path) -> None:
    failure = parse_all(tmp_path, ["words"])["words"].failure

    assert failure is not None
    assert "exit code 9" in failure.detail
    assert failure.stderr == "these were my last words"


def test_a_worker_killed_from_outside_costs_no_file(tmp_path: Path) -> None:
    tasks = [ParseTask(f"{number}.md", tmp_path / f"{number}.md", "text/markdown") for number in range(6)]
    for task in tasks:
        task.file.write_bytes(files.markdown())
    with ParserPool(ParseSettings(workers=1)) as pool:
        replies = []
        for reply in pool.parse_all(tasks):
            replies.append(reply)
            if len(replies) == 2:
                (worker,) = pool._workers
                worker.kill()
    assert sorted(reply.task.path for reply in replies) == sorted(task.path for task in tasks)
    assert all(reply.parsed for reply in replies)


def test_workers_are_kept_from_call_to_call(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(files.markdown())
    task = ParseTask("a.md", tmp_path / "a.md", "text/markdown")
    with ParserPool(ParseSettings(workers=1)) as pool:
        first = [list(pool.parse_all([task])), pool._workers[0].pid]
        second = [list(pool.parse_all([task])), pool._workers[0].pid]
    assert first[1] == second[1] is not None


def test_tasks_are_taken_as_workers_get_free(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(files.markdown())
    taken = 0

    def tasks() -> Iterator[ParseTask]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield ParseTask(str(number), tmp_path / "a.md", "text/markdown")

    with ParserPool(ParseSettings(workers=2)) as pool:
        for count, _ in enumerate(pool.parse_all(tasks()), 1):
            assert taken <= count + 4
            if count == 20:
                break
    assert taken <= 24


def test_parsers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("sleep")
    program = (
        "import sys\nfrom pathlib import Path\nfrom headgate.ingest.sandbox.pool import ParserPool, ParseTask\n"
        "from headgate.settings import ParseSettings\n"
        f"pool = ParserPool(ParseSettings(workers=1), command=(sys.executable, '-c', {MISCHIEF!r}))\n"
        f"replies = pool.parse_all([ParseTask('sleep', Path({str(tmp_path / 'a.md')!r}), 'text/markdown')] * 2)\n"
        "import threading, time\nthreading.Thread(target=lambda: list(replies), daemon=True).start()\n"
        "while not (pool._workers and pool._workers[0].pid): time.sleep(0.02)\n"
        "print(pool._workers[0].pid, flush=True)\ntime.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(500):
        if not Path(f"/proc/{worker}").exists() or "State:\tZ" in Path(f"/proc/{worker}/status").read_text():
            return
        time.sleep(0.02)
    os.kill(worker, signal.SIGKILL)
    pytest.fail("the parser outlived its parent")


@pytest.mark.parametrize(
    ("text", "passwords"),
    [('["one", "two words"]', ("one", "two words")), ("one\ntwo words\n", ("one", "two words")), ("[not json\n", ("[not json",))],
)
def test_passwords_come_from_a_variable_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, passwords: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DOCUMENT_PASSWORDS", text)
    assert read_passwords(ParseSettings(passwords_env="DOCUMENT_PASSWORDS")) == passwords
    (tmp_path / "passwords").write_text(text)
    assert read_passwords(ParseSettings(passwords_file=str(tmp_path / "passwords"))) == passwords


def test_passwords_that_are_not_there_stop_the_run_before_any_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DOCUMENT_PASSWORDS"):
        ParserPool(ParseSettings(passwords_env="DOCUMENT_PASSWORDS"))
    with pytest.raises(SettingsError, match="passwords_file"):
        ParserPool(ParseSettings(passwords_file=str(tmp_path / "none")))
    with pytest.raises(ValueError, match="outside of the project"):
        ParseSettings(passwords_file="passwords.txt")


def test_a_password_opens_a_file_and_is_nowhere_to_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.pdf").write_bytes(files.pdf(password="open-sesame"))
    task = ParseTask("a.pdf", tmp_path / "a.pdf", "application/pdf")
    for passwords, parsed in (("wrong-one", False), ("wrong-one\nopen-sesame", True)):
        monkeypatch.setenv("DOCUMENT_PASSWORDS", passwords)
        with ParserPool(ParseSettings(workers=1, passwords_env="DOCUMENT_PASSWORDS")) as pool:
            (reply,) = pool.parse_all([task])
            worker = Path(f"/proc/{pool._workers[0].pid}")
            assert b"wrong-one" not in (worker / "cmdline").read_bytes() + (worker / "environ").read_bytes()
        assert bool(reply.parsed) == parsed
        if reply.failure:
            assert reply.failure.reason == "encrypted"
            assert "wrong-one" not in reply.failure.detail
