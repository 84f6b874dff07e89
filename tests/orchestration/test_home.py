"""Dagster's own folder in the store of a project."""

import shutil
from pathlib import Path

import dagster as dg

from headgate.orchestration.home import prepare_home
from headgate.settings import parse_settings
from tests.conftest import REPOSITORY


def test_dagster_is_quiet_and_keeps_everything_in_the_store(tmp_path: Path) -> None:
    settings = parse_settings({"corpus": {"folder": "documents"}}, project_dir=tmp_path)
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    home = prepare_home(settings)
    assert home == tmp_path / ".headgate" / "dagster"
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False
        assert instance.run_monitoring_enabled is True
        assert instance.run_retries_enabled is False
        assert instance.get_runs() == []
    assert {path.name for path in tmp_path.iterdir()} == {".headgate", "dagster.yaml"}
