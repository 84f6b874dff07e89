"""What each stage does when its asset is materialised: take what the stage before handed on, call the library once, show what came out.

    corpus ─► chunks ─► chunk_table ─► bundle ─► evaluation_report ─► verdict ─► release
                 └► dead_letters          └► canary ──────────────────────┘

A project's `assets/` call these; names, arguments and results stay, whatever changes behind them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from pydantic import Field

from headgate.answer.engine import ENGINE_VERSION
from headgate.bundle import MANIFEST_FORMAT, create_bundle, load_manifest
from headgate.evaluate.canary.canary import run_canary
from headgate.evaluate.gates.gate import gate
from headgate.evaluate.suite_run import evaluate
from headgate.index.integrity import check_versions
from headgate.index.table import TABLE_FORMAT, update_table
from headgate.index.versions import list_versions
from headgate.ingest.parse.blocks import PARSER_VERSION
from headgate.ingest.run import ingest
from headgate.ingest.state.dead_letters import list_dead_letters
from headgate.orchestration import checks, views
from headgate.orchestration.failures import library_errors
from headgate.orchestration.handed_on import (
    BundleReference,
    CorpusReference,
    ReportReference,
    VerdictReference,
    to_metadata,
    upstream,
)
from headgate.orchestration.resources import Project
from headgate.orchestration.run_log import log_progress
from headgate.records import ChunkSetRef, IndexResult
from headgate.release.ledger import promote
from headgate.release.verdicts import standing
from headgate.sources.corpus import open_corpus
from headgate.storage import open_store

#: Versions of the code behind an asset: a new one means that the same input may give another output.
CORPUS_VERSION = "1"
CHUNKS_VERSION = PARSER_VERSION
TABLE_VERSION = str(TABLE_FORMAT)
BUNDLE_VERSION = f"{MANIFEST_FORMAT}.{ENGINE_VERSION}"


class CorpusConfig(dg.Config):
    """Which documents a run is about."""

    revision: str = Field(
        default="",
        description="empty = what the .dvc file (or the folder) holds now; a name of corpus.revisions; a DVC directory digest; a git revision",
    )


class EvaluationConfig(dg.Config):
    """Which bundle is evaluated."""

    bundle_id: str = Field(default="", description="64 hex digits; empty = the bundle that this run made, else the newest one")


class ReleaseConfig(dg.Config):
    """Who releases, and why; both are written to the ledger."""

    promoted_by: str = Field(default="", description="empty = the Dagster run's id")
    reason: str = ""


def corpus(context: dg.AssetExecutionContext, config: CorpusConfig, project: Project) -> dg.MaterializeResult[Any]:
    """Stage 1, the documents at a revision, fetched and verified. Version: the digest of the whole folder."""
    settings = project.settings()
    with library_errors():
        found = open_corpus(open_store(settings), settings.corpus_setup, revision=config.revision)
    reference = CorpusReference(revision=found.revision, files=len(found.files))
    return dg.MaterializeResult(
        data_version=dg.DataVersion(found.revision),
        metadata=views.corpus(found, now=datetime.now(UTC)) | to_metadata(reference),
    )


def chunks(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult[Any]:
    """Stage 1, documents → validated chunks. Version: the digest of the chunk set.

    Raises:
        Failure: the documents changed since `corpus` looked at them.
    """
    reference = upstream(context, "corpus", CorpusReference)
    settings = project.settings()
    kept = reference.revision if settings.corpus.sources else ""  # read once: what `corpus` saw is what is ingested
    revision = f"{reference.revision}.dir" if settings.corpus.dvc_file else kept
    with library_errors():
        result = ingest(
            open_store(settings), settings.ingest_setup, revision=revision, progress=log_progress(context, "files parsed")
        )
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


def dead_letters(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult[Any]:
    """Beside stage 1, the files that could not be read or parsed."""
    settings = project.settings()
    files = upstream(context, "corpus", CorpusReference).files
    with library_errors():
        letters = list_dead_letters(open_store(settings), settings.corpus.name)
    return dg.MaterializeResult(
        metadata=views.dead_letters(letters),
        check_results=checks.check_dead_letters(letters, files=files, limit=settings.validation.max_dead_letter_share),
    )


def chunk_table(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult[Any]:
    """Stage 2, chunks → a pinned table version. Version: the digest of its rows."""
    settings = project.settings()
    chunk_set = upstream(context, "chunks", ChunkSetRef)
    with library_errors():
        result = update_table(
            open_store(settings), chunk_set, settings.index_setup, progress=log_progress(context, "chunks embedded")
        )
    return dg.MaterializeResult(
        data_version=dg.DataVersion(result.ref.digest),
        metadata=views.index(result) | to_metadata(result),
        check_results=checks.check_chunk_table(result, chunk_set),
    )


def integrity(context: dg.AssetCheckExecutionContext, project: Project) -> Iterator[dg.AssetCheckResult]:
    """Beside stage 2, every pinned version read whole: the result of the check `integrity`.

    Raises:
        Failure: after the result, where a version is not what was pinned.
    """
    with library_errors():
        store = open_store(project.settings())
        reports = check_versions(store, list_versions(store), log_progress(context, "versions checked"))
    damaged = [f"{report.table}@{report.version}" for report in reports if not report.passed]
    yield dg.AssetCheckResult(
        asset_key="chunk_table",
        check_name="integrity",
        passed=not damaged,
        severity=checks.ERROR,
        metadata=views.integrity(reports),
    )
    if damaged:
        raise dg.Failure(
            f"not what was pinned: {', '.join(damaged)}; see the check `integrity` of chunk_table. Roll back where one is served, and build again",
            allow_retries=False,
        )


def bundle(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult[Any]:
    """Stage 3, a table version → a bundle. Version: its id."""
    settings = project.settings()
    index = upstream(context, "chunk_table", IndexResult)
    with library_errors():
        made = create_bundle(open_store(settings), index, settings.bundle_setup)
    reference = BundleReference(bundle_id=made.bundle_id)
    return dg.MaterializeResult(data_version=dg.DataVersion(made.bundle_id), metadata=views.bundle(made) | to_metadata(reference))


def canary(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult[Any]:
    """Beside stage 3, the rebuilt index against the one before: retrieval only."""
    settings = project.settings()
    bundle_id = upstream(context, "bundle", BundleReference).bundle_id
    with library_errors():
        found = run_canary(
            open_store(settings), bundle_id, settings.evaluation_setup, progress=log_progress(context, "questions asked")
        )
    return dg.MaterializeResult(
        data_version=dg.DataVersion(found.canary_id), metadata=views.canary(found), check_results=checks.check_canary(found)
    )


def evaluation_report(context: dg.AssetExecutionContext, config: EvaluationConfig, project: Project) -> dg.MaterializeResult[Any]:
    """Stage 4, a bundle → its answers to the suites, scored. Version: the report's id."""
    settings = project.settings()
    bundle_id = config.bundle_id or upstream(context, "bundle", BundleReference).bundle_id
    store = open_store(settings)
    with library_errors():
        report = evaluate(store, bundle_id, settings.evaluation_setup, progress=log_progress(context, "questions answered"))
        threshold = load_manifest(store, bundle_id).evidence.threshold
    reference = ReportReference(bundle_id=bundle_id, report_id=report.report_id)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(report.report_id),
        metadata=views.report(
            report,
            recall_at=settings.evaluation.recall_at,
            threshold=threshold,
            mlflow_ui=project.mlflow_ui,
        )
        | to_metadata(reference),
        check_results=checks.check_report(report),
    )


def verdict(context: dg.AssetExecutionContext, project: Project) -> dg.MaterializeResult[Any]:
    """Stage 4, a report → passed, failed or inconclusive; or what somebody decided about the same. Version: the verdict's id."""
    settings = project.settings()
    report = upstream(context, "evaluation_report", ReportReference)
    with library_errors():
        store = open_store(settings)
        decided = standing(store, gate(store, report.bundle_id, settings.evaluation_setup, report_id=report.report_id))
    reference = VerdictReference(bundle_id=decided.bundle_id, verdict_id=decided.verdict_id)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(decided.verdict_id),
        metadata=views.verdict(decided) | to_metadata(reference),
        check_results=checks.check_verdict(decided),
    )


def release(context: dg.AssetExecutionContext, config: ReleaseConfig, project: Project) -> dg.MaterializeResult[Any]:
    """Stage 5, the bundle of the newest verdict → in service, if it may. Version: the bundle's id."""
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
