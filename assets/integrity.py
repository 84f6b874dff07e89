"""Beside stage 2: is every pinned version still what was pinned? Runs by itself (`check_integrity`), since it reads everything."""

from collections.abc import Iterator

import dagster as dg

from headgate.index.integrity import check_versions
from headgate.index.versions import list_versions
from headgate.orchestration.checks import CHUNK_TABLE_LATER, ERROR
from headgate.orchestration.failures import library_errors
from headgate.orchestration.progress import log_progress
from headgate.orchestration.resources import Project
from headgate.orchestration.views import integrity as metadata
from headgate.storage import open_store


@dg.multi_asset_check(specs=CHUNK_TABLE_LATER, name="read_every_version")
def integrity(context: dg.AssetCheckExecutionContext, project: Project) -> Iterator[dg.AssetCheckResult]:
    """Looks at every file, row, vector and index of every version that is kept."""
    with library_errors():
        store = open_store(project.settings())
        reports = check_versions(store, list_versions(store), log_progress(context, "versions checked"))
    damaged = [f"{report.table}@{report.version}" for report in reports if not report.passed]
    yield dg.AssetCheckResult(
        asset_key="chunk_table", check_name="integrity", passed=not damaged, severity=ERROR, metadata=metadata(reports)
    )
    if damaged:
        raise dg.Failure(
            f"not what was pinned: {', '.join(damaged)}; see the check `integrity` of chunk_table. Roll back where one is served, and build again",
            allow_retries=False,
        )
