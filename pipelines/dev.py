"""`make dev`: the Dagster UI, the MLflow UI and the validation reports, side by side, until Ctrl-C.

    python -m pipelines.dev [--dagster-port 3000] [--mlflow-port 5000] [--reports-port 5001]

All listen on 127.0.0.1 only. When one ends, the others are stopped too, and its exit status is ours.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

from assets.resources import MLFLOW_UI, MLFLOW_UI_VARIABLE, REPORTS_UI, REPORTS_UI_VARIABLE
from headgate.errors import UsageError
from headgate.settings import Settings, load_settings
from pipelines.home import ROOT, prepare_home

HOST = "127.0.0.1"
#: Seconds that a program gets to end by itself before it is killed. The daemon waits for a tick in progress.
GRACE = 15.0
POLL = 0.2


@dataclass(frozen=True, slots=True)
class Program:
    """One program to run: `name` for messages, `address` where people find it."""

    name: str
    address: str
    port: int
    command: tuple[str, ...]


def programs(settings: Settings, *, dagster_port: int, mlflow_port: int, reports_port: int) -> list[Program]:
    """What to start. Where the settings name an MLflow server, that one is used and none is started."""
    python = sys.executable
    dagster = (python, "-m", "dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-h", HOST, "-p", str(dagster_port))
    wanted = [Program("Dagster UI", f"http://{HOST}:{dagster_port}", dagster_port, dagster)]
    from headgate.evaluate.report.tracking import tracking_uri  # brings mlflow, which takes seconds

    uri = tracking_uri(settings)
    if not uri.startswith(("http://", "https://", "databricks")):
        mlflow = (
            python,
            "-m",
            "mlflow",
            "ui",
            "--backend-store-uri",
            uri,
            "--host",
            HOST,
            "--port",
            str(mlflow_port),
            "--workers",
            "1",
        )
        wanted.append(Program("MLflow UI", f"http://{HOST}:{mlflow_port}", mlflow_port, mlflow))
    reports = (python, "-m", "pipelines.reports", "--port", str(reports_port))
    wanted.append(Program("Reports", f"http://{HOST}:{reports_port}", reports_port, reports))
    return wanted


def run_until_stopped(wanted: Sequence[Program], *, environment: dict[str, str]) -> int:
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
            running.append((program, subprocess.Popen(program.command, cwd=ROOT, env=environment, start_new_session=True)))
            print(f"{program.name:10} {program.address}", flush=True)
        print("Ctrl-C stops them.", flush=True)
        while not stopping:
            for program, process in running:
                if (status := process.poll()) is not None:
                    print(f"{program.name} ended with status {status}", file=sys.stderr, flush=True)
                    return status or 1
            time.sleep(POLL)
    finally:
        for _, process in running:
            _stop(process)
    return 0


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


def _stop(process: "subprocess.Popen[bytes]") -> None:
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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipelines.dev", description="The Dagster UI and the MLflow UI until Ctrl-C.")
    parser.add_argument("--dagster-port", type=int, default=3000)
    parser.add_argument("--mlflow-port", type=int, default=int(MLFLOW_UI.rsplit(":", 1)[1]))
    parser.add_argument("--reports-port", type=int, default=int(REPORTS_UI.rsplit(":", 1)[1]))
    chosen = parser.parse_args(arguments)
    try:
        settings = load_settings()
        environment = os.environ | {
            "DAGSTER_HOME": str(prepare_home(settings)),
            MLFLOW_UI_VARIABLE: f"http://{HOST}:{chosen.mlflow_port}",
            REPORTS_UI_VARIABLE: f"http://{HOST}:{chosen.reports_port}",
        }
        wanted = programs(
            settings, dagster_port=chosen.dagster_port, mlflow_port=chosen.mlflow_port, reports_port=chosen.reports_port
        )
        return run_until_stopped(wanted, environment=environment)
    except UsageError as error:
        print(f"make dev: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
