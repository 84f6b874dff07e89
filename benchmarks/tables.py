"""Figures of a report → Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headgate.records import MetricSummary

#: What is shown of a suite, in this order; their meaning is in evals/README.md. Shares of 0 to 1, latencies in seconds.
FIGURES = (
    "recall@1",
    "recall@5",
    "recall@10",
    "doc_recall@5",
    "mrr",
    "ndcg@10",
    "citation_precision",
    "citation_recall",
    "answer_correctness",
    "groundedness",
    "refusal_precision",
    "refusal_recall",
    "over_refusal",
    "latency_p50",
    "latency_p95",
    "errors",
    "unscored",
)
#: Figures that are counts, and so have no interval.
_COUNTS = ("errors", "unscored")


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table on standard output."""
    print(f"| {' | '.join(header)} |\n|{'---|' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def print_figures(
    title: str, metrics: Mapping[str, MetricSummary], references: Mapping[str, str], *, reference_name: str
) -> None:
    """One row a figure: value, 95 % interval, cases it is over, and what it is compared with."""
    rows = [
        (name, *_cells(name, metrics[name]), references.get(name, ""))
        for name in FIGURES
        if name in metrics and metrics[name].value is not None
    ]
    print_table((title, "value", "95 % interval", "cases", reference_name), rows)


def _cells(name: str, summary: MetricSummary) -> tuple[str, str, str]:
    if name in _COUNTS:
        return f"{summary.value:.0f}", "", str(summary.n)
    interval = f"{summary.low:.3f} to {summary.high:.3f}" if summary.low is not None and summary.high is not None else "–"
    return f"{summary.value:.3f}", interval, str(summary.n)
