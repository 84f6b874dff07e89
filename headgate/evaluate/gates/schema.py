"""What a gate file says, as records. The file itself is read by `headgate.evaluate.gates.gate_file`.

primary    the one figure that a release is decided by: not worse than the release in service and than the reference release
gates      further conditions: floors, events that must not happen, comparisons with the release in service
families   comparisons that are corrected together, so that more of them do not mean more false alarms
must_pass, known_failures    single cases
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from headgate.evaluate.report.summary import COUNTS, WALL_TIMES
from headgate.records import OnInconclusive, Record, Severity

#: Figures that say whether answers are right; a file in which none of them decides lets a bundle of wrong answers pass.
CORRECTNESS = frozenset({"resolved", "answer_correctness", "ragas_exact_match"})
#: A one-sided 2.5 % is the two-sided 95 % that every interval has.
ALPHA = 0.025
POWER = 0.9
_LIMITS = ("at_least", "at_most", "not_worse_than_baseline", "no_events")
_CASE = r"^[^/\s]+/\S+$"


class Gate(Record):
    """One condition for a release. Limits are in the metric's unit; `not_worse_than_baseline` is the margin that may be lost.

    `no_events` is for figures of what must never happen: not one case, and so many cases that a higher rate than this is ruled out.
    `slice` narrows a gate to one division of the cases, `by` judges every value of a kind of division, and the worst one speaks for the gate.
    """

    name: str = Field(min_length=1)
    metric: str = Field(pattern=r"^[^/\s]+/[^/\s]+$")
    at_least: float | None = Field(None, allow_inf_nan=False)
    at_most: float | None = Field(None, allow_inf_nan=False)
    not_worse_than_baseline: float | None = Field(None, ge=0, allow_inf_nan=False)
    no_events: float | None = Field(None, gt=0, lt=1, allow_inf_nan=False)
    compare: Literal["interval", "value"] = "interval"
    max_unscored: int | None = Field(None, ge=0)
    report: bool = False
    severity: Severity = "block"
    on_inconclusive: OnInconclusive = "block"
    family: str = ""
    slice: str = Field("", pattern=r"^([a-z_]+=\S.*)?$")
    by: str = Field("", pattern=r"^[a-z_]*$")
    least_cases: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _one_limit(self) -> Gate:
        limits = self.limits
        if len(limits) > 1:
            raise ValueError(f"has {' and '.join(limits)}; give one, and write two gates where both are meant")
        if self.report and (limits or self.max_unscored is not None):
            raise ValueError("has report and a limit; a report decides nothing, so leave one of them out")
        if not limits and self.max_unscored is None and not self.report and self.severity != "report":
            raise ValueError("has no limit; give at_least, at_most, not_worse_than_baseline, no_events, max_unscored or report")
        if self.compare == "value" and limits not in (["at_least"], ["at_most"]):
            raise ValueError("compare: value goes with at_least or at_most only")
        if self.not_worse_than_baseline is not None and self.figure in COUNTS:
            raise ValueError(f"{self.figure} is a count, not compared with a baseline; use at_most with compare: value")
        relative = self.not_worse_than_baseline is not None
        if (self.family or self.by) and not relative:
            raise ValueError("family and by go with not_worse_than_baseline only")
        if self.by and self.slice:
            raise ValueError("has by and slice; by judges every value, slice one: give one of them")
        if self.slice and (self.figure in COUNTS or self.figure in WALL_TIMES):
            raise ValueError(f"{self.figure} is not counted by slice")
        return self

    @property
    def suite(self) -> str:
        return self.metric.split("/")[0]

    @property
    def figure(self) -> str:
        return self.metric.split("/")[1]

    @property
    def reported(self) -> bool:
        """Shown and nothing else: where the file says so, and where the limit is one on a wall time."""
        return self.report or self.severity == "report" or (self.figure in WALL_TIMES and bool(self.limits))

    @property
    def decides(self) -> bool:
        """Whether the verdict depends on it."""
        return not self.reported and self.severity == "block"

    @property
    def limits(self) -> list[str]:
        """Limits of the figure itself; `max_unscored` is one of the number of cases that lack it."""
        return [name for name in _LIMITS if getattr(self, name) is not None]

    @property
    def allowed_unscored(self) -> int:
        """Unscored cases that the gate forgives; none unless it says so."""
        return self.max_unscored or 0


class Primary(Record):
    """Not worse by `margin` than the release in service, and than the reference release; `superior`: also better than the one in service.

    `alpha` is the one-sided probability of passing a bundle that is worse by the whole margin. `power` is wanted when nothing changed; the cases
    that it takes are named where a verdict stays open. Fewer than `least_cases` decide nothing, unless every answer is the same.
    """

    metric: str = Field("all/resolved", pattern=r"^[^/\s]+/[^/\s]+$")
    margin: float = Field(gt=0, lt=1)
    alpha: float = Field(ALPHA, gt=0, lt=0.5)
    power: float = Field(POWER, gt=0.5, lt=1)
    least_cases: int = Field(0, ge=0)
    superior: bool = False
    against: tuple[Literal["service", "reference"], ...] = ("service", "reference")
    severity: Severity = "block"
    on_inconclusive: OnInconclusive = "block"

    @model_validator(mode="after")
    def _compared(self) -> Primary:
        if not self.against:
            raise ValueError("against is empty; name service, reference or both")
        if self.metric.split("/")[1] in (*COUNTS, *WALL_TIMES):
            raise ValueError(f"{self.metric} is a count or a wall time, which says nothing about answers")
        return self


class Family(Record):
    """Comparisons whose false alarms are counted together: any of them with probability `alpha` at most."""

    alpha: float = Field(0.05, gt=0, lt=0.5)
    correction: Literal["holm", "none"] = "holm"


class KnownFailure(Record):
    """A case that is known to fail: until when that is accepted, by whom and why. From the day after, it blocks."""

    case: str = Field(pattern=_CASE)
    owner: str = Field(min_length=1)
    until: date
    reason: str = Field(min_length=1)


class GateFile(Record):
    """A parsed gate file; `digest` is the SHA-256 of its bytes."""

    digest: str
    gates: tuple[Gate, ...] = ()
    primary: Primary | None = None
    families: dict[str, Family] = Field(default_factory=dict)
    must_pass: tuple[str, ...] = ()
    known_failures: tuple[KnownFailure, ...] = ()

    @property
    def judges_correctness(self) -> bool:
        """Whether a bundle of wrong answers can fail it."""
        if self.primary is not None and self.primary.severity == "block" and self.primary.metric.split("/")[1] in CORRECTNESS:
            return True
        return any(gate.decides and gate.figure in CORRECTNESS and gate.limits for gate in self.gates)
