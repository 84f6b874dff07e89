"""Everything that Dagster loads. Try `dagster definitions validate`, or `make dev` and open the asset graph."""

import os

import dagster as dg

from assets import bundle, corpus, evaluation, index, release
from assets.resources import MLFLOW_UI, MLFLOW_UI_VARIABLE, Project
from pipelines.alerts import ALERTS
from pipelines.jobs import JOBS
from pipelines.schedules import SCHEDULES
from pipelines.sensors import SENSORS

defs = dg.Definitions(
    assets=dg.load_assets_from_modules([corpus, index, bundle, evaluation, release]),
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=(*SENSORS, *ALERTS),
    resources={"project": Project(mlflow_ui=os.environ.get(MLFLOW_UI_VARIABLE, MLFLOW_UI))},
    # A chain of seven steps, each busy inside the library: a process a step would only add its start (0.8 s).
    executor=dg.in_process_executor,
)
