"""Report → the Markdown text that stands at the top of its MLflow run, for someone who did not start it."""

from __future__ import annotations

from headgate.bundle import Manifest
from headgate.records import MetricSummary, Report

#: Figures of the note's table, with what they say.
MAIN_FIGURES = {
    "recall@5": "passages that answer the question, among the first five found",
    "mrr": "1 / rank of the first passage that answers",
    "citation_precision": "citations that point to a document that answers",
    "answer_correctness": "facts of the reference answer in the answer",
    "groundedness": "sentences that the cited passages support",
    "refusal_precision": "refusals of questions that can't be answered, among all refusals",
    "refusal_recall": "questions that can't be answered which were refused",
    "latency_p95": "seconds within which 95 % of answers came",
    "cost_total": "US dollars",
    "unscored": "scores that should exist and don't",
}


def describe_report(report: Report, manifest: Manifest, *, baseline: Report | None, gates: str) -> str:
    """The note, Markdown."""
    suites = ", ".join(f"`{name}` ({suite.n} cases)" for name, suite in report.suites.items() if name != "all")
    what = (
        f"**Bundle `{report.bundle_id[:16]}…`** of corpus *{manifest.corpus.name}*, revision `{manifest.corpus.revision[:16]}…`, "
        f"answered with model `{manifest.model.name}` from table `{manifest.table.table}` version {manifest.table.version} ({manifest.table.rows} chunks)."
    )
    where = (
        "**Where to look:** `cases.json` (Artifacts) has one row a question with answer, citations and scores; `slices.json` the figures per tag; "
        f"`plots/` the pictures; `report.json` everything. The gates that judge this report are in `{gates}`; their verdict is in the tag `headgate.verdict`."
    )
    lines = [
        what,
        "",
        f"Every question of the suites {suites} was put to this bundle exactly as the service would put it, and every answer was scored.",
        "",
        f"| figure | {' | '.join(report.suites)} |{' promoted bundle (all) |' if baseline else ''} meaning |",
        f"|---|{'---|' * (len(report.suites) + 1 + bool(baseline))}",
    ]
    for name, meaning in MAIN_FIGURES.items():
        cells = [_cell(suite.metrics.get(name)) for suite in report.suites.values()]
        if baseline:
            cells.append(_cell(baseline.suites["all"].metrics.get(name)))
        lines.append(f"| {name} | {' | '.join(cells)} | {meaning} |")
    lines += [
        "",
        "Brackets hold the 95 % interval: with other questions of the same kind the figure would lie there. – means that no case of the suite has it.",
        "",
        where,
        "",
        f"Report `{report.report_id}`.",
    ]
    if skipped := sum(len(suite.skipped) for suite in report.suites.values()):
        lines.append(f"\nEvaluated as a baseline: {skipped} cases that don't apply to its older corpus were left out.")
    return "\n".join(lines)


def _cell(figure: MetricSummary | None) -> str:
    if figure is None or figure.value is None:
        return "–"
    if figure.low is None or figure.high is None or figure.low == figure.high:
        return f"{figure.value:.3g}"
    return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
