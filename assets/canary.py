"""Beside stage 3: the rebuilt index against the one before, before anybody asks it anything."""

import dagster as dg

from assets.bundle import GROUP, bundle
from headgate.orchestration import checks, stages
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.resources import Project


@dg.asset(
    group_name=GROUP,
    kinds={"mlflow"},
    deps=[bundle],
    check_specs=checks.CANARY,
    automation_condition=REBUILD_WHEN_CONTENT_CHANGES,
)
def canary(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """The same questions asked of the new index and of the one in service (or the one before, where this is the one in service): what is found worse, or not at all.

    Retrieval only, so that it takes seconds. A failed canary fails the verdict about the bundle as well.
    """
    return stages.canary(context, project)
