"""When and with what the assets are made: jobs, schedules, sensors, and the two programs `make demo` and `make dev`."""
