"""Chunks → a searchable, pinned table version."""
