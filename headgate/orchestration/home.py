"""Where Dagster keeps its runs: in the store, next to everything else that is not in git; with an S3 store below `storage.cache`.

<project>/dagster.yaml            ──copied──► dagster/dagster.yaml      how Dagster runs
<project>/pyproject.toml [tool.dagster] ────► dagster/workspace.yaml    which module it loads, from which folder
"""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import yaml

from headgate.errors import UsageError
from headgate.settings import Settings
from headgate.storage.layout import DAGSTER


def prepare_home(settings: Settings) -> Path:
    """The folder for DAGSTER_HOME, with the project's dagster.yaml in it; Dagster looks for that file only there.

    Raises:
        UsageError: the project has no dagster.yaml.
    """
    source = settings.project_dir / "dagster.yaml"
    if not source.is_file():
        raise UsageError(f"{str(source)!r} does not exist; `headgate init` writes one for a new project")
    home = DAGSTER.path(settings.local_root)
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, home / "dagster.yaml")
    return home


def write_workspace(home: Path, project: Path) -> Path:
    """workspace.yaml in `home`: the module that [tool.dagster] of the project's pyproject.toml names, loaded from the project's folder.

    Raises:
        UsageError: the project has no such file, or it names no module.
    """
    source = project / "pyproject.toml"
    try:
        named = tomllib.loads(source.read_text(encoding="utf-8")).get("tool", {}).get("dagster", {})
    except FileNotFoundError:
        raise UsageError(
            f"{str(source)!r} does not exist; `headgate init` writes a whole project, for `headgate dev` too"
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(source)!r} can't be read: {error}") from error
    if not named.get("module_name"):
        raise UsageError(f'{str(source)!r} has no module_name in [tool.dagster]; add it: module_name = "pipelines.definitions"')
    module = {
        "module_name": named["module_name"],
        "location_name": named.get("code_location_name") or project.name,
        "working_directory": str(project),
    }
    workspace = home / "workspace.yaml"
    workspace.write_text(yaml.safe_dump({"load_from": [{"python_module": module}]}, sort_keys=False), encoding="utf-8")
    return workspace
