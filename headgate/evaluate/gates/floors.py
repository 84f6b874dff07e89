"""Gates on one report alone.

at_least 0.90      |------|        failed        whole 95 % interval on the wrong side
                      |------|     inconclusive  the limit is inside: more cases would tell
                   0.90  |------|  passed        whole interval on the right side

no_events 0.01     1 of 300 failed; 0 of 100 inconclusive, up to 3 % are possible; 0 of 300 passed: at most 1.0 %
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import stats

from headgate.evaluate.gates.results import result
from headgate.evaluate.gates.schema import POWER, Gate
from headgate.evaluate.report.summary import WALL_TIMES, values_of
from headgate.evaluate.statistics import (
    CONFIDENCE,
    cases_needed,
    cases_without_event,
    minimum_detectable_effect,
    rate_bound,
)
from headgate.records import CaseResult, GateResult, MetricSummary

#: Names of cases in a reason.
MOST_NAMED = 5
#: More cases than anybody writes: the figure is at its limit.
_MOST_CASES = 100_000


def reported(one: Gate, figure: MetricSummary) -> GateResult:
    """The figure with its interval, and why nothing is decided by it."""
    missing = f"; {figure.unscored} case(s) could not be scored" if figure.unscored else ""
    low, high = (
        "unknown" if bound is None else f"{bound:.4g}" for bound in (figure.low, figure.high)
    )  # of few cases p95 has no upper bound
    interval = "no interval" if figure.low is figure.high is None else f"95 % interval {low} to {high}"
    seen = f"{interval} over {figure.n} case(s){missing}"
    why = "a wall time is reported, never judged" if one.figure in WALL_TIMES else "reported, not judged"
    unused = "; its limit is not applied" if one.limits else ""
    return result(one, "reported", figure, f"{seen}: {why}{unused}")


def against_limit(one: Gate, figure: MetricSummary) -> GateResult:
    """Decide `at_least` or `at_most`: by the interval's bound, or by the value where the gate says so."""
    limit, sign = (one.at_least, 1.0) if one.at_least is not None else (one.at_most, -1.0)
    assert limit is not None
    assert figure.value is not None
    relation = "≥" if sign > 0 else "≤"
    if one.compare == "value":
        good = sign * (figure.value - limit) >= 0
        return result(
            one, "passed" if good else "failed", figure, f"{figure.value:.4g} {'' if good else 'is not '}{relation} {limit:g}"
        )
    if figure.low is None or figure.high is None:
        return result(one, "inconclusive", figure, f"{figure.n} case(s) are too few for an interval; add cases")
    worst, best = (figure.low, figure.high) if sign > 0 else (figure.high, figure.low)
    interval = f"95 % interval {figure.low:.4g} to {figure.high:.4g} over {figure.n} cases"
    if sign * (best - limit) < 0:
        return result(one, "failed", figure, f"{interval}: none {relation} {limit:g}")
    if figure.n < one.least_cases:
        return result(one, "inconclusive", figure, f"{interval}: {figure.n} cases, {one.least_cases} are wanted; add cases")
    if sign * (worst - limit) >= 0:
        return result(one, "passed", figure, f"{interval}: all {relation} {limit:g}")
    half = (figure.high - figure.low) / 2
    needed = cases_needed(figure.n, half, abs(figure.value - limit))
    found = minimum_detectable_effect(half / float(stats.norm.ppf((1 + CONFIDENCE) / 2)), power=POWER)
    return result(
        one,
        "inconclusive",
        figure,
        f"{interval} holds {limit:g}; {advice(needed)}; {figure.n} cases tell a distance of {found:.2g} from none",
    )


def no_events(one: Gate, cases: Sequence[CaseResult], figure: MetricSummary) -> GateResult:
    """Decide `no_events`: not one case, and enough of them to rule out a higher rate than the gate allows."""
    allowed = one.no_events
    assert allowed is not None
    values = values_of(cases, one.figure)
    events = [name for name, value in values.items() if value > 0]
    bound = rate_bound(len(events), len(values))
    shown = figure.model_copy(
        update={"value": len(events) / len(values), "low": 0.0 if not events else figure.low, "high": bound}
    )
    said = f"{len(events)} of {len(values)}: ≤ {math.ceil(bound * 1000) / 10:.1f} % at {CONFIDENCE * 100:g} %"
    if events:
        named = ", ".join(events[:MOST_NAMED]) + (f" and {len(events) - MOST_NAMED} more" if len(events) > MOST_NAMED else "")
        return result(one, "failed", shown, f"{said}; this must not happen at all: {named}")
    if bound > allowed or len(values) < one.least_cases:
        wanted = max(cases_without_event(allowed), one.least_cases)
        return result(
            one,
            "inconclusive",
            shown,
            f"{said}; to rule out more than {allowed * 100:.3g} % takes {wanted} cases without an event",
        )
    return result(one, "passed", shown, said)


def advice(needed: int | None) -> str:
    """What would decide, for people."""
    if needed is None or needed >= _MOST_CASES:
        return "the figure is at the limit: more cases would hardly decide"
    return f"about {needed} such cases would decide"
