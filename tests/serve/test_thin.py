"""Tests, in fresh processes, of what the service keeps out."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from headgate.serve.thin import REFUSED
from tests.fakes import make_settings
from tests.serve.conftest import wait_for

REPOSITORY = Path(__file__).parent.parent.parent
HEAVY = sorted({*REFUSED, "litellm"})


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=120
    ).stdout


def test_importing_and_creating_the_service_loads_nothing_of_the_pipeline(tmp_path: Path) -> None:
    make_settings(tmp_path)
    (tmp_path / "headgate.toml").write_text('[corpus]\nfolder = "documents"\n')
    program = f"""
import json, sys
from pathlib import Path
from headgate.serve.thin import refuse_pipeline_imports
refuse_pipeline_imports()
from headgate.serve.app import create_app
from headgate.settings import load_settings
import headgate.serve.server, headgate.replay
create_app(load_settings(Path({str(tmp_path / "headgate.toml")!r})))
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    assert json.loads(run(program)) == []


def test_our_own_modules_reach_nothing_of_the_pipeline_even_when_nothing_is_refused() -> None:
    ours = [name for name in HEAVY if name != "pandas"]  # lancedb takes pandas where it finds it
    program = f"""
import json, sys
import headgate.serve.server, headgate.replay, headgate.cli.main, headgate.cli.serving
print(json.dumps([name for name in {ours!r} if name in sys.modules] + [name for name in sys.modules if name.startswith(("headgate.ingest", "headgate.evaluate"))]))
"""
    assert json.loads(run(program)) == []


def test_a_refused_package_looks_as_if_it_were_not_installed() -> None:
    program = """
import importlib.util
from headgate.serve.thin import refuse_pipeline_imports
refuse_pipeline_imports()
refuse_pipeline_imports()
try:
    import pandas.core
except ModuleNotFoundError as error:
    print(error.name, importlib.util.find_spec("torch"), importlib.util.find_spec("json") is not None)
"""
    assert run(program).split() == ["pandas", "None", "True"]


def test_refusing_comes_too_late_when_one_is_loaded_already() -> None:
    program = """
import pandas
from headgate.serve.thin import refuse_pipeline_imports
try:
    refuse_pipeline_imports()
except RuntimeError as error:
    print(error)
"""
    assert "pandas" in run(program)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_before_anything_was_promoted_and_stops_when_told(tmp_path: Path, stop: signal.Signals) -> None:
    make_settings(tmp_path)
    (tmp_path / "headgate.toml").write_text('[corpus]\nfolder = "documents"\n')
    command = [sys.executable, "-m", "headgate.cli.main", "--settings", str(tmp_path / "headgate.toml"), "serve", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY)
    try:
        assert process.stderr is not None
        found = re.search(r"serving on (http://127\.0\.0\.1:\d+)", process.stderr.readline())
        assert found
        with httpx.Client(base_url=found[1], timeout=60) as client:
            wait_for(lambda: "nothing was promoted" in client.get("/readyz").json()["reason"])
            assert client.get("/healthz").status_code == 200
        process.send_signal(stop)
        assert process.wait(60) in (0, -stop)
    finally:
        process.kill()
        process.wait(30)
