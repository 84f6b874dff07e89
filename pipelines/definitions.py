"""Everything that Dagster loads. Try `dagster definitions validate`, or `make dev` and open the asset graph."""

import os

import dagster as dg

from assets import bundle, canary, corpus, dead_letters, evaluation, index, integrity, release
from assets.resources import MLFLOW_UI, MLFLOW_UI_VARIABLE, REPORTS_UI, REPORTS_UI_VARIABLE, Project
from pipelines.alerts import ALERTS
from pipelines.jobs import JOBS
from pipelines.schedules import SCHEDULES
from pipelines.sensors import SENSORS

defs = dg.Definitions(
    assets=dg.load_assets_from_modules([corpus, dead_letters, index, bundle, canary, evaluation, release]),
    asset_checks=dg.load_asset_checks_from_modules([integrity]),
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=(*SENSORS, *ALERTS),
    resources={
        "project": Project(
            mlflow_ui=os.environ.get(MLFLOW_UI_VARIABLE, MLFLOW_UI), reports_ui=os.environ.get(REPORTS_UI_VARIABLE, REPORTS_UI)
        )
    },
    # A chain of seven steps, each busy inside the library: a process a step would only add its start (0.8 s).
    executor=dg.in_process_executor,
)
