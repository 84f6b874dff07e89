"""Where Dagster keeps its runs: in the store, next to everything else that is not in git; with an S3 store below `storage.cache`."""

from __future__ import annotations

import shutil
from pathlib import Path

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
