"""A rebuilt index against the one before it."""
