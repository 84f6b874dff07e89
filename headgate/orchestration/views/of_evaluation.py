"""Stages 4 and 5: figures with their intervals, the decision gate by gate, the release."""

import base64
import tempfile
from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from headgate.evaluate.report.failed_cases import find_failures
from headgate.evaluate.report.plots import draw_plots
from headgate.evaluate.suites.suite import ALL
from headgate.orchestration.views.metadata_table import Metadata, table
from headgate.records import GateResult, MetricSummary, Release, Report, Verdict

WORST_CASES = 15
#: The figures to read first, in reading order.
HEADLINES = (
    "resolved",
    "recall@5",
    "mrr",
    "ndcg@5",
    "citation_precision",
    "citation_recall",
    "answer_correctness",
    "groundedness",
    "over_refusal",
    "refusal_recall",
    "refusal_precision",
    "latency_p50",
    "latency_p95",
    "cost_total",
    "errors",
    "unscored",
)


def report(evaluated: Report, *, recall_at: Sequence[int], threshold: float, mlflow_ui: str) -> Metadata:
    """What `evaluation_report` shows: metrics with intervals, the plot, the cases to look at first, the MLflow run."""
    link = (
        {"mlflow_run": dg.MetadataValue.url(f"{mlflow_ui}/#/runs/{evaluated.mlflow_run_id}")} if evaluated.mlflow_run_id else {}
    )
    # Single numbers, so that Dagster draws them over time.
    figures = {f"{ALL}/{name}": summary.value for name, summary in evaluated.suites[ALL].metrics.items() if name in HEADLINES}
    return {
        "questions": dg.MetadataValue.int(sum(suite.n for name, suite in evaluated.suites.items() if name != ALL)),
        "failures": dg.MetadataValue.int(len(find_failures(evaluated))),
        **link,
        "metrics": table(_metric_rows(evaluated), empty={"metric": ""}),
        "all_metrics": dg.MetadataValue.md(_metrics_markdown(evaluated)),
        "intervals": dg.MetadataValue.md(f"![metrics with 95 % intervals]({_quality_plot(evaluated, recall_at, threshold)})"),
        "worst_cases": table(worst_cases(evaluated), empty=dict.fromkeys(("suite", "case", "question", "failure", "detail"), "")),
        **{name: dg.MetadataValue.float(value) for name, value in figures.items() if value is not None},
        "bundle_id": dg.MetadataValue.text(evaluated.bundle_id),
        "report_id": dg.MetadataValue.text(evaluated.report_id),
    }


def _quality_plot(evaluated: Report, recall_at: Sequence[int], threshold: float) -> str:
    """The picture `quality` of the MLflow run, as an address for markdown."""
    with tempfile.TemporaryDirectory() as folder:
        paths = draw_plots(evaluated, Path(folder), recall_at=recall_at, threshold=threshold)
        drawn = {path.stem: path for path in paths}
        return "data:image/png;base64," + base64.b64encode(drawn["quality"].read_bytes()).decode()


def _metric_rows(evaluated: Report) -> list[dict[str, str]]:
    """One row a headline that any suite has, one column a suite: value and 95 % interval; empty where the suite does not have it."""
    columns = {f"{suite} (n={result.n})": result.metrics for suite, result in evaluated.suites.items()}
    # Spaces that don't break: Dagster's tables fold cells into narrow columns.
    return [
        {"metric": name}
        | {column: interval_text(metrics.get(name)).replace(" ", "\N{NO-BREAK SPACE}") for column, metrics in columns.items()}
        for name in HEADLINES
        if any(interval_text(metrics.get(name)) for metrics in columns.values())
    ]


def _metrics_markdown(evaluated: Report) -> str:
    """Every metric of every suite, as a table."""
    suites = evaluated.suites.values()
    rows = [["metric", *(f"{name} (n={suite.n})" for name, suite in evaluated.suites.items())], ["---"] * (len(suites) + 1)]
    names = dict.fromkeys(name for suite in suites for name in suite.metrics)
    rows += [[name, *(interval_text(suite.metrics.get(name)) for suite in suites)] for name in names]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def interval_text(summary: MetricSummary | None) -> str:
    """`0.953 [0.92, 0.98]`, with the number of unscored cases if there are any; empty without a value to show."""
    if summary is None or (summary.value is None and not summary.unscored):
        return ""
    value = "not scored" if summary.value is None else f"{summary.value:.3f}"
    interval = "" if summary.low is None or summary.high is None else f" [{summary.low:.2f}, {summary.high:.2f}]"
    return value + interval + (f", {summary.unscored} unscored" if summary.unscored else "")


def worst_cases(evaluated: Report) -> list[dict[str, str]]:
    """The first WORST_CASES failures, most serious kind first."""
    return [
        {
            "suite": failure.suite,
            "case": failure.case_id,
            "question": failure.question,
            "failure": failure.kind,
            "detail": failure.detail,
        }
        for failure in find_failures(evaluated)[:WORST_CASES]
    ]


def verdict(decided: Verdict) -> Metadata:
    """What `verdict` shows: the decision and every gate it rests on."""
    rows = [_gate_row(gate) for gate in decided.gates]
    return {
        "verdict": dg.MetadataValue.text(decided.verdict),
        "bundle_id": dg.MetadataValue.text(decided.bundle_id),
        "baseline_bundle_id": dg.MetadataValue.text(decided.baseline_bundle_id or "none: nothing was promoted before"),
        **(
            {"override": dg.MetadataValue.text(f"{decided.override_by}: {decided.override_reason}")}
            if decided.override_by
            else {}
        ),
        **({"warnings": dg.MetadataValue.text("\n".join(decided.warnings))} if decided.warnings else {}),
        "gates": table(rows, empty=dict.fromkeys(("gate", "verdict", "severity", "value", "low", "high", "limit", "reason"), "")),
        "verdict_id": dg.MetadataValue.text(decided.verdict_id),
        "report_id": dg.MetadataValue.text(decided.report_id),
    }


def _gate_row(gate: GateResult) -> dict[str, str]:
    numbers = {"value": gate.value, "low": gate.low, "high": gate.high, "limit": gate.limit}
    shown = {name: "" if number is None else f"{number:.4g}" for name, number in numbers.items()}
    return {"gate": gate.name, "verdict": gate.verdict, "severity": gate.severity} | shown | {"reason": gate.reason}


def release(released: Release) -> Metadata:
    """What `release` shows: the ledger's line, and the rehearsal of the way there and back."""
    rehearsals = [
        {
            "bundle": rehearsal.bundle_id[:16],
            "question": rehearsal.question,
            "answered": rehearsal.answered,
            "seconds": round(rehearsal.seconds, 2),
        }
        for rehearsal in released.rehearsals
    ]
    return {
        "release": dg.MetadataValue.int(released.release),
        "track": dg.MetadataValue.text(released.track),
        "kind": dg.MetadataValue.text(released.kind),
        "bundle_id": dg.MetadataValue.text(released.bundle_id),
        "previous_bundle_id": dg.MetadataValue.text(released.previous_bundle_id or "none: the first release"),
        "promoted_by": dg.MetadataValue.text(released.promoted_by),
        "reason": dg.MetadataValue.text(released.reason),
        "rehearsals": table(rehearsals, empty={"bundle": "", "question": "", "answered": False, "seconds": 0.0}),
    }
