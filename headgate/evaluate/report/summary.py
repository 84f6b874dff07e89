"""Scores of cases → the figures of a suite, with intervals.

resolved                           share of all cases in which the asker was helped; a case without a score counts as not helped
recall@5, answer_correctness, …    mean over the cases they apply to
latency_p50 _p95 _p99              seconds, over all answered cases
first_token_p50 _p95               seconds
cost_total cost_mean               US dollars
errors                             cases that could not be answered
unscored                           (case, metric) pairs that apply but have no value
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from headgate.evaluate.metrics.score import RESOLVED, scorers
from headgate.evaluate.statistics import (
    Estimate,
    estimate_mean,
    estimate_percentile,
)
from headgate.records import CaseResult, MetricSummary


class Percentile(NamedTuple):
    metric: str  # of a case
    share: float


#: Figures that are percentiles of a case's metric.
PERCENTILES = {
    "latency_p50": Percentile("latency", 0.50),
    "latency_p95": Percentile("latency", 0.95),
    "latency_p99": Percentile("latency", 0.99),
    "first_token_p50": Percentile("first_token", 0.50),
    "first_token_p95": Percentile("first_token", 0.95),
}
#: Figures that depend on how busy the machine was: they are reported, no gate judges them.
WALL_TIMES = frozenset(PERCENTILES)
COSTS = ("cost_total", "cost_mean")
COUNTS = ("errors", "unscored")
LOWER_IS_BETTER = frozenset({*PERCENTILES, *COSTS, *COUNTS, "over_refusal", "forbidden"})
#: Shares whose cases depend on the answers, so that two bundles share only some of them.
RATIOS = frozenset({"refusal_precision", "citation_precision", "groundedness"})
_NOT_A_MEAN = frozenset({"latency", "first_token", "cost"})


def metric_names(recall_at: Sequence[int]) -> tuple[str, ...]:
    """Names of all figures a suite has."""
    return (*(name for name in scorers(recall_at) if name not in _NOT_A_MEAN), *PERCENTILES, *COSTS, *COUNTS)


def summarise(
    cases: Sequence[CaseResult], recall_at: Sequence[int], *, seed: int, samples: int = 2000
) -> dict[str, MetricSummary]:
    """Figures of `cases`; a metric that applies to none of them has no value."""
    return {name: figure_of(cases, name, seed=seed, samples=samples) for name in metric_names(recall_at)}


def figure_of(cases: Sequence[CaseResult], name: str, *, seed: int, samples: int = 2000) -> MetricSummary:
    """One figure of `cases`; without a value where it applies to none of them."""
    if name in COUNTS:
        count = (
            sum(bool(case.error) for case in cases)
            if name == "errors"
            else sum(bool(score.error) for case in cases for score in case.scores)
        )
        return MetricSummary(value=count, low=count, high=count, n=len(cases), standard_error=0.0)
    values = list(values_of(cases, name).values())
    unscored = sum(score.metric == case_metric(name) and bool(score.error) for case in cases for score in case.scores)
    estimate = _estimate(name, values, seed, samples) if values else None
    return MetricSummary(
        value=estimate.value if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        n=len(values),
        unscored=unscored,
        standard_error=estimate.standard_error if estimate else None,
    )


def slices_of(case: CaseResult) -> list[str]:
    """Every division that a case is counted in: `language=de`, `topic=billing`, `tag=price`."""
    language = [f"language={case.language}"] if case.language else []
    return [*language, *(f"{kind}={value}" for kind, value in case.slices.items()), *(f"tag={tag}" for tag in case.tags)]


def resolved_by_slice(cases: Sequence[CaseResult]) -> dict[str, MetricSummary]:
    """`resolved` of every slice, sorted by name. A case is in several slices, so they overlap."""
    values = values_of(cases, RESOLVED)
    members: dict[str, list[float]] = {}
    for case in cases:
        for name in slices_of(case) if case.case_id in values else ():
            members.setdefault(name, []).append(values[case.case_id])
    figures = {}
    for name, found in sorted(members.items()):
        estimate = estimate_mean(found, bounded=True, seed=0)
        figures[name] = MetricSummary(value=estimate.value, low=estimate.low, high=estimate.high, n=estimate.n)
    return figures


def summarise_slices(cases: Sequence[CaseResult], recall_at: Sequence[int], *, seed: int) -> dict[str, dict[str, MetricSummary]]:
    """Figures per tag, tags sorted. Cases have several tags, so slices overlap."""
    tags = sorted({tag for case in cases for tag in case.tags})
    return {tag: summarise([case for case in cases if tag in case.tags], recall_at, seed=seed, samples=200) for tag in tags}


def values_of(cases: Sequence[CaseResult], name: str) -> dict[str, float]:
    """Case id → value of the case's metric behind the figure `name`, scored cases only; for `resolved` the others count 0."""
    wanted = case_metric(name)
    found = {
        case.case_id: score.value for case in cases for score in case.scores if score.metric == wanted and score.value is not None
    }
    if name != RESOLVED:
        return found
    lacking = {case.case_id: 0.0 for case in cases for score in case.scores if score.metric == wanted and score.error}
    return lacking | found


def case_metric(name: str) -> str:
    """The metric of a case behind a figure."""
    return PERCENTILES[name].metric if name in PERCENTILES else "cost" if name in COSTS else name


def _estimate(name: str, values: Sequence[float], seed: int, samples: int) -> Estimate:
    if name in PERCENTILES:
        return estimate_percentile(values, PERCENTILES[name].share)
    estimate = estimate_mean(values, bounded=name not in COSTS, seed=seed, samples=samples)
    return _scaled(estimate, len(values)) if name == "cost_total" else estimate


def _scaled(estimate: Estimate, factor: int) -> Estimate:
    def times(value: float | None) -> float | None:
        return None if value is None else value * factor

    return Estimate(
        estimate.value * factor, times(estimate.low), times(estimate.high), estimate.n, times(estimate.standard_error)
    )
