"""Records → Dagster metadata: what a person wants to see of each asset. Keys use the library's words."""

from headgate.orchestration.views.of_bundles import bundle, canary
from headgate.orchestration.views.of_documents import corpus, dead_letters, ingest
from headgate.orchestration.views.of_evaluation import release, report, verdict
from headgate.orchestration.views.of_versions import index, integrity, pruned

__all__ = ["bundle", "canary", "corpus", "dead_letters", "index", "ingest", "integrity", "pruned", "release", "report", "verdict"]
