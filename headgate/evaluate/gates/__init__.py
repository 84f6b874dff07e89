"""Report → verdict."""
