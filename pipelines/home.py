"""Where Dagster keeps its runs: `<store>/dagster`, next to everything else that is not in git; with an S3 store below `storage.cache`."""

import shutil
from pathlib import Path

from headgate.settings import Settings
from headgate.storage.layout import DAGSTER

ROOT = Path(__file__).resolve().parent.parent


def prepare_home(settings: Settings) -> Path:
    """The folder for DAGSTER_HOME, with the checkout's dagster.yaml in it; Dagster looks for that file only there."""
    home = DAGSTER.path(settings.local_root)
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "dagster.yaml", home / "dagster.yaml")
    return home
