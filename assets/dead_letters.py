"""Beside stage 1: files that could not be read or parsed."""

import dagster as dg

from assets.corpus import GROUP, chunks
from headgate.ingest.state.dead_letters import list_dead_letters
from headgate.orchestration import checks, views
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.failures import library_errors
from headgate.orchestration.references import CorpusReference, upstream
from headgate.orchestration.resources import Project
from headgate.storage import open_store


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
    settings = project.settings()
    files = upstream(context, "corpus", CorpusReference).files
    with library_errors():
        letters = list_dead_letters(open_store(settings), settings.corpus.name)
    return dg.MaterializeResult(
        metadata=views.dead_letters(letters),
        check_results=checks.check_dead_letters(letters, files=files, limit=settings.validation.max_dead_letter_share),
    )
