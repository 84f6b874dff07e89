"""Bundle + suites → Report: opens the bundle as the service does, asks every question, scores every answer.

    suites ─► variants for this corpus ─► open_bundle ─► answers (two at a time) ─► scores ─► report ─► reports/<id>.json ─► MLflow

The report is the truth and is stored before MLflow is told; an unreachable tracking server costs the run id and a warning, nothing else.
Latency is what two questions at a time see on this machine: compare it with reports from the same machine only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import orjson

from headgate.bundle import indexed_chunks, indexed_documents, load_manifest, open_bundle
from headgate.errors import NotFoundError, TrackingError
from headgate.evaluate.metrics.score import Scorable, Scorer, Similarity, applicable, score_case, scorers
from headgate.evaluate.report.stored_reports import find_report, make_report, save_report
from headgate.evaluate.report.summary import summarise
from headgate.evaluate.suites.quotes import SearchableText, searchable
from headgate.evaluate.suites.suite import ALL, ResolvedCase, ResolvedSuite, Suite, index_documents, load_suites, resolve_suite
from headgate.models.embedder import Embedder, Vectors
from headgate.models.open import open_embedder
from headgate.records import Answer, CaseResult, Question, Report, Score, SuiteResult
from headgate.records.progress import Progress
from headgate.settings import EvaluationSettings, EvaluationSetup
from headgate.storage import Store, sha256_hex
from headgate.storage.layout import OBJECTS

_log = logging.getLogger(__name__)
#: Questions asked at the same time: enough to use two cores, few enough that latency means something.
CONCURRENCY = 2


class Answers(Protocol):
    """What is evaluated: an opened bundle."""

    def answer_now(self, question: Question) -> Answer:
        """The whole answer."""


def evaluate(
    store: Store,
    bundle_id: str,
    setup: EvaluationSetup,
    *,
    suites: Sequence[Path] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Run suites on a bundle, store the report and log one MLflow run.

    Args:
        suites: suite files; None = those of `setup`.
        progress: called with (cases done, cases in all).

    Raises:
        SuiteError: a suite is malformed, or names documents or quotes that the bundle's corpus does not hold.
        NotFoundError, IntegrityError: there is no such bundle, or it is not what its id says.
    """
    loaded = load_suites(setup.gate_files.suites if suites is None else suites)
    return evaluate_suites(store, bundle_id, setup, loaded, progress=progress)


def evaluate_suites(
    store: Store,
    bundle_id: str,
    setup: EvaluationSetup,
    suites: Sequence[Suite],
    *,
    as_baseline: bool = False,
    progress: Progress | None = None,
) -> Report:
    """`evaluate` for suites that are loaded already.

    Args:
        as_baseline: leave out cases that don't apply to the bundle's corpus, which may be older than they are.
    """
    manifest = load_manifest(store, bundle_id)
    documents = index_documents(indexed_documents(store, bundle_id))
    resolved = [resolve_suite(suite, documents, skip_inapplicable=as_baseline) for suite in suites]
    store.check_writable()
    answerer = open_bundle(store, bundle_id)
    try:
        files = {name: store.local(OBJECTS.key(digest), digest) for name, digest in manifest.embedding.files.items()}
        chunks = indexed_chunks(store, bundle_id)
        with closing(open_embedder(manifest.embedding, files)) as embedder:
            results = run_suites(answerer, resolved, chunks, cosine_similarity(embedder), setup.evaluation, progress=progress)
    finally:
        answerer.close()
    report = make_report(bundle_id, results, created_at=datetime.now(UTC).isoformat(timespec="seconds"))
    save_report(store, report)
    return _track(store, setup, report, suites)


def run_suites(
    answerer: Answers,
    suites: Sequence[ResolvedSuite],
    chunks: Mapping[str, str],
    similarity: Similarity,
    settings: EvaluationSettings,
    *,
    progress: Progress | None = None,
) -> dict[str, SuiteResult]:
    """Ask and score every case.

    A case that can't be answered keeps the error, and every metric that would apply to it is unscored.

    Args:
        chunks: chunk id → text, of the whole table.

    Returns:
        Suite name → result, and `all` over every case of the run.
    """
    metrics = scorers(settings.recall_at)
    total = sum(len(suite.cases) for suite in suites)
    done = 0
    results: dict[str, SuiteResult] = {}

    @cache
    def chunk(chunk_id: str) -> SearchableText:
        return searchable([chunks[chunk_id]])

    with ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="evaluate") as threads:
        for suite in suites:
            cases: list[CaseResult] = []
            for resolved, (answer, error) in zip(
                suite.cases, threads.map(lambda case: _ask(answerer, case), suite.cases), strict=True
            ):
                cases.append(_scored(resolved, answer, error, chunk, chunks, similarity, metrics))
                done += 1
                if progress:
                    progress(done, total)
            figures = summarise(cases, settings.recall_at, seed=settings.seed, samples=settings.bootstrap_samples)
            results[suite.suite.name] = SuiteResult(
                digest=suite.suite.digest, n=len(cases), metrics=figures, cases=tuple(cases), skipped=suite.skipped
            )
    everything = pooled_cases(results)
    results[ALL] = SuiteResult(
        digest=sha256_hex(orjson.dumps({name: result.digest for name, result in results.items()}, option=orjson.OPT_SORT_KEYS)),
        n=len(everything),
        metrics=summarise(everything, settings.recall_at, seed=settings.seed, samples=settings.bootstrap_samples),
    )
    return results


def pooled_cases(suites: Mapping[str, SuiteResult]) -> list[CaseResult]:
    """The cases of all suites, their ids preceded by the suite's name."""
    return [
        case.model_copy(update={"case_id": f"{name}/{case.case_id}"}) for name, suite in suites.items() for case in suite.cases
    ]


def cosine_similarity(embedder: Embedder) -> Similarity:
    """Cosine of two texts under `embedder`, -1 to 1."""

    @cache
    def vector(text: str) -> Vectors:
        return embedder.embed([text])

    return lambda left, right: float(np.dot(vector(left)[0], vector(right)[0]))


def _ask(answerer: Answers, resolved: ResolvedCase) -> tuple[Answer | None, str]:
    try:
        return answerer.answer_now(resolved.case.asked), ""
    except Exception as error:  # noqa: BLE001 - one case that fails, for whatever reason, is recorded and the others go on
        return None, f"{type(error).__name__}: {error}"


def _scored(
    resolved: ResolvedCase,
    answer: Answer | None,
    error: str,
    chunk: Callable[[str], SearchableText],
    chunks: Mapping[str, str],
    similarity: Similarity,
    metrics: Mapping[str, Scorer],
) -> CaseResult:
    case = resolved.case
    unscored = CaseResult(
        case_id=case.id,
        question=case.question,
        tags=case.tags,
        language=case.language,
        slices=case.slices,
        cluster=case.source_cluster,
        expect=resolved.variant.expect,
    )
    if answer is None:
        scores = tuple(Score(metric=name, error=f"not answered: {error}") for name in applicable(resolved.variant, metrics))
        return unscored.model_copy(update={"error": error, "scores": scores})
    retrieved = {hit.chunk_id: chunk(hit.chunk_id) for hit in answer.retrieved if hit.chunk_id in chunks}
    language = case.language or answer.language
    scores = score_case(Scorable(resolved.variant, language, answer, retrieved, similarity), metrics)
    return unscored.model_copy(update={"answer": answer, "scores": scores})


def _track(store: Store, setup: EvaluationSetup, report: Report, suites: Sequence[Suite]) -> Report:
    """The report with its MLflow run id, or as it is with a warning where tracking fails."""
    from headgate.evaluate.report.tracking import log_report

    try:
        run_id = log_report(store, setup, report, suites, baseline=_promoted_report(store, setup.track, report))
    except TrackingError as error:
        _log.warning("%s The report %s… is stored all the same, without an MLflow run.", error, report.report_id[:16])
        return report
    tracked = report.model_copy(update={"mlflow_run_id": run_id})
    save_report(store, tracked)
    return tracked


def _promoted_report(store: Store, track: str, report: Report) -> Report | None:
    """The report of the promoted bundle on the same suites, if there is one, for comparison in plots."""
    from headgate.release.ledger import current_release

    release = current_release(store, track)
    if release is None or release.bundle_id == report.bundle_id:
        return None
    try:
        return find_report(store, release.bundle_id, report.suite_digests, allow_skipped=True)
    except NotFoundError:
        return None
