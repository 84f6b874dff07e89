"""Stage 5, a verdict → a release: the bundle that the service answers from."""

import dagster as dg

from assets.evaluation import verdict
from headgate.orchestration import stages
from headgate.orchestration.resources import Project

GROUP = "5_release"

DESCRIPTION = """The bundle in service, as a numbered line of a ledger that only grows. The service picks it up without a restart.

Refused unless the gates passed for this very bundle. Before it is written, the new and the current bundle both answer a probe
question, so that the way back is known to work.
"""


# A multi_asset because its step may have a name of its own: Dagster wants steps and jobs, such as the job `release`, to differ.
@dg.multi_asset(name="promote", specs=[dg.AssetSpec("release", group_name=GROUP, deps=[verdict], description=DESCRIPTION)])
def release(context: dg.AssetExecutionContext, config: stages.ReleaseConfig, project: Project) -> dg.MaterializeResult:
    """Promote the bundle of the newest verdict."""
    return stages.release(context, config, project)
