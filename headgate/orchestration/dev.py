"""`headgate dev`: the Dagster UI, the MLflow UI and the validation reports of a project, side by side, until Ctrl-C.

All listen on 127.0.0.1 only. When one ends, the others are stopped too, and its exit status is ours.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from headgate.errors import UsageError
from headgate.orchestration.addresses import HOST, MLFLOW_UI_VARIABLE, REPORTS_UI_VARIABLE
from headgate.orchestration.home import prepare_home
from headgate.settings import Settings

#: Seconds that a program gets to end by itself before it is killed. The daemon waits for a tick in progress.
GRACE = 15.0
POLL = 0.2
#: Seconds that a sensor or schedule may take for one look: those that read many files on a busy machine need more than Dagster's 60.
LOOK_SECONDS = "900"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the programs listen, on 127.0.0.1."""

    dagster: int
    mlflow: int
    reports: int


@dataclass(frozen=True, slots=True)
class Program:
    """One program to run: `name` for messages, `address` where people find it."""

    name: str
    address: str
    port: int
    command: tuple[str, ...]


def run_dev(settings: Settings, ports: Ports, *, say: Callable[[str], None]) -> int:
    """Start the programs of a project and wait until they are stopped; returns the exit status.

    Raises:
        UsageError: the project does not say where its definitions are, or has no dagster.yaml, or a port is taken.
    """
    _check_definitions(settings.project_dir / "pyproject.toml")
    environment = os.environ | {
        "DAGSTER_HOME": str(prepare_home(settings)),
        "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": LOOK_SECONDS,
        "DAGSTER_SCHEDULE_GRPC_TIMEOUT_SECONDS": LOOK_SECONDS,
        # What the programs' own libraries will change one day is not for the people who look at them.
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "ignore"),
        MLFLOW_UI_VARIABLE: f"http://{HOST}:{ports.mlflow}",
        REPORTS_UI_VARIABLE: f"http://{HOST}:{ports.reports}",
    }
    return run_until_stopped(programs(settings, ports), folder=settings.project_dir, environment=environment, say=say)


def programs(settings: Settings, ports: Ports) -> list[Program]:
    """What to start. Where the settings name an MLflow server, that one is used and none is started."""
    from headgate.evaluate.report.tracking import tracking_uri  # brings mlflow, which takes seconds

    dagster = ("dagster", "dev", "-h", HOST, "-p", str(ports.dagster))
    uri = tracking_uri(settings.tracking_setup)
    mlflow = ("mlflow", "ui", "--backend-store-uri", uri, "--host", HOST, "--port", str(ports.mlflow), "--workers", "1")
    reports = ("headgate.orchestration.reports", "--port", str(ports.reports))
    wanted = [_program("Dagster UI", ports.dagster, dagster)]
    if not uri.startswith(("http://", "https://", "databricks")):
        wanted.append(_program("MLflow UI", ports.mlflow, mlflow))
    return [*wanted, _program("Reports", ports.reports, reports)]


def run_until_stopped(
    wanted: Sequence[Program], *, folder: Path, environment: Mapping[str, str], say: Callable[[str], None]
) -> int:
    """Start all in `folder`, wait for Ctrl-C, SIGTERM or the end of one; stop all. Returns the exit status.

    Raises:
        UsageError: a port is taken.
    """
    for program in wanted:
        _check_port(program)
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    # Handlers of our own also undo an ignored SIGINT that a shell's `&` hands down: `dagster dev` would then ignore SIGTERM too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    running: list[tuple[Program, subprocess.Popen[bytes]]] = []
    try:
        for program in wanted:
            # A session of its own: Ctrl-C reaches only us, and we stop the programs one after the other.
            process = subprocess.Popen(program.command, cwd=folder, env=environment, start_new_session=True)
            running.append((program, process))
            say(f"{program.name:10} {program.address}")
        say("Ctrl-C stops them.")
        while not stopping:
            for program, process in running:
                if (status := process.poll()) is not None:
                    say(f"{program.name} ended with status {status}")
                    return status or 1
            time.sleep(POLL)
    finally:
        for _, process in running:
            _stop(process)
    return 0


def _program(name: str, port: int, module: tuple[str, ...]) -> Program:
    return Program(name, f"http://{HOST}:{port}", port, (sys.executable, "-m", *module))


def _check_definitions(file: Path) -> None:
    """Dagster itself reads `[tool.dagster]`; without it, it would only say that it was given no arguments."""
    try:
        known = "dagster" in tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except FileNotFoundError:
        raise UsageError(
            f"{str(file)!r} does not exist; `headgate init` writes a whole project, for `headgate dev` too"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(file)!r} can't be read: {error}") from error
    if not known:
        raise UsageError(f'{str(file)!r} has no [tool.dagster]; add it, with module_name = "pipelines.definitions"')


def _check_port(program: Program) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, program.port))
        except OSError as error:
            option = "--" + program.name.split()[0].lower() + "-port"
            raise UsageError(
                f"{program.name}: port {program.port} can't be used ({error.strerror}); choose another with {option}"
            ) from None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the program to end, then its whole session; kill what is left after GRACE seconds."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()
