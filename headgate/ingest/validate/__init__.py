"""Facts of documents → quarantine, findings and a report."""
