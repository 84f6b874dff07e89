"""Beside stage 1: files that could not be read or parsed."""

import dagster as dg

from assets.corpus import GROUP, chunks
from headgate.orchestration import checks, stages
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.resources import Project


@dg.asset(
    group_name=GROUP,
    deps=[chunks],
    check_specs=checks.DEAD_LETTERS,
    automation_condition=REBUILD_WHEN_CONTENT_CHANGES,
)
def dead_letters(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """Files that could not be read or parsed: why, how often, when they are tried again, what to do about each.

    `headgate dead-letters` shows one in full, has it tried again, or leaves it out by decision.
    """
    return stages.dead_letters(context, project)
