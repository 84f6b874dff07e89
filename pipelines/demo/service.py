"""The service as a process of its own, as an operator would start it, and one question asked of it as a stream."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from headgate.errors import HeadgateError

HOST = "127.0.0.1"
#: Seconds after which a service that has not become ready, or an answer of which nothing more came, is taken to hang. Far more than the busiest
#: machine needs: how fast it is decides nothing.
HANGS = 900.0
#: Seconds to end after SIGTERM; past them the service is killed, which the demo does not mind.
STOP = 20.0


class ServiceError(HeadgateError):
    """The service did not start, or did not answer."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running service. `seconds` is what it took from start to ready."""

    address: str
    seconds: float


@contextmanager
def running_service(log: Path) -> Iterator[Service]:
    """`headgate serve` on a free port while the block runs; what it prints goes to `log`.

    Raises:
        ServiceError: it ended, or hangs; with the end of the log.
    """
    port = _free_port()
    address = f"http://{HOST}:{port}"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "headgate.cli.main", "serve", "--host", HOST, "--port", str(port)]
    with log.open("wb") as output:
        started = time.monotonic()
        # A session of its own, so that Ctrl-C ends the demo, and the demo ends the service.
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            _wait_until_ready(process, address, log)
            yield Service(address, time.monotonic() - started)
        finally:
            _stop(process)


def ask(address: str, question: str) -> Iterator[str | dict[str, Any]]:
    """The answer's pieces as they come, then the whole reply as a dict.

    Raises:
        ServiceError: the service refused, or the stream ended without an end.
    """
    body = {"question": question, "stream": True}
    try:
        with httpx.stream("POST", f"{address}/v1/answers", json=body, timeout=HANGS) as response:
            if response.status_code != httpx.codes.OK:
                raise ServiceError(f"{address} answered {response.status_code}: {response.read().decode(errors='replace')[:300]}")
            event = ""
            for line in response.iter_lines():
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    content = orjson.loads(line.removeprefix("data: "))
                    if event == "error":
                        raise ServiceError(f"{address}: {content}")
                    yield content if event == "answer" else str(content["text"])
                    if event == "answer":
                        return
    except httpx.HTTPError as error:
        raise ServiceError(f"{address}: {type(error).__name__}: {error}") from error
    raise ServiceError(f"{address}: the stream ended before the answer did")


def _wait_until_ready(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + HANGS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServiceError(f"the service ended with status {process.returncode}:\n{_tail(log)}")
        try:
            if httpx.get(f"{address}/readyz", timeout=HANGS).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass  # not listening yet
        time.sleep(0.1)
    raise ServiceError(f"the service was not ready after {HANGS:.0f} s:\n{_tail(log)}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
