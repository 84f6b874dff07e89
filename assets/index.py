"""Stage 2, chunks → a searchable table version."""

import dagster as dg

from assets.corpus import chunks
from headgate.orchestration import checks, stages
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.resources import Project

GROUP = "2_index"


@dg.asset(
    group_name=GROUP,
    kinds={"lancedb"},
    deps=[chunks],
    code_version=stages.TABLE_VERSION,
    check_specs=checks.CHUNK_TABLE,
    automation_condition=REBUILD_WHEN_CONTENT_CHANGES,
)
def chunk_table(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """The chunks in a LanceDB table, searchable by meaning (vectors) and by word (full text), pinned as an immutable version.

    Only new and changed chunks are embedded. Earlier versions stay as they are: released bundles point to them.
    """
    return stages.chunk_table(context, project)
