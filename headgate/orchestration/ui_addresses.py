"""Where `headgate dev` shows things: addresses on this machine, and the variables that say so when they are elsewhere."""

from __future__ import annotations

HOST = "127.0.0.1"
DAGSTER_PORT = 3000
#: The MLflow UI; links to its runs start with it.
MLFLOW_PORT = 5000
MLFLOW_UI, MLFLOW_UI_VARIABLE = f"http://{HOST}:{MLFLOW_PORT}", "HEADGATE_MLFLOW_UI"
#: The validation reports in the store.
REPORTS_PORT = 5001
REPORTS_UI, REPORTS_UI_VARIABLE = f"http://{HOST}:{REPORTS_PORT}", "HEADGATE_REPORTS_UI"
