"""Processor time that a process and what it started have used. None where the system does not tell: there is no /proc."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
#: Places in /proc/<pid>/stat behind the name, proc(5). The times are the process's own and those of children it waited for.
_PARENT, _SESSION, _TIMES = 1, 3, slice(11, 15)


def cpu_seconds(pid: int) -> float | None:
    """Seconds used so far by `pid` and by the children that it waited for."""
    fields = _stat(pid)
    return None if fields is None else _seconds(fields)


def family_cpu_seconds(pid: int) -> float | None:
    """Seconds used so far by `pid`, the processes of its session, the children of them all, and those that were waited for."""
    seen = {int(name): fields for name in os.listdir("/proc") if name.isdigit() and (fields := _stat(int(name)))}  # noqa: PTH208
    if pid not in seen:
        return None
    family = {other for other, fields in seen.items() if int(fields[_SESSION]) == pid or other == pid}
    while more := {other for other, fields in seen.items() if int(fields[_PARENT]) in family} - family:
        family |= more
    return sum(_seconds(seen[other]) for other in family)


def _stat(pid: int) -> list[str] | None:
    try:
        content = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return content.rpartition(")")[2].split()  # the name before it may hold anything


def _seconds(fields: list[str]) -> float:
    return sum(map(int, fields[_TIMES])) / _TICKS
