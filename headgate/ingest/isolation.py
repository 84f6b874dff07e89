"""What a parser process may not do, set by the process itself before it looks at a file.

    network     a network namespace of its own without any address, where the kernel allows one; and no socket call in any case
    programs    none but the converters it was told of
    files       none outside of Python, the package and its own folder while a document is parsed
    memory      address space beyond what its libraries took; CPU time, open files and written bytes likewise
    parent      it ends with the thread that started it

A document is data: nothing here is meant to hold code that already runs in the process, only what a format asks its reader to do.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FORBIDDEN = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendto",
        "socket.sendmsg",
        "socket.bind",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "os.forkpty",
    }
)
_MAX_WRITTEN = 128 * 2**20  # bytes of any file; the language model is unpacked into one of 65 MiB
_MAX_OPEN_FILES = 256
_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
#: Read by libraries while they work: time zones, types of files, fonts' and locales' tables, the process's own figures.
_SYSTEM_FILES = (
    "/usr/share/",
    "/usr/lib/",
    "/usr/local/lib/",
    "/lib/",
    "/proc/self/",
    "/dev/null",
    "/dev/urandom",
    "/etc/mime.types",
)


class Fence:
    """The audit hook of a parser process. `programs` may be started; `files` are refused while `closed`."""

    def __init__(self) -> None:
        self.programs: frozenset[str] = frozenset()
        self._closed = False
        own = [*sys.path, sys.prefix, sys.base_prefix, os.environ.get("HOME", ""), os.environ.get("TMPDIR", "")]
        roots = {form for path in own if path for form in (os.path.abspath(path), os.path.realpath(path))}  # noqa: PTH100
        self._roots = (*(root.rstrip("/") + "/" for root in roots), *_SYSTEM_FILES)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _FORBIDDEN:
            raise PermissionError(f"a parser may not do this: {event}")
        if event == "subprocess.Popen" and str(arguments[0]) not in self.programs:
            raise PermissionError(f"a parser may not start {str(arguments[0])!r}")
        if event == "open" and self._closed and isinstance(arguments[0], (str, bytes)):
            path = os.path.abspath(os.fsdecode(arguments[0]))  # noqa: PTH100
            if not path.startswith(self._roots) and path + "/" not in self._roots:
                raise PermissionError(f"a parser may not open {path!r}")

    @contextmanager
    def closed(self) -> Iterator[None]:
        self._closed = True
        try:
            yield
        finally:
            self._closed = False


def isolate() -> Fence:
    """Give up what a parser does not need. Returns the fence, which is up."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 1:
        sys.exit("the process that wanted this parser is gone")
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _leave_network(libc)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_WRITTEN, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    fence = Fence()
    sys.addaudithook(fence)
    return fence


def _leave_network(libc: Any) -> None:
    """Into a network namespace with nothing in it. Where the kernel refuses one, the fence alone holds."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return
    for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            Path("/proc/self", name).write_text(line, encoding="ascii")
        except OSError:  # unmapped, the process is nobody, which serves as well
            return


def limit_memory(extra: int | None) -> None:
    """Allow `extra` bytes of address space beyond what is in use now; None = no limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if extra is None:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + extra, hard))


def limit_cpu(seconds: float) -> None:
    """Allow `seconds` of CPU time beyond what was used; past it the kernel ends the process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime + seconds) + 1, hard))


def resident_bytes() -> int:
    """Memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
