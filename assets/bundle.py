"""Stage 3, a table version → a bundle: everything an answer depends on, under one id."""

import dagster as dg

from assets.index import chunk_table
from headgate.orchestration import stages
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.resources import Project

GROUP = "3_bundle"


@dg.asset(
    group_name=GROUP,
    deps=[chunk_table],
    code_version=stages.BUNDLE_VERSION,
    automation_condition=REBUILD_WHEN_CONTENT_CHANGES,
)
def bundle(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """One id for everything an answer depends on: table version, prompts, models, settings.

    The id is the digest of the content. What is evaluated, released and served is this very id; a changed byte is refused.
    """
    return stages.bundle(context, project)
