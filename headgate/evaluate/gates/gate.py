"""A bundle's report + gates + the reports of the release in service and of the reference release → Verdict, stored under its digest.

    bundle ─► its report ─┐
    ledger ─► in service ─┼─► headgate.evaluate.gates.judge ─► results ─► passed, failed or inconclusive ─► verdicts/<id>.json
           ─► reference ──┘

A blocking gate that failed fails the verdict, else a blocking one that is undecided makes it inconclusive; warnings and reports decide nothing.
A wall time decides nothing either: a gate on one is reported with its interval.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime

from headgate.bundle import load_manifest
from headgate.errors import NotFoundError, TrackingError
from headgate.evaluate.canary.canary import find_canary
from headgate.evaluate.gates.gate_file import load_gates
from headgate.evaluate.gates.judge import Reports, judge
from headgate.evaluate.gates.results import overall
from headgate.evaluate.report.stored_reports import find_report, load_report
from headgate.evaluate.suite_run import evaluate_suites
from headgate.evaluate.suites.suite import ALL, load_suites
from headgate.records import Canary, GateResult, Report, Verdict
from headgate.release.ledger import history
from headgate.release.reference import reference_release
from headgate.release.verdicts import seal_verdict, store_verdict
from headgate.settings import EvaluationSetup, TrackingSetup
from headgate.storage import Store

_log = logging.getLogger(__name__)


def gate(store: Store, bundle_id: str, setup: EvaluationSetup, *, report_id: str = "", day: date | None = None) -> Verdict:
    """Judge a bundle by the gate file, and store the verdict.

    The baselines are the bundle in force on the track of `setup` and, where the gate file has a primary gate that asks for it, that of the
    track's reference release; each is evaluated now if it has no report on these suites.

    Args:
        report_id: the report to judge; "" = the bundle's newest on today's suites.
        day: by which expiry dates are judged; None = today, UTC.

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
    releases = history(store, setup.track)
    release = releases[-1] if releases else None
    baseline = _baseline_of(store, setup, report, release.bundle_id) if release else None
    asks = gates.primary is not None and "reference" in gates.primary.against
    fixed = reference_release(store, setup.track, releases) if asks else None
    reference = _baseline_of(store, setup, report, fixed.bundle_id) if fixed else None
    judged_on = day or datetime.now(UTC).date()
    results, warnings = judge(gates, Reports(report, baseline, reference), suites, setup.evaluation, day=judged_on)
    results += _failed_canary(find_canary(store, bundle_id, release.bundle_id if release else ""))
    verdict = seal_verdict(
        Verdict(
            verdict_id="",
            verdict=overall(results),
            bundle_id=bundle_id,
            baseline_bundle_id=release.bundle_id if release else "",
            report_id=report.report_id,
            baseline_report_id=baseline.report_id if baseline else "",
            reference_bundle_id=fixed.bundle_id if fixed else "",
            reference_report_id=reference.report_id if reference else "",
            gates_digest=gates.digest,
            suite_digests=report.suite_digests,
            gates=tuple(results),
            judged_on=judged_on.isoformat(),
            warnings=tuple(warnings),
            created_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
    )
    store_verdict(store, verdict)
    _note_verdict(setup.tracking, report, verdict)
    return verdict


def _failed_canary(canary: Canary | None) -> list[GateResult]:
    """A canary that failed is one more gate that failed; without one, or with any other verdict, nothing is added."""
    if canary is None or canary.verdict != "failed":
        return []
    failed = [check for check in canary.checks if check.verdict == "failed"]
    reason = "; ".join(f"{check.name}: {check.reason}" for check in failed)
    return [
        GateResult(name="canary", metric="canary", verdict="failed", value=None, low=None, high=None, limit=0.0, reason=reason)
    ]


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
