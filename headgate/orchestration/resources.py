"""Where the project lies: the only resource. Every stage reads its settings from here."""

import os
from pathlib import Path

import dagster as dg

from headgate.orchestration.ui_addresses import MLFLOW_UI, MLFLOW_UI_VARIABLE, REPORTS_UI, REPORTS_UI_VARIABLE
from headgate.settings import Settings, load_settings


class Project(dg.ConfigurableResource[Settings]):
    """A headgate project: `headgate.toml` and what it points to."""

    settings_file: str = ""  # empty = HEADGATE_SETTINGS, or the nearest headgate.toml above the working folder
    mlflow_ui: str = MLFLOW_UI  # address that links to MLflow runs start with
    reports_ui: str = REPORTS_UI  # address that links to validation reports start with

    def settings(self) -> Settings:
        """Read anew at every step, so that an edit counts from the next step on.

        Raises:
            SettingsError: no file, an unknown key or a wrong value.
        """
        return load_settings(Path(self.settings_file) if self.settings_file else None)


def project_of_environment() -> Project:
    """The project that a code location serves: HEADGATE_SETTINGS or the nearest headgate.toml, with the links that `headgate dev` set."""
    return Project(
        mlflow_ui=os.environ.get(MLFLOW_UI_VARIABLE, MLFLOW_UI), reports_ui=os.environ.get(REPORTS_UI_VARIABLE, REPORTS_UI)
    )
