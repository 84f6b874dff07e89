"""Beside stage 2: is every pinned version still what was pinned? Runs by itself (`check_integrity`), since it reads everything."""

from collections.abc import Iterator

import dagster as dg

from headgate.orchestration import checks, stages
from headgate.orchestration.resources import Project


@dg.multi_asset_check(specs=checks.CHUNK_TABLE_LATER, name="read_every_version")
def integrity(context: dg.AssetCheckExecutionContext, project: Project) -> Iterator[dg.AssetCheckResult]:
    """Looks at every file, row, vector and index of every version that is kept."""
    yield from stages.integrity(context, project)
