"""A web site as a source."""
