"""A parser process: `python -m headgate.ingest.worker`. Reads one JSON request a line, writes one JSON line for each.

    → {"file": "/corpus/a.pdf", "path": "a.pdf", "media_type": "application/pdf", "cpu_seconds": 60, …}
    ← {"started": true}        libraries are loaded; the file's own time starts
    ← {"parsed": {…}}  or  {"failed": {"reason": "encrypted", "detail": "…", "transient": false}}

It may not open a connection, start a program, or use more memory and CPU time than it is given. JSON, not pickle: whatever a
document does to this process, the parent only ever reads data.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

from headgate.errors import ParseFailure

_FORBIDDEN = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.sendto",
    "socket.bind",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
)
_MAX_WRITTEN = 64 * 2**20  # bytes of any temporary file
_MAX_OPEN_FILES = 256


def main() -> int:
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between the replies
    sys.addaudithook(_refuse)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        _handle(json.loads(line), replies)
    return 0


def _handle(request: dict[str, Any], replies: BinaryIO) -> None:
    from headgate.ingest.parse import parse_file, preload

    _limit_memory(None)
    preload(request["media_type"])
    _send(replies, {"started": True})
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_WRITTEN, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    _limit_memory(request["memory_bytes"])
    _limit_cpu(request["cpu_seconds"])
    reply: dict[str, Any]
    try:
        content = Path(request["file"]).read_bytes()
        parsed = parse_file(content, request["media_type"], path=request["path"], max_unzipped=request["max_unzipped_bytes"])
        reply = {"parsed": parsed.to_json()}
    except ParseFailure as error:
        reply = {"failed": {"reason": error.reason, "detail": error.detail, "transient": error.transient}}
    except MemoryError:
        reply = {
            "failed": {
                "reason": "memory",
                "detail": f"needs more than parse.memory_mib = {request['memory_bytes'] // 2**20}",
                "transient": False,
            }
        }
    except OSError as error:
        reply = {
            "failed": {"reason": "unreadable", "detail": f"{type(error).__name__}: {error.strerror or error}", "transient": True}
        }
    except Exception as error:  # noqa: BLE001  # the fence around third-party parsers: any error of theirs is the file's outcome
        reply = {
            "failed": {"reason": "parser_error", "detail": f"{type(error).__name__}: {str(error)[:300]}", "transient": False}
        }
    _limit_memory(None)
    _send(replies, reply)


def _send(replies: BinaryIO, message: dict[str, Any]) -> None:
    replies.write(json.dumps(message).encode() + b"\n")
    replies.flush()


def _limit_memory(extra: int | None) -> None:
    """Allow `extra` bytes of address space beyond what is in use now; None = no limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if extra is None:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + extra, hard))


def _limit_cpu(seconds: float) -> None:
    """Allow `seconds` of CPU time beyond what was used; past it the kernel ends the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime + seconds) + 1, hard))


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"a parser may not do this: {event}")


if __name__ == "__main__":
    sys.exit(main())
