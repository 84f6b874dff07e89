"""Report → pictures, drawn without a display."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headgate.evaluate.report.summary import values_of
from headgate.records import CaseResult, Report, SuiteResult
from headgate.records.answer import GUARD_REASONS

_BARS = (
    "recall@5",
    "mrr",
    "ndcg@5",
    "citation_precision",
    "citation_recall",
    "answer_correctness",
    "groundedness",
    "refusal_precision",
    "refusal_recall",
)
_OURS, _THEIRS, _RED = "#2a6f97", "#b8c4cc", "#c8553d"


def draw_plots(
    report: Report, folder: Path, *, recall_at: Sequence[int], threshold: float, baseline: Report | None = None
) -> list[Path]:
    """Write PNG files into `folder` and return their paths.

    Args:
        threshold: evidence below which the bundle declines, 0 to 1.
        baseline: drawn beside the report in the bars.
    """
    drawings = {
        "quality": _figure_quality(report, baseline),
        "recall_at_k": _figure_recall(report, recall_at),
        "latency": _figure_latency(_cases(report)),
        "evidence": _figure_evidence(_cases(report), threshold),
    }
    paths = []
    for name, figure in drawings.items():
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=120, bbox_inches="tight")
    return paths


def _new(width: float, height: float, **options: Any) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure, figure.subplots(**options)


def _cases(report: Report) -> list[CaseResult]:
    return [case for suite in report.suites.values() for case in suite.cases]


def _figure_quality(report: Report, baseline: Report | None) -> Any:
    """Bars with 95 % intervals, one panel a suite."""
    names = list(report.suites)
    figure, axes = _new(4.2 * len(names), 4.4, nrows=1, ncols=len(names), sharey=True, squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        _bars(axis, report.suites[name], baseline.suites.get(name) if baseline else None)
        axis.set_title(f"{name} (n = {report.suites[name].n})")
    figure.suptitle(
        f"Bundle {report.bundle_id[:12]}" + (f", grey: promoted bundle {baseline.bundle_id[:12]}" if baseline else ""),
        fontsize=10,
    )
    figure.tight_layout()
    return figure


def _bars(axis: Any, suite: SuiteResult, baseline: SuiteResult | None) -> None:
    shown = [name for name in _BARS if name in suite.metrics]
    height = 0.38 if baseline else 0.7
    for offset, colour, result in ((-height / 2 if baseline else 0, _OURS, suite), (height / 2, _THEIRS, baseline)):
        if result is None:
            continue
        for position, name in enumerate(shown):
            metric = result.metrics.get(name)
            if metric is None or metric.value is None:
                axis.text(0.02, position + offset, "no case", va="center", fontsize=7, color="grey")
                continue
            low, high = (
                metric.low if metric.low is not None else metric.value,
                metric.high if metric.high is not None else metric.value,
            )
            error = [[metric.value - low], [high - metric.value]]
            axis.barh(
                position + offset, metric.value, height=height, color=colour, xerr=error, error_kw={"elinewidth": 1, "capsize": 2}
            )
            inside = colour == _OURS and metric.value > 0.15
            axis.text(
                0.02, position + offset, f"{metric.value:.2f}", va="center", fontsize=7, color="white" if inside else "black"
            )
    axis.set_yticks(range(len(shown)), shown)
    axis.set_xlim(0, 1.02)
    axis.set_xlabel("0 to 1, higher is better; 95 % interval")
    if not axis.yaxis_inverted():
        axis.invert_yaxis()


def _figure_recall(report: Report, recall_at: Sequence[int]) -> Any:
    figure, axis = _new(5, 3.6)
    cutoffs = sorted(recall_at)
    for name, suite in report.suites.items():
        points = [(k, suite.metrics[f"recall@{k}"]) for k in cutoffs]
        known = [(k, metric.value, metric.low, metric.high) for k, metric in points if metric.value is not None]
        if known and name != "all":
            line = axis.plot([k for k, *_ in known], [value for _, value, *_ in known], marker="o", label=name)[0]
            axis.fill_between(
                [k for k, *_ in known],
                [low or 0 for *_, low, _ in known],
                [high or 0 for *_, high in known],
                alpha=0.15,
                color=line.get_color(),
            )
    axis.set_xticks(cutoffs)
    axis.set_xlabel("k (passages looked at)")
    axis.set_ylabel("recall@k")
    axis.set_ylim(0, 1.02)
    axis.set_title("Is the passage that answers among the first k?")
    if axis.get_legend_handles_labels()[0]:
        axis.legend()
    return figure


def _figure_latency(cases: Sequence[CaseResult]) -> Any:
    import numpy as np

    figure, axis = _new(5, 3.6)
    seconds = list(values_of(cases, "latency").values())
    if seconds:
        axis.hist(seconds, bins=min(40, max(5, len(seconds) // 5)), color=_OURS)
        for share in (0.5, 0.95, 0.99):
            quantile = float(np.quantile(seconds, share))
            axis.axvline(quantile, color=_RED, linewidth=1)
            axis.text(
                quantile,
                axis.get_ylim()[1] * (0.97 - 0.08 * (share > 0.5) - 0.08 * (share > 0.95)),
                f" p{share * 100:.0f} {quantile:.2f} s",
                fontsize=7,
                color=_RED,
            )
    axis.set_xlabel("seconds until the answer was complete")
    axis.set_ylabel("questions")
    axis.set_title("Latency, two questions at a time")
    return figure


def _figure_evidence(cases: Sequence[CaseResult], threshold: float) -> Any:
    """Evidence of questions that can and can't be answered: the better apart, the better refusals work."""
    figure, axis = _new(5, 3.6)
    groups: dict[str, list[float]] = {"can be answered": [], "can't be answered": []}
    for case in cases:
        if case.answer is not None and case.answer.refusal_reason not in GUARD_REASONS:
            answerable = all(score.metric != "refusal_recall" for score in case.scores)
            groups["can be answered" if answerable else "can't be answered"].append(case.answer.evidence)
    bins = [step / 20 for step in range(21)]
    for (label, values), colour in zip(groups.items(), (_OURS, _RED), strict=True):
        if values:
            axis.hist(values, bins=bins, alpha=0.6, density=True, color=colour, label=f"{label} (n = {len(values)})")
    axis.axvline(threshold, color="black", linewidth=1, linestyle="--", label=f"declined below {threshold:g}")
    axis.set_xlabel("evidence that the passages hold an answer, 0 to 1")
    axis.set_ylabel("density")
    axis.set_title("Does the evidence tell what can be answered?")
    if axis.get_legend_handles_labels()[0]:
        axis.legend()
    return figure
