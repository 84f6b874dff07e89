"""What a parser process may not do, set by the process itself before it looks at a file.

    network     a network namespace of its own without any address, where the kernel gives one; no socket of a network, by a
                seccomp filter on x86-64 and 64-bit ARM; no connection and no lookup from Python
    programs    none but the converters it was told of
    files       none outside of Python, the package and its own folder while a document is parsed
    memory      address space beyond what its libraries took; CPU time, open files and written bytes likewise
    parent      it ends with the thread that started it

The namespace, the filter and the limits hold for native libraries and converters too; what is refused from Python (programs, files,
connections) is an audit hook, which neither obeys. Sockets of the machine itself (AF_UNIX) are allowed by the filter.

A document is data: nothing here is meant to hold code that already runs in the process, only what a format asks its reader to do.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import struct
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
_MAX_WRITTEN = 128 * 2**20  # bytes of any file
_MAX_OPEN_FILES = 256
#: Variable with the number of the process that starts this one: whoever has another parent by now was left alone. 1 is no sign of that in a container.
PARENT = "HEADGATE_PARENT"
_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
#: The one family of sockets that does not lead to a network or tell of one.
_LOCAL = 1  # AF_UNIX
_OF_DESCRIPTOR = -1  # Python wraps a socket that is there already
#: io_uring_setup(2), whose rings make sockets without socket(2); the same number on both machines.
_IO_URING = 425
#: Machine → (its AUDIT_ARCH, its number of socket(2), first number that is refused as another ABI's: x32 on x86-64).
_MACHINES = {"x86_64": (0xC000003E, 41, 0x40000000), "aarch64": (0xC00000B7, 198, None)}
_SECCOMP_MODE_FILTER = 2
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # BPF: ld word [k]; jeq k; jge k; ret k
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, of the argument its lower half
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
    """The audit hook of a parser process. `programs` may be started; files are refused while `closed`.

    `warning` says what is missing where it stands alone; empty where the kernel refuses networks too.
    """

    def __init__(self) -> None:
        self.programs: frozenset[str] = frozenset()
        self.warning = ""
        self._closed = False
        own = [*sys.path, sys.prefix, sys.base_prefix, os.environ.get("HOME", ""), os.environ.get("TMPDIR", "")]
        roots = {form for path in own if path for form in (os.path.abspath(path), os.path.realpath(path))}  # noqa: PTH100
        self._roots = (*(root.rstrip("/") + "/" for root in roots), *_SYSTEM_FILES)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _FORBIDDEN:
            raise PermissionError(f"a parser may not do this: {event}")
        if event == "socket.__new__" and arguments[1] not in (_LOCAL, _OF_DESCRIPTOR):
            raise PermissionError("a parser may not open a socket of a network")
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
    end_with_parent()
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    filtered = _refuse_networks(libc)
    alone = _leave_network(libc)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MAX_OPEN_FILES, _MAX_OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_WRITTEN, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    fence = Fence()
    if not filtered and not alone:
        fence.warning = (
            "this machine gives parsers neither a network namespace nor a seccomp filter: connections from Python are refused, those "
            "of native libraries, soffice, tesseract and pandoc are not; allow one of the two, or run where no network can be reached"
        )
    sys.addaudithook(fence)
    return fence


def end_with_parent() -> None:
    """Have the kernel end this process when the thread that started it ends, which may have happened already (`PARENT`)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.environ.get(PARENT, str(os.getppid())) != str(os.getppid()):
        sys.exit("the process that wanted this one is gone")


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _refuse_networks(libc: Any) -> bool:
    """Have socket(2) fail with EPERM for all but `_LOCAL`, and io_uring, here and in all children. Returns whether the kernel does so.

    Calls by another ABI of the machine (x32, 32 bits), where socket(2) has other numbers, fail altogether.
    """
    machine = _MACHINES.get(os.uname().machine)
    if machine is None or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    architecture, call, other_abi = machine
    # (operation, value, jump if true, jump if false); None = on to the next, jumps go to the ends.
    steps: list[tuple[int, int, int | None, int | None]] = [
        (_LOAD, _ARCHITECTURE, None, None),
        (_EQUAL, architecture, None, _REFUSE),
        (_LOAD, _NUMBER, None, None),
        *([(_AT_LEAST, other_abi, _REFUSE, None)] if other_abi else []),
        (_EQUAL, _IO_URING, _REFUSE, None),
        (_EQUAL, call, None, _ALLOW),
        (_LOAD, _FIRST_ARGUMENT, None, None),
        (_EQUAL, _LOCAL, _ALLOW, _REFUSE),
        (_RETURN, _ALLOW, None, None),
        (_RETURN, _REFUSE, None, None),
    ]
    ends = {_ALLOW: len(steps) - 2, _REFUSE: len(steps) - 1}
    code = b"".join(
        struct.pack("=HBBI", operation, *(0 if end is None else ends[end] - place - 1 for end in jumps), value)
        for place, (operation, value, *jumps) in enumerate(steps)
    )
    program = _Program(len(steps), code)
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _leave_network(libc: Any) -> bool:
    """Into a network namespace with nothing in it. Returns whether the kernel gave one."""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(_CLONE_NEWNET) == 0:
        return True
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        try:
            Path("/proc/self", name).write_text(line, encoding="ascii")
        except OSError:  # unmapped, the process is nobody, which serves as well
            break
    return True


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
