"""Where documents come from: folders, DVC, S3 buckets and web sites, alone or combined into one corpus. See docs/sources.md."""

from __future__ import annotations

from headgate.ingest.sources.corpus import Corpus, open_corpus
from headgate.ingest.sources.patterns import matches
from headgate.ingest.sources.rules import excluded_by_content

__all__ = ["Corpus", "excluded_by_content", "matches", "open_corpus"]
