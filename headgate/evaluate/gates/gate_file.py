"""`evals/gates.yaml` → gates. Unknown keys, unknown metrics and contradictory limits are refused, all at once.

gates:
  - name: finds the passage            # unique
    metric: golden/recall@5            # suite/figure; `all` is every case of the run
    at_least: 0.90                     # exactly one of: at_least, at_most, not_worse_than_baseline, max_unscored, report
    compare: interval                  # or `value`; only with at_least and at_most
    max_unscored: 0                    # also allowed beside another limit; 0 unless said
  - name: time to an answer
    metric: all/latency_p95
    report: true                       # shown with its interval in every verdict, decides nothing

A wall time says how busy the machine was as much as what the bundle does, so it decides nothing: a limit on one is read as `report: true`.
A file in which nothing decides is refused.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from headgate.errors import GateFileError
from headgate.evaluate.report.summary import COUNTS, WALL_TIMES, metric_names
from headgate.records import Record
from headgate.storage import sha256_hex


class Gate(Record):
    """One condition for a release. Limits are in the metric's unit; `not_worse_than_baseline` is the margin that may be lost."""

    name: str = Field(min_length=1)
    metric: str = Field(pattern=r"^[^/\s]+/[^/\s]+$")
    at_least: float | None = Field(None, allow_inf_nan=False)
    at_most: float | None = Field(None, allow_inf_nan=False)
    not_worse_than_baseline: float | None = Field(None, ge=0, allow_inf_nan=False)
    compare: Literal["interval", "value"] = "interval"
    max_unscored: int | None = Field(None, ge=0)
    report: bool = False

    @model_validator(mode="after")
    def _one_limit(self) -> Gate:
        limits = self._limits
        if len(limits) > 1:
            raise ValueError(f"has {' and '.join(limits)}; give one, and write two gates where both are meant")
        if self.report and (limits or self.max_unscored is not None):
            raise ValueError("has report and a limit; a report decides nothing, so leave one of them out")
        if not limits and self.max_unscored is None and not self.report:
            raise ValueError("has no limit; give at_least, at_most, not_worse_than_baseline, max_unscored or report")
        if self.compare == "value" and limits not in (["at_least"], ["at_most"]):
            raise ValueError("compare: value goes with at_least or at_most only")
        if self.not_worse_than_baseline is not None and self.figure in COUNTS:
            raise ValueError(f"{self.figure} is a count, not compared with a baseline; use at_most with compare: value")
        return self

    @property
    def suite(self) -> str:
        return self.metric.split("/")[0]

    @property
    def figure(self) -> str:
        return self.metric.split("/")[1]

    @property
    def decides(self) -> bool:
        """Whether the verdict depends on it. A report does not; nor does a limit on a wall time, which is read as a report."""
        return not self.report and not (self.figure in WALL_TIMES and self._limits)

    @property
    def _limits(self) -> list[str]:
        """Limits of the figure itself; `max_unscored` is one of the number of cases that lack it."""
        return [name for name in ("at_least", "at_most", "not_worse_than_baseline") if getattr(self, name) is not None]

    @property
    def allowed_unscored(self) -> int:
        """Unscored cases that the gate forgives; none unless it says so."""
        return self.max_unscored or 0


class GateFile(Record):
    """A parsed gate file; `digest` is the SHA-256 of its bytes."""

    digest: str
    gates: tuple[Gate, ...]


def load_gates(path: Path, *, suites: Collection[str], recall_at: Sequence[int]) -> GateFile:
    """Read a gate file.

    Args:
        suites: names that a gate may use; suites of the run and of the settings, and `all`.
        recall_at: cut-offs for which figures are computed.

    Raises:
        GateFileError: unreadable, not YAML, unknown keys, names used twice, no or several limits, a suite or figure that nobody computes, no gate that decides.
    """
    try:
        content = path.read_bytes()
        parsed = yaml.safe_load(content)
    except FileNotFoundError:
        raise GateFileError(f"gate file {str(path)!r} does not exist; set evaluation.gates in headgate.toml") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise GateFileError(f"gate file {str(path)!r} can't be read: {error}") from error
    if not isinstance(parsed, dict) or set(parsed) != {"gates"} or not isinstance(parsed["gates"], list) or not parsed["gates"]:
        found = ", ".join(map(repr, parsed)) if isinstance(parsed, dict) else type(parsed).__name__
        raise GateFileError(
            f"gate file {str(path)!r} holds exactly one key, 'gates', with a list of at least one gate; found {found}"
        )
    gates: list[Gate] = []
    problems: list[str] = []
    for number, entry in enumerate(parsed["gates"], start=1):
        try:
            gates.append(Gate.model_validate(entry))
        except ValidationError as error:
            name = entry.get("name") if isinstance(entry, dict) else None
            problems += [f"gate {name or number!r}: {_explain(problem)}" for problem in error.errors()]
    problems += [
        f"gate {name!r}: the name is used {count} times"
        for name, count in Counter(gate.name for gate in gates).items()
        if count > 1
    ]
    if gates and not any(gate.decides for gate in gates):
        problems.append("no gate decides: every one is a report or a limit on a wall time, so that any bundle would pass")
    known = metric_names(recall_at)
    for gate in gates:
        if gate.figure not in known:
            problems.append(f"gate {gate.name!r}: nobody computes {gate.figure!r}{_hint(gate.figure, known)}")
        if gate.suite not in suites:
            problems.append(f"gate {gate.name!r}: there is no suite {gate.suite!r}{_hint(gate.suite, sorted(suites))}")
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise GateFileError(f"gate file {str(path)!r}: {len(problems)} problem(s):\n{listed}")
    return GateFile(digest=sha256_hex(content), gates=tuple(gates))


def _explain(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key {place!r}; known keys: {', '.join(Gate.model_fields)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {message} (got {problem['input']!r})" if place else message


def _hint(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return (f"; did you mean {close[0]!r}?" if close else ";") + f" known: {', '.join(known)}"
