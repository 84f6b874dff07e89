"""Everything that Dagster loads. Try `headgate dev` and open the asset graph."""

import dagster as dg

from assets import bundle, canary, corpus, dead_letters, evaluation, index, integrity, release
from headgate.orchestration.alerts import ALERTS
from headgate.orchestration.resources import project_of_environment
from pipelines.jobs import JOBS
from pipelines.schedules import SCHEDULES
from pipelines.sensors import SENSORS

defs = dg.Definitions(
    assets=dg.load_assets_from_modules([corpus, dead_letters, index, bundle, canary, evaluation, release]),
    asset_checks=dg.load_asset_checks_from_modules([integrity]),
    jobs=JOBS,
    schedules=SCHEDULES,
    sensors=(*SENSORS, *ALERTS),
    resources={"project": project_of_environment()},
    # A chain of seven steps, each busy inside the library: a process a step would only add its start (0.8 s).
    executor=dg.in_process_executor,
)
