"""Document → chunks."""
