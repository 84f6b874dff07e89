"""When and with what the assets are made: jobs, schedules, sensors; `definitions` is what Dagster loads."""
