"""Tests, in fresh processes, of what the service keeps out."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from headgate.bundle import Bundle
from headgate.interactions.log import InteractionLog
from headgate.serve.thin import REFUSED
from headgate.settings import Settings
from headgate.storage import open_store
from tests.conftest import REPOSITORY
from tests.fakes import make_settings, put_release
from tests.serve.conftest import wait_for

HEAVY = sorted({*REFUSED, "litellm"})


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=900
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
from headgate.storage import open_store
import headgate.serve.server, headgate.replay
settings = load_settings(Path({str(tmp_path / "headgate.toml")!r}))
create_app(open_store(settings), settings.release.track, settings.serve)
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
        with httpx.Client(base_url=found[1], timeout=900) as client:
            wait_for(lambda: "nothing was promoted" in client.get("/readyz").json()["reason"])
            assert client.get("/healthz").status_code == 200
        process.send_signal(stop)
        assert process.wait(900) in (0, -stop)
    finally:
        process.kill()
        process.wait(900)


#: `headgate serve`, and after its end what it had imported.
SERVE = """
import json, sys
from headgate.cli.main import main
code = main(["serve", "--port", "0"])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules}), [name for name in sys.modules if "urllib3_client.api." in name]]))
"""


@contextmanager
def serving(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """A fresh process that serves a store and has nothing else: no settings file, no documents, no prompts."""
    empty = settings.project_dir / "elsewhere"
    empty.mkdir(exist_ok=True)
    environment = os.environ | {"HEADGATE_STORE": str(settings.store_root), "PYTHONPATH": str(REPOSITORY)}
    environment.pop("HEADGATE_SETTINGS", None)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=empty, env=environment
    )
    try:
        assert process.stderr is not None
        found = re.search(r"serving on (http://127\.0\.0\.1:\d+)", process.stderr.readline())
        assert found
        with httpx.Client(base_url=found[1], timeout=900) as client:
            wait_for(lambda: client.get("/readyz").status_code == 200)
            yield process, client
    finally:
        process.kill()
        process.wait(900)


def test_a_process_that_answered_from_a_real_bundle_has_loaded_nothing_of_the_pipeline(
    settings: Settings, bundle: Bundle
) -> None:
    put_release(open_store(settings), 1, bundle.bundle_id)
    with serving(settings) as (process, client):
        reply = client.post("/v1/answers", json={"question": "When does a refund reach my payment method?"}).json()
        assert "10 working days" in reply["answer"]
        assert reply["bundle_id"] == bundle.bundle_id
        assert client.post("/v1/answers", json={"question": "Wie lange dauert eine Erstattung bei Ihnen?"}).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        code, loaded, deferred = json.loads(process.stdout.read())
    assert code == 0
    assert {"lancedb", "openvino", "fastapi"} < set(loaded)
    assert set(loaded) & set(HEAVY) == set()
    assert deferred == []


def test_a_service_that_is_killed_has_logged_every_answer_that_a_client_got(settings: Settings, bundle: Bundle) -> None:
    store = open_store(settings)
    put_release(store, 1, bundle.bundle_id)
    with serving(settings) as (process, client):
        got = [client.post("/v1/answers", json={"question": f"Is a refund of {n} pounds quick?"}).json() for n in range(5)]
        streamed = client.post("/v1/answers", json={"question": "And a red light?", "stream": True}).text
        process.kill()
        process.wait(900)
    logged = [interaction.interaction_id for interaction in InteractionLog(store)]
    assert [reply["interaction_id"] for reply in got] == logged[:5]
    assert len(logged) == len(set(logged)) == 6
    assert logged[5] in streamed


def test_the_deferred_client_is_whole_when_someone_asks_for_it() -> None:
    program = """
import headgate
headgate.defer(headgate.REMOTE_CLIENT)
import lancedb, sys
before = "lance_namespace_urllib3_client.api.table_api" in sys.modules
import lance_namespace_urllib3_client as client
print(before, hasattr(client, "nothing_of_that_name"), client.TableApi.__name__, client.__version__ != "", "lance_namespace_urllib3_client.api.table_api" in sys.modules)
"""
    assert run(program).split() == ["False", "False", "TableApi", "True", "True"]
