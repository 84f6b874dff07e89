"""Importing headgate and opening a bundle starts no process and calls nobody, in a fresh interpreter that watches itself."""

from __future__ import annotations

import json
import subprocess
import sys

from headgate.bundle import Bundle
from headgate.settings import Settings
from tests.conftest import REPOSITORY

#: Audit events of starting processes and of talking to other machines; local sockets pairs of event loops are neither.
WATCHED = (
    "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen", "pty.spawn",
    "socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request", "http.client.connect",
)  # fmt: skip
PROGRAM = """
import json, resource, sys
seen = []
sys.addaudithook(lambda event, arguments: seen.append(event) if event in {watched!r} else None)
import headgate
{body}
children = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([sorted(set(seen)), children.ru_maxrss]))
"""


def watched_in(body: str) -> list[object]:
    """What a fresh process did while it ran `body` after importing headgate: watched events, and the memory of its ended children."""
    program = PROGRAM.format(watched=set(WATCHED), body=body)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=900
    )
    found: list[object] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_importing_the_library_starts_no_process_and_calls_nobody() -> None:
    modules = (
        "headgate.bundle",
        "headgate.release.ledger",
        "headgate.replay",
        "headgate.serve.server",
        "headgate.cli.main",
        "headgate.build",
    )
    assert watched_in(f"import {', '.join(modules)}, openvino") == [[], 0]


def test_opening_a_bundle_and_answering_starts_no_process_and_calls_nobody(settings: Settings, bundle: Bundle) -> None:
    body = f"""
from pathlib import Path
from headgate.bundle import open_bundle
from headgate.records import Question
from headgate.storage import FolderStore
answerer = open_bundle(FolderStore(Path({str(settings.store_root)!r})), {bundle.bundle_id!r})
assert "10 working days" in answerer.answer_now(Question(text="When does a refund reach my payment method?")).text
"""
    assert watched_in(body) == [[], 0]


def test_the_watch_sees_a_process_and_a_connection() -> None:
    body = "import os, socket\nos.waitpid(os.fork() or os._exit(0), 0)\nsocket.socket().connect_ex(('127.0.0.1', 9))"
    events, memory = watched_in(body)
    assert events == ["os.fork", "socket.connect"]
    assert isinstance(memory, int)
    assert memory > 0
