"""Stage 2: a pinned version of the table, whether every version is still what was pinned, and what a clean-up took away."""

from collections.abc import Sequence

import dagster as dg

from headgate.orchestration.views.metadata_table import Metadata, table
from headgate.records import EmbeddingUsage, IndexResult, IntegrityReport
from headgate.retention.clean_up import PruneResult


def index(result: IndexResult) -> Metadata:
    """What `chunk_table` shows: the version, and what this run had to do for it."""
    return {
        "table": dg.MetadataValue.text(result.ref.table),
        "version": dg.MetadataValue.int(result.ref.version),
        "digest": dg.MetadataValue.text(result.ref.digest),
        "dagster/row_count": dg.MetadataValue.int(result.ref.rows),
        "corpus_revision": dg.MetadataValue.text(result.corpus_revision),
        "embedded": dg.MetadataValue.int(result.embedded),
        "reused": dg.MetadataValue.int(result.reused),
        "deleted": dg.MetadataValue.int(result.deleted),
        "seconds": dg.MetadataValue.float(round(result.seconds, 2)),
        **_usage(result.usage),
    }


def _usage(usage: EmbeddingUsage) -> Metadata:
    """What a provider was paid for vectors; engines on this machine have nothing to show."""
    if not usage.requests:
        return {}
    cost = dg.MetadataValue.text("price not known") if usage.cost is None else dg.MetadataValue.float(usage.cost)
    return {
        "embedding_requests": dg.MetadataValue.int(usage.requests),
        "embedding_tokens": dg.MetadataValue.int(usage.tokens),
        "embedding_cost_usd": cost,
    }


def integrity(reports: Sequence[IntegrityReport]) -> Metadata:
    """What the check `integrity` shows: a row for every version, and every check of one that is not passed."""
    rows = [
        {
            "version": f"{report.table}@{report.version}",
            "rows": report.rows,
            "passed": report.passed,
            "wrong": "; ".join(f"{check.name}: {check.detail}" for check in report.checks if check.outcome == "failed"),
            "not_checked": "; ".join(
                f"{check.name}: {check.detail}" for check in report.checks if check.outcome == "not_checked"
            ),
        }
        for report in sorted(reports, key=lambda report: (report.passed, -report.version))
    ]
    return {
        "versions": dg.MetadataValue.int(len(rows)),
        "damaged": dg.MetadataValue.int(sum(not report.passed for report in reports)),
        "found": table(rows, empty={"version": "", "rows": 0, "passed": True, "wrong": "", "not_checked": ""}),
    }


def pruned(result: PruneResult) -> Metadata:
    """What a clean-up shows: what the store holds, why bundles stay, what went."""
    sizes = [
        {"folder": name, "mib": round(size / 2**20, 1)}
        for name, size in sorted(result.sizes.items(), key=lambda item: item[1], reverse=True)
    ]
    kept = [{"bundle": bundle_id[:16], "because": "; ".join(why)} for bundle_id, why in result.kept.items()]
    kinds: dict[str, list[int]] = {}
    for item in result.removed:
        kinds.setdefault(item.kind, []).append(item.bytes_freed)
    removed = [{"what": kind, "number": len(freed), "mib": round(sum(freed) / 2**20, 1)} for kind, freed in kinds.items()]
    return {
        "store_mib": dg.MetadataValue.float(round(sum(result.sizes.values()) / 2**20, 1)),
        "limit_mib": dg.MetadataValue.float(round(result.limit / 2**20, 1)),
        "freed_mib": dg.MetadataValue.float(round(result.bytes_freed / 2**20, 1)),
        "bundles_kept": dg.MetadataValue.int(len(kept)),
        "holds": table(sizes, empty={"folder": "", "mib": 0.0}),
        "kept": table(kept, empty={"bundle": "", "because": ""}),
        "removed": table(removed, empty={"what": "", "number": 0, "mib": 0.0}),
        "left_alone": dg.MetadataValue.text(
            "; ".join([*result.skipped, *(f"{files} unknown file(s) in {name!r}" for name, files in result.unnamed.items())])
        ),
    }
