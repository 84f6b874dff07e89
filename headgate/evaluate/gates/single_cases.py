"""Conditions on single cases: every one judged once, those that must pass, those that are known to fail.

They fail closed: a case that is missing, twice in a report or without a score never helps a bundle through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from headgate.evaluate.gates.floors import MOST_NAMED
from headgate.evaluate.gates.results import built_in
from headgate.evaluate.gates.schema import GateFile
from headgate.evaluate.metrics.score import RESOLVED
from headgate.evaluate.report.summary import values_of
from headgate.evaluate.suite_run import pooled_cases
from headgate.evaluate.suites.suite import Suite
from headgate.records import GateResult, Report


def every_case_once(report: Report, suites: Sequence[Suite], *, whose: str = "the bundle's") -> GateResult:
    """Whether a report holds every case of its suites exactly once, those aside that do not apply to a baseline's corpus."""
    problems: list[str] = []
    of_today = {suite.name: suite for suite in suites}
    for name, found in report.suites.items():
        ids = [case.case_id for case in found.cases]
        problems += [f"{name}/{case_id} is there {count} times" for case_id, count in Counter(ids).items() if count > 1]
        suite = of_today.get(name)
        if suite is not None and suite.digest == found.digest:
            wanted = {case.id for case in suite.cases} - set(found.skipped)
            problems += [f"{name}/{case_id} is missing" for case_id in sorted(wanted - set(ids))]
            problems += [f"{name}/{case_id} is no case of the suite" for case_id in sorted(set(ids) - wanted)]
    reason = _listed(problems) if problems else f"{whose} report has every case once"
    return built_in("every case is judged once", "failed" if problems else "passed", reason, count=len(problems))


def single_cases(gates: GateFile, report: Report, day: date) -> tuple[list[GateResult], list[str]]:
    """Results for `must_pass` and `known_failures`, and what people should know.

    Args:
        day: by which expiry dates are judged; the last day itself is still allowed.
    """
    values = values_of(pooled_cases(report.suites), RESOLVED)
    known = {failure.case: failure for failure in gates.known_failures}
    results: list[GateResult] = []
    warnings: list[str] = []
    if gates.must_pass:
        problems = [
            f"{case} is not in the report" if case not in values else f"{case} is not resolved"
            for case in gates.must_pass
            if values.get(case, 0.0) < 1.0 and (case not in values or case not in known)
        ]
        reason = _listed(problems) if problems else f"all {len(gates.must_pass)} are resolved, or known to fail"
        results.append(
            built_in("cases that must pass", "failed" if problems else "passed", reason, count=len(problems))
        )  # fmt: skip
    if known:
        problems = [f"{case} is not in the report" for case in known if case not in values]
        for case, failure in known.items():
            if values.get(case) == 1.0:
                warnings.append(f"{case} is a known failure and is resolved now; take it out of the gate file")
            elif case in values and failure.until < day:
                problems.append(f"{case} was accepted until {failure.until} ({failure.owner}: {failure.reason})")
        failing = sum(values.get(case, 1.0) < 1.0 for case in known)
        reason = _listed(problems) if problems else f"{failing} case(s) fail and are accepted: {_owners(gates)}"
        results.append(built_in("known failures", "failed" if problems else "passed", reason, count=len(problems)))
    return results, warnings


def baseline_problems(baselines: Mapping[str, Report], suites: Sequence[Suite], figures: Sequence[tuple[str, str]]) -> list[str]:
    """Why a comparison with these reports can't be trusted: cases missing, twice or unscored. Nothing where it can.

    Args:
        figures: suite and figure of every comparison.
    """
    problems = []
    for name, baseline in baselines.items():
        complete = every_case_once(baseline, suites)
        if complete.verdict == "failed":
            problems.append(f"the report of the {name}: {complete.reason}")
        for suite, figure in dict.fromkeys(figures):
            found = baseline.suites[suite].metrics.get(figure) if suite in baseline.suites else None
            if found is not None and found.unscored:
                problems.append(f"the report of the {name}: {found.unscored} case(s) lack {suite}/{figure}")
    return problems


def _owners(gates: GateFile) -> str:
    return "; ".join(f"{failure.case} until {failure.until}, {failure.owner}" for failure in gates.known_failures)


def _listed(problems: Sequence[str]) -> str:
    more = f" and {len(problems) - MOST_NAMED} more" if len(problems) > MOST_NAMED else ""
    return ", ".join(problems[:MOST_NAMED]) + more
