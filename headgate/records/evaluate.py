"""Scores → report → verdict."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from headgate.records.answer import Answer
from headgate.records.base import Record
from headgate.records.names import BundleId, ReportId

Decision = Literal["passed", "failed", "inconclusive"]
#: What a gate says; "reported" shows a figure and decides nothing.
GateDecision = Literal[Decision, "reported"]
#: What a gate that is not passed does to the verdict.
Severity = Literal["block", "warn", "report"]
#: What a gate does that could not be decided.
OnInconclusive = Literal["block", "warn", "pass"]


class Score(Record):
    """One metric of one case. Exactly one of `value` and `error` is set, or neither when the metric does not apply."""

    metric: str
    value: float | None = None
    error: str = ""

    @property
    def applies(self) -> bool:
        return self.value is not None or bool(self.error)


class CaseResult(Record):
    """One case of a suite, answered and scored."""

    case_id: str
    question: str
    tags: tuple[str, ...] = ()
    language: str = ""  # ISO 639-1, of the question as its suite says
    slices: dict[str, str] = Field(default_factory=dict)  # kind of division → where the case belongs
    cluster: str = ""  # the source that the case rests on; cases of one source are no independent samples. "" = the case itself
    expect: str = ""  # answer, decline, clarify or hand_over
    answer: Answer | None = None  # None when answering failed
    error: str = ""
    scores: tuple[Score, ...] = ()


class MetricSummary(Record):
    """A metric over the cases it applies to. `low` and `high` bound the 95 % interval."""

    value: float | None
    low: float | None
    high: float | None
    n: int  # scored cases
    unscored: int = 0  # cases it applies to but could not be scored
    standard_error: float | None = None


class SuiteResult(Record):
    digest: str  # SHA-256 of the suite file
    n: int
    metrics: dict[str, MetricSummary]
    cases: tuple[CaseResult, ...] = ()
    skipped: tuple[str, ...] = ()  # ids of cases that don't apply to this bundle's corpus; only ever in a baseline's report


class Report(Record):
    """An evaluation of one bundle. `report_id` is the digest of everything else but the run id and the date.

    Measured times are part of it, so evaluating twice gives two reports. `answers_digest` leaves times out, so that it is the same
    whenever the bundle answers the same. `suites` also holds `all`, the figures over every case, without cases.
    """

    report_id: str
    bundle_id: BundleId
    suites: dict[str, SuiteResult]
    created_at: str  # ISO 8601, UTC
    mlflow_run_id: str = ""
    answers_digest: str = ""
    metrics_version: int = 0

    @property
    def suite_digests(self) -> dict[str, str]:
        """Suite name → digest of its file."""
        return {name: suite.digest for name, suite in self.suites.items() if name != "all"}


class LatestReport(Record):
    """Which report of a bundle, on some suites, is the newest."""

    report_id: ReportId


class GateResult(Record):
    name: str
    metric: str
    verdict: GateDecision
    value: float | None
    low: float | None
    high: float | None
    limit: float | None  # None for a report, which has none
    reason: str
    severity: Severity = "block"
    on_inconclusive: OnInconclusive = "block"

    @property
    def blocks(self) -> bool:
        """Whether the verdict can't be "passed" because of it."""
        if self.severity != "block":
            return False
        return self.verdict == "failed" or (self.verdict == "inconclusive" and self.on_inconclusive == "block")

    @property
    def warns(self) -> bool:
        """Whether people should look at it although it does not block."""
        if self.blocks or self.severity == "report":
            return False
        return self.verdict == "failed" or (self.verdict == "inconclusive" and self.on_inconclusive != "pass")


class Verdict(Record):
    """A decision about one bundle; names everything it was decided from."""

    verdict_id: str
    verdict: Decision
    bundle_id: BundleId
    baseline_bundle_id: BundleId = ""  # "" when nothing was promoted yet
    report_id: ReportId
    baseline_report_id: ReportId = ""
    gates_digest: str
    suite_digests: dict[str, str]
    gates: tuple[GateResult, ...]
    created_at: str
    reference_bundle_id: BundleId = ""  # of the reference release; "" when nothing was compared with it
    reference_report_id: ReportId = ""
    judged_on: str = ""  # the day by which expiry dates were judged, ISO 8601
    warnings: tuple[str, ...] = ()  # what people should know about the gate file and the comparison
    override_by: str = ""  # who overrode, for a recorded override; then `override_reason` says why
    override_reason: str = ""


class CanaryCheck(Record):
    """One way in which a rebuilt index could be worse than the one before."""

    name: str
    verdict: Decision
    reason: str


class CanarySlice(Record):
    """Recall over the cases of one suite or tag, before and after. `low` and `high` bound the 95 % interval of the paired difference."""

    name: str
    n: int
    before: float
    after: float
    difference: float
    low: float | None
    high: float | None


class Canary(Record):
    """A rebuilt index against the one before: the same questions, retrieval only. Overlaps are means over all questions, 0 to 1."""

    canary_id: str
    bundle_id: BundleId
    baseline_bundle_id: BundleId  # "" when there was none
    verdict: Decision
    recall_at: int
    checks: tuple[CanaryCheck, ...]
    slices: tuple[CanarySlice, ...] = ()
    questions: int = 0  # asked of both, logged ones and those of the suites
    searches: int = 0  # questions and probes put to a bundle; the others were remembered from earlier canaries
    probes: int = 0  # documents searched by their own words
    probes_left_out: int = 0  # changed documents that were not, because they are too many
    jaccard: float | None = None
    rank_biased: float | None = None
    unreachable: tuple[str, ...] = ()  # documents that can't be found any more, each with why
    lost_hits: tuple[str, ...] = ()  # documents that some question found before and none finds now
    never_retrieved: tuple[str, ...] = ()  # documents that no question finds; the first of them
    never_retrieved_count: int = 0
    cases_lost: tuple[str, ...] = ()  # cases whose gold passage is gone, counted as recall 0
    seconds: float = 0.0
    created_at: str  # ISO 8601, UTC
    mlflow_run_id: str = ""
