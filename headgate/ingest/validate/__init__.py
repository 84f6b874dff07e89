"""Documents → facts/ → rows, compared with the last accepted ingest → judge/ → quarantine, findings and a report (outcome.py, page.py)."""
