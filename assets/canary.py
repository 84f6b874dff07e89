"""Beside stage 3: the rebuilt index against the one before, before anybody asks it anything."""

import dagster as dg

from assets.bundle import GROUP, bundle
from headgate.evaluate.canary.canary import run_canary
from headgate.orchestration import checks, views
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.failures import library_errors
from headgate.orchestration.progress import log_progress
from headgate.orchestration.references import BundleReference, upstream
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
    bundle_id = upstream(context, "bundle", BundleReference).bundle_id
    with library_errors():
        found = run_canary(project.settings(), bundle_id, progress=log_progress(context, "questions asked"))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(found.canary_id), metadata=views.canary(found), check_results=checks.check_canary(found)
    )
