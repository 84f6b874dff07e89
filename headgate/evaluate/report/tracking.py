"""Report → one MLflow run that explains itself. The only module that imports mlflow.

    params      bundle, corpus revision, table, model, retrieval and answer settings
    metrics     <suite>/<metric>, its standard error as <suite>/<metric>_se, interval as _low and _high
    artifacts   cases.json (one row a case), slices.json, report.json, suites/*.jsonl, plots/*.png
    inputs      each suite and the corpus as datasets
    prompts     registered; a new version only when the text changed
    note        what was evaluated, the main figures, where to look

Clients are made with explicit addresses: no global state of mlflow is touched. Everything is bounded in time, and whatever goes wrong is
one `TrackingError`; the caller keeps the report regardless.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
from mlflow import MlflowClient
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import DatasetInput, InputTag, Metric, Param
from mlflow.exceptions import MlflowException

from headgate.bundle import Manifest, load_manifest
from headgate.errors import TrackingError
from headgate.evaluate.report.note import describe_report
from headgate.evaluate.report.plots import draw_plots
from headgate.evaluate.report.summary import summarise_slices
from headgate.evaluate.suites.suite import Suite
from headgate.records import Canary, CaseResult, Report, Verdict
from headgate.settings import EvaluationSettings, EvaluationSetup, TrackingSetup
from headgate.storage import Store
from headgate.storage.layout import LOCKS, MLFLOW, OBJECTS

#: Seconds one request to a tracking server may take, and how often it is repeated. mlflow's own values add up to many minutes.
REQUEST_TIMEOUT = 20
REQUEST_RETRIES = 1
_PARAM_LENGTH = 500
logging.getLogger("mlflow").setLevel(logging.WARNING)  # it announces every table it creates
logging.getLogger("alembic").setLevel(logging.WARNING)
_BOUNDS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": str(REQUEST_RETRIES),
    "AWS_MAX_ATTEMPTS": str(1 + REQUEST_RETRIES),
}


def tracking_uri(setup: TrackingSetup) -> str:
    """Where runs go: the address in the settings, or an SQLite file on this machine."""
    return setup.uri or f"sqlite:///{MLFLOW.path(setup.local_root, 'mlflow.db')}"


def log_report(
    store: Store, setup: EvaluationSetup, report: Report, suites: Sequence[Suite], *, baseline: Report | None = None
) -> str:
    """Log a report as one run and return the run's id.

    Args:
        baseline: the promoted bundle's report on the same suites, drawn beside this one.

    Raises:
        TrackingError: MLflow could not be reached or refused.
    """
    manifest = load_manifest(store, report.bundle_id)
    with _translated(setup.tracking):
        client, experiment_id = _open(setup.tracking)
        run = client.create_run(
            experiment_id,
            run_name=f"{manifest.corpus.name} {report.bundle_id[:12]}",
            tags=_tags(setup.gate_files.shown, report, manifest, baseline),
        )
        run_id = str(run.info.run_id)
        try:
            _log(client, run_id, setup.evaluation, report, manifest, suites, baseline)
            _register_prompts(client, run_id, store, manifest)
        except BaseException:
            client.set_terminated(run_id, status="FAILED")
            raise
        client.set_terminated(run_id, status="FINISHED")
    return run_id


def log_canary(setup: TrackingSetup, canary: Canary) -> str:
    """Log a canary as a small run of its own and return the run's id.

    Raises:
        TrackingError: MLflow could not be reached or refused.
    """
    figures: dict[str, float | None] = {
        "canary/jaccard": canary.jaccard,
        "canary/rank_biased_overlap": canary.rank_biased,
        "canary/unreachable": float(len(canary.unreachable)),
        "canary/lost_hits": float(len(canary.lost_hits)),
        "canary/never_retrieved": float(canary.never_retrieved_count),
        "canary/seconds": canary.seconds,
    }
    for entry in canary.slices[:1]:
        figures |= {"canary/recall_before": entry.before, "canary/recall_after": entry.after}
        figures |= {"canary/recall_difference": entry.difference, "canary/low": entry.low, "canary/high": entry.high}
    now = int(time.time() * 1000)
    with _translated(setup):
        client, experiment_id = _open(setup)
        tags = {
            "headgate.kind": "canary",
            "headgate.canary_id": canary.canary_id,
            "headgate.bundle_id": canary.bundle_id,
            "headgate.baseline_bundle_id": canary.baseline_bundle_id,
            "headgate.verdict": canary.verdict,
            "mlflow.note.content": "\n".join(f"- {check.name}: **{check.verdict}**: {check.reason}" for check in canary.checks),
        }
        run = client.create_run(experiment_id, run_name=f"canary {canary.bundle_id[:12]}", tags=tags)
        run_id = str(run.info.run_id)
        try:
            metrics = [Metric(name, float(value), now, 0) for name, value in figures.items() if value is not None]
            client.log_batch(run_id, metrics=metrics)
            client.log_dict(run_id, canary.model_dump(mode="json"), "canary.json")
        except BaseException:
            client.set_terminated(run_id, status="FAILED")
            raise
        client.set_terminated(run_id, status="FINISHED")
    return run_id


def log_verdict(setup: TrackingSetup, run_id: str, verdict: Verdict) -> None:
    """Note a verdict on the run of the report it judged.

    Raises:
        TrackingError: MLflow could not be reached or refused.
    """
    with _translated(setup):
        client, _ = _open(setup)
        client.set_tag(run_id, "headgate.verdict", verdict.verdict)
        client.set_tag(run_id, "headgate.verdict_id", verdict.verdict_id)
        client.log_dict(run_id, verdict.model_dump(mode="json"), f"verdicts/{verdict.verdict_id[:16]}.json")


def _open(setup: TrackingSetup) -> tuple[MlflowClient, str]:
    """A client and the experiment's id; both made where they are missing, by one process at a time."""
    uri = tracking_uri(setup)
    lock = LOCKS.path(setup.local_root, "mlflow")
    lock.parent.mkdir(parents=True, exist_ok=True)
    MLFLOW.path(setup.local_root).mkdir(parents=True, exist_ok=True)
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        experiment = client.get_experiment_by_name(setup.experiment)
        if experiment is not None:
            return client, str(experiment.experiment_id)
        artifacts = setup.artifact_root or None
        if artifacts is None and not setup.uri:
            artifacts = MLFLOW.path(setup.local_root, "artifacts").as_uri()
        return client, str(client.create_experiment(setup.experiment, artifact_location=artifacts))


@contextmanager
def _translated(setup: TrackingSetup) -> Iterator[None]:
    """Bounded requests, and one exception type for everything that mlflow and its transports raise."""
    import requests
    import sqlalchemy.exc

    bounds = _BOUNDS | ({"MLFLOW_S3_ENDPOINT_URL": setup.endpoint} if setup.endpoint else {})
    bounds |= {"AWS_DEFAULT_REGION": setup.region} if setup.region else {}
    added = [name for name in bounds if name not in os.environ]
    os.environ.update({name: bounds[name] for name in added})  # mlflow and boto3 read nothing else for their requests
    try:
        yield
    except (MlflowException, requests.RequestException, sqlalchemy.exc.SQLAlchemyError, OSError, *_bucket_errors()) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        raise TrackingError(f"MLflow at {tracking_uri(setup)!r} failed: {first} (setting evaluation.tracking_uri).") from error
    finally:
        for name in added:
            os.environ.pop(name, None)


def _bucket_errors() -> tuple[type[Exception], ...]:
    """What files in a bucket can fail with, where MLflow has loaded boto3 for them."""
    found = (
        getattr(sys.modules.get(module), name, None)
        for module, name in (
            ("boto3.exceptions", "Boto3Error"),
            ("botocore.exceptions", "BotoCoreError"),
            ("botocore.exceptions", "ClientError"),
        )
    )
    return tuple(kind for kind in found if kind is not None)


def _log(
    client: MlflowClient,
    run_id: str,
    settings: EvaluationSettings,
    report: Report,
    manifest: Manifest,
    suites: Sequence[Suite],
    baseline: Report | None,
) -> None:
    metrics = list(_metrics(report))
    for start in range(0, len(metrics), 500):
        client.log_batch(run_id, metrics=metrics[start : start + 500])
    client.log_batch(run_id, params=_params(manifest, report))
    client.log_inputs(run_id, datasets=_datasets(manifest, suites))
    client.log_table(run_id, _case_table(report), "cases.json")
    client.log_table(run_id, _slice_table(report, settings), "slices.json")
    with tempfile.TemporaryDirectory() as folder:
        plots = draw_plots(
            report,
            Path(folder),
            recall_at=settings.recall_at,
            threshold=manifest.evidence.threshold,
            baseline=baseline,
        )
        for path in plots:
            client.log_artifact(run_id, str(path), "plots")
    client.log_text(run_id, orjson.dumps(report.model_dump(mode="json"), option=orjson.OPT_INDENT_2).decode(), "report.json")
    for suite in suites:
        client.log_text(run_id, Path(suite.source).read_text(encoding="utf-8"), f"suites/{suite.name}.jsonl")


def _tags(gates: str, report: Report, manifest: Manifest, baseline: Report | None) -> dict[str, str]:
    tags = {
        "mlflow.note.content": describe_report(report, manifest, baseline=baseline, gates=gates),
        "headgate.bundle_id": report.bundle_id,
        "headgate.report_id": report.report_id,
        "headgate.answers_digest": report.answers_digest,
        "headgate.corpus": manifest.corpus.name,
        "headgate.corpus_revision": manifest.corpus.revision,
        "headgate.table": f"{manifest.table.table}@{manifest.table.version}",
        "headgate.model": manifest.model.name,
    }
    return tags | ({"headgate.baseline_bundle_id": baseline.bundle_id} if baseline else {})


def _params(manifest: Manifest, report: Report) -> list[Param]:
    """The manifest, flattened, and the suites' digests."""
    flat = dict(_flatten("", manifest.model_dump(mode="json")))
    flat |= {"bundle_id": report.bundle_id, "metrics_version": str(report.metrics_version)}
    flat |= {f"suite.{name}": digest for name, digest in report.suite_digests.items()}
    return [Param(key, value[:_PARAM_LENGTH]) for key, value in sorted(flat.items())][:100]


def _flatten(prefix: str, content: Any) -> Iterator[tuple[str, str]]:
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _flatten(f"{prefix}.{key}" if prefix else str(key), value)
    else:
        yield prefix, content if isinstance(content, str) else orjson.dumps(content).decode()


def _metrics(report: Report) -> Iterator[Metric]:
    now = int(time.time() * 1000)
    for suite_name, suite in report.suites.items():
        for name, figure in suite.metrics.items():
            key = f"{suite_name}/{_metric_key(name)}"
            for suffix, value in (
                ("", figure.value),
                ("_se", figure.standard_error),
                ("_low", figure.low),
                ("_high", figure.high),
            ):
                if value is not None:
                    yield Metric(f"{key}{suffix}", float(value), now, 0)
            if figure.unscored:
                yield Metric(f"{key}_unscored", float(figure.unscored), now, 0)


def _metric_key(name: str) -> str:
    """MLflow allows no `@` in names: recall@5 becomes recall_at_5."""
    return name.replace("@", "_at_")


def _datasets(manifest: Manifest, suites: Sequence[Suite]) -> list[DatasetInput]:
    tables = [
        (
            suite.name,
            suite.digest,
            pd.DataFrame([{"id": case.id, "question": case.question, "tags": " ".join(case.tags)} for case in suite.cases]),
            "suite",
        )
        for suite in suites
    ]
    table = manifest.table
    corpus = {"corpus": manifest.corpus.name, "revision": manifest.corpus.revision, "table": table.table}
    corpus |= {"version": str(table.version), "chunks": str(table.rows)}
    tables.append((f"corpus {manifest.corpus.name}", table.digest, pd.DataFrame([corpus]), "corpus"))
    inputs = []
    for name, digest, frame, context in tables:
        # MLflow keeps 36 characters of a digest; a source address of our own schemes would be refused, so none is given.
        dataset = from_pandas(frame, name=name, digest=digest[:32])
        inputs.append(DatasetInput(dataset._to_mlflow_entity(), tags=[InputTag("mlflow.data.context", context)]))
    return inputs


def _case_table(report: Report) -> pd.DataFrame:
    return pd.DataFrame([_case_row(name, case) for name, suite in report.suites.items() for case in suite.cases])


def _case_row(suite: str, case: CaseResult) -> dict[str, Any]:
    answer = case.answer
    row: dict[str, Any] = {
        "suite": suite,
        "case": case.case_id,
        "question": case.question,
        "answer": answer.text if answer else "",
        "refused": answer.refused if answer else None,
        "refusal_reason": answer.refusal_reason if answer else "",
        "evidence": answer.evidence if answer else None,
        "citations": ", ".join(f"{citation.doc_id} ({citation.heading})" for citation in answer.citations) if answer else "",
        "retrieved": ", ".join(dict.fromkeys(chunk.doc_id for chunk in answer.retrieved)) if answer else "",
        "tags": " ".join(case.tags),
        "error": case.error,
        "unscored": ", ".join(f"{score.metric}: {score.error}" for score in case.scores if score.error),
    }
    return row | {score.metric: score.value for score in case.scores}


def _slice_table(report: Report, settings: EvaluationSettings) -> pd.DataFrame:
    rows = []
    for suite_name, suite in report.suites.items():
        for tag, figures in summarise_slices(suite.cases, settings.recall_at, seed=settings.seed).items():
            rows.append(
                {"suite": suite_name, "tag": tag, "n": sum(tag in case.tags for case in suite.cases)}
                | {name: figure.value for name, figure in figures.items()}
            )
    return pd.DataFrame(rows, columns=None if rows else ["suite", "tag", "n"])


def _register_prompts(client: MlflowClient, run_id: str, store: Store, manifest: Manifest) -> None:
    """Register each prompt of the bundle, once a text, and note the versions on the run."""
    for name, digest in manifest.prompts.items():
        text = store.get(OBJECTS.key(digest)).decode()
        full_name = f"{manifest.corpus.name}-{name}"
        known = client.load_prompt(full_name, allow_missing=True)
        if known is None or known.template != text:
            known = client.register_prompt(
                full_name, text, commit_message=f"SHA-256 {digest[:16]}…", tags={"headgate.sha256": digest}
            )
        client.set_tag(run_id, f"headgate.prompt.{name}", f"prompts:/{full_name}/{known.version}")
