"""Great Expectations, imported once and without what it takes along and never uses here; what it says of the entries of a suite.

Two fifths of its import are plots (altair), statistics (scipy.stats) and clients of databases and clouds: the former are put off until
somebody asks for them, the latter look as if they were not installed. Only the process that judges imports it (judge_worker.py).
"""

from __future__ import annotations

import difflib
import threading
from typing import Any

from headgate.errors import SettingsError
from headgate.ingest.validate.judge.expectations import Suite
from headgate.process.imports import defer, without

_DEFERRED = ("altair", "scipy.stats")
_UNUSED = ("boto3", "botocore", "google", "pyspark", "sqlalchemy")
_importing = threading.Lock()
#: Row-wise by their class, but what they say of a row depends on the other rows; verdicts are kept row by row.
_NOT_ALONE = frozenset(
    {"ExpectColumnValuesToBeUnique", "ExpectCompoundColumnsToBeUnique", "ExpectColumnValuesToBeIncreasing", "ExpectColumnValuesToBeDecreasing"}
)  # fmt: skip


def load_great_expectations() -> Any:
    """The package.

    Raises:
        ImportError: it is not installed.
    """
    with _importing:
        defer(*_DEFERRED)
        with without(*_UNUSED):
            import great_expectations.expectations
    return great_expectations


def check_arguments(suite: Suite) -> list[Any]:
    """The entries as expectations of Great Expectations.

    Raises:
        SettingsError: an unknown expectation, one that is not row-wise, or arguments that it refuses.
    """
    gx = load_great_expectations()
    from great_expectations.expectations.expectation import (
        ColumnMapExpectation,
        ColumnPairMapExpectation,
        MulticolumnMapExpectation,
    )

    row_wise = (ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
    known = sorted(
        name
        for name in dir(gx.expectations)
        if isinstance(kind := getattr(gx.expectations, name), type) and issubclass(kind, row_wise) and name not in _NOT_ALONE
    )
    problems: list[str] = []
    made: list[Any] = []
    for entry in suite.entries:
        if entry.kind not in known:
            close = difflib.get_close_matches(entry.kind, known, n=1)
            problems.append(
                f"{entry.place}: {entry.name!r}: {entry.kind} is no row-wise expectation of Great Expectations"
                + (f"; did you mean {close[0]}?" if close else "; see docs/validation.md")
            )
            continue
        try:
            made.append(getattr(gx.expectations, entry.kind)(**entry.kwargs, meta={"name": entry.name}))
        except (TypeError, ValueError) as error:
            told = "; ".join(line.strip() for line in str(error).splitlines()[1:] if line.strip()) or str(error)
            problems.append(f"{entry.place}: {entry.name!r}: {entry.kind} refuses its kwargs: {told}")
    if problems:
        raise SettingsError(
            f"{len(problems)} problem(s) in the suites of validation:\n" + "\n".join(f"  - {one}" for one in problems)
        )
    return made
