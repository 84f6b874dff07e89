"""Stage 3, a table version → a bundle: everything an answer depends on, under one id."""

import dagster as dg

from assets.index import chunk_table
from headgate.answer.engine import ENGINE_VERSION
from headgate.bundle import MANIFEST_FORMAT, create_bundle
from headgate.orchestration import views
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.failures import library_errors
from headgate.orchestration.references import BundleReference, to_metadata, upstream
from headgate.orchestration.resources import Project
from headgate.records import IndexResult
from headgate.storage import open_store

GROUP = "3_bundle"


@dg.asset(
    group_name=GROUP,
    deps=[chunk_table],
    code_version=f"{MANIFEST_FORMAT}.{ENGINE_VERSION}",
    automation_condition=REBUILD_WHEN_CONTENT_CHANGES,
)
def bundle(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """One id for everything an answer depends on: table version, prompts, models, settings.

    The id is the digest of the content. What is evaluated, released and served is this very id; a changed byte is refused.
    """
    settings = project.settings()
    index = upstream(context, "chunk_table", IndexResult)
    with library_errors():
        made = create_bundle(open_store(settings), index, settings.bundle_setup)
    reference = BundleReference(bundle_id=made.bundle_id)
    return dg.MaterializeResult(data_version=dg.DataVersion(made.bundle_id), metadata=views.bundle(made) | to_metadata(reference))
