"""Stage 1, documents → chunks: `corpus` says which documents there are, `chunks` reads, checks and splits them."""

import dagster as dg

from headgate.orchestration import checks, stages
from headgate.orchestration.automation import REBUILD_WHEN_CONTENT_CHANGES
from headgate.orchestration.resources import Project

GROUP = "1_ingest"


@dg.asset(group_name=GROUP, kinds={"dvc"}, code_version=stages.CORPUS_VERSION)
def corpus(context: dg.AssetExecutionContext, config: stages.CorpusConfig, project: Project) -> dg.MaterializeResult:
    """The source documents at one revision, fetched and verified byte for byte.

    Its version is the digest of the whole folder: the same documents always have the same version.
    """
    return stages.corpus(context, config, project)


@dg.asset(
    group_name=GROUP,
    kinds={"unstructured", "greatexpectations"},
    deps=[corpus],
    code_version=stages.CHUNKS_VERSION,
    check_specs=checks.CHUNKS,
    automation_condition=REBUILD_WHEN_CONTENT_CHANGES,
)
def chunks(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult:
    """Passages of the documents, ready to be searched: each file is parsed, checked and split.

    Every file ends in exactly one of indexed, quarantined, dead-lettered and excluded; what was left out is listed with its reason.
    Files that did not change are not parsed again.
    """
    return stages.chunks(context, project)
