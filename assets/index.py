"""Stage 2, chunks → a searchable table version."""

import dagster as dg

from assets.corpus import chunks
from headgate.index.table import TABLE_FORMAT, update_table
from headgate.orchestration import checks, views
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.failures import library_errors
from headgate.orchestration.progress import log_progress
from headgate.orchestration.references import to_metadata, upstream
from headgate.orchestration.resources import Project
from headgate.records import ChunkSetRef
from headgate.storage import open_store

GROUP = "2_index"


@dg.asset(
    group_name=GROUP,
    kinds={"lancedb"},
    deps=[chunks],
    code_version=str(TABLE_FORMAT),
    check_specs=checks.CHUNK_TABLE,
    automation_condition=REBUILD_WHEN_CONTENT_CHANGES,
)
def chunk_table(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """The chunks in a LanceDB table, searchable by meaning (vectors) and by word (full text), pinned as an immutable version.

    Only new and changed chunks are embedded. Earlier versions stay as they are: released bundles point to them.
    """
    settings = project.settings()
    chunk_set = upstream(context, "chunks", ChunkSetRef)
    with library_errors():
        result = update_table(
            open_store(settings), chunk_set, settings.index_setup, progress=log_progress(context, "chunks embedded")
        )
    return dg.MaterializeResult(
        data_version=dg.DataVersion(result.ref.digest),
        metadata=views.index(result) | to_metadata(result),
        check_results=checks.check_chunk_table(result, chunk_set),
    )
