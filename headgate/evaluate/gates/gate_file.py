"""`evals/gates.yaml` → gates. Unknown keys, unknown metrics and contradictory limits are refused, all at once.

primary:                               # at most one; see `headgate.evaluate.gates.schema.Primary`
  metric: all/resolved
  margin: 0.05
gates:
  - name: finds the passage            # unique
    metric: golden/recall@5            # suite/figure; `all` is every case of the run
    at_least: 0.90                     # exactly one of: at_least, at_most, not_worse_than_baseline, no_events, max_unscored, report
    compare: interval                  # or `value`; only with at_least and at_most
    max_unscored: 0                    # also allowed beside another limit; 0 unless said
    severity: block                    # or `warn`, `report`
    on_inconclusive: block             # or `warn`, `pass`
    slice: language=de                 # these cases only; `by: language` with not_worse_than_baseline: each language, the worst one speaks
families:                              # which comparisons are corrected together; a gate names its family
  explains: {alpha: 0.05, correction: holm}
must_pass: [golden/golden-001]         # suite/case
known_failures:
  - {case: golden/golden-007, owner: A. Person, until: 2026-12-31, reason: the page is being rewritten}

A wall time says how busy the machine was as much as what the bundle does, so it decides nothing: a limit on one is read as `report: true`.
A file in which nothing decides is refused.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from headgate.errors import GateFileError
from headgate.evaluate.gates.schema import Family, Gate, GateFile, KnownFailure, Primary
from headgate.evaluate.report.summary import metric_names
from headgate.evaluate.suites.suite import ALL, SLICE_KINDS
from headgate.records import Record
from headgate.storage import sha256_hex

_KEYS = ("primary", "gates", "families", "must_pass", "known_failures")
#: What `by` and `slice` can name.
DIVISIONS = ("language", *SLICE_KINDS, "tag")
R = TypeVar("R", bound=Record)


def load_gates(path: Path, *, suites: Collection[str], recall_at: Sequence[int]) -> GateFile:
    """Read a gate file.

    Args:
        suites: names that a gate may use; suites of the run and of the settings, and `all`.
        recall_at: cut-offs for which figures are computed.

    Raises:
        GateFileError: unreadable, not YAML, unknown keys, names used twice, no or several limits, a suite, figure, family or division that
            nobody knows, a known failure without owner, date or reason, no gate that decides.
    """
    parsed = _parse(path)
    problems: list[str] = []
    gates = _records(Gate, parsed.get("gates", []), "gate", problems)
    failures = _records(KnownFailure, parsed.get("known_failures", []), "known failure", problems)
    families = {
        name: found for name, entry in _mapping(parsed, "families", problems).items() if (found := _record(Family, entry, f"family {name!r}", problems))
    }  # fmt: skip
    primary = _record(Primary, parsed["primary"], "primary", problems) if "primary" in parsed else None
    must_pass = parsed.get("must_pass", [])
    if not isinstance(must_pass, list) or not all(isinstance(case, str) and "/" in case for case in must_pass):
        problems.append("must_pass: a list of suite/case, such as golden/golden-001")
        must_pass = []
    problems += _doubles("gate", [gate.name for gate in gates])
    problems += _doubles("known failure", [failure.case for failure in failures])
    decides = any(gate.decides for gate in gates) or (primary is not None and primary.severity == "block") or bool(must_pass)
    if not decides and not problems:
        problems.append(
            "no gate decides: every one is a report, a warning or a limit on a wall time, so that any bundle would pass"
        )
    problems += _unknown(gates, primary, families, suites, metric_names(recall_at))
    problems += [
        f"{where} {case!r}: there is no suite {case.split('/')[0]!r}"
        for where, cases in (("must_pass", must_pass), ("known failure", [failure.case for failure in failures]))
        for case in cases
        if case.split("/")[0] not in suites or case.split("/")[0] == ALL
    ]
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise GateFileError(f"gate file {str(path)!r}: {len(problems)} problem(s):\n{listed}")
    return GateFile(
        digest=sha256_hex(path.read_bytes()),
        gates=tuple(gates),
        primary=primary,
        families=families,
        must_pass=tuple(must_pass),
        known_failures=tuple(failures),
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        parsed = yaml.safe_load(path.read_bytes())
    except FileNotFoundError:
        raise GateFileError(f"gate file {str(path)!r} does not exist; set evaluation.gates in headgate.toml") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise GateFileError(f"gate file {str(path)!r} can't be read: {error}") from error
    strangers = [key for key in parsed if key not in _KEYS] if isinstance(parsed, dict) else []
    gates = parsed.get("gates", []) if isinstance(parsed, dict) else None
    if not isinstance(parsed, dict) or strangers or not isinstance(gates, list) or not (gates or "primary" in parsed):
        found = ", ".join(map(repr, strangers or parsed)) if isinstance(parsed, dict) else type(parsed).__name__
        raise GateFileError(
            f"gate file {str(path)!r} holds 'gates', with a list of at least one gate, or 'primary', and no keys but {', '.join(_KEYS)}; found {found}"
        )
    return parsed


def _unknown(
    gates: Sequence[Gate], primary: Primary | None, families: Collection[str], suites: Collection[str], known: Sequence[str]
) -> list[str]:
    """Suites, figures, families and divisions that nobody knows."""
    problems = []
    named = [(f"gate {gate.name!r}", gate.suite, gate.figure) for gate in gates]
    if primary is not None:
        suite, figure = primary.metric.split("/")
        named.append(("primary", suite, figure))
    for where, suite, figure in named:
        if figure not in known:
            problems.append(f"{where}: nobody computes {figure!r}{_hint(figure, known)}")
        if suite not in suites:
            problems.append(f"{where}: there is no suite {suite!r}{_hint(suite, sorted(suites))}")
    for gate in gates:
        if gate.family and gate.family not in families:
            problems.append(f"gate {gate.name!r}: families has no {gate.family!r}{_hint(gate.family, sorted(families))}")
        problems += [
            f"gate {gate.name!r}: cases are not divided by {division!r}{_hint(division, DIVISIONS)}"
            for division in (gate.by, gate.slice.partition("=")[0])
            if division and division not in DIVISIONS
        ]
    return problems


def _records(kind: type[R], entries: Any, what: str, problems: list[str]) -> list[R]:
    if not isinstance(entries, list):
        problems.append(f"{what}s are a list")
        return []
    found = []
    for number, entry in enumerate(entries, start=1):
        name = (entry.get("name") or entry.get("case")) if isinstance(entry, dict) else None
        if (made := _record(kind, entry, f"{what} {name or number!r}", problems)) is not None:
            found.append(made)
    return found


def _record(kind: type[R], entry: Any, where: str, problems: list[str]) -> R | None:
    try:
        return kind.model_validate(entry)
    except ValidationError as error:
        problems += [f"{where}: {_explain(problem, kind)}" for problem in error.errors()]
        return None


def _mapping(parsed: dict[str, Any], key: str, problems: list[str]) -> dict[str, Any]:
    entries = parsed.get(key, {})
    if isinstance(entries, dict):
        return entries
    problems.append(f"{key} maps names to what they mean")
    return {}


def _doubles(what: str, names: Sequence[str]) -> list[str]:
    return [f"{what} {name!r}: the name is used {count} times" for name, count in Counter(names).items() if count > 1]


def _explain(problem: Any, kind: type[Record]) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key {place!r}; known keys: {', '.join(kind.model_fields)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {message} (got {problem['input']!r})" if place else message


def _hint(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return (f"; did you mean {close[0]!r}?" if close else ";") + f" known: {', '.join(known)}"
