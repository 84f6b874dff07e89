"""What a job does besides making assets: put an earlier bundle back into service, take away what nothing needs."""

import dagster as dg
from pydantic import Field

from headgate.orchestration import views
from headgate.orchestration.failures import library_errors
from headgate.orchestration.handed_on import to_metadata
from headgate.orchestration.resources import Project
from headgate.release.ledger import rollback
from headgate.retention.clean_up import prune
from headgate.storage import open_store


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
        released = rollback(
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
            metadata=views.release(released) | to_metadata(released),
            tags={"dagster/data_version": released.bundle_id},
        )
    )


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
    context.log_event(dg.AssetObservation("chunk_table", description=what, metadata=views.pruned(result)))
    if result.over_limit:
        raise dg.Failure(
            f"the store takes {sum(result.sizes.values()) / 2**30:.1f} GiB after the clean-up, retention.max_gib is {settings.retention.max_gib:g}: raise it, or keep fewer releases "
            "(retention.releases_keep) or logged answers (retention.interactions_days)",
            allow_retries=False,
        )
