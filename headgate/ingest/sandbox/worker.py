"""A parser process: `python -m headgate.ingest.sandbox.worker`. Reads one JSON request a line, writes one JSON line for each.

    → {"file": "/corpus/a.pdf", "path": "a.pdf", "media_type": "application/pdf", "cpu_seconds": 60, "passwords": [], …}
    ← {"started": true}        libraries are loaded; the file's own time starts; the first says in "warning" what isolation lacks
    ← {"parsed": {…}, "resident": 91226112}  or  {"failed": {"reason": "encrypted", "detail": "…", "transient": false}, …}
      or {"disk_full": "…", …}, which says nothing of the file

What it may not do is set by `isolation`. JSON, not pickle: whatever a document does to this process, the parent only ever reads
data. Passwords come with the request and go with it; they are never written anywhere.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

from headgate.errors import FailureReason, ParseFailure
from headgate.ingest.sandbox.isolation import Fence, isolate, limit_cpu, limit_memory, resident_bytes

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> int:
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between the replies
    fence = isolate()
    loaded: set[str] = set()
    for line in sys.stdin.buffer:
        _handle(json.loads(line), replies, fence, loaded)
    return 0


def _handle(request: dict[str, Any], replies: BinaryIO, fence: Fence, loaded: set[str]) -> None:
    limit_memory(None)
    try:
        _load(request["media_type"], request["readers"], loaded)
    except OSError as error:
        if error.errno not in _DISK_FULL:
            raise
        _send(replies, _started(fence))
        _send(replies, _disk_full(error))
        return
    _send(replies, _started(fence))
    fence.programs = frozenset(request["programs"].values())
    limit_memory(request["memory_bytes"])
    limit_cpu(request["cpu_seconds"])
    try:
        reply = _parse(request, fence)
    except ParseFailure as error:
        reply = _failed(error.reason, error.detail, transient=error.transient)
    except MemoryError:
        reply = _failed("memory", f"needs more than parse.memory_mib = {request['memory_bytes'] // 2**20}")
    except RecursionError:
        reply = _failed("malformed", "nested too deeply")
    except PermissionError as error:
        denied = error.errno is None  # the fence's own, not the operating system's
        reply = _failed("forbidden" if denied else "unreadable", f"{error}", transient=not denied)
    except OSError as error:
        if error.errno in _DISK_FULL:
            reply = _disk_full(error)
        elif error.errno in (errno.EFBIG, errno.EMFILE):
            reply = _failed("too_large", f"needs more files or larger ones than a parser may have: {error.strerror}")
        else:
            reply = _failed("unreadable", f"{type(error).__name__}: {error.strerror or error}", transient=True)
    except Exception as error:  # noqa: BLE001  # the fence around third-party parsers: any error of theirs is the file's outcome
        reply = _failed("parser_error", f"{type(error).__name__}: {str(error)[:300]}")
    limit_memory(None)
    _send(replies, reply[:-1] + f', "resident": {resident_bytes()}}}'.encode())


def _load(media_type: str, readers: dict[str, Any], loaded: set[str]) -> None:
    from headgate.ingest.parse.file import preload

    if media_type in loaded:
        return
    preload(media_type, readers)
    loaded.add(media_type)
    # Libraries stay; the collector need not look at them again for every file.
    gc.collect()
    gc.freeze()


def _parse(request: dict[str, Any], fence: Fence) -> bytes:
    from headgate.ingest.parse.file import parse_file

    content = Path(request["file"]).read_bytes()
    with fence.closed():
        parsed = parse_file(
            content,
            request["media_type"],
            path=request["path"],
            max_unzipped=request["max_unzipped_bytes"],
            passwords=tuple(request["passwords"]),
            programs=request["programs"],
            readers=request["readers"],
            seconds=request["cpu_seconds"],
        )
    reply = json.dumps({"parsed": parsed.to_json()}).encode()
    if len(reply) > request["max_output_bytes"]:
        raise ParseFailure(
            request["path"],
            "too_much_text",
            f"{len(parsed.text) / 2**20:.1f} million characters, parse.max_output_mib = {request['max_output_bytes'] // 2**20} "
            "does not hold it; split the file",
        )
    return reply


def _started(fence: Fence) -> bytes:
    warning, fence.warning = fence.warning, ""
    return json.dumps({"started": True} | ({"warning": warning} if warning else {})).encode()


def _failed(reason: FailureReason, detail: str, *, transient: bool = False) -> bytes:
    return json.dumps({"failed": {"reason": reason, "detail": detail, "transient": transient}}).encode()


def _disk_full(error: OSError) -> bytes:
    return json.dumps({"disk_full": error.strerror or str(error)}).encode()


def _send(replies: BinaryIO, line: bytes) -> None:
    replies.write(line + b"\n")
    replies.flush()


if __name__ == "__main__":
    sys.exit(main())
