"""Report + gates + the promoted bundle's report → Verdict: passed, failed or inconclusive.

    at_least 0.90      |------|        failed        whole 95 % interval on the wrong side
                          |------|     inconclusive  the limit is inside: more cases would tell
                       0.90  |------|  passed        whole interval on the right side

`not_worse_than_baseline: m` is a non-inferiority test on the cases that both answered: passed when the difference's lower bound is above
-m, failed when its upper bound is below, else inconclusive (Piaggio et al. 2012). Each gate keeps its own 95 %: they are
conditions that all must hold, so nothing is corrected for their number. One failed gate fails the verdict, else one
inconclusive gate makes it inconclusive. A wall time decides nothing: a gate on one is reported with its interval.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from headgate.bundle import load_manifest
from headgate.errors import NotFoundError, TrackingError
from headgate.evaluate.canary.canary import find_canary
from headgate.evaluate.gates.gate_file import Gate, load_gates
from headgate.evaluate.report.stored_reports import find_report, load_report
from headgate.evaluate.report.summary import LOWER_IS_BETTER, WALL_TIMES, difference
from headgate.evaluate.statistics import Estimate, cases_needed
from headgate.evaluate.suite_run import evaluate_suites, pooled_cases
from headgate.evaluate.suites.suite import ALL, load_suites
from headgate.records import Canary, CaseResult, Decision, GateDecision, GateResult, MetricSummary, Report, Verdict
from headgate.release.ledger import current_release, seal_verdict, store_verdict
from headgate.settings import EvaluationSettings, EvaluationSetup, TrackingSetup
from headgate.storage import Store

_log = logging.getLogger(__name__)


def gate(store: Store, bundle_id: str, setup: EvaluationSetup, *, report_id: str = "") -> Verdict:
    """Judge a bundle by the gate file, and store the verdict.

    The baseline is the bundle in force on the track of `setup`; it is evaluated now if it has no report on these suites.

    Args:
        report_id: the report to judge; "" = the bundle's newest on today's suites.

    Raises:
        GateFileError: the gate file is malformed or names what nobody computes.
        NotFoundError: no such bundle or report, or the bundle was not evaluated on today's suites.
        IntegrityError: a report was changed.
    """
    load_manifest(store, bundle_id)
    suites = load_suites(setup.gate_files.suites)
    report = _report_of(store, bundle_id, report_id, {suite.name: suite.digest for suite in suites})
    gates = load_gates(
        setup.gate_files.gates,
        suites={ALL, *(suite.name for suite in suites), *report.suites},
        recall_at=setup.evaluation.recall_at,
    )
    release = current_release(store, setup.track)
    baseline = _baseline_of(store, setup, report, release.bundle_id) if release else None
    results = (
        *(judge(one, report, baseline, setup.evaluation) for one in gates.gates),
        *_failed_canary(find_canary(store, bundle_id, release.bundle_id if release else "")),
    )
    verdict = seal_verdict(
        Verdict(
            verdict_id="",
            verdict=overall([result.verdict for result in results]),
            bundle_id=bundle_id,
            baseline_bundle_id=release.bundle_id if release else "",
            report_id=report.report_id,
            baseline_report_id=baseline.report_id if baseline else "",
            gates_digest=gates.digest,
            suite_digests=report.suite_digests,
            gates=results,
            created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
    )
    store_verdict(store, verdict)
    _note_verdict(setup.tracking, report, verdict)
    return verdict


def _failed_canary(canary: Canary | None) -> tuple[GateResult, ...]:
    """A canary that failed is one more gate that failed; without one, or with any other verdict, nothing is added."""
    if canary is None or canary.verdict != "failed":
        return ()
    failed = [check for check in canary.checks if check.verdict == "failed"]
    reason = "; ".join(f"{check.name}: {check.reason}" for check in failed)
    return (
        GateResult(name="canary", metric="canary", verdict="failed", value=None, low=None, high=None, limit=0.0, reason=reason),
    )


def overall(decisions: Sequence[GateDecision]) -> Decision:
    """Failed if any failed, else inconclusive if any is, else passed; what is only reported does not count."""
    return "failed" if "failed" in decisions else "inconclusive" if "inconclusive" in decisions else "passed"


def judge(one: Gate, report: Report, baseline: Report | None, settings: EvaluationSettings) -> GateResult:
    """Decide one gate.

    Args:
        baseline: the promoted bundle's report, None when nothing was promoted yet.
    """
    suite = report.suites.get(one.suite)
    figure = suite.metrics.get(one.figure) if suite else None
    if figure is None:
        what = f"suite {one.suite!r} is not in" if suite is None else f"{one.figure!r} was not computed for"
        return _result(one, "failed", None, f"{what} report {report.report_id[:16]}…; evaluate with it")
    if not one.decides:
        return _reported(one, figure)
    if figure.unscored > one.allowed_unscored:
        return _result(one, "failed", figure, f"{figure.unscored} case(s) could not be scored, {one.allowed_unscored} allowed")
    if one.at_least is None and one.at_most is None and one.not_worse_than_baseline is None:
        return _result(one, "passed", figure, f"{figure.unscored} case(s) could not be scored, {one.allowed_unscored} allowed")
    if figure.value is None:
        return _result(one, "failed", figure, "no case of the suite has this figure, so nothing can be said for it")
    if one.not_worse_than_baseline is not None:
        return _against_baseline(one, report, baseline, figure, settings)
    return _against_limit(one, figure)


def _reported(one: Gate, figure: MetricSummary) -> GateResult:
    """The figure with its interval, and why nothing is decided by it."""
    missing = f"; {figure.unscored} case(s) could not be scored" if figure.unscored else ""
    low, high = (
        "unknown" if bound is None else f"{bound:.4g}" for bound in (figure.low, figure.high)
    )  # of few cases p95 has no upper bound
    interval = "no interval" if figure.low is figure.high is None else f"95 % interval {low} to {high}"
    seen = f"{interval} over {figure.n} case(s){missing}"
    why = "a wall time is reported, never judged" if one.figure in WALL_TIMES else "reported, not judged"
    unused = "" if one.report else "; its limit is not applied"
    return _result(one, "reported", figure, f"{seen}: {why}{unused}")


def _against_limit(one: Gate, figure: MetricSummary) -> GateResult:
    limit, sign = (one.at_least, 1.0) if one.at_least is not None else (one.at_most, -1.0)
    assert limit is not None
    assert figure.value is not None
    relation = "≥" if sign > 0 else "≤"
    if one.compare == "value":
        good = sign * (figure.value - limit) >= 0
        return _result(
            one, "passed" if good else "failed", figure, f"{figure.value:.4g} {'' if good else 'is not '}{relation} {limit:g}"
        )
    if figure.low is None or figure.high is None:
        return _result(one, "inconclusive", figure, f"{figure.n} case(s) are too few for an interval; add cases")
    worst, best = (figure.low, figure.high) if sign > 0 else (figure.high, figure.low)
    interval = f"95 % interval {figure.low:.4g} to {figure.high:.4g} over {figure.n} cases"
    if sign * (worst - limit) >= 0:
        return _result(one, "passed", figure, f"{interval}: all {relation} {limit:g}")
    if sign * (best - limit) < 0:
        return _result(one, "failed", figure, f"{interval}: none {relation} {limit:g}")
    needed = cases_needed(figure.n, (figure.high - figure.low) / 2, abs(figure.value - limit))
    return _result(one, "inconclusive", figure, f"{interval} holds {limit:g}; {_advice(needed)}")


def _against_baseline(
    one: Gate, report: Report, baseline: Report | None, figure: MetricSummary, settings: EvaluationSettings
) -> GateResult:
    margin = one.not_worse_than_baseline
    assert margin is not None
    if baseline is None:
        return _result(one, "passed", figure, "nothing promoted yet: there is no baseline to be worse than")
    if baseline.bundle_id == report.bundle_id:
        return _compared(one, "passed", Estimate(0.0, 0.0, 0.0, figure.n, 0.0), "this bundle is the one in force: no difference")
    ours, theirs = (_cases_of(one, side) for side in (report, baseline))
    found = difference(one.figure, ours, theirs, seed=settings.seed, samples=settings.bootstrap_samples)
    if found is None or found.low is None or found.high is None:
        return _compared(
            one,
            "inconclusive",
            found,
            "too few cases were scored for both bundles; evaluate the baseline on this suite, or add cases",
        )
    gain_low, gain_high = (-found.high, -found.low) if one.figure in LOWER_IS_BETTER else (found.low, found.high)
    gain = -found.value if one.figure in LOWER_IS_BETTER else found.value
    interval = f"change for the better {gain:+.4g}, 95 % interval {gain_low:+.4g} to {gain_high:+.4g} over {found.n} shared cases"
    if gain_low > -margin:
        return _compared(one, "passed", found, f"{interval}: a loss of {margin:g} is ruled out")
    if gain_high < -margin:
        return _compared(one, "failed", found, f"{interval}: worse by more than {margin:g}")
    needed = cases_needed(found.n, (gain_high - gain_low) / 2, gain + margin)
    return _compared(one, "inconclusive", found, f"{interval}: a loss of {margin:g} is not ruled out; {_advice(needed)}")


def _advice(needed: int | None) -> str:
    return (
        f"about {needed} such cases would decide"
        if needed is not None and needed < 100_000
        else "the figure is at the limit: more cases would hardly decide"
    )


def _result(one: Gate, decision: GateDecision, figure: MetricSummary | None, reason: str) -> GateResult:
    limits = (one.at_least, one.at_most, one.not_worse_than_baseline, one.max_unscored)
    limit = next((value for value in limits if value is not None), None)
    return GateResult(
        name=one.name,
        metric=one.metric,
        verdict=decision,
        value=figure.value if figure else None,
        low=figure.low if figure else None,
        high=figure.high if figure else None,
        limit=limit,
        reason=reason,
    )


def _compared(one: Gate, decision: Decision, found: Estimate | None, reason: str) -> GateResult:
    """A result whose value and interval are those of the difference candidate − baseline."""
    summary = MetricSummary(value=found.value, low=found.low, high=found.high, n=found.n) if found else None
    return _result(one, decision, summary, reason)


def _cases_of(one: Gate, report: Report) -> list[CaseResult]:
    if one.suite == ALL:
        return pooled_cases(report.suites)
    return list(report.suites[one.suite].cases) if one.suite in report.suites else []


def _report_of(store: Store, bundle_id: str, report_id: str, suite_digests: dict[str, str]) -> Report:
    if not report_id:
        found = find_report(store, bundle_id, suite_digests)
        if found is None:
            raise NotFoundError(
                f"bundle {bundle_id[:16]}… was not evaluated on today's suites ({', '.join(suite_digests)}); run `headgate evaluate`"
            )
        return found
    report = load_report(store, report_id)
    if report.bundle_id != bundle_id:
        raise NotFoundError(f"report {report_id[:16]}… is of bundle {report.bundle_id[:16]}…, not of {bundle_id[:16]}…")
    if any(suite.skipped for suite in report.suites.values()):
        raise NotFoundError(f"report {report_id[:16]}… was made as a baseline and leaves out cases; run `headgate evaluate`")
    return report


def _baseline_of(store: Store, setup: EvaluationSetup, report: Report, bundle_id: str) -> Report:
    if bundle_id == report.bundle_id:
        return report
    found = find_report(store, bundle_id, report.suite_digests, allow_skipped=True)
    if found is not None:
        return found
    suites = load_suites(setup.gate_files.suites)
    if {suite.name: suite.digest for suite in suites} != report.suite_digests:
        raise NotFoundError(
            f"report {report.report_id[:16]}… is on other suites than today's, and the promoted bundle {bundle_id[:16]}… has no report on them; "
            "evaluate the promoted bundle with the same --suite files"
        )
    return evaluate_suites(store, bundle_id, setup, suites, as_baseline=True)


def _note_verdict(tracking: TrackingSetup, report: Report, verdict: Verdict) -> None:
    if not report.mlflow_run_id:
        return
    from headgate.evaluate.report.tracking import log_verdict

    try:
        log_verdict(tracking, report.mlflow_run_id, verdict)
    except TrackingError as error:
        _log.warning("%s The verdict %s… is stored all the same.", error, verdict.verdict_id[:16])
