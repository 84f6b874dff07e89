"""Stage 5, a verdict → a release: the bundle that the service answers from."""

import dagster as dg
from pydantic import Field

from assets.evaluation import verdict
from headgate.orchestration import views
from headgate.orchestration.failures import library_errors
from headgate.orchestration.references import VerdictReference, to_metadata, upstream
from headgate.orchestration.resources import Project
from headgate.release.ledger import promote
from headgate.storage import open_store

GROUP = "5_release"
DESCRIPTION = """The bundle in service, as a numbered line of a ledger that only grows. The service picks it up without a restart.

Refused unless the gates passed for this very bundle. Before it is written, the new and the current bundle both answer a probe
question, so that the way back is known to work.
"""


class ReleaseConfig(dg.Config):
    """Who releases, and why; both are written to the ledger."""

    promoted_by: str = Field(default="", description="empty = the Dagster run's id")
    reason: str = ""


# A multi_asset because its step may have a name of its own: Dagster wants steps and jobs, such as the job `release`, to differ.
@dg.multi_asset(name="promote", specs=[dg.AssetSpec("release", group_name=GROUP, deps=[verdict], description=DESCRIPTION)])
def release(context: dg.AssetExecutionContext, config: ReleaseConfig, project: Project) -> dg.MaterializeResult:
    """Promote the bundle of the newest verdict."""
    settings = project.settings()
    candidate = upstream(context, "verdict", VerdictReference)
    promoted_by = config.promoted_by or f"dagster run {context.run.run_id}"
    with library_errors():
        released = promote(
            open_store(settings),
            candidate.bundle_id,
            settings.release,
            settings.gate_files,
            promoted_by=promoted_by,
            reason=config.reason,
        )
    return dg.MaterializeResult(
        data_version=dg.DataVersion(released.bundle_id), metadata=views.release(released) | to_metadata(released)
    )
