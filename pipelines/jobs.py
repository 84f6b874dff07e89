"""The jobs, in the data's order. Each stage can also be run alone; see `assets.references` for what it then takes."""

import dagster as dg
from pydantic import Field

from assets.failures import library_errors
from assets.references import to_metadata
from assets.resources import Project
from assets.views import pruned
from assets.views import release as release_metadata
from headgate.release.ledger import rollback as roll_back
from headgate.retention.clean_up import prune
from headgate.storage import open_store

#: Runs with this tag wait for each other (dagster.yaml): a table has one writer.
WRITES_TABLE = {"writes": "chunk_table"}

#: Reads every version whole, so that it has a job of its own.
INTEGRITY = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("chunk_table"), "integrity"))

rebuild = dg.define_asset_job(
    "rebuild",
    selection=dg.AssetSelection.assets("corpus", "chunks", "dead_letters", "chunk_table", "bundle", "canary") - INTEGRITY,
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
    selection=dg.AssetSelection.all() - INTEGRITY,
    tags=WRITES_TABLE,
    description="Documents to a release in one run. Ends before the release when a gate fails.",
)
check_integrity = dg.define_asset_job(
    "check_integrity",
    selection=INTEGRITY,
    tags=WRITES_TABLE,  # it only reads, but a clean-up should not take away what it reads
    description="Look at every file, row, vector and index of every pinned version. Fails when one is not what was pinned.",
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
    settings = project.settings()
    promoted_by = config.promoted_by or f"dagster run {context.run_id}"
    with library_errors():
        released = roll_back(
            open_store(settings),
            settings.release,
            to_release=config.to_release or None,
            promoted_by=promoted_by,
            reason=config.reason,
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


class CleanUpConfig(dg.Config):
    """Whether anything really goes."""

    dry_run: bool = Field(default=False, description="only tell what would go")


@dg.op
def prune_store(context: dg.OpExecutionContext, config: CleanUpConfig, project: Project) -> None:
    """Remove what no release, logged answer, report or recent build needs; shows as an observation of `chunk_table`."""
    settings = project.settings()
    with library_errors():
        result = prune(open_store(settings), settings.retention, settings.corpus, dry_run=config.dry_run)
    what = "clean-up tried" if config.dry_run else "cleaned up"
    context.log_event(dg.AssetObservation("chunk_table", description=what, metadata=pruned(result)))
    if result.over_limit:
        raise dg.Failure(
            f"the store takes {sum(result.sizes.values()) / 2**30:.1f} GiB after the clean-up, retention.max_gib is {settings.retention.max_gib:g}: raise it, or keep fewer releases "
            "(retention.releases_keep) or logged answers (retention.interactions_days)",
            allow_retries=False,
        )


@dg.job(
    tags=WRITES_TABLE,
    description="Remove what nothing needs any more (see [retention]). Fails when the store is still too large.",
)
def clean_up() -> None:
    prune_store()


JOBS = (rebuild, evaluate_candidate, release, rollback, full_path, check_integrity, clean_up)
