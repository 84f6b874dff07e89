"""Gates that compare: not worse than the release in service, or than the reference release.

    margin 0.05, change for the better with its bounds

       -0.05        0
    ─────┼──────────┼─────
              |--------|      passed         a loss of the margin is ruled out (non-inferiority, Piaggio et al. 2012)
        |--------|            inconclusive   the margin is inside; says what would decide
    |-|                       failed         worse by more than the margin

The primary gate has its own level. Of other gates each passes by its own 95 % interval, since all must hold; but a failure is an alarm, and the
alarms of a family are corrected together with Holm's procedure, so that twenty gates do not raise one by chance. Answers that are the same case by
case are no sample: they pass, however few they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.evaluate.gates.compare import Comparison
from headgate.evaluate.gates.floors import advice
from headgate.evaluate.gates.schema import ALPHA, POWER, Family, Gate, Primary
from headgate.evaluate.statistics import Difference, holm
from headgate.records import Decision, GateResult


@dataclass(frozen=True, slots=True)
class Decided:
    """A comparison, decided. `p` is the probability of so bad a change if the loss were the margin only; None where nothing was compared."""

    decision: Decision
    reason: str
    p: float | None = None


def decide(
    found: Comparison,
    margin: float,
    *,
    alpha: float = ALPHA,
    power: float = POWER,
    least_cases: int = 0,
    alarm: bool | None = None,
) -> Decided:
    """Is the candidate not worse than the other by `margin`?

    Args:
        alpha: one-sided probability of passing one that is worse by the whole margin.
        alarm: whether it is worse by more than the margin, where that was corrected for other gates; None = by `alpha`.
    """
    gain = found.gain
    if gain is None:
        return Decided("inconclusive", "no case has this figure on both sides; add cases that have it")
    p = gain.at_least(-margin)
    if found.identical:
        return Decided("passed", f"every answer is the same in all {gain.n} shared cases", p)
    low, high = gain.bounds(alpha)
    said = (
        f"change for the better {gain.value:+.4g}, {(1 - 2 * alpha) * 100:.4g} % interval {low:+.4g} to {high:+.4g} over {gain.n} shared "
        f"cases of {gain.clusters} sources, {gain.changed} of them changed"
    )
    if alarm if alarm is not None else p <= alpha:
        return Decided("failed", f"{said}: worse by more than {margin:g}", p)
    if gain.n < least_cases:
        wanted = f"{gain.n} cases, {least_cases} are wanted; {_what_decides(gain, margin, alpha, power)}"
        return Decided("inconclusive", f"{said}: {wanted}", p)
    if low > -margin:
        return Decided("passed", f"{said}: a loss of {margin:g} is ruled out", p)
    return Decided(
        "inconclusive", f"{said}: a loss of {margin:g} is not ruled out; {_what_decides(gain, margin, alpha, power)}", p
    )


def better(found: Comparison, *, alpha: float, power: float) -> Decided:
    """Is the candidate certainly better?"""
    gain = found.gain
    if gain is None:
        return Decided("inconclusive", "no case has this figure on both sides; add cases that have it")
    if found.identical:
        return Decided("failed", f"every answer is the same in all {gain.n} shared cases, so nothing became better")
    low, high = gain.bounds(alpha)
    said = f"change for the better {gain.value:+.4g}, {low:+.4g} to {high:+.4g} over {gain.n} shared cases"
    if low > 0:
        return Decided("passed", f"{said}: better")
    if high < 0:
        return Decided("failed", f"{said}: worse")
    detectable = gain.detectable(alpha, power)
    return Decided(
        "inconclusive", f"{said}: not certain; {gain.n} cases show a gain of {detectable:.2g} with probability {power:g}"
    )


def judge_primary(primary: Primary, found: Mapping[str, Comparison | None]) -> list[GateResult]:
    """The primary gate, a result for each release that it compares with.

    Args:
        found: "service" and "reference" → the comparison; None where there is no such release yet.
    """
    results = []
    for name in primary.against:
        comparison = found[name]
        title = f"primary: not worse than the {_TITLES[name]}"
        if comparison is None:
            results.append(_primary_result(primary, title, None, Decided("passed", f"there is no {_TITLES[name]} yet")))
            continue
        decided = decide(
            comparison, primary.margin, alpha=primary.alpha, power=primary.power, least_cases=primary.least_cases
        )  # fmt: skip
        results.append(_primary_result(primary, title, comparison.gain, decided))
    if primary.superior:
        comparison = found["service"]
        decided = (
            better(comparison, alpha=primary.alpha, power=primary.power)
            if comparison
            else Decided("passed", "there is no release in service yet")
        )
        results.append(
            _primary_result(
                primary, "primary: better than the release in service", comparison.gain if comparison else None, decided
            )
        )
    return results


def alarms(p_values: Sequence[tuple[str, float | None]], families: Mapping[str, Family]) -> list[bool]:
    """Which comparisons are certainly worse than their margins, corrected within their families.

    Args:
        p_values: family and p-value of each comparison.
    """
    raised = [p is not None and p <= ALPHA for _, p in p_values]
    for name, family in families.items():
        members = [place for place, (of, p) in enumerate(p_values) if of == name and p is not None]
        values = [p for place in members if (p := p_values[place][1]) is not None]
        rejected = holm(values, family.alpha) if family.correction == "holm" else [value <= family.alpha for value in values]
        for place, decision in zip(members, rejected, strict=True):
            raised[place] = decision
    return raised


def relative_result(one: Gate, gain: Difference | None, decided: Decided) -> GateResult:
    """The result of a gate on `not_worse_than_baseline`: its value and interval are those of the change for the better."""
    low, high = gain.bounds(ALPHA) if gain else (None, None)
    return GateResult(
        name=one.name,
        metric=f"{one.metric} [{one.slice}]" if one.slice else one.metric,
        verdict=decided.decision,
        value=gain.value if gain else None,
        low=low,
        high=high,
        limit=one.not_worse_than_baseline,
        reason=decided.reason,
        severity=one.severity,
        on_inconclusive=one.on_inconclusive,
    )


_TITLES = {"service": "release in service", "reference": "reference release"}


def _primary_result(primary: Primary, title: str, gain: Difference | None, decided: Decided) -> GateResult:
    low, high = gain.bounds(primary.alpha) if gain else (None, None)
    return GateResult(
        name=title,
        metric=primary.metric,
        verdict=decided.decision,
        value=gain.value if gain else None,
        low=low,
        high=high,
        limit=primary.margin,
        reason=decided.reason,
        severity=primary.severity,
        on_inconclusive=primary.on_inconclusive,
    )


def _what_decides(gain: Difference, margin: float, alpha: float, power: float) -> str:
    needed = advice(gain.needed(margin, alpha, power)) if margin > 0 else "without a margin only a gain decides"
    return f"{needed} if nothing changed; these tell a loss of {gain.detectable(alpha, power):.2g} from none with probability {power:g}"
