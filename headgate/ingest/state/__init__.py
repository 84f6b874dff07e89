"""What one ingest leaves for the next: parsed files, history, dead letters."""
