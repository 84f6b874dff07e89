"""Great Expectations, imported once, when there are rows to judge, and without what it takes along and never uses here.

    run.py   ──start_import()──►  a thread imports it while the parsers work
    verdicts.py  ──load_great_expectations()──►  waits for that thread, or imports it itself

Nobody imports it where nothing changed. Two fifths of its import are plots (altair), statistics (scipy.stats) and clients of databases and
clouds: the former are put off until somebody asks for them, the latter look as if they were not installed.
"""

from __future__ import annotations

import threading
from typing import Any

from headgate.process.imports import defer, without

_DEFERRED = ("altair", "scipy.stats")
_UNUSED = ("boto3", "botocore", "google", "pyspark", "sqlalchemy")
_importing = threading.Lock()


def start_import() -> threading.Thread:
    """Begin to import it in a thread of its own; what goes wrong there is raised where it is asked for."""
    thread = threading.Thread(target=_import_quietly, name="import-great-expectations", daemon=True)
    thread.start()
    return thread


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


def _import_quietly() -> None:
    try:
        load_great_expectations()
    except ImportError:
        return
