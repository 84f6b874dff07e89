"""A lock in a store that knows nothing but conditional create: numbered leases, the highest one counts.

    locks/<name>/00000007.json    {"holder": …, "machine": …, "process": …, "seconds": 60, "released": false}

    take     create number n + 1; of several takers one wins
    keep     write the own number again every third of its seconds: the store's clock dates it
    free     write it again as released, or let it grow old

A lease is free once it is released, is older than its seconds by the store's own clock, or its process on this very machine is gone. A
holder that was stopped for longer finds a higher number when it goes on, and must not write any more: `check` tells.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.errors import AlreadyExistsError, LockedError, NotFoundError, StorageError
from headgate.storage.layout import CLOCK, LEASES
from headgate.storage.store import Store

#: After this long without renewal a lease is free, seconds.
LEASE_SECONDS = 60.0
_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Lease:
    number: int  # 0 = there is none yet
    modified: float  # seconds since 1970, the store's clock
    content: dict[str, Any]


class HeldLease:
    """A lease of this process, renewed by a thread until `free`."""

    def __init__(self, store: Store, name: str, number: int, content: dict[str, Any], *, seconds: float) -> None:
        self._store = store
        self._name = name
        self._number = number
        self._content = content
        self._seconds = seconds
        self._ended = threading.Event()
        self._renewed = time.monotonic()
        self._lost = ""
        self._thread = threading.Thread(target=self._renew_until_ended, name=f"lease-{name}", daemon=True)
        self._thread.start()

    def check(self) -> None:
        if not self._lost and _highest(self._store, self._name) != self._number:
            self._lost = "another run took it over"
        if not self._lost and time.monotonic() - self._renewed > self._seconds:
            self._lost = f"it could not be renewed for {self._seconds:.0f} s"
        if self._lost:
            raise StorageError(f"the lock {self._name!r} was lost: {self._lost}; nothing more was written, run again")

    def free(self) -> None:
        self._ended.set()
        self._thread.join()
        with suppress(StorageError):  # then it grows old
            if _highest(self._store, self._name) == self._number:
                self._store.put(_key(self._name, self._number), json.dumps(self._content | {"released": True}).encode())

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(self._seconds / 3) and not self._lost:
            began = time.monotonic()
            with suppress(StorageError):  # tried again; `check` tells when it was too long
                if _highest(self._store, self._name) != self._number:
                    self._lost = "another run took it over"
                    return
                self._store.put(_key(self._name, self._number), json.dumps(self._content).encode())
                self._renewed = began


@contextmanager
def hold_lease(
    store: Store, name: str, *, wait_seconds: float = 0.0, lease_seconds: float = LEASE_SECONDS
) -> Iterator[HeldLease]:
    """Hold the lease `name`.

    Raises:
        LockedError: another run holds it; says which, and since when it was not heard of.
    """
    content = {
        "holder": f"process {os.getpid()} on {socket.gethostname()}",
        "machine": _machine(),
        "process": _process(os.getpid()),
        "seconds": lease_seconds,
        "token": uuid.uuid4().hex,
        "released": False,
    }
    deadline = time.monotonic() + wait_seconds
    while True:
        current = _current(store, name)
        refusal = _refusal(store, name, current)
        if not refusal:
            try:
                store.create(_key(name, current.number + 1), json.dumps(content).encode())
                if _highest(store, name) == current.number + 1:
                    break
                # Others took and freed higher numbers since we looked, and cleared this one away: it counts for nothing.
                store.delete(_key(name, current.number + 1))
                refusal = "others that came first"
            except AlreadyExistsError:
                refusal = "another run that came first"
        if time.monotonic() >= deadline:
            raise LockedError(f"{name!r} is being written by another run ({refusal}); wait for it to end")
        time.sleep(_POLL_SECONDS)
    held = HeldLease(store, name, current.number + 1, content, seconds=lease_seconds)
    try:
        for number in range(max(1, current.number - 5), current.number + 1):  # the highest must stay: numbers only grow
            store.delete(_key(name, number))
        yield held
    finally:
        held.free()


def _refusal(store: Store, name: str, lease: _Lease) -> str:
    """Who holds the lease, "" when it is free."""
    if not lease.number or lease.content.get("released"):
        return ""
    holder = str(lease.content.get("holder", "another process"))
    if lease.content.get("machine") == _machine() and not _runs(str(lease.content.get("process", ""))):
        return ""
    age = _store_time(store, name) - lease.modified
    return (
        "" if age > float(lease.content.get("seconds", LEASE_SECONDS)) + 1 else f"{holder}, last heard of {max(0, age):.0f} s ago"
    )


def _current(store: Store, name: str) -> _Lease:
    entries = list(store.entries(LEASES.prefix(name)))
    if not entries:
        return _Lease(0, 0.0, {})
    newest = entries[-1]
    try:
        content = json.loads(store.get(newest.key))
    except NotFoundError:  # a later taker removed it just now
        return _current(store, name)
    except ValueError:
        content = {}
    return _Lease(_number(newest.key), newest.modified, content if isinstance(content, dict) else {})


def _highest(store: Store, name: str) -> int:
    return max((_number(key) for key in store.list(LEASES.prefix(name))), default=0)


def _store_time(store: Store, name: str) -> float:
    """Now by the store's own clock, so that machines whose clocks differ agree: the date it gives to a new file."""
    key = CLOCK.key(f"{name}-{uuid.uuid4().hex}")
    store.put(key, b"")
    try:
        return store.stat(key).modified
    finally:
        store.delete(key)


def _key(name: str, number: int) -> str:
    return LEASES.key(name, f"{number:08d}")


def _number(key: str) -> int:
    name = key.rsplit("/", 1)[-1].removesuffix(".json")
    return int(name) if name.isdigit() else 0


def _machine() -> str:
    """This boot of this machine, and the process namespace (a container); "" where the system doesn't tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 - it links to no path
    except OSError:
        return f"unknown {uuid.uuid4().hex}"


def _process(pid: int) -> str:
    """A process by number and start, since numbers are used again; "" when there is none, or it is dead and waits to be collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state[0] in "ZX" else f"{pid} {state[19]}"


def _runs(process: str) -> bool:
    pid = process.split(" ")[0]
    return pid.isdigit() and _process(int(pid)) == process
