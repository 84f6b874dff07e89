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
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from headgate.errors import UsageError
from headgate.orchestration.home import prepare_home, write_workspace
from headgate.orchestration.ui_addresses import HOST, MLFLOW_UI_VARIABLE, REPORTS_UI_VARIABLE
from headgate.settings import SETTINGS_FILE, Settings

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
    """One program to run in `folder`: `name` for messages, `address` where people find it."""

    name: str
    address: str
    port: int
    command: tuple[str, ...]
    folder: Path


def run_dev(settings: Settings, ports: Ports, *, settings_file: Path | None = None, say: Callable[[str], None]) -> int:
    """Start the programs of a project and wait until they are stopped; returns the exit status.

    Args:
        settings_file: where the settings were read from, when it is not HEADGATE_SETTINGS or the project's headgate.toml.

    Raises:
        UsageError: the project does not say where its definitions are, or has no dagster.yaml, or a port is taken.
    """
    home = prepare_home(settings)
    named = settings_file or os.environ.get("HEADGATE_SETTINGS") or settings.project_dir / SETTINGS_FILE
    environment = os.environ | {
        "DAGSTER_HOME": str(home),
        "HEADGATE_SETTINGS": str(Path(named).resolve()),
        "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": LOOK_SECONDS,
        "DAGSTER_SCHEDULE_GRPC_TIMEOUT_SECONDS": LOOK_SECONDS,
        # What the programs' own libraries will change one day is not for the people who look at them.
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "ignore"),
        MLFLOW_UI_VARIABLE: f"http://{HOST}:{ports.mlflow}",
        REPORTS_UI_VARIABLE: f"http://{HOST}:{ports.reports}",
    }
    return run_until_stopped(programs(settings, ports, home), environment=environment, say=say)


def programs(settings: Settings, ports: Ports, home: Path) -> list[Program]:
    """What to start. Where the settings name an MLflow server, that one is used and none is started.

    Raises:
        UsageError: the project does not say where its definitions are.
    """
    from headgate.evaluate.report.tracking import tracking_uri  # brings mlflow, which takes seconds

    workspace = write_workspace(home, settings.project_dir)
    dagster = ("dagster", "dev", "-w", str(workspace), "-h", HOST, "-p", str(ports.dagster))
    uri = tracking_uri(settings.tracking_setup)
    mlflow = ("mlflow", "ui", "--backend-store-uri", uri, "--host", HOST, "--port", str(ports.mlflow), "--workers", "1")
    reports = ("headgate.orchestration.reports", "--port", str(ports.reports))
    # Dagster warns of a dagster.yaml in the folder where it starts that is not the one of DAGSTER_HOME, so it starts there.
    wanted = [_program("Dagster UI", ports.dagster, dagster, home)]
    if not uri.startswith(("http://", "https://", "databricks")):
        wanted.append(_program("MLflow UI", ports.mlflow, mlflow, settings.project_dir))
    return [*wanted, _program("Reports", ports.reports, reports, settings.project_dir)]


def run_until_stopped(wanted: Sequence[Program], *, environment: Mapping[str, str], say: Callable[[str], None]) -> int:
    """Start all, wait for Ctrl-C, SIGTERM or the end of one; stop all. Returns the exit status.

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
            process = subprocess.Popen(program.command, cwd=program.folder, env=environment, start_new_session=True)
            running.append((program, process))
        say(f"{', '.join(program.name for program in wanted)}: starting; Ctrl-C stops them.")
        waited_for = list(wanted)
        while not stopping:
            for program in [program for program in waited_for if _answers(program.port)]:
                waited_for.remove(program)
                say(f"{program.name} is ready: {program.address}")
            for program, process in running:
                if (status := process.poll()) is not None:
                    say(f"{program.name} ended with status {status}")
                    return status or 1
            time.sleep(POLL)
    finally:
        for _, process in running:
            _stop(process)
    return 0


def _program(name: str, port: int, module: tuple[str, ...], folder: Path) -> Program:
    return Program(name, f"http://{HOST}:{port}", port, (sys.executable, "-m", *module), folder)


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


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


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
