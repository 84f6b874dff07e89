"""Reports + gate file → results. Pure: the same reports, gate file and day give the same results.

headgate.evaluate.gates.gate fetches the reports and stores the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from headgate.evaluate.gates.compare import Comparison, compare
from headgate.evaluate.gates.floors import against_limit, no_events, reported
from headgate.evaluate.gates.relative import Decided, alarms, decide, judge_primary, relative_result
from headgate.evaluate.gates.results import built_in, result
from headgate.evaluate.gates.schema import Gate, GateFile
from headgate.evaluate.gates.single_cases import baseline_problems, every_case_once, single_cases
from headgate.evaluate.report.summary import figure_of, slices_of
from headgate.evaluate.suite_run import pooled_cases
from headgate.evaluate.suites.suite import ALL, Suite
from headgate.records import CaseResult, GateResult, MetricSummary, Report
from headgate.settings import EvaluationSettings

NO_CORRECTNESS = (
    "NO GATE JUDGES WHETHER ANSWERS ARE RIGHT: a bundle whose answers are all wrong passes this gate file. "
    "Add `primary: {metric: all/resolved, margin: 0.05}`, or a gate on resolved or answer_correctness"
)
_TITLES = {"service": "release in service", "reference": "reference release"}


@dataclass(frozen=True, slots=True)
class Reports:
    """What is judged, and what it is compared with; None where there is no such release."""

    candidate: Report
    service: Report | None = None
    reference: Report | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """One comparison of a relative gate: all its cases, or those of one slice."""

    gate: Gate
    slice: str
    found: Comparison | None  # None: too few cases


def judge(
    gates: GateFile, reports: Reports, suites: Sequence[Suite], settings: EvaluationSettings, *, day: date
) -> tuple[list[GateResult], list[str]]:
    """Every gate's result, in the order of the file after the primary one, and what people should know."""
    warnings = [] if gates.judges_correctness else [NO_CORRECTNESS]
    complete = every_case_once(reports.candidate, suites)
    results = [complete] if complete.blocks else []
    results += _trust(gates, reports, suites)
    results += _primary(gates, reports)
    compared = judge_relative(gates, reports)
    for gate in gates.gates:
        results.append(compared.get(gate.name) or judge_alone(gate, reports.candidate, settings))
    singles, more = single_cases(gates, reports.candidate, day)
    return results + singles, warnings + more


def judge_alone(one: Gate, report: Report, settings: EvaluationSettings) -> GateResult:
    """Decide a gate on one report: a floor, events that must not happen, unscored cases; or report it."""
    figure = _figure(one, report, settings)
    if isinstance(figure, GateResult):
        return figure
    if one.reported:
        return reported(one, figure)
    if figure.unscored > one.allowed_unscored:
        return result(one, "failed", figure, f"{figure.unscored} case(s) could not be scored, {one.allowed_unscored} allowed")
    if not one.limits:
        return result(one, "passed", figure, f"{figure.unscored} case(s) could not be scored, {one.allowed_unscored} allowed")
    if figure.value is None:
        return result(one, "failed", figure, "no case of the suite has this figure, so nothing can be said for it")
    if one.no_events is not None:
        return no_events(one, cases_of(one.suite, report, one.slice), figure)
    return against_limit(one, figure)


def cases_of(suite: str, report: Report, slice_name: str = "") -> list[CaseResult]:
    """The cases of a suite, or of all suites with their suite before the id; of one slice where it is named."""
    alone = list(report.suites[suite].cases) if suite in report.suites else []
    cases = pooled_cases(report.suites) if suite == ALL else alone
    return [case for case in cases if slice_name in slices_of(case)] if slice_name else cases


def _figure(one: Gate, report: Report, settings: EvaluationSettings) -> MetricSummary | GateResult:
    """The figure of a gate, or why there is none."""
    suite = report.suites.get(one.suite)
    figure = suite.metrics.get(one.figure) if suite else None
    if figure is None:
        what = f"suite {one.suite!r} is not in" if suite is None else f"{one.figure!r} was not computed for"
        return result(one, "failed", None, f"{what} report {report.report_id[:16]}…; evaluate with it")
    if one.slice:
        cases = cases_of(one.suite, report, one.slice)
        if not cases:
            return result(one, "failed", None, f"no case of the suite is in {one.slice}")
        return figure_of(cases, one.figure, seed=settings.seed, samples=settings.bootstrap_samples)
    return figure


def _trust(gates: GateFile, reports: Reports, suites: Sequence[Suite]) -> list[GateResult]:
    """A failed result where a baseline's report is damaged; nothing where it can be trusted."""
    figures = [(gate.suite, gate.figure) for gate in gates.gates if gate.not_worse_than_baseline is not None and gate.decides]
    primary: tuple[str, ...] = ()
    if gates.primary is not None:
        suite, figure = gates.primary.metric.split("/")
        figures.append((suite, figure))
        primary = gates.primary.against
    baselines: dict[str, Report] = {}
    if reports.service is not None and figures:
        baselines[_TITLES["service"]] = reports.service
    if reports.reference is not None and "reference" in primary:
        baselines[_TITLES["reference"]] = reports.reference
    problems = baseline_problems(baselines, suites, figures)
    if not problems:
        return []
    reason = f"{'; '.join(problems)}; evaluate that bundle again"
    return [built_in("what is compared with is whole", "failed", reason, count=len(problems))]


def _primary(gates: GateFile, reports: Reports) -> list[GateResult]:
    if gates.primary is None:
        return []
    suite, figure = gates.primary.metric.split("/")
    ours = cases_of(suite, reports.candidate)
    summary = reports.candidate.suites[suite].metrics.get(figure) if suite in reports.candidate.suites else None
    results = []
    if summary is None or summary.unscored or not ours:
        said = "was not computed" if summary is None or not ours else f"{summary.unscored} case(s) could not be scored"
        results.append(built_in("primary: every case is scored", "failed", f"{gates.primary.metric}: {said}", count=1))
    found = {
        name: compare(figure, ours, cases_of(suite, other)) if other is not None else None
        for name, other in (("service", reports.service), ("reference", reports.reference))
    }
    return [*results, *judge_primary(gates.primary, found)]


def judge_relative(gates: GateFile, reports: Reports) -> dict[str, GateResult]:
    """Name → result of every gate on `not_worse_than_baseline`; alarms are corrected within families."""
    wanted = [gate for gate in gates.gates if gate.not_worse_than_baseline is not None and not gate.reported]
    results: dict[str, GateResult] = {}
    parts: list[_Part] = []
    for gate in wanted:
        if (early := _not_compared(gate, reports)) is not None:
            results[gate.name] = early
        else:
            parts += _parts(gate, reports)
    p_values = [
        (part.gate.family, part.found.gain.at_least(-_margin(part.gate)) if part.found and part.found.gain else None)
        for part in parts
    ]
    raised = alarms(p_values, gates.families)
    decided = [
        (part, decide(part.found, _margin(part.gate), least_cases=part.gate.least_cases, alarm=alarm))
        for part, alarm in zip(parts, raised, strict=True)
        if part.found is not None
    ]
    for gate in wanted:
        if gate.name not in results:
            results[gate.name] = _joined(gate, [one for one in decided if one[0].gate.name == gate.name], parts)
    return results


def _not_compared(gate: Gate, reports: Reports) -> GateResult | None:
    """The result of a relative gate that needs no comparison, or can't have one."""
    suite = reports.candidate.suites.get(gate.suite)
    figure = suite.metrics.get(gate.figure) if suite else None
    if figure is None:
        what = f"suite {gate.suite!r} is not in" if suite is None else f"{gate.figure!r} was not computed for"
        return result(gate, "failed", None, f"{what} report {reports.candidate.report_id[:16]}…; evaluate with it")
    if figure.unscored > gate.allowed_unscored:
        return result(gate, "failed", figure, f"{figure.unscored} case(s) could not be scored, {gate.allowed_unscored} allowed")
    if reports.service is None:
        return result(gate, "passed", figure, "nothing promoted yet: there is no baseline to be worse than")
    if reports.service.bundle_id == reports.candidate.bundle_id:
        same = MetricSummary(value=0.0, low=0.0, high=0.0, n=figure.n)
        return result(gate, "passed", same, "this bundle is the one in force: no difference")
    return None


def _parts(gate: Gate, reports: Reports) -> list[_Part]:
    assert reports.service is not None
    ours, theirs = cases_of(gate.suite, reports.candidate, gate.slice), cases_of(gate.suite, reports.service, gate.slice)
    if not gate.by:
        return [_Part(gate, gate.slice, compare(gate.figure, ours, theirs))]
    names = sorted({name for case in ours for name in slices_of(case) if name.startswith(f"{gate.by}=")})
    parts = []
    for name in names:
        members = [case for case in ours if name in slices_of(case)]
        few = len(members) < gate.least_cases
        parts.append(_Part(gate, name, None if few else compare(gate.figure, members, theirs)))
    return parts


def _joined(gate: Gate, decided: Sequence[tuple[_Part, Decided]], parts: Sequence[_Part]) -> GateResult:
    """One result of a gate's comparisons: that of the worst slice."""
    if not gate.by:
        part, one = decided[0]
        return relative_result(gate, part.found.gain if part.found else None, one)
    few = [part.slice for part in parts if part.gate.name == gate.name and part.found is None]
    left_out = f"; not judged, with fewer than {gate.least_cases} cases: {', '.join(few)}" if few else ""
    if not decided:
        nothing = Decided("inconclusive", f"no {gate.by} has cases enough to judge{left_out}")
        return relative_result(gate, None, nothing)
    order = {"failed": 0, "inconclusive": 1, "passed": 2}
    part, worst = min(decided, key=lambda entry: (order[entry[1].decision], 1.0 if entry[1].p is None else entry[1].p))
    said = f"the worst of {len(decided)}, {part.slice}: {worst.reason}{left_out}"
    return relative_result(gate, part.found.gain if part.found else None, Decided(worst.decision, said, worst.p))


def _margin(gate: Gate) -> float:
    assert gate.not_worse_than_baseline is not None
    return gate.not_worse_than_baseline
