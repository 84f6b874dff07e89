"""Dagster's own folder in the store of a project."""

import shutil
from pathlib import Path

import dagster as dg
import pytest
import yaml

from headgate.errors import UsageError
from headgate.orchestration.home import prepare_home, write_workspace
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


def test_a_project_without_dagsters_settings_is_told_so(tmp_path: Path) -> None:
    settings = parse_settings({"corpus": {"folder": "documents"}}, project_dir=tmp_path)
    with pytest.raises(UsageError, match=r"dagster.yaml' does not exist; .*headgate init"):
        prepare_home(settings)


def test_dagster_loads_the_module_that_the_project_names_from_its_folder(tmp_path: Path) -> None:
    project = tmp_path / "bot"
    project.mkdir()
    (project / "pyproject.toml").write_text('[tool.dagster]\nmodule_name = "pipelines.definitions"\n')
    module = {"module_name": "pipelines.definitions", "location_name": "bot", "working_directory": str(project)}
    assert yaml.safe_load(write_workspace(tmp_path, project).read_text()) == {"load_from": [{"python_module": module}]}
    (project / "pyproject.toml").write_text('[tool.dagster]\nmodule_name = "a.b"\ncode_location_name = "help: desk"\n')
    module |= {"module_name": "a.b", "location_name": "help: desk"}
    assert yaml.safe_load(write_workspace(tmp_path, project).read_text()) == {"load_from": [{"python_module": module}]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"pyproject.toml' does not exist; .*headgate init"),
        ("[project", r"pyproject.toml' can't be read"),
        ("[tool.ruff]\n", r"has no module_name in \[tool.dagster\]; add it"),
    ],
)
def test_a_project_that_does_not_say_where_its_definitions_are_is_told_so(
    tmp_path: Path, content: str | None, message: str
) -> None:
    if content is not None:
        (tmp_path / "pyproject.toml").write_text(content)
    with pytest.raises(UsageError, match=message):
        write_workspace(tmp_path, tmp_path)
