"""Beside stage 2: is every pinned version still what was pinned? Runs by itself (`check_integrity`), since it reads everything."""

import dagster as dg

from assets.checks import CHUNK_TABLE_LATER, ERROR
from assets.failures import library_errors
from assets.progress import log_progress
from assets.resources import Project
from assets.views import integrity as metadata
from headgate.index.integrity import check_version
from headgate.index.versions import list_versions
from headgate.storage import open_store


@dg.multi_asset_check(specs=CHUNK_TABLE_LATER, name="read_every_version")
def integrity(context: dg.AssetCheckExecutionContext, project: Project) -> dg.AssetCheckResult:
    """Looks at every file, row, vector and index of every version that is kept."""
    with library_errors():
        store = open_store(project.settings())
        pinned = list_versions(store)
        tell = log_progress(context, "versions checked")
        reports = []
        for version in pinned:
            reports.append(check_version(store, version))
            tell(len(reports), len(pinned))
    return dg.AssetCheckResult(
        asset_key="chunk_table",
        check_name="integrity",
        passed=all(report.passed for report in reports),
        severity=ERROR,
        metadata=metadata(reports),
    )
