"""Ingestion by other libraries. Each module runs alone in an environment of its own and imports nothing of ours; see ingest_peers.py."""
