"""What the kernel refuses a parser process and all that it starts, where it gives no network namespace."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from errno import EPERM
from pathlib import Path

import pytest

from headgate.ingest.sandbox.pool import ParserPool, ParseTask
from headgate.settings import ParseSettings

#: Flags that no kernel knows: unshare(2) fails.
NO_NAMESPACE = """
from headgate.ingest.sandbox import isolation
isolation._CLONE_NEWUSER = isolation._CLONE_NEWNET = -1
"""
NO_FILTER = """
isolation._MACHINES = {}
"""
#: Prints what libc's socket(2) says for each family, 0 = it gave one; the audit hook sees none of these calls.
ASK = """
import ctypes, json
libc = ctypes.CDLL(None, use_errno=True)
said = {}
for family in FAMILIES:
    said[family] = 0 if libc.socket(family, 2, 0) >= 0 else ctypes.get_errno()
said["io_uring"] = 0 if libc.syscall(425, 1, None) >= 0 else ctypes.get_errno()
said["x32"] = 0 if libc.syscall(0x40000000 + 41, 2, 2, 0) >= 0 else ctypes.get_errno()
print(json.dumps(said), flush=True)
"""
PROBE = """
import subprocess, sys
fence = isolation.isolate()
fence.programs = frozenset({sys.executable})
exec(ASK)
subprocess.run([sys.executable, "-c", ASK], check=True)
print(fence.warning)
"""
NETWORKS = [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET, socket.AF_VSOCK, socket.AF_ALG]

filtered = pytest.mark.skipif(os.uname().machine not in ("x86_64", "aarch64"), reason="no filter is installed on this machine")


@filtered
def test_no_socket_of_a_network_for_native_code_and_children_without_a_namespace() -> None:
    ask = ASK.replace("FAMILIES", str([int(family) for family in (*NETWORKS, socket.AF_UNIX)]))
    program = f"ASK = {ask!r}\n{NO_NAMESPACE}{PROBE}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    own, child, warning = done.stdout.split("\n")[:3]
    for said in (json.loads(own), json.loads(child)):
        assert [said[str(int(family))] for family in NETWORKS] == [EPERM] * len(NETWORKS)
        assert said[str(int(socket.AF_UNIX))] == 0
        assert said["io_uring"] == EPERM
        if os.uname().machine == "x86_64":
            assert said["x32"] == EPERM
    assert warning == ""


@pytest.mark.parametrize(("lacking", "warnings"), [(NO_NAMESPACE, 0), (NO_NAMESPACE + NO_FILTER, 1)])
@filtered
def test_a_worker_that_nothing_but_python_keeps_from_the_network_warns_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, lacking: str, warnings: int
) -> None:
    (tmp_path / "a.md").write_text("# A\n\nSome text to parse.")
    worker = f"{lacking}\nimport sys\nfrom headgate.ingest.sandbox import worker\nsys.exit(worker.main())"
    with ParserPool(ParseSettings(workers=1), command=(sys.executable, "-c", worker)) as pool:
        replies = list(pool.parse_all([ParseTask(name, tmp_path / "a.md", "text/markdown") for name in ("one", "two")]))

    assert all(reply.parsed for reply in replies)
    said = [record.getMessage() for record in caplog.records if record.name == "headgate.ingest.sandbox.process"]
    assert len(said) == warnings
    assert all("neither a network namespace nor a seccomp filter" in message for message in said)
