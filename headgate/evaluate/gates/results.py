"""Gate + figure → GateResult, and gate results → verdict."""

from __future__ import annotations

from collections.abc import Iterable

from headgate.evaluate.gates.schema import Gate
from headgate.records import Decision, GateDecision, GateResult, MetricSummary


def result(one: Gate, decision: GateDecision, figure: MetricSummary | None, reason: str) -> GateResult:
    """What a gate decided, with the figure that it looked at."""
    limits = (one.at_least, one.at_most, one.not_worse_than_baseline, one.no_events, one.max_unscored)
    return GateResult(
        name=one.name,
        metric=f"{one.metric} [{one.slice}]" if one.slice else one.metric,
        verdict=decision,
        value=figure.value if figure else None,
        low=figure.low if figure else None,
        high=figure.high if figure else None,
        limit=next((value for value in limits if value is not None), None),
        reason=reason,
        severity=one.severity,
        on_inconclusive=one.on_inconclusive,
    )


def built_in(name: str, decision: Decision, reason: str, *, count: int) -> GateResult:
    """A condition that every verdict has, whatever the gate file says; `count` is how often it is violated."""
    return GateResult(
        name=name, metric="cases", verdict=decision, value=count, low=None, high=None, limit=0.0, reason=reason
    )  # fmt: skip


def overall(results: Iterable[GateResult]) -> Decision:
    """Failed if a gate that blocks failed, else inconclusive if one is undecided, else passed; warnings and reports don't count."""
    blocking = [one.verdict for one in results if one.blocks]
    return "failed" if "failed" in blocking else "inconclusive" if "inconclusive" in blocking else "passed"
