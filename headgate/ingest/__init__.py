"""Source files → chunks. Needs the extra `pipeline`."""
