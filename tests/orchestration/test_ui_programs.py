from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest

from headgate.errors import UsageError
from headgate.orchestration.ui_addresses import HOST
from headgate.orchestration.ui_programs import Ports, Program, programs, run_until_stopped
from headgate.settings import parse_settings

PORTS = Ports(dagster=3000, mlflow=5000, reports=5001)
#: Says that it is there, in one write, then waits for SIGINT; a quarter of an hour is for ever here.
WAITING = "import os, time; os.write(1, b'up\\n'); time.sleep(900)"


@pytest.fixture(autouse=True)
def definitions(tmp_path: Path) -> None:
    """The project says where Dagster finds its definitions."""
    (tmp_path / "pyproject.toml").write_text('[tool.dagster]\nmodule_name = "pipelines.definitions"\n')


def test_all_programs_listen_on_loopback_only(tmp_path: Path) -> None:
    settings = parse_settings({"corpus": {"folder": "documents"}}, project_dir=tmp_path)
    dagster, mlflow, reports = programs(settings, PORTS, tmp_path)
    assert reports.address == "http://127.0.0.1:5001"
    assert {"headgate.orchestration.reports", "--port", "5001"} <= set(reports.command)  # it binds HOST: test_reports
    assert dagster.address == "http://127.0.0.1:3000"
    assert {"-h", HOST, "-p", "3000"} <= set(dagster.command)
    assert mlflow.address == "http://127.0.0.1:5000"
    assert {"--host", HOST, "--port", "5000", f"sqlite:///{tmp_path / '.headgate' / 'mlflow' / 'mlflow.db'}"} <= set(
        mlflow.command
    )


def test_an_mlflow_server_of_the_settings_is_used_and_none_is_started(tmp_path: Path) -> None:
    settings = parse_settings(
        {"corpus": {"folder": "documents"}, "evaluation": {"tracking_uri": "https://mlflow.example.org"}}, project_dir=tmp_path
    )
    assert [program.name for program in programs(settings, PORTS, tmp_path)] == [
        "Dagster UI",
        "Reports",
    ]


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        program = Program("Dagster UI", "", port, (sys.executable, "-c", "raise SystemExit('started')"), tmp_path)
        with pytest.raises(UsageError, match=rf"port {port} can't be used .* --dagster-port"):
            run_until_stopped([program], environment={}, say=print)


def start(*codes: str, port: int = 0, ignore_interrupt: bool = False) -> subprocess.Popen[str]:
    """`run_until_stopped` in a process of its own, with a Python program for each of `codes`."""
    listed = ", ".join(
        f"Program('p{number}', 'http://{HOST}:{port}', {port}, (sys.executable, '-c', {code!r}), Path())"
        for number, code in enumerate(codes)
    )
    script = textwrap.dedent(f"""
        import os, sys
        from pathlib import Path
        from headgate.orchestration.ui_programs import Program, run_until_stopped
        sys.exit(run_until_stopped([{listed}], environment=dict(os.environ), say=lambda text: print(text, flush=True)))
    """)
    ignore = "trap '' INT; " if ignore_interrupt else ""
    return subprocess.Popen(
        ["bash", "-c", f'{ignore}exec "$0" -c "$1"', sys.executable, script], stdout=subprocess.PIPE, text=True
    )


def free_port() -> int:
    """A port that nobody has, from below those that the kernel hands to whoever asks for any: another test may be given one of these meanwhile."""
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise AssertionError("100 ports are all taken")


def wait_until_up(process: subprocess.Popen[str], programs: int) -> None:
    assert process.stdout is not None
    seen = 0
    while seen < programs:
        line = process.stdout.readline()
        assert line, "it ended before all programs were up"
        seen += line.strip() == "up"


def test_people_are_told_where_to_look_as_soon_as_there_is_something_to_see() -> None:
    port = free_port()
    serving = f"import socket, time; s = socket.create_server(('{HOST}', {port})); time.sleep(900)"
    process = start(serving, port=port)
    assert process.stdout is not None
    assert process.stdout.readline() == "p0: starting; Ctrl-C stops them.\n"
    assert process.stdout.readline() == f"p0 is ready: http://{HOST}:{port}\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(900) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_both(number: signal.Signals) -> None:
    process = start(WAITING, WAITING)
    wait_until_up(process, 2)
    process.send_signal(number)
    assert process.wait(900) == 0
    # Its programs held the pipe open too: it is at its end only when they are gone.
    assert process.stdout is not None
    process.stdout.read()


def test_an_ignored_interrupt_is_not_handed_down() -> None:
    process = start(WAITING, ignore_interrupt=True)
    wait_until_up(process, 1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(900) == 0
    assert process.stdout is not None
    process.stdout.read()


def test_when_one_ends_the_other_is_stopped_and_its_status_is_ours() -> None:
    process = start(WAITING, "raise SystemExit(7)")
    assert process.wait(900) == 7
    assert process.stdout is not None
    process.stdout.read()
