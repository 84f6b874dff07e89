"""Runs by the clock. Off until someone turns them on in the Dagster UI."""

from typing import Any

import dagster as dg

from pipelines.jobs import check_integrity, clean_up, rebuild

#: Of all: UTC, and stopped.
_BY_DEFAULT: dict[str, Any] = {"execution_timezone": "UTC", "default_status": dg.DefaultScheduleStatus.STOPPED}

nightly_rebuild = dg.ScheduleDefinition(
    name="nightly_rebuild",
    job=rebuild,
    cron_schedule="0 3 * * *",
    description="Every night at 03:00 UTC: build a bundle from what the corpus holds. Nothing changed = nothing is parsed or embedded.",
    **_BY_DEFAULT,
)
nightly_integrity_check = dg.ScheduleDefinition(
    name="nightly_integrity_check",
    job=check_integrity,
    cron_schedule="0 5 * * *",
    description="Every night at 05:00 UTC: is every pinned version still what was pinned? `alert_when_a_run_fails` tells when not.",
    **_BY_DEFAULT,
)
weekly_clean_up = dg.ScheduleDefinition(
    name="weekly_clean_up",
    job=clean_up,
    cron_schedule="0 6 * * 0",
    description="Every Sunday at 06:00 UTC: remove what nothing needs. Fails, so that it is told, when the store is over its limit.",
    **_BY_DEFAULT,
)

SCHEDULES = (nightly_rebuild, nightly_integrity_check, weekly_clean_up)
