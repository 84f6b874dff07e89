"""Runs by the clock. Off until someone turns them on in the Dagster UI."""

import dagster as dg

from pipelines.jobs import rebuild

nightly_rebuild = dg.ScheduleDefinition(
    name="nightly_rebuild",
    job=rebuild,
    cron_schedule="0 3 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Every night at 03:00 UTC: build a bundle from what the corpus holds. Nothing changed = nothing is parsed or embedded.",
)

SCHEDULES = (nightly_rebuild,)
