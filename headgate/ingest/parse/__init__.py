"""Bytes of one file → blocks: one module a format."""
