"""When and with what the assets are made: jobs, schedules, sensors, and the program `make demo`."""
