"""The jobs, in the data's order. Each stage can also be run alone; see `assets.references` for what it then takes."""

import dagster as dg
from pydantic import Field

from assets.failures import library_errors
from assets.references import to_metadata
from assets.resources import Project
from assets.views import release as release_metadata
from headgate.release import rollback as roll_back

#: Runs with this tag wait for each other (dagster.yaml): a table has one writer.
WRITES_TABLE = {"writes": "chunk_table"}

rebuild = dg.define_asset_job(
    "rebuild",
    selection=dg.AssetSelection.assets("corpus", "chunks", "dead_letters", "chunk_table", "bundle", "canary"),
    tags=WRITES_TABLE,
    description="Documents to a bundle. Only what changed is parsed and embedded. Config of `corpus`: which revision.",
)
evaluate_candidate = dg.define_asset_job(
    "evaluate_candidate",
    selection=dg.AssetSelection.assets("evaluation_report", "verdict"),
    description="Evaluate a bundle and decide about it. Config of `evaluation_report`: which bundle, empty = the newest.",
)
release = dg.define_asset_job(
    "release",
    selection=dg.AssetSelection.assets("verdict", "release"),
    description="Decide again, with today's gates and against the bundle in service, and promote the bundle if it passes.",
)
full_path = dg.define_asset_job(
    "full_path",
    selection=dg.AssetSelection.all(),
    tags=WRITES_TABLE,
    description="Documents to a release in one run. Ends before the release when a gate fails.",
)


class RollbackConfig(dg.Config):
    """Where back to, and who says so."""

    to_release: int = Field(
        default=0, ge=0, description="number of the release to go back to; 0 = the one before the current one"
    )
    promoted_by: str = Field(default="", description="empty = the Dagster run's id")
    reason: str = ""


@dg.op
def write_rollback(context: dg.OpExecutionContext, config: RollbackConfig, project: Project) -> None:
    """Write a release that points to an earlier bundle; it shows as the newest materialisation of `release`."""
    promoted_by = config.promoted_by or f"dagster run {context.run_id}"
    with library_errors():
        released = roll_back(
            project.settings(), to_release=config.to_release or None, promoted_by=promoted_by, reason=config.reason
        )
    context.log_event(
        dg.AssetMaterialization(
            "release",
            description="rolled back",
            metadata=release_metadata(released) | to_metadata(released),
            tags={"dagster/data_version": released.bundle_id},
        )
    )


@dg.job(description="Put an earlier bundle back into service. The ledger grows by one line; nothing is deleted.")
def rollback() -> None:
    write_rollback()


JOBS = (rebuild, evaluate_candidate, release, rollback, full_path)
