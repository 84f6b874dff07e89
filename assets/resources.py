"""Where the project lies: the only resource. Every stage reads its settings from here."""

from pathlib import Path

import dagster as dg

from headgate.settings import Settings, load_settings

#: Where `make dev` starts the MLflow UI, and the variable that says so when it is elsewhere.
MLFLOW_UI, MLFLOW_UI_VARIABLE = "http://127.0.0.1:5000", "HEADGATE_MLFLOW_UI"
#: The same of the validation reports in the store.
REPORTS_UI, REPORTS_UI_VARIABLE = "http://127.0.0.1:5001", "HEADGATE_REPORTS_UI"


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
