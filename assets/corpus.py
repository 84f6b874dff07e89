"""Stage 1, documents → chunks: `corpus` says which documents there are, `chunks` reads, checks and splits them."""

from datetime import UTC, datetime

import dagster as dg
from pydantic import Field

from headgate.ingest.parse.blocks import PARSER_VERSION
from headgate.ingest.run import ingest
from headgate.orchestration import checks, views
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.failures import library_errors
from headgate.orchestration.progress import log_progress
from headgate.orchestration.references import CorpusReference, to_metadata, upstream
from headgate.orchestration.resources import Project
from headgate.sources.corpus import open_corpus

GROUP = "1_ingest"


class CorpusConfig(dg.Config):
    """Which documents this run is about."""

    revision: str = Field(
        default="",
        description="empty = what the .dvc file (or the folder) holds now; a name of corpus.revisions; a DVC directory digest; a git revision",
    )


@dg.asset(group_name=GROUP, kinds={"dvc"}, code_version="1")
def corpus(context: dg.AssetExecutionContext, config: CorpusConfig, project: Project) -> dg.MaterializeResult:
    """The source documents at one revision, fetched and verified byte for byte.

    Its version is the digest of the whole folder: the same documents always have the same version.
    """
    with library_errors():
        found = open_corpus(project.settings(), revision=config.revision)
    reference = CorpusReference(revision=found.revision, files=len(found.files))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(found.revision),
        metadata=views.corpus(found, now=datetime.now(UTC)) | to_metadata(reference),
    )


@dg.asset(
    group_name=GROUP,
    kinds={"unstructured", "greatexpectations"},
    deps=[corpus],
    code_version=PARSER_VERSION,
    check_specs=checks.CHUNKS,
    automation_condition=REBUILD_WHEN_CONTENT_CHANGES,
)
def chunks(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """Passages of the documents, ready to be searched: each file is parsed, checked and split.

    Every file ends in exactly one of indexed, quarantined, dead-lettered and excluded; what was left out is listed with its reason.
    Files that did not change are not parsed again.
    """
    reference = upstream(context, "corpus", CorpusReference)
    settings = project.settings()
    kept = reference.revision if settings.corpus.sources else ""  # read once: what `corpus` saw is what is ingested
    revision = f"{reference.revision}.dir" if settings.corpus.dvc_file else kept
    with library_errors():
        result = ingest(settings, revision=revision, progress=log_progress(context, "files parsed"))
    if result.corpus_revision != reference.revision:
        raise dg.Failure(
            f"the documents changed since `corpus` was materialised ({reference.revision[:12]}…); materialise it again",
            allow_retries=False,
        )
    return dg.MaterializeResult(
        data_version=dg.DataVersion(result.chunk_set.digest),
        metadata=views.ingest(result, reports_ui=project.reports_ui) | to_metadata(result.chunk_set),
        check_results=checks.check_chunks(result, reference),
    )
