"""The commonest row-wise expectations without Great Expectations, whose import costs 5 to 10 s: for the few rows of an incremental run.

Great Expectations stays the judge: a suite is judged by it first, and rows are judged here only under suites for which both agreed on
every one of those rows (verdicts.py). A missing value fails nothing, as there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from headgate.ingest.validate.expectations import Expectation

#: Whether a row fails.
Test = Callable[[Mapping[str, Any]], bool]

_LIMITS = frozenset({"column", "min_value", "max_value", "strict_min", "strict_max"})
_SET = frozenset({"column", "value_set"})
_PATTERN = frozenset({"column", "regex"})


def plain_test(entry: Expectation) -> Test | None:
    """The test that `entry` stands for; None where only Great Expectations can tell."""
    kwargs = entry.kwargs
    column = str(kwargs.get("column"))
    match entry.kind:
        case "ExpectColumnValuesToBeBetween" if kwargs.keys() <= _LIMITS:
            outside = _outside(kwargs)
            return lambda row: row[column] is not None and outside(row[column])
        case "ExpectColumnValueLengthsToBeBetween" if kwargs.keys() <= _LIMITS:
            outside = _outside(kwargs)
            return lambda row: row[column] is not None and outside(len(row[column]))
        case "ExpectColumnValuesToBeInSet" if kwargs.keys() == _SET:
            values = list(kwargs["value_set"])
            return lambda row: row[column] is not None and row[column] not in values
        case "ExpectColumnValuesToNotBeInSet" if kwargs.keys() == _SET:
            values = list(kwargs["value_set"])
            return lambda row: row[column] is not None and row[column] in values
        case "ExpectColumnValuesToMatchRegex" if kwargs.keys() == _PATTERN:
            pattern = re.compile(kwargs["regex"])
            return lambda row: row[column] is not None and pattern.search(row[column]) is None
        case "ExpectColumnValuesToNotMatchRegex" if kwargs.keys() == _PATTERN:
            pattern = re.compile(kwargs["regex"])
            return lambda row: row[column] is not None and pattern.search(row[column]) is not None
        case "ExpectColumnValuesToNotBeNull" if kwargs.keys() == {"column"}:
            return lambda row: row[column] is None
        case _:
            return None


def _outside(kwargs: Mapping[str, Any]) -> Callable[[Any], bool]:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    strict_low, strict_high = bool(kwargs.get("strict_min")), bool(kwargs.get("strict_max"))

    def outside(value: Any) -> bool:
        below = low is not None and (value <= low if strict_low else value < low)
        above = high is not None and (value >= high if strict_high else value > high)
        return bool(below or above)

    return outside
